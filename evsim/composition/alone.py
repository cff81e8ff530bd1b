"""A gate as equations of its own, one state for each element: to look at it, and to test it."""

from __future__ import annotations

from evsim.composition.contribution import Contribution
from evsim.composition.declared import events, own_equations, parameter_variables
from evsim.composition.sums import PULSES
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError
from evsim.plugin import Gate, Pulse
from evsim.units import DIMENSIONLESS


def gate_alone(gate: Gate) -> Contribution:
    """Return the gate as equations of its own, under its own names; nothing is weighted."""
    where = f"gate {gate.name}"
    if not gate.equations.strip():
        raise EvsimError(f"{where} has no variables of its own: it acts at once on its target")
    equations = Equations([*own_equations(gate).values(), *parameter_variables(gate)], where)
    pulse = gate.on_pre if isinstance(gate.on_pre, Pulse) else None
    if pulse is not None:
        height = Expression.parse(f"({pulse.height})*int({PULSES} > 0.5)", where)
        equations = equations.changed(lambda formula, _: formula.substitute({pulse.variable: height}))
        count = Variable(PULSES, "parameter", None, DIMENSIONLESS)
        equations = Equations([*equations.values(), count], where)
    return Contribution(
        equations=equations,
        port="",
        term="",
        on_pre=f"{PULSES}_post += 1" if pulse else _jumps(gate, equations, where),
        weight=DIMENSIONLESS,
        default_weight=1.0,
        parameters={parameter.name: gate.value(parameter.name) for parameter in gate.parameters},
        variables={name: name for name in equations},
        gate=gate,
        on_pulse_end=f"{PULSES}_post -= 1" if pulse else "",
        lag=pulse.duration if pulse else "",
    )


def _jumps(gate: Gate, equations: Equations, where: str) -> str:
    lines = []
    for statement in events(gate, where):
        jump = equations.expanded(statement.expression).rename({name: f"{name}_post" for name in equations})
        lines.append(f"{statement.target}_post {statement.operator} {jump}")
    return "\n".join(lines)
