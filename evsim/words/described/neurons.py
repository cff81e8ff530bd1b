"""A NeuronGroup as a population: names found, units checked, equations analysed, values as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evsim import description
from evsim.composition import Contribution, attach
from evsim.equations.check import check_condition, check_equations, check_synapse_code
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.neuron_code import local_targets, outside_names
from evsim.equations.resolve import resolve_functions, resolve_names
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimError
from evsim.units import Dimension
from evsim.words.clocks import defaultclock
from evsim.words.described.coefficients import check_coefficients
from evsim.words.described.functions import has_functions, refresh_functions
from evsim.words.described.models import (
    Event,
    Texts,
    check_dynamic_refractory,
    model_of,
    with_coupled,
)
from evsim.words.described.outlines import Outline
from evsim.words.neurons import NeuronGroup
from evsim.words.variables.storage import Storage, is_shared

Scope = Mapping[str, Any]
Constants = dict[str, tuple[float, Dimension]]


@dataclass
class DescribedGroup:
    """A population with the texts it was made from; functions are put into `equations`, not into `texts`."""

    population: description.Population
    equations: Equations
    contributions: list[Contribution]
    written: frozenset[str]
    constants: Constants
    texts: Texts
    outline: Outline

    def check_same(
        self, contributions: Sequence[Contribution], written: frozenset[str], outline: Outline
    ) -> None:
        """Refuse what would change the equations of a population that has run."""
        is_new = list(contributions) != self.contributions or not written <= self.written
        if outline.is_joined and not self.outline.is_joined and not is_new:
            raise EvsimError(
                f"{self.population.name} has run already, and would be continuously coupled to "
                f"{outline.beside or 'others'} now; make synapses with (summed) variables, with code that names "
                "states of the source, and with delays shorter than a step, before the first run"
            )
        if is_new or not outline.coupled <= self.outline.coupled:
            raise EvsimError(
                f"{self.population.name} has run already, and new synapses would change its equations; "
                "make all synapses before the first run, or begin again with start_scope()"
            )


def describe_neurons(
    group: NeuronGroup,
    contributions: list[Contribution],
    written: frozenset[str],
    outline: Outline,
    scope: Scope,
) -> DescribedGroup:
    """The population of a group, still without values of parameters."""
    equations = attach(group._equations, contributions) if contributions else group._equations
    equations = _expanded(equations, group._storage)
    for variable in equations.values():
        group._storage.declare(variable)
    group._written = written | outline.coupled
    constants = _group_constants(group, equations, scope)
    texts = _bound(group, equations, scope)
    _check_units(group, texts, constants)
    inlined = with_coupled(texts.inlined(group.name), outline.coupled)
    options = group._method_options
    joined, asked = outline.is_joined, outline.asked
    model = model_of(inlined, constants, written, group.name, group._method, options, joined, asked)
    state = {name: group._storage.arrays[name] for name in model.states}
    step = group._clock.dt_ if group._clock else 0.0
    population = description.Population(group.name, len(group), model, state, {}, 0.0, dt=step)
    return DescribedGroup(population, inlined.equations, contributions, written, constants, texts, outline)


def _expanded(equations: Equations, storage: Storage) -> Equations:
    """The equations with parameters of models that elements have got different values of."""
    for name in sorted(storage.expandable & equations.keys()):
        if not is_shared(storage.variables[name]):
            equations = equations.replaced(storage.variables[name])
    return equations


def _bound(group: NeuronGroup, equations: Equations, scope: Scope) -> Texts:
    refractory = group._dynamic_refractory()
    threshold = _threshold(group) if group._threshold else None
    reset = parse_statements(group._reset or "", f"the reset of {group.name}")
    events = _events(group)
    code = [*reset, *(each for event in events.values() for each in event.code)]
    foreign = equations.foreign.union(*(each.expression.foreign for each in code))
    for each in (threshold, refractory, *(event.condition for event in events.values())):
        foreign |= each.foreign if each else frozenset()
    meanings = resolve_functions(foreign, group._namespace, scope, group.name, equations)
    return Texts(
        equations.bound(meanings),
        threshold and threshold.bound(meanings, f"the threshold of {group.name}"),
        [each.bound(meanings, f"the reset of {group.name}") for each in reset],
        refractory and refractory.bound(meanings, f"the refractory period of {group.name}"),
        {name: each.bound(meanings, f"the event '{name}' of {group.name}") for name, each in events.items()},
    )


def _check_units(group: NeuronGroup, texts: Texts, constants: Constants) -> None:
    outside = {name: dimension for name, (_, dimension) in constants.items()}
    check_equations(texts.equations, outside, group.name)
    dimensions = {**outside, **texts.equations.dimensions}
    if texts.threshold:
        check_condition(texts.threshold, dimensions, f"the threshold of {group.name}")
    _check_code(texts.reset, texts.equations, dimensions, f"the reset of {group.name}")
    check_dynamic_refractory(texts, dimensions, f"the refractory period of {group.name}")
    for name, event in texts.events.items():
        check_condition(event.condition, dimensions, f"the event '{name}' of {group.name}")
        _check_code(event.code, texts.equations, dimensions, f"the event '{name}' of {group.name}")


def _check_code(
    code: Sequence[Statement], equations: Equations, dimensions: Mapping[str, Dimension], where: str
) -> None:
    check_synapse_code(code, dimensions, local_targets(code, equations), where)


def _group_constants(group: NeuronGroup, equations: Equations, scope: Scope) -> Constants:
    names = set(equations.external_names)
    if group._threshold:
        names |= _threshold(group).names
    names |= outside_names(parse_statements(group._reset or "", f"the reset of {group.name}"), equations)
    refractory = group._dynamic_refractory()
    names |= refractory.names if refractory else set()
    for event in _events(group).values():
        names |= event.condition.names | outside_names(event.code, equations)
    return resolved(names - equations.keys() - KNOWN_NAMES.keys(), group, scope)


def _events(group: NeuronGroup) -> dict[str, Event]:
    where = {name: f"the event '{name}' of {group.name}" for name in group._conditions}
    return {
        name: Event(
            Expression.parse(group._conditions[name], where[name]),
            parse_statements(group._event_code.get(name, ""), where[name]),
        )
        for name in group._events_in_order()
    }


def _threshold(group: NeuronGroup) -> Expression:
    return Expression.parse(group._threshold or "", f"the threshold of {group.name}")


def refresh_neurons(group: NeuronGroup, known: DescribedGroup, scope: Scope) -> None:
    """Take over constants, parameters and states as they are now."""
    population, storage = known.population, group._storage
    known.constants = _group_constants(group, known.equations, scope)
    if has_functions(known.texts):
        equations = attach(group._equations, known.contributions)
        refresh_functions(population, known.texts, _bound(group, equations, scope))
    for name in population.model.parameters:
        value = group_value(group, name, known.constants)
        before = population.parameters.get(name)
        if before is None or name in storage.changed or not np.array_equal(before, value):
            population.parameters[name] = value
            population.changed.add(name)
    if population.changed:
        check_coefficients(population, known.equations)
    population.changed |= storage.changed & set(population.model.states)
    refractory = group._refractory_seconds()
    if not np.array_equal(refractory, population.refractory):
        population.refractory = refractory
        population.changed.add("refractory")
    storage.changed.clear()


def refresh_values(group: NeuronGroup, known: DescribedGroup) -> None:
    """Take over the group's own values that have changed, inside a run."""
    population, storage = known.population, group._storage
    for name in storage.changed & set(population.model.parameters):
        population.parameters[name] = _own_value(group, name)
        population.changed.add(name)
    if population.changed:
        check_coefficients(population, known.equations)
    population.changed |= storage.changed & set(population.model.states)
    if isinstance(group._refractory, str) and storage.changed - set(population.model.states):
        refractory = group._refractory_seconds()
        if not np.array_equal(refractory, population.refractory):
            population.refractory = refractory
            population.changed.add("refractory")
    storage.changed.clear()


def group_value(group: NeuronGroup, name: str, constants: Constants) -> description.Values:
    """A name in the formulas of a group that is no state: a parameter, a constant, an index, its number or step."""
    if name in group._storage.variables:
        return _own_value(group, name)
    if name in constants:
        return constants[name][0]
    special: dict[str, description.Values] = {
        "i": np.arange(len(group), dtype=np.float64),
        "N": float(len(group)),
        "dt": (group._clock or defaultclock).dt_,
    }
    return special[name]


def _own_value(group: NeuronGroup, name: str) -> description.Values:
    """A variable of the group or one that it reads: an array, or a number where all neurons share it."""
    if "linked" not in group._storage.variables[name].flags:
        return value_of(group._storage, name)
    values = np.array(group._present(name))
    return float(values[0]) if group._storage.links[name].is_single else values


def resolved(names: Iterable[str], owner: Any, scope: Scope) -> Constants:
    """Constants of the owner's namespace or the scope."""
    return dict(resolve_names(names, owner._namespace, scope, owner.name))


def value_of(storage: Storage, name: str) -> description.Values:
    """The present values of a variable: the group's own array, or a number when it is shared."""
    values = storage.arrays[name]
    return float(values[0]) if is_shared(storage.variables[name]) else values
