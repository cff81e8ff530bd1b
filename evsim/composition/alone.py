"""A gate as equations of its own, one state for each element: to look at it, and to test it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evsim.composition.contribution import Contribution
from evsim.composition.declared import events, own_equations, parameter_variables, pulse_of
from evsim.composition.partial import part_of_change
from evsim.composition.pieces import in_pieces
from evsim.composition.plasticity import NONE, Rules
from evsim.composition.shares import COMING, GOING, coming, shares_of
from evsim.composition.sums import PULSES
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError
from evsim.plugin import Gate, InC, Pulse
from evsim.units import DIMENSIONLESS


def gate_alone(gate: Gate, is_joined: bool = False, rules: Rules = NONE) -> Contribution:
    """Return the gate as equations of its own, under its own names; nothing is weighted.

    Where rates are linear in a pulse and out of it the equations are linear as a whole, with states for both, unless
    `is_joined` to others at every instant, where that would help nothing. `rules` may release shares of the gate: then
    the synapses that bring spikes have the variables `own`.
    """
    where = f"gate {gate.name}"
    if not gate.equations.strip():
        raise EvsimError(f"{where} has no variables of its own: it acts at once on its target")
    pulse = pulse_of(gate)
    if isinstance(gate.on_pre, InC):
        return _in_c(gate, gate.on_pre, where)
    made = _jumping(gate, where, rules.release) if pulse is None else _pulsed(gate, pulse, is_joined, rules)
    return Contribution(
        equations=made.equations,
        port="",
        term="",
        on_pre=rules.around("\n".join(made.start)),
        weight=DIMENSIONLESS,
        default_weight=1.0,
        parameters={parameter.name: gate.value(parameter.name) for parameter in gate.parameters},
        variables={name: name for name in made.equations},
        gate=gate,
        on_pulse_end="\n".join(made.end),
        lag=pulse.duration if pulse else "",
        own=Equations(rules.own),
        rules=rules,
    )


def _in_c(gate: Gate, code: InC, where: str) -> Contribution:
    from evsim.composition.handwritten import spike_in_c  # with the first gate of this kind

    equations = Equations([*own_equations(gate).values(), *parameter_variables(gate)], where)
    names = {name: name for name in equations}
    spike = spike_in_c(gate, code, names)
    return Contribution(
        equations=equations,
        port="",
        term="",
        on_pre=spike.on_pre,
        weight=DIMENSIONLESS,
        default_weight=1.0,
        parameters={parameter.name: gate.value(parameter.name) for parameter in gate.parameters},
        variables=names,
        gate=gate,
        own=Equations([Variable("w", "parameter", None, DIMENSIONLESS), *spike.own]),
        own_values={"w": 1.0, **spike.values},
        functions=spike.functions,
        compiled=spike.compiled,
    )


@dataclass(frozen=True)
class _Alone:
    """Equations of one element, and what the arrival of a spike and the end of its pulse do."""

    equations: Equations
    start: Sequence[str]
    end: Sequence[str] = ()


def _jumping(gate: Gate, where: str, release: str) -> _Alone:
    equations = Equations([*own_equations(gate).values(), *parameter_variables(gate)], where)
    there = {name: f"{name}_post" for name in equations}
    lines = [
        part_of_change(
            there.get(each.target, f"{each.target}_post"),
            each.operator,
            equations.expanded(each.expression).rename(there),
            release,
        )
        for each in events(gate, where)
    ]
    return _Alone(equations, lines)


def _pulsed(gate: Gate, pulse: Pulse, is_joined: bool, rules: Rules) -> _Alone:
    where, count = f"gate {gate.name}", Variable(PULSES, "parameter", None, DIMENSIONLESS)
    started, ended = f"{PULSES}_post += 1", f"{PULSES}_post -= 1"
    if rules.release:
        shares = shares_of(gate)
        equations = Equations([*shares.variables, *parameter_variables(gate), count], where)
        start = [f"{COMING} = {coming(rules.release, '_post')}", *shares.come("_post"), started]
        return _Alone(equations, start, [ended, f"{GOING} = int({PULSES}_post < 0.5)", *shares.go("_post")])
    pieces = None if is_joined else in_pieces(gate, pulse)
    own = own_equations(gate) if pieces is None else pieces.equations
    equations = Equations([*own.values(), *parameter_variables(gate)], where)
    height = Expression.parse(f"({pulse.height})*int({PULSES} > 0.5)", where)
    equations = equations.changed(lambda formula, _: formula.substitute({pulse.variable: height}))
    equations = Equations([*equations.values(), count], where)
    if pieces is None:
        return _Alone(equations, [started], [ended])
    return _Alone(equations, [started, *pieces.start], [ended, *pieces.end])


__all__ = ["gate_alone"]
