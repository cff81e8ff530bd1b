"""What synapses made from a gate and an output add to their target: variables, a current, event code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from evsim.composition.contribution import Contribution
from evsim.composition.declared import (
    events,
    own_equations,
    parameter_names,
    parameter_variables,
    pulse_of,
)
from evsim.composition.partial import part_of_change
from evsim.composition.plain import plain_dimension, plain_value
from evsim.composition.plasticity import Rules, rules_of
from evsim.composition.single import Single, single_gates, sum_of_single
from evsim.composition.sums import COUNTED, GateSum, sum_of, sums_of_pulsed
from evsim.composition.superposition import degree
from evsim.composition.treatment import AT_ONCE, EACH_SOURCE, PULSED, SUMMED, Treatment, treatment_of
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError
from evsim.plugin import Gate, InC, Output, Plasticity
from evsim.plugin.model import nearest
from evsim.units import DIMENSIONLESS, Dimension, DimensionMismatchError, dimension_of, ms, mV, nA, si, uS

GATE, WEIGHT, POTENTIAL = "s", "w", "V"  # what an output's current is written in
_USUAL = (1 * nA, 1 * mV, 1 * uS, 1 * ms, 1 / ms)  # what "1" means for a quantity of their dimension


def contribution(
    gate: Gate,
    output: Output | None,
    target: Equations,
    name: str,
    port: str = "",
    membrane: str = "",
    plasticity: Sequence[Plasticity] = (),
    is_shown: bool = False,
) -> Contribution:
    """Return what Synapses called `name` add to a target.

    Parameters
    ----------
    target
        The target's own equations.
    port
        The input variable that receives the current; may be left out if there is only one.
    membrane
        The target's membrane potential; without it, its variable V or v.
    plasticity
        How spikes change the weight, or the share of it that they release.
    is_shown
        Whether plastic synapses keep their gates one by one too, where sums would do.
    """
    where = f"synapses {name} ({_title(gate, output)})"
    _check_kinds(gate, output, where)
    treatment = treatment_of(gate)
    pulse_of(gate)
    if treatment.name == AT_ONCE:
        return _at_once(gate, output, target, membrane, where, plasticity)
    if output is None:
        raise EvsimTypeError(f"{where}: a gate needs an output; give one, as in output=current")
    if plasticity and isinstance(gate.on_pre, InC):
        raise EvsimTypeError(
            f"{where}: gate {gate.name} answers to spikes with C of its own, which knows of no plasticity; leave "
            "plasticity= out, or take a gate whose events are text"
        )
    port = port_of(target, port, where)
    return _Attachment(
        gate, output, target, name, port, membrane, where, treatment, tuple(plasticity), is_shown
    ).contribution()


def ports(equations: Equations) -> list[str]:
    """Return the variables flagged `(input)`, which sum what synapses deliver."""
    return list(equations.flagged("input"))


def membrane_of(target: Equations, declared: str = "", threshold: str | None = None) -> str:
    """Return the name of the membrane potential: as declared, else V or v, else what the threshold compares.

    Empty if there is none.
    """
    names = [name for name in ((declared,) if declared else ("V", "v")) if name in target]
    if len(names) != 1 and threshold and not declared:
        compared = target.expanded(Expression.parse(threshold, "the threshold")).names
        names = [name for name in target.of_kind("differential") if name in compared]
    return names[0] if len(names) == 1 else ""


@dataclass(frozen=True)
class _Attachment:
    """The pieces of one contribution, and the checks that they fit."""

    gate: Gate
    output: Output
    target: Equations
    name: str
    port: str
    membrane: str
    where: str
    treatment: Treatment
    plasticity: tuple[Plasticity, ...] = ()
    is_shown: bool = False

    def contribution(self) -> Contribution:
        self._check_form()
        weight = self._weight()
        rules = self._rules(weight)
        gate = self._gate_sum(weight, rules)
        single = self._single(weight, rules) if rules.models else Single()
        names = {**self._names, WEIGHT: "", POTENTIAL: self._potential}
        formulas = [self._unweighted(each, names) for each in self._formulas.values()]
        values = {
            **{self._names[p.name]: self.gate.value(p.name) for p in self.gate.parameters},
            **{self._parameters[p.name]: self._value(p.name) for p in self.output.parameters},
        }
        return Contribution(
            equations=Equations([*gate.variables, *formulas, *self._parameter_variables()], self.where),
            port=self.port,
            term=self._term(),
            on_pre=rules.around("\n".join([gate.on_pre, *single.on_pre])),
            weight=weight,
            default_weight=self._default_weight(),
            parameters=values,
            variables=self._shown_names(),
            gate=self.gate,
            output=self.output,
            potential=self._potential,
            own=Equations([*gate.own, *rules.own, *single.variables], self.where),
            on_pulse_end=gate.on_pulse_end,
            lag=gate.lag,
            own_values={**gate.own_values, **rules.values},
            functions=gate.functions,
            compiled=gate.compiled,
            sums=gate.sums,
            carried=self._names[GATE] if self.treatment.name == EACH_SOURCE and not gate.sums else "",
            rules=rules,
            on_post="\n".join(rules.on_post),
        )

    def _rules(self, weight: Dimension) -> Rules:
        taken = {*self._names, *self._parameters, *self._formulas, *(f"{each}_post" for each in self.target)}
        return rules_of(self.plasticity, taken, weight, self._default_weight(), self.where)

    # Names on the target

    @cached_property
    def _names(self) -> dict[str, str]:
        """Of the gate's variables and parameters."""
        return {each: self._free(f"{each}_{self.name}") for each in _names_of_gate(self.gate)}

    @cached_property
    def _parameters(self) -> dict[str, str]:
        """Of the output's parameters, which carry the output's name where the gate has a name that is the same."""
        taken = _names_of_gate(self.gate)
        return {
            each: self._free(f"{self._told_apart(each, taken)}_{self.name}")
            for each in parameter_names(self.output)
        }

    def _told_apart(self, name: str, taken: Sequence[str]) -> str:
        return f"{self.output.name}_{name}" if name in taken else name

    def _shown_names(self) -> dict[str, str]:
        taken = _names_of_gate(self.gate)
        shown = {self._told_apart(name, taken): there for name, there in self._parameters.items()}
        return {**self._formula_names, **self._names, **shown}

    @cached_property
    def _formula_names(self) -> dict[str, str]:
        return {each: self._free(f"{each}_{self.name}") for each in own_equations(self.output)}

    def _free(self, name: str) -> str:
        """The name, or a longer one where the target has a variable of that name already."""
        return f"{name}_sum" if name in self.target else name

    # The gate

    def _gate_sum(self, weight: Dimension, rules: Rules) -> GateSum:
        if self.treatment.name == EACH_SOURCE and rules.changes_weight:
            return sum_of_single(self.gate, self._names, weight, self._gate_dimension(), rules.release)
        if self.treatment.name == EACH_SOURCE:
            dimension = self._gate_dimension() * weight
            return GateSum([Variable(self._names[GATE], "parameter", None, dimension)], "")
        if self.treatment.name == PULSED:
            return sums_of_pulsed(self.gate, self._names, weight, self.name, rules.release)
        return sum_of(self.gate, self._names, weight, rules.factor)

    def _single(self, weight: Dimension, rules: Rules) -> Single:
        """What shows the gate, the conductance and the current of a single synapse, which changes."""
        if self.treatment.name == SUMMED and self.is_shown:
            made = single_gates(self.gate, self._names, weight, rules)
        elif self.treatment.name == SUMMED or not (self.treatment.name == PULSED or rules.changes_weight):
            return Single()
        else:
            made = Single((), (), Expression.parse(f"{COUNTED}*{GATE}", GATE))
        return Single((*made.variables, *self._formulas_of_single(made.carried)), made.on_pre)

    def _formulas_of_single(self, carried: Expression) -> list[Variable]:
        names = {name: f"{there}_post" for name, there in self._parameters.items()}
        names |= {POTENTIAL: f"{self._potential}_post"}
        formulas = {name: (each.expression, each.dimension) for name, each in self._formulas.items()}
        formulas.setdefault("I", (self._current, self.target[self.port].dimension))
        return [
            Variable(
                name,
                "subexpression",
                unweighted(formula).rename(names).substitute({GATE: carried}),
                dimension,
            )
            for name, (formula, dimension) in formulas.items()
            if formula is not None
        ]

    def _gate_dimension(self) -> Dimension:
        variables = own_equations(self.gate)
        if GATE not in variables:
            raise EvsimError(f"{self.where}: gate {self.gate.name} has no variable {GATE!r} for the output")
        return variables[GATE].dimension

    # The output

    @cached_property
    def _is_plain(self) -> bool:
        """Whether the target knows no units: its input and its potential are plain numbers."""
        own = [self.port, self._potential] if self._potential else [self.port]
        return all(self.target[name].dimension == DIMENSIONLESS for name in own)

    @cached_property
    def _potential(self) -> str:
        return membrane_of(self.target, self.membrane)

    @cached_property
    def _formulas(self) -> dict[str, Variable]:
        """The output's equations, without electric units on targets that know none."""
        variables = own_equations(self.output)
        return {
            name: replace(each, dimension=self._dimension(each.dimension)) for name, each in variables.items()
        }

    @cached_property
    def _current(self) -> Expression:
        text = self.output.written_out(self.output.current)
        return Expression.parse(text, f"current of {self.output.name}")

    @cached_property
    def _whole_current(self) -> Expression:
        return own_equations(self.output).expanded(self._current)

    def _dimension(self, dimension: Dimension) -> Dimension:
        return plain_dimension(dimension) if self._is_plain else dimension

    def _value(self, name: str) -> Any:
        value = self.output.value(name)
        dimension = self._dimension(dimension_of(value))
        return plain_value(value) if self._is_plain and dimension == DIMENSIONLESS else value

    def _parameter_variables(self) -> list[Variable]:
        of_output = parameter_variables(self.output, self._parameters)
        of_output = [replace(each, dimension=self._dimension(each.dimension)) for each in of_output]
        return [*parameter_variables(self.gate, self._names), *of_output]

    def _check_form(self) -> None:
        """Refuse currents that are not proportional to gate and weight."""
        for factor in (GATE, WEIGHT):
            if degree(self._whole_current, {factor}) != 1:
                raise EvsimError(
                    f"{self.where}: the current of output {self.output.name}, {self._whole_current}, is not "
                    f"proportional to {factor}; write it as {GATE} and {WEIGHT} times something"
                )
        if POTENTIAL in self._whole_current.names and not self._potential:
            raise no_potential(self.target, self.where)

    def _weight(self) -> Dimension:
        """The dimension of w: with it the output's current fits the port."""
        wanted = self.target[self.port].dimension
        dimensions = {p.name: self._dimension(p.dimension) for p in self.output.parameters}
        dimensions |= {WEIGHT: DIMENSIONLESS, GATE: self._gate_dimension()}
        if self._potential:
            dimensions[POTENTIAL] = self.target[self._potential].dimension
        for name, formula in self._formulas.items():
            assert formula.expression is not None
            found = formula.expression.dimension({**self._declared(), **dimensions}, f"{self.where}: {name}")
            if found != formula.dimension:
                raise DimensionMismatchError(
                    f"{self.where}: {name} = {formula.expression} of output {self.output.name} does not fit "
                    f"gate {self.gate.name}, whose {GATE} is in {self._gate_dimension()}; take one whose {GATE} is a "
                    f"plain number{self._other_choices()}, or an output that makes {formula.dimension} of it",
                    found,
                    formula.dimension,
                )
        here = f"{self.where}: current of output {self.output.name}"
        found = self._current.dimension({**self._declared(), **dimensions}, here)
        if self.output.weighs_in_port_unit:
            return wanted / found
        if found != wanted:
            raise DimensionMismatchError(
                f"{self.where}: the current of output {self.output.name} does not fit port {self.port}; its formula "
                f"{self.output.current!r} must come to {wanted}, or target= name another input",
                found,
                wanted,
            )
        return DIMENSIONLESS

    def _other_choices(self) -> str:
        names = [f"{choice.name}=" for choice in self.gate.choices]
        return f", as another {' or '.join(names)} may give" if names else ""

    def _declared(self) -> dict[str, Dimension]:
        return {name: each.dimension for name, each in self._formulas.items()}

    def _default_weight(self) -> float:
        """1 nA into a port in ampere if the gate has no unit, 1 nA/ms if it is a time, and so on."""
        if not self.output.weighs_in_port_unit:
            return 1.0
        return usual_one(self.target[self.port].dimension) / usual_one(self._gate_dimension())

    def _spelled(self, expression: Expression) -> Expression:
        """A formula of the output on the target: for w = 1, since the sum of gates carries the weights."""
        names = {
            **self._parameters,
            **self._formula_names,
            GATE: self._names[GATE],
            POTENTIAL: self._potential,
        }
        return unweighted(expression).rename(
            {name: names[name] for name in expression.names if name in names}
        )

    def _unweighted(self, variable: Variable, names: Mapping[str, str]) -> Variable:
        assert variable.expression is not None
        return replace(
            variable, name=self._formula_names[variable.name], expression=self._spelled(variable.expression)
        )

    def _term(self) -> str:
        return self._spelled(self._current).text


def unweighted(current: Expression) -> Expression:
    """The current for w = 1."""
    factors = {f"{WEIGHT}*{GATE}": GATE, f"{GATE}*{WEIGHT}": GATE}
    if current.text in factors:
        return Expression.parse(factors[current.text], "current")
    return current.substitute({WEIGHT: Expression.number(1)})


def _names_of_gate(gate: Gate) -> list[str]:
    return [*own_equations(gate), *parameter_names(gate)]


def no_potential(cell: Equations, where: str, end: str = "target") -> EvsimNameError:
    """The error that a cell has no membrane potential."""
    return EvsimNameError(
        f"{where}: the {end} has no membrane potential; name one of its variables V or v, or say which it is with "
        f"NeuronGroup(..., membrane=) (it has {', '.join(cell)})"
    )


def _at_once(
    gate: Gate,
    output: Output | None,
    target: Equations,
    membrane: str,
    where: str,
    plasticity: Sequence[Plasticity],
) -> Contribution:
    if output is not None:
        raise EvsimTypeError(f"{where}: gate {gate.name} acts at once on the target and takes no output")
    potential = membrane_of(target, membrane)
    if not potential:
        raise no_potential(target, where)
    dimension = target[potential].dimension
    taken = [*parameter_names(gate), *(f"{each}_post" for each in target)]
    rules = rules_of(plasticity, taken, dimension, usual_one(dimension), where)
    lines = []
    for statement in events(gate, where):
        bare = statement.target.removesuffix("_post")
        place = f"{potential if bare == POTENTIAL else bare}_post"
        lines.append(part_of_change(place, statement.operator, statement.expression, rules.release))
    return Contribution(
        equations=Equations(""),
        port="",
        term="",
        on_pre=rules.around("\n".join(lines)),
        weight=dimension,
        default_weight=usual_one(dimension),
        own=Equations(rules.own, where),
        own_values=rules.values,
        rules=rules,
        on_post="\n".join(rules.on_post),
    )


def port_of(target: Equations, port: str, where: str) -> str:
    """Return the name of the input that is meant: the only one, unless one is named."""
    known = ports(target)
    if port and port not in known:
        raise EvsimNameError(
            f"{where}: the target has no input {port!r}{nearest(port, known)}; "
            f"{f'it has {_list(known)}' if known else _NO_PORT}"
        )
    if not known:
        raise EvsimNameError(f"{where}: the target has no input for the current; {_NO_PORT}")
    if not port and len(known) > 1:
        raise EvsimNameError(
            f"{where}: name the input of the target with target=; it has {_list(known)}, as in target={known[0]!r}"
        )
    return port or known[0]


_NO_PORT = "declare one in its equations, as in 'I_syn : amp (input)'"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def usual_one(dimension: Dimension) -> float:
    """The SI value of "1" for cells: 1 nA, 1 mV, 1 uS, 1 ms, 1/ms; 1 in SI for anything else."""
    return next((float(si(usual)) for usual in _USUAL if dimension_of(usual) == dimension), 1.0)


def _check_kinds(gate: Any, output: Any, where: str) -> None:
    if not isinstance(gate, Gate):
        raise EvsimTypeError(f"{where}: the model must be a gate such as exponential, got {gate!r}")
    if output is not None and not isinstance(output, Output):
        raise EvsimTypeError(f"{where}: the output must be an output such as current, got {output!r}")


def _title(gate: Any, output: Any) -> str:
    names = [getattr(model, "name", repr(model)) for model in (gate, output) if model is not None]
    return " x ".join(map(str, names))
