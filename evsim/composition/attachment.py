"""What synapses made from a gate and an output add to their target: variables, a current, event code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from evsim.composition.declared import events, own_equations, parameter_names, parameter_variables
from evsim.composition.superposition import degree
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError
from evsim.plugin import Gate, Model, Output
from evsim.plugin.model import nearest
from evsim.units import DIMENSIONLESS, Dimension, DimensionMismatchError, dimension_of, ms, mV, nA, si, uS

GATE, WEIGHT, POTENTIAL = "s", "w", "V"  # what an output's current is written in
_USUAL = (1 * nA, 1 * mV, 1 * uS, 1 * ms, 1 / ms)  # what "1" means for a quantity of their dimension


@dataclass(frozen=True)
class Contribution:
    """What one Synapses object made from models adds to its target group.

    `variables` gives for each name of the gate and the output its name on the target; `parameters` the start
    values of those that are parameters there. `weight` and `default_weight` (SI) are for the `w` of synapses.
    `gate` and `output` are the models it was made from.
    """

    equations: Equations
    port: str
    term: str
    on_pre: str
    weight: Dimension
    default_weight: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    gate: Gate | None = None
    output: Output | None = None


def contribution(
    gate: Gate, output: Output | None, target: Equations, name: str, port: str = "", membrane: str = ""
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
    """
    where = f"synapses {name} ({_title(gate, output)})"
    _check_kinds(gate, output, where)
    if not gate.equations.strip():
        return _at_once(gate, output, target, membrane, where)
    if output is None:
        raise EvsimTypeError(f"{where}: a gate needs an output; give one, as in output=current")
    port = _port(target, port, where)
    return _Attachment(gate, output, target, name, port, membrane, where).contribution()


def gate_alone(gate: Gate) -> Contribution:
    """Return the gate as equations of its own, under its own names; `on_pre` is not weighted."""
    where = f"gate {gate.name}"
    if not gate.equations.strip():
        raise EvsimError(f"{where} has no variables of its own: it acts at once on its target")
    equations = Equations([*own_equations(gate).values(), *parameter_variables(gate)], where)
    lines = []
    for statement in events(gate, where):
        jump = equations.expanded(statement.expression).rename({name: f"{name}_post" for name in equations})
        lines.append(f"{statement.target}_post {statement.operator} {jump}")
    return Contribution(
        equations=equations,
        port="",
        term="",
        on_pre="\n".join(lines),
        weight=DIMENSIONLESS,
        default_weight=1.0,
        parameters={parameter.name: gate.value(parameter.name) for parameter in gate.parameters},
        variables={name: name for name in equations},
        gate=gate,
    )


def ports(equations: Equations) -> list[str]:
    """Return the variables flagged `(input)`, which sum what synapses deliver."""
    return list(equations.flagged("input"))


def membrane_of(target: Equations, declared: str = "") -> str:
    """Return the name of the membrane potential: as declared, else V or v; empty if there is none."""
    names = [name for name in ((declared,) if declared else ("V", "v")) if name in target]
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

    def contribution(self) -> Contribution:
        current = Expression.parse(
            self.output.written_out(self.output.current), f"current of {self.output.name}"
        )
        weight = self._weight(current)
        carriers = self._carriers()
        self._check_output(current)
        own = self._own_names()
        variables = [
            self._renamed(variable, own, weight if variable.name in carriers else DIMENSIONLESS)
            for variable in own_equations(self.gate).values()
        ]
        models: tuple[Model, ...] = (self.gate, self.output)
        parameters = {own[p.name]: model.value(p.name) for model in models for p in model.parameters}
        extra = [v for model in models for v in parameter_variables(model, own)]
        return Contribution(
            equations=Equations([*variables, *extra], self.where),
            port=self.port,
            term=_unweighted(current).rename(own).text,
            on_pre=self._on_pre(own),
            weight=weight,
            default_weight=self._default_weight(),
            parameters=parameters,
            variables=own,
            gate=self.gate,
            output=self.output,
        )

    def _own_names(self) -> dict[str, str]:
        names = [*own_equations(self.gate), *parameter_names(self.gate), *parameter_names(self.output)]
        for each in names:
            if names.count(each) > 1:
                raise EvsimError(
                    f"{self.where}: gate and output both have a variable {each}; rename one of them"
                )
        return {each: f"{each}_{self.name}" for each in names}

    def _renamed(self, variable: Variable, own: Mapping[str, str], weight: Dimension) -> Variable:
        expression = variable.expression.rename(own) if variable.expression is not None else None
        dimension = variable.dimension * weight
        return replace(variable, name=own[variable.name], expression=expression, dimension=dimension)

    def _weight(self, current: Expression) -> Dimension:
        """The dimension of w: with it the output's current fits the port."""
        wanted = self.target[self.port].dimension
        dimensions = {p.name: p.dimension for p in self.output.parameters}
        dimensions |= {WEIGHT: DIMENSIONLESS, GATE: self._gate_variable().dimension}
        potential = membrane_of(self.target, self.membrane)
        if potential:
            dimensions[POTENTIAL] = self.target[potential].dimension
        found = current.dimension(dimensions, f"{self.where}: current of output {self.output.name}")
        if self.output.weighs_in_port_unit:
            return wanted / found
        if found != wanted:
            raise DimensionMismatchError(
                f"{self.where}: the current of output {self.output.name} does not fit port {self.port}",
                found,
                wanted,
            )
        return DIMENSIONLESS

    def _default_weight(self) -> float:
        """1 nA into a port in ampere if the gate has no unit, 1 nA/ms if it is a time, and so on."""
        if not self.output.weighs_in_port_unit:
            return 1.0
        return _one(self.target[self.port].dimension) / _one(self._gate_variable().dimension)

    def _gate_variable(self) -> Variable:
        variables = own_equations(self.gate)
        if GATE not in variables:
            raise EvsimError(f"{self.where}: gate {self.gate.name} has no variable {GATE!r} for the output")
        return variables[GATE]

    def _carriers(self) -> Set[str]:
        """The gate's variables that sum over synapses; refuses a gate that does not add up."""
        variables = own_equations(self.gate)
        states = set(variables.of_kind("differential"))
        carriers = set(states)
        for name, variable in variables.items():
            if variable.expression is None:
                continue
            found = degree(variables.expanded(variable.expression), states)
            if found is None:
                raise self._not_additive(f"the equation of {name}, {variable.expression}")
            if found == 1:
                carriers.add(name)
        return carriers

    def _check_output(self, current: Expression) -> None:
        for factor in (GATE, WEIGHT):
            if degree(current, {factor}) != 1:
                raise self._not_additive(f"the current of output {self.output.name}, {current}")
        if POTENTIAL in current.names:
            raise self._not_additive(
                f"the current of output {self.output.name}, {current}, with the potential V"
            )

    def _not_additive(self, what: str) -> EvsimError:
        return EvsimError(
            f"{self.where}: {what} is not proportional to the gate; evsim runs gates and outputs that add up "
            f"(equations linear in the gate's variables, a current proportional to {GATE} and {WEIGHT})"
        )

    def _on_pre(self, own: Mapping[str, str]) -> str:
        variables = own_equations(self.gate)
        states = set(variables.of_kind("differential"))
        lines = []
        for statement in events(self.gate, self.where):
            jump = variables.expanded(statement.expression)
            if (
                statement.operator not in ("+=", "-=")
                or statement.target not in states
                or jump.names & states
            ):
                raise self._not_additive(f"the event {statement}")
            jump = jump.rename({name: f"{target}_post" for name, target in own.items()})
            weighted = WEIGHT if jump == Expression.number(1) else f"{WEIGHT}*({jump})"
            lines.append(f"{own[statement.target]}_post {statement.operator} {weighted}")
        return "\n".join(lines)


def _at_once(gate: Gate, output: Output | None, target: Equations, membrane: str, where: str) -> Contribution:
    if output is not None:
        raise EvsimTypeError(f"{where}: gate {gate.name} acts at once on the target and takes no output")
    potential = membrane_of(target, membrane)
    if not potential:
        raise EvsimNameError(
            f"{where}: the target has no membrane potential; name one of its variables V or v "
            f"(it has {', '.join(target)})"
        )
    dimension = target[potential].dimension
    lines = []
    for statement in events(gate, where):
        bare = statement.target.removesuffix("_post")
        lines.append(
            f"{potential if bare == POTENTIAL else bare}_post {statement.operator} {statement.expression}"
        )
    return Contribution(Equations(""), "", "", "\n".join(lines), dimension, _one(dimension))


def _unweighted(current: Expression) -> Expression:
    """The current for w = 1."""
    if current in (Expression.parse("w*s", "current"), Expression.parse("s*w", "current")):
        return Expression.parse(GATE, "current")
    return current.substitute({WEIGHT: Expression.number(1)})


def _port(target: Equations, port: str, where: str) -> str:
    known = ports(target)
    if port and port not in known:
        raise EvsimNameError(
            f"{where}: the target has no input {port!r}{nearest(port, known)}; {_ports_text(known)}"
        )
    if not port and len(known) != 1:
        raise EvsimNameError(f"{where}: name the input of the target with target=; {_ports_text(known)}")
    return port or known[0]


def _ports_text(known: Sequence[str]) -> str:
    if known:
        return f"it has {', '.join(known)}"
    return "it has none: declare one in its equations, as in 'I_syn : amp (input)'"


def _one(dimension: Dimension) -> float:
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
