"""What plasticities add to synapses made from a gate: variables, code around the gate's own, and a share released."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evsim.composition.declared import parameter_variables
from evsim.composition.treatment import Treatment
from evsim.equations.declaration import Equations, Variable
from evsim.equations.event_driven import event_driven_rates
from evsim.equations.expression import Expression
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.plugin import Parameter, Plasticity
from evsim.units import DIMENSIONLESS, Dimension, require, si

WEIGHT = "w"
RESERVED = ("w", "s", "g", "I", "V", "i", "j", "pulses", "counted", "share")
"""Names that synapses of gates have already."""


@dataclass(frozen=True)
class Rules:
    """Plasticities of one Synapses, in their order.

    `before` and `after` run before and after a spike acts on the gate, which it does with the share `release`, empty
    for all of it. `values` (SI) are start values of `own`; `starts` are those that follow from parameters. Weights lie
    between the parameters of each pair in `bounds`.
    """

    models: tuple[Plasticity, ...] = ()
    own: tuple[Variable, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    on_post: tuple[str, ...] = ()
    release: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[str, Expression] = field(default_factory=dict)
    bounds: tuple[tuple[str, str], ...] = ()

    @property
    def changes_weight(self) -> bool:
        """Whether anything depends on more than the spikes of the source."""
        lines = parse_statements("\n".join([*self.before, *self.after]), "on_pre")
        return bool(self.on_post) or any(each.target == WEIGHT for each in lines)

    @property
    def factor(self) -> str:
        """What changes of a gate are multiplied by: the weight, times the share released."""
        return f"{WEIGHT}*({self.release})" if self.release else WEIGHT

    def around(self, lines: str) -> str:
        """The code of a spike that arrives and acts on a gate by these lines."""
        if not self.models:
            return lines
        code = parse_statements("\n".join([*self.before, *filter(None, [lines]), *self.after]), "on_pre")
        own = {each.name for each in self.own}
        read = {name for each in code for name in each.expression.names}
        private = {name for each in self.models for name in local_names(each).values()}
        return "\n".join(str(each) for each in code if each.target not in private - own - read)


NONE = Rules()


def checked_plasticities(given: Any, where: str) -> tuple[Plasticity, ...]:
    """One plasticity, several, or none."""
    models = () if given is None else tuple(given) if isinstance(given, list | tuple) else (given,)
    for each in models:
        if not isinstance(each, Plasticity):
            raise EvsimTypeError(
                f"{where}: plasticity is a model such as stdp_pair, or a list of such models, got {each!r}"
            )
        if [other.name for other in models].count(each.name) > 1:
            raise EvsimValueError(f"{where}: the plasticity {each.name} is given twice; give it once")
    return models


def rules_of(
    models: Sequence[Plasticity],
    taken: Collection[str],
    weight: Dimension,
    default_weight: float,
    where: str,
) -> Rules:
    """Return what these plasticities do to a synapse.

    Parameters
    ----------
    taken
        Names of the gate and the output: where a plasticity has one of them, its own carries the plasticity's name.
    weight, default_weight
        The unit of w, and what "1" means in it (SI).
    """
    every, names_taken = NONE, {*taken, *RESERVED}
    for model in models:
        one = _One(model, names_taken, weight, default_weight, where).rules()
        names_taken |= {each.name for each in one.own}
        every = _joined(every, one)
    return every


def _joined(first: Rules, then: Rules) -> Rules:
    releases = [f"({each})" for each in (first.release, then.release) if each]
    return Rules(
        models=first.models + then.models,
        own=first.own + then.own,
        before=first.before + then.before,
        after=first.after + then.after,
        on_post=first.on_post + then.on_post,
        release="*".join(releases) if len(releases) > 1 else first.release or then.release,
        values={**first.values, **then.values},
        starts={**first.starts, **then.starts},
        bounds=first.bounds + then.bounds,
    )


@dataclass(frozen=True)
class _One:
    """One plasticity under the names that it has in its synapses."""

    model: Plasticity
    taken: Collection[str]
    weight: Dimension
    default_weight: float
    where: str

    def rules(self) -> Rules:
        own = self._equations()
        names = {name: self._name(name) for name in [*own, *(each.name for each in self.model.parameters)]}
        on_pre, on_post = self._code("on_pre", names), self._code("on_post", names)
        variables = [*self._states(own, names), *self._parameters(names)]
        values = {names[each.name]: self._value(each) for each in self.model.parameters}
        starts = {
            names[name]: Expression.parse(str(self._filled(value)), self._here("initial")).rename(names)
            for name, value in self.model.initial.items()
        }
        release = self.model.written_out(self.model.release)
        if release:
            known = names | local_names(self.model)
            release = Expression.parse(release, self._here("release")).rename(known).text
        return Rules(
            models=(self.model,),
            own=tuple(variables),
            before=on_pre if release else (),
            after=() if release else on_pre,
            on_post=on_post,
            release=release,
            values=values,
            starts=starts,
            bounds=((names[self.model.bounds[0]], names[self.model.bounds[1]]),) if self.model.bounds else (),
        )

    def _filled(self, value: Any) -> Any:
        return self.model.written_out(value) if isinstance(value, str) else value

    def _here(self, what: str) -> str:
        return f"{what} of {self.model.name}"

    def _equations(self) -> Equations:
        return plasticity_equations(self.model, self.weight)

    def _name(self, name: str) -> str:
        return f"{self.model.name}_{name}" if name in self.taken else name

    def _code(self, what: str, names: Mapping[str, str]) -> tuple[str, ...]:
        names = {**names, **local_names(self.model)}
        return tuple(
            f"{names.get(each.target, each.target)} {each.operator} {each.expression.rename(names)}"
            for each in statements_of(self.model, what)
        )

    def _states(self, own: Equations, names: Mapping[str, str]) -> list[Variable]:
        return [
            replace(
                each,
                name=names[each.name],
                expression=each.expression.rename(names) if each.expression else None,
                flags=each.flags | ({"event-driven"} if each.kind == "differential" else set()),
            )
            for each in own.values()
        ]

    def _parameters(self, names: Mapping[str, str]) -> list[Variable]:
        """One value for all synapses, until they are given different ones."""
        for each in self.model.parameters:
            if np.ndim(si(self.model.value(each.name))):
                raise EvsimTypeError(
                    f"{self.where}: {each.name} of {self.model.name} is an array; give one value here, and set it per "
                    "synapse after connect()"
                )
        of_weight = {names[each.name] for each in self.model.parameters if each.of_weight}
        return [
            replace(each, dimension=self.weight) if each.name in of_weight else each
            for each in parameter_variables(self.model, names)
        ]

    def _value(self, parameter: Parameter) -> float:
        """In SI; a default that counts weights is one of default weights."""
        value = self.model.value(parameter.name)
        if not parameter.of_weight:
            return float(si(value))
        if parameter.name not in self.model.values:
            return float(si(value)) * self.default_weight
        what = f"{self.where}: {parameter.name} of {self.model.name}, which has the unit of the weight,"
        return float(require(value, self.weight, what))


def plasticity_equations(model: Plasticity, weight: Dimension = DIMENSIONLESS) -> Equations:
    """Return the equations of a plasticity of weights with this unit."""
    text = model.written_out(model.equations).replace("{weight}", weight.unit_name or "1")
    return Equations(text, f"model {model.name}")


def treatment_of_plasticity(model: Plasticity) -> Treatment:
    """Return how the variables of a plasticity are run, and what becomes of gates that do not add up."""
    own = plasticity_equations(model)
    known = {each.name for each in model.parameters}
    rates = event_driven_rates(own, (), known, f"plasticity {model.name}")
    what = "its equations are linear and depend on the synapse alone" if rates else "only events change it"
    rules = rules_of([model], (), DIMENSIONLESS, 1.0, model.name)
    further = (
        "gates that do not add up are one state per synapse, integrated with it to the tolerance of the target, since "
        "weights depend on spikes of both ends"
        if rules.changes_weight
        else "it depends on the source alone, so gates that do not add up are one state per source and delay still"
    )
    return Treatment("exactly, from event to event", f"{what}; {further}")


def statements_of(model: Plasticity, what: str) -> list[Statement]:
    """Return the code `on_pre` or `on_post` of a plasticity."""
    return parse_statements(model.written_out(getattr(model, what)), f"{what} of {model.name}")


def local_names(model: Plasticity) -> dict[str, str]:
    """Names of values that the code sets for itself, with names for them that no neuron has."""
    known = {*plasticity_equations(model), WEIGHT, *(each.name for each in model.parameters)}
    lines = [*statements_of(model, "on_pre"), *statements_of(model, "on_post")]
    free = [each.target for each in lines if each.target not in known]
    return {name: f"{model.name}_{name}" for name in free if not name.endswith(("_pre", "_post"))}


__all__ = [
    "NONE",
    "Rules",
    "checked_plasticities",
    "local_names",
    "plasticity_equations",
    "rules_of",
    "statements_of",
    "treatment_of_plasticity",
]
