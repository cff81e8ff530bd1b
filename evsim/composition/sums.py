"""What a gate adds to its target: the sum of many gates, as variables of the target, and what keeps it right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from evsim.composition.declared import events, own_equations
from evsim.composition.shares import COMING, GOING, SHARE, Shares, coming, shares_of
from evsim.composition.treatment import carriers, rate_form
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.equations.linear_form import Form, Sum, product
from evsim.equations.nodes import Name
from evsim.plugin import Gate, InC, Pulse
from evsim.units import DIMENSIONLESS, Dimension

if TYPE_CHECKING:
    from evsim.description import CompiledCode
    from evsim.equations.user_functions import Function

WEIGHT = "w"
PULSES, COUNTED = (
    "pulses",
    "counted",
)  # of a synapse: pulses it is in, and the weight with which sums count it


@dataclass(frozen=True)
class GateSum:
    """Variables on the target, variables of the synapses, the code of both events, what adds up at every instant."""

    variables: list[Variable]
    on_pre: str
    own: list[Variable] = field(default_factory=list)
    on_pulse_end: str = ""
    lag: str = ""
    own_values: Mapping[str, float] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    compiled: CompiledCode | None = None
    sums: Mapping[str, Variable] = field(default_factory=dict)


def sum_of(gate: Gate, names: Mapping[str, str], weight: Dimension, factor: str = WEIGHT) -> GateSum:
    """One sum for gates that add up: the equations of one gate, and a spike adds w, or `factor`, times its jump."""
    variables, weighted = own_equations(gate), carriers(gate)
    summed = [
        replace(
            variable,
            name=names[variable.name],
            expression=variable.expression.rename(names) if variable.expression else None,
            dimension=variable.dimension * (weight if variable.name in weighted else DIMENSIONLESS),
        )
        for variable in variables.values()
    ]
    if isinstance(gate.on_pre, InC):
        from evsim.composition.handwritten import spike_in_c  # with the first gate of this kind

        made = spike_in_c(gate, gate.on_pre, names)
        return GateSum(
            summed,
            made.on_pre,
            made.own,
            own_values=made.values,
            functions=made.functions,
            compiled=made.compiled,
        )
    lines = []
    for statement in events(gate, f"gate {gate.name}"):
        jump = variables.expanded(statement.expression)
        jump = jump.rename({name: f"{target}_post" for name, target in names.items()})
        times_weight = factor if jump == Expression.number(1) else f"{factor}*({jump})"
        lines.append(f"{names[statement.target]}_post {statement.operator} {times_weight}")
    return GateSum(summed, "\n".join(lines))


def sums_of_pulsed(
    gate: Gate, names: Mapping[str, str], weight: Dimension, suffix: str, release: str = ""
) -> GateSum:
    """Two sums for gates with pulses: of synapses in their pulse and of those out of it.

    In the pulse the rate of a gate is A s + b, so the sum of w s has the rate A S + b W with W the sum of w; out of it
    b is 0. A synapse keeps its own gate, in closed form from event to event, and moves with it from sum to sum.
    Pulses of equal length that overlap are one from the first start to the last end: a synapse counts them. With a
    `release`, a formula, only this share of a synapse comes into the pulse (shares.py).
    """
    pulse = gate.on_pre
    assert isinstance(pulse, Pulse)
    return _PulsedSums(gate, pulse, names, weight, suffix, release).made()


@dataclass(frozen=True)
class _PulsedSums:
    gate: Gate
    pulse: Pulse
    names: Mapping[str, str]
    weight: Dimension
    suffix: str
    release: str

    def made(self) -> GateSum:
        variables = own_equations(self.gate)
        states = variables.of_kind("differential")
        plain = Variable(PULSES, "parameter", None, DIMENSIONLESS)
        counted = Variable(COUNTED, "parameter", None, self.weight)
        if self.release:
            shares = shares_of(self.gate, self.names)
            own = list(shares.variables)
            lines_on, lines_off = self._code_of_shares(shares)
        else:
            own = [self._of_synapse(variables[name], variables) for name in states]
            lines_on, lines_off = self._code(states)
        return GateSum(
            variables=[*self._sums(variables), *self._totals(variables)],
            on_pre=lines_on,
            own=[*own, plain, counted],
            on_pulse_end=lines_off,
            lag=self.names[self.pulse.duration],
        )

    def _on(self, name: str) -> str:
        return f"{self.names[name]}_on"

    def _off(self, name: str) -> str:
        return f"{self.names[name]}_off"

    @property
    def _in_pulse(self) -> str:
        return f"w_on_{self.suffix}"

    def _height(self) -> Expression:
        return Expression.parse(self.pulse.height, f"height of the pulse of gate {self.gate.name}")

    def _sums(self, variables: Equations) -> list[Variable]:
        made = [Variable(self._in_pulse, "differential", Expression.number(0.0), self.weight)]
        for name in variables.of_kind("differential"):
            dimension = variables[name].dimension * self.weight
            on = rate_form(variables, name, self.pulse.variable, self._height())
            off = rate_form(variables, name, self.pulse.variable, Expression.number(0.0))
            for place, form in ((self._on, on), (self._off, off)):
                rate = self._rate(form, {each: place(each) for each in variables.of_kind("differential")})
                made.append(Variable(place(name), "differential", rate, dimension))
        return made

    def _rate(self, form: Form, places: Mapping[str, str]) -> Expression:
        """The rate of a sum; what is constant in the rate of a gate is so once for each weight."""
        total = Sum()
        for name, part in form.coefficients.items():
            for sign, term in part.terms:
                total.add(sign, product(term, Name(places[name])))
        for sign, term in form.constant.terms:
            total.add(sign, product(term, Name(self._in_pulse)))
        parameters = {name: there for name, there in self.names.items() if name not in places}
        return Expression(total.tree()).rename(parameters)

    def _totals(self, variables: Equations) -> list[Variable]:
        """What the sums give for each variable of the gate."""
        made = []
        totals = {
            name: Expression.parse(f"{self._on(name)} + {self._off(name)}", name)
            for name in variables.of_kind("differential")
        }
        for name, total in totals.items():
            dimension = variables[name].dimension * self.weight
            made.append(Variable(self.names[name], "subexpression", total, dimension))
        for name in variables.of_kind("subexpression"):
            formula = variables[name].expression
            assert formula is not None
            dimension = variables[name].dimension * self.weight
            made.append(Variable(self.names[name], "subexpression", formula.rename(self.names), dimension))
        return made

    def _of_synapse(self, variable: Variable, variables: Equations) -> Variable:
        """The gate of one synapse, which reads the parameters of its target."""
        assert variable.expression is not None
        height = f"({self.pulse.height})*int({PULSES} > 0.5)"
        expression = variables.expanded(variable.expression)
        expression = expression.substitute({self.pulse.variable: Expression.parse(height, "pulse")})
        states = variables.of_kind("differential")
        there = {name: f"{target}_post" for name, target in self.names.items() if name not in states}
        return replace(variable, expression=expression.rename(there), flags=frozenset({"event-driven"}))

    def _code(self, states: tuple[str, ...]) -> tuple[str, str]:
        gain, loss, gone = (
            "weight_gained",
            "weight_lost",
            "weight_gone",
        )  # the same in all synapses: one kernel
        start = [
            f"{gain} = {WEIGHT} - {COUNTED}*int({PULSES} > 0.5)",
            f"{loss} = {COUNTED}*int({PULSES} < 0.5)",
            f"{self._in_pulse}_post += {gain}",
        ]
        end = [
            f"{PULSES} -= 1",
            f"{gone} = {COUNTED}*int({PULSES} < 0.5)",
            f"{self._in_pulse}_post -= {gone}",
        ]
        for name in states:
            start += [f"{self._on(name)}_post += {gain}*{name}", f"{self._off(name)}_post -= {loss}*{name}"]
            end += [f"{self._on(name)}_post -= {gone}*{name}", f"{self._off(name)}_post += {gone}*{name}"]
        return "\n".join([*start, f"{COUNTED} = {WEIGHT}", f"{PULSES} += 1"]), "\n".join(end)

    def _code_of_shares(self, shares: Shares) -> tuple[str, str]:
        """A synapse counts in both sums at once: with its share in the pulse, and with the rest."""
        start = [f"{COMING} = {coming(self.release)}"]
        start += [f"{self._in_pulse}_post += {WEIGHT}*({SHARE} + {COMING}*(1 - {SHARE})) - {COUNTED}*{SHARE}"]
        end = [f"{PULSES} -= 1", f"{GOING} = int({PULSES} < 0.5)"]
        end += [f"{self._in_pulse}_post -= {COUNTED}*{GOING}*{SHARE}"]
        for name, (on, off) in shares.parts.items():
            moved = f"{WEIGHT}*{COMING}*{off}"
            start += [
                f"{self._on(name)}_post += ({WEIGHT} - {COUNTED})*{on} + {moved}",
                f"{self._off(name)}_post += ({WEIGHT} - {COUNTED})*{off} - {moved}",
            ]
            end += [
                f"{self._on(name)}_post -= {COUNTED}*{GOING}*{on}",
                f"{self._off(name)}_post += {COUNTED}*{GOING}*{on}",
            ]
        start += [*shares.come(), f"{COUNTED} = {WEIGHT}", f"{PULSES} += 1"]
        return "\n".join(start), "\n".join([*end, *shares.go()])


__all__ = ["GateSum", "sum_of", "sums_of_pulsed"]
