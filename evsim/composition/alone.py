"""A gate as equations of its own, one state for each element: to look at it, and to test it."""

from __future__ import annotations

from evsim.composition.contribution import Contribution
from evsim.composition.declared import events, own_equations, parameter_variables, pulse_of
from evsim.composition.pieces import in_pieces
from evsim.composition.sums import PULSES
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError
from evsim.plugin import Gate, InC
from evsim.units import DIMENSIONLESS


def gate_alone(gate: Gate, is_joined: bool = False) -> Contribution:
    """Return the gate as equations of its own, under its own names; nothing is weighted.

    Where rates are linear in a pulse and out of it the equations are linear as a whole, with states for both, unless
    `is_joined` to others at every instant, where that would help nothing.
    """
    where = f"gate {gate.name}"
    if not gate.equations.strip():
        raise EvsimError(f"{where} has no variables of its own: it acts at once on its target")
    pulse = pulse_of(gate)
    pieces = None if pulse is None or is_joined else in_pieces(gate, pulse)
    own = own_equations(gate) if pieces is None else pieces.equations
    equations = Equations([*own.values(), *parameter_variables(gate)], where)
    if pulse is not None:
        height = Expression.parse(f"({pulse.height})*int({PULSES} > 0.5)", where)
        equations = equations.changed(lambda formula, _: formula.substitute({pulse.variable: height}))
        count = Variable(PULSES, "parameter", None, DIMENSIONLESS)
        equations = Equations([*equations.values(), count], where)
    spike = None
    if isinstance(gate.on_pre, InC):
        from evsim.composition.handwritten import spike_in_c  # with the first gate of this kind

        spike = spike_in_c(gate, gate.on_pre, {name: name for name in equations})
    if pulse:
        started, ended = f"{PULSES}_post += 1", f"{PULSES}_post -= 1"
    else:
        started, ended = spike.on_pre if spike else _jumps(gate, equations, where), ""
    return Contribution(
        equations=equations,
        port="",
        term="",
        on_pre="\n".join([started, *pieces.start]) if pieces else started,
        weight=DIMENSIONLESS,
        default_weight=1.0,
        parameters={parameter.name: gate.value(parameter.name) for parameter in gate.parameters},
        variables={name: name for name in equations},
        gate=gate,
        on_pulse_end="\n".join([ended, *pieces.end]) if pieces else ended,
        lag=pulse.duration if pulse else "",
        own=Equations([Variable("w", "parameter", None, DIMENSIONLESS), *spike.own] if spike else ""),
        own_values={"w": 1.0, **spike.values} if spike else {},
        functions=spike.functions if spike else {},
        compiled=spike.compiled if spike else None,
    )


def _jumps(gate: Gate, equations: Equations, where: str) -> str:
    lines = []
    for statement in events(gate, where):
        jump = equations.expanded(statement.expression).rename({name: f"{name}_post" for name in equations})
        lines.append(f"{statement.target}_post {statement.operator} {jump}")
    return "\n".join(lines)
