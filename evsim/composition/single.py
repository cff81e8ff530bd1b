"""Gates of single plastic synapses: those that the target adds up, and those that only show what a synapse does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from evsim.composition.declared import events, own_equations
from evsim.composition.partial import part_of_change
from evsim.composition.plasticity import Rules
from evsim.composition.shares import COMING, GOING, coming, shares_of
from evsim.composition.sums import COUNTED, PULSES, WEIGHT, GateSum
from evsim.composition.treatment import carriers
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.plugin import Gate, Pulse
from evsim.units import DIMENSIONLESS, Dimension

GATE = "s"


@dataclass(frozen=True)
class Single:
    """Variables of a synapse, the code of a spike on them, and its gate times the weights of its spikes."""

    variables: tuple[Variable, ...] = ()
    on_pre: tuple[str, ...] = ()
    carried: Expression = field(default_factory=lambda: Expression.number(0.0))


def single_gates(gate: Gate, names: Mapping[str, str], weight: Dimension, rules: Rules) -> Single:
    """A gate that adds up, in each synapse: as it is, and with the weight that each spike found."""
    variables = own_equations(gate)
    weighted = carriers(gate)
    there = {name: f"{target}_post" for name, target in names.items() if name not in variables}
    heavy = {name: f"{name}_weighted" for name in variables}
    plain = _renamed(variables, there)
    both = [replace(each, flags=_solved(each)) for each in plain] + [
        replace(
            each,
            name=heavy[each.name],
            expression=each.expression.rename(heavy) if each.expression else None,
            dimension=each.dimension * (weight if each.name in weighted else DIMENSIONLESS),
            flags=_solved(each),
        )
        for each in plain
    ]
    lines = []
    for each in events(gate, f"gate {gate.name}"):
        jump = variables.expanded(each.expression).rename(there)
        lines.append(part_of_change(each.target, each.operator, jump, rules.release))
        lines.append(part_of_change(heavy[each.target], each.operator, jump, rules.factor))
    return Single(tuple(both), tuple(lines), Expression.parse(heavy[GATE], GATE))


def _solved(variable: Variable) -> frozenset[str]:
    return variable.flags | ({"event-driven"} if variable.kind == "differential" else set())


def sum_of_single(
    gate: Gate, names: Mapping[str, str], weight: Dimension, dimension: Dimension, release: str
) -> GateSum:
    """One gate for each synapse; the target adds up s times the weight that the latest spike found."""
    variables, on_pre, on_pulse_end = _in_synapse(gate, names, release)
    total, count = names[GATE], Variable(COUNTED, "parameter", None, weight)
    added = Variable(
        f"{total}_post", "subexpression", Expression.parse(f"{COUNTED}*{GATE}", total), dimension * weight,
        frozenset({"summed"}),
    )  # fmt: skip
    return GateSum(
        variables=[Variable(total, "parameter", None, dimension * weight)],
        on_pre="\n".join([*on_pre, f"{COUNTED} = {WEIGHT}"]),
        own=[*variables, count],
        on_pulse_end="\n".join(on_pulse_end),
        lag=names[gate.on_pre.duration] if isinstance(gate.on_pre, Pulse) else "",
        sums={added.name: added},
    )


def _in_synapse(
    gate: Gate, names: Mapping[str, str], release: str
) -> tuple[list[Variable], list[str], list[str]]:
    """The variables of a gate of one synapse, which reads the parameters of its target, and the code of both events."""
    variables = own_equations(gate)
    there = {name: f"{target}_post" for name, target in names.items() if name not in variables}
    pulse = gate.on_pre
    if not isinstance(pulse, Pulse):
        lines = [
            part_of_change(
                each.target, each.operator, variables.expanded(each.expression).rename(there), release
            )
            for each in events(gate, f"gate {gate.name}")
        ]
        return _renamed(variables, there), lines, []
    count = Variable(PULSES, "parameter", None, DIMENSIONLESS)
    if release:
        shares = shares_of(gate, names)
        start = [f"{COMING} = {coming(release)}", *shares.come(), f"{PULSES} += 1"]
        end = [f"{PULSES} -= 1", f"{GOING} = int({PULSES} < 0.5)", *shares.go()]
        return [*shares.variables, count], start, end
    height = Expression.parse(f"({pulse.height})*int({PULSES} > 0.5)", "pulse")
    pulsed = variables.changed(lambda formula, _: formula.substitute({pulse.variable: height}))
    return [*_renamed(pulsed, there), count], [f"{PULSES} += 1"], [f"{PULSES} -= 1"]


def _renamed(variables: Equations, names: Mapping[str, str]) -> list[Variable]:
    return [
        replace(each, expression=each.expression.rename(names) if each.expression else None)
        for each in variables.values()
    ]


__all__ = ["Single", "single_gates", "sum_of_single"]
