"""The user's objects as the plain data that engines run: names found, units checked, equations analysed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.clocks import defaultclock
from evsim.coefficients import check_coefficients
from evsim.composition import Contribution, attach
from evsim.equations.assignments import synapse_code
from evsim.equations.check import check_condition, check_equations, check_statements, check_synapse_code
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.linear import linear_model
from evsim.equations.resolve import resolve_names
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimError, EvsimValueError
from evsim.neurons import NeuronGroup
from evsim.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.synapses import Synapses
from evsim.units import DIMENSIONLESS, Dimension
from evsim.variables import Storage, is_shared

Scope = Mapping[str, Any]
Constants = dict[str, tuple[float, Dimension]]


@dataclass
class DescribedGroup:
    """A population with the texts it was made from."""

    population: description.Population
    equations: Equations
    contributions: list[Contribution]
    written: frozenset[str]
    constants: Constants


class Describer:
    """Keeps a description in step with the objects of one network, from run to run."""

    def __init__(self, dt: float, seed: int) -> None:
        self.network = description.Network(dt=dt, seed=seed)
        self.groups: dict[str, DescribedGroup] = {}
        self._projections: dict[str, description.Projection] = {}

    def update(self, objects: Sequence[Any], scope: Scope) -> None:
        """Describe what is new, and take over what the user changed since the last run."""
        _refuse_equal_names(objects)
        synapses = [each for each in objects if isinstance(each, Synapses)]
        drives = [each for each in objects if isinstance(each, PoissonInput)]
        _refuse_missing_ends([*synapses, *drives], objects)
        for group in objects:
            if isinstance(group, NeuronGroup):
                self._update_group(group, synapses, drives, scope)
            elif isinstance(group, (PoissonGroup, SpikeGeneratorGroup)):
                self._update_source(group)
        for each in synapses:
            self._update_synapses(each, scope)
        known = {drive.name for drive in self.network.drives}
        self.network.drives += [each._drive() for each in drives if each.name not in known]

    def take_back(self, objects: Sequence[Any]) -> None:
        """After a run: synapse variables that event code changed go to the user's objects."""
        for synapses in objects:
            known = self._projections.get(synapses.name)
            if known is None:
                continue
            for name in _changed_by(known.code):
                values = synapses._storage.arrays[name]
                values[:] = known.variables[name]
                known.variables[name] = _value(synapses._storage, name)

    # Neurons

    def _update_group(
        self, group: NeuronGroup, synapses: Sequence[Synapses], drives: Sequence[PoissonInput], scope: Scope
    ) -> None:
        incoming = [each for each in synapses if each._target._group is group]
        contributions = [each._contribution for each in incoming if each._contribution is not None]
        written = frozenset(
            name for each in incoming for name in _written(each, group._equations)
        ) | frozenset(drive._variable.name for drive in drives if drive._target._group is group)
        known = self.groups.get(group.name)
        if known is None:
            self.groups[group.name] = known = _described(group, contributions, written, scope)
            self.network.populations.append(known.population)
        elif not (known.contributions == contributions and written <= known.written):
            raise EvsimError(
                f"{group.name} has run already, and new synapses would change its equations; "
                "make all synapses before the first run, or begin again with start_scope()"
            )
        _refresh(group, known, scope)

    # Sources

    def _update_source(self, group: PoissonGroup | SpikeGeneratorGroup) -> None:
        known = {source.name: source for source in self.network.sources}
        source = known.get(group.name)
        if isinstance(group, PoissonGroup):
            rates = _one_or_all(group._storage.arrays["rates"])
            if source is None:
                self.network.sources.append(description.PoissonSource(group.name, len(group), rates))
            elif group._storage.changed:
                assert isinstance(source, description.PoissonSource)
                source.rates, source.changed = rates, True
            group._storage.changed.clear()
            return
        if source is None or group._is_new:
            train = description.SpikeTrainSource(group.name, len(group), *group._train(self.network.dt))
            if source is None:
                self.network.sources.append(train)
            else:
                assert isinstance(source, description.SpikeTrainSource)
                source.indices, source.ticks, source.offsets = train.indices, train.ticks, train.offsets
                source.changed = True
            group._is_new = False

    # Synapses

    def _update_synapses(self, synapses: Synapses, scope: Scope) -> None:
        if not synapses._is_connected:
            raise EvsimValueError(
                f"{synapses.name} has no synapses; call {synapses.name}.connect() before run()"
            )
        statements = _statements(synapses)
        target = self._target_equations(synapses)
        constants = _synapse_constants(synapses, statements, target, scope)
        known = self._projections.get(synapses.name)
        if known is None:
            known = self._new_projection(synapses, statements, target, constants)
            self._projections[synapses.name] = known
            self.network.projections.append(known)
        else:
            self._refresh_projection(synapses, known, constants)
        synapses._storage.changed.clear()

    def _target_equations(self, synapses: Synapses) -> Equations:
        group = synapses._target._group
        return self.groups[group.name].equations if group.name in self.groups else Equations("")

    def _new_projection(
        self, synapses: Synapses, statements: list[Statement], target: Equations, constants: Constants
    ) -> description.Projection:
        source = synapses._source
        own = synapses._equations
        where = f"on_pre of {synapses.name}"
        code = synapse_code(statements, own, target, constants, source._storage.variables, where)
        check_synapse_code(
            statements,
            {**own.dimensions, "N_pre": DIMENSIONLESS, "N_post": DIMENSIONLESS},
            target.dimensions,
            {name: each.dimension for name, each in source._storage.variables.items()},
            {name: dimension for name, (_, dimension) in constants.items()},
            where,
        )
        values = self._projection_values(synapses, code, target, constants)
        return description.Projection(
            name=synapses.name,
            source=source._group.name,
            target=synapses._target._group.name,
            i=_shifted(synapses._pairs[0], source._bounds()[0]),
            j=_shifted(synapses._pairs[1], synapses._target._bounds()[0]),
            delay=_value(synapses._storage, "delay"),
            code=code,
            variables=values,
        )

    def _projection_values(
        self,
        synapses: Synapses,
        code: tuple[description.Assignment, ...],
        target: Equations,
        constants: Constants,
    ) -> dict[str, description.Values]:
        names = {name for each in code for name in each.expression.names}
        names |= _changed_by(code)
        return {
            name: self._projection_value(synapses, name, constants)
            for name in sorted(names)
            if not (name.endswith("_post") and name[:-5] in target)
        }

    def _projection_value(self, synapses: Synapses, name: str, constants: Constants) -> description.Values:
        if name in synapses._storage.variables:
            return _value(synapses._storage, name)
        if name.endswith("_pre") and name[:-4] in synapses._source._storage.variables:
            self._refuse_changing_source(synapses, name)
        elif name == "dt":
            return self.network.dt
        elif name in constants:
            return constants[name][0]
        value, _ = synapses._known([name], slice(None))[name]
        return value if isinstance(value, float) else np.ascontiguousarray(value, dtype=np.float64)

    def _refuse_changing_source(self, synapses: Synapses, name: str) -> None:
        group = self.groups.get(synapses._source._group.name)
        if group is not None and name[:-4] not in group.population.model.states:
            variable = group.equations[name[:-4]]
            if variable.kind == "parameter":
                return
        if group is not None:
            raise EvsimError(
                f"on_pre of {synapses.name}: {name} changes during the run; use parameters of the source only"
            )

    def _refresh_projection(
        self, synapses: Synapses, known: description.Projection, constants: Constants
    ) -> None:
        storage, target = synapses._storage, self._target_equations(synapses)
        if "delay" in storage.changed:
            known.delay = _value(storage, "delay")
            known.changed.add("delay")
        for name, value in self._projection_values(synapses, known.code, target, constants).items():
            if name in storage.changed or not np.array_equal(known.variables[name], value):
                known.variables[name] = value
                known.changed.add(name)


# Neurons


def _described(
    group: NeuronGroup, contributions: list[Contribution], written: frozenset[str], scope: Scope
) -> DescribedGroup:
    equations = attach(group._equations, contributions) if contributions else group._equations
    for variable in equations.values():
        group._storage.declare(variable)
    constants = _group_constants(group, equations, scope)
    reset = parse_statements(group._reset or "", f"the reset of {group.name}")
    _check_units(group, equations, reset, constants)
    model = linear_model(equations, group._threshold, reset, constants, sorted(written), group.name)
    state = {name: group._storage.arrays[name] for name in model.states}
    population = description.Population(group.name, len(group), model, state, {}, 0.0)
    return DescribedGroup(population, equations, contributions, written, constants)


def _check_units(
    group: NeuronGroup, equations: Equations, reset: list[Statement], constants: Constants
) -> None:
    outside = {name: dimension for name, (_, dimension) in constants.items()}
    check_equations(equations, outside, group.name)
    dimensions = {**outside, **equations.dimensions}
    if group._threshold:
        check_condition(_threshold(group), dimensions, f"the threshold of {group.name}")
    check_statements(reset, dimensions, f"the reset of {group.name}")


def _group_constants(group: NeuronGroup, equations: Equations, scope: Scope) -> Constants:
    names = set(equations.external_names)
    if group._threshold:
        names |= _threshold(group).names
    for statement in parse_statements(group._reset or "", f"the reset of {group.name}"):
        names |= statement.expression.names
    return _resolved(names - equations.keys() - KNOWN_NAMES.keys(), group, scope)


def _threshold(group: NeuronGroup) -> Expression:
    return Expression.parse(group._threshold or "", f"the threshold of {group.name}")


def _refresh(group: NeuronGroup, known: DescribedGroup, scope: Scope) -> None:
    """Take over constants, parameters and states as they are now."""
    population, storage = known.population, group._storage
    known.constants = _group_constants(group, known.equations, scope)
    for name in population.model.parameters:
        value = _group_value(group, name, known.constants)
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


def _group_value(group: NeuronGroup, name: str, constants: Constants) -> description.Values:
    if name in group._storage.arrays:
        return _value(group._storage, name)
    if name in constants:
        return constants[name][0]
    special: dict[str, description.Values] = {
        "i": np.arange(len(group), dtype=np.float64),
        "N": float(len(group)),
        "dt": (group._clock or defaultclock).dt_,
    }
    return special[name]


# Synapses


def _statements(synapses: Synapses) -> list[Statement]:
    return parse_statements(synapses._on_pre or "", f"on_pre of {synapses.name}")


def _changed_by(code: Iterable[description.Assignment]) -> set[str]:
    """Synapse variables that event code changes."""
    return {each.target for each in code if each.where == "synapse"}


def _written(synapses: Synapses, target: Equations) -> Iterable[str]:
    """Variables of the target that the code of the synapses changes."""
    for statement in _statements(synapses):
        if statement.target not in synapses._equations:
            name = statement.target if statement.target in target else statement.target.removesuffix("_post")
            if name in target:
                yield name


def _synapse_constants(
    synapses: Synapses, statements: list[Statement], target: Equations, scope: Scope
) -> Constants:
    own, source = synapses._storage.variables, synapses._source._storage.variables
    names = {name for each in statements for name in own_names(each, synapses._equations)}
    known = {*own, *target, *KNOWN_NAMES, "N_pre", "N_post"}
    known |= {f"{name}_post" for name in target} | {f"{name}_pre" for name in source}
    inner = {name for name in names if not name.endswith(("_pre", "_post"))}
    return _resolved(inner - known, synapses, scope)


def own_names(statement: Statement, equations: Equations) -> frozenset[str]:
    """Names in a statement after the subexpressions of its owner are put in."""
    return equations.expanded(statement.expression).names


# Values


def _resolved(names: Iterable[str], owner: Any, scope: Scope) -> Constants:
    return dict(resolve_names(names, owner._namespace, scope, owner.name))


def _value(storage: Storage, name: str) -> description.Values:
    values = storage.arrays[name]
    return float(values[0]) if is_shared(storage.variables[name]) else values


def _shifted(index: NDArray[np.int64], start: int) -> NDArray[np.int64]:
    return index + start if start else index


def _one_or_all(values: NDArray[np.float64]) -> description.Values:
    return float(values[0]) if np.all(values == values[0]) else values.copy()


def _refuse_equal_names(objects: Sequence[Any]) -> None:
    names = [each.name for each in objects]
    for name in names:
        if names.count(name) > 1:
            raise EvsimValueError(
                f"two objects of the network are named '{name}'; give one of them another name="
            )


def _refuse_missing_ends(edges: Sequence[Any], objects: Sequence[Any]) -> None:
    for edge in edges:
        for what in ("source", "target"):
            end = getattr(edge, f"_{what}", None)
            if end is not None and not any(end._group is each for each in objects):
                raise EvsimValueError(
                    f"{what} of {edge.name}, {end._group.name}, is not part of the network; add it"
                )
