"""Synapses as a projection: code resolved, units checked, weights and delays as they are now."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.assignments import synapse_code
from evsim.equations.check import check_synapse_code
from evsim.equations.declaration import Equations
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimError, EvsimValueError
from evsim.units import DIMENSIONLESS
from evsim.words.described.neurons import Constants, DescribedGroup, Scope, resolved, value_of
from evsim.words.synapses import Synapses


class DescribedSynapses:
    """A projection with the groups at its ends; the user's Synapses come along with every call.

    `source` and `target` are None for sources of spikes, which have no equations.
    """

    def __init__(
        self,
        synapses: Synapses,
        source: DescribedGroup | None,
        target: DescribedGroup | None,
        dt: float,
        scope: Scope,
    ) -> None:
        if not synapses._is_connected:
            raise EvsimValueError(
                f"{synapses.name} has no synapses; call {synapses.name}.connect() before run()"
            )
        if source is not None and source.population.model.threshold is None and synapses._on_pre:
            raise EvsimValueError(
                f"source of {synapses.name}: {source.population.name} has no threshold and never spikes; give it one"
            )
        self._source, self._dt = source, dt
        self._target = target.equations if target is not None else Equations("")
        statements = statements_of(synapses)
        constants = self._constants(synapses, scope)
        self._code = self._checked_code(synapses, statements, constants)
        self.projection = description.Projection(
            name=synapses.name,
            source=synapses._source._group.name,
            target=synapses._target._group.name,
            i=_shifted(synapses._pairs[0], synapses._source._bounds()[0]),
            j=_shifted(synapses._pairs[1], synapses._target._bounds()[0]),
            delay=value_of(synapses._storage, "delay"),
            code=self._code,
            variables=self._values(synapses, constants),
            is_copy=synapses._is_copy,
        )

    def refresh(self, synapses: Synapses, scope: Scope) -> None:
        """Take over what the user changed since the last run."""
        storage, projection = synapses._storage, self.projection
        if "delay" in storage.changed:
            projection.delay = value_of(storage, "delay")
            projection.changed.add("delay")
        for name, value in self._values(synapses, self._constants(synapses, scope)).items():
            if name in storage.changed or not np.array_equal(projection.variables[name], value):
                projection.variables[name] = value
                projection.changed.add(name)

    def refresh_values(self, synapses: Synapses) -> None:
        """Take over the synapses' own values that have changed, inside a run."""
        storage, projection = synapses._storage, self.projection
        if "delay" in storage.changed:
            projection.delay = value_of(storage, "delay")
            projection.changed.add("delay")
        for name in storage.changed & projection.variables.keys():
            projection.variables[name] = value_of(storage, name)
            projection.changed.add(name)

    def take_back(self, synapses: Synapses) -> None:
        """After a run: variables that event code changed go to the user's synapses."""
        for name in self._changed_names():
            synapses._storage.arrays[name][:] = self.projection.variables[name]
            self.projection.variables[name] = value_of(synapses._storage, name)

    def _changed_names(self) -> set[str]:
        return {each.target for each in self._code if each.where == "synapse"}

    def _checked_code(
        self, synapses: Synapses, statements: list[Statement], constants: Constants
    ) -> tuple[description.Assignment, ...]:
        own, source = synapses._equations, synapses._source._storage.variables
        where = f"on_pre of {synapses.name}"
        code = synapse_code(statements, own, self._target, constants, source, where)
        check_synapse_code(
            statements,
            {**own.dimensions, "N_pre": DIMENSIONLESS, "N_post": DIMENSIONLESS},
            self._target.dimensions,
            {name: each.dimension for name, each in source.items()},
            {name: dimension for name, (_, dimension) in constants.items()},
            where,
        )
        return code

    def _constants(self, synapses: Synapses, scope: Scope) -> Constants:
        names = {
            name
            for each in statements_of(synapses)
            for name in synapses._equations.expanded(each.expression).names
            if not name.endswith(("_pre", "_post"))
        }
        known = {*synapses._storage.variables, *self._target, *KNOWN_NAMES}
        return resolved(names - known, synapses, scope)

    def _values(self, synapses: Synapses, constants: Constants) -> dict[str, description.Values]:
        names = {name for each in self._code for name in each.expression.names} | self._changed_names()
        return {
            name: self._value(synapses, name, constants)
            for name in sorted(names)
            if not (name.endswith("_post") and name[:-5] in self._target)
        }

    def _value(self, synapses: Synapses, name: str, constants: Constants) -> description.Values:
        if name in synapses._storage.variables:
            return value_of(synapses._storage, name)
        if name == "dt":
            return self._dt
        if name in constants:
            return constants[name][0]
        if name.endswith("_pre") and name != "N_pre":
            self._refuse_changing(synapses, name)
        value, _ = synapses._known([name], slice(None))[name]
        return value if isinstance(value, float) else np.ascontiguousarray(value, dtype=np.float64)

    def _refuse_changing(self, synapses: Synapses, name: str) -> None:
        """Values of the source are gathered before the run, so they must stay."""
        group = self._source
        bare = name.removesuffix("_pre")
        if group is None or (
            bare not in group.population.model.states and group.equations[bare].kind == "parameter"
        ):
            return
        raise EvsimError(
            f"on_pre of {synapses.name}: {name} changes during the run; use parameters of the source only"
        )


def statements_of(synapses: Synapses) -> list[Statement]:
    """What a spike does."""
    return parse_statements(synapses._on_pre or "", f"on_pre of {synapses.name}")


def written_by(synapses: Synapses, target: Equations) -> Iterable[str]:
    """Variables of the target that the code of the synapses changes."""
    for statement in statements_of(synapses):
        if statement.target not in synapses._equations:
            name = statement.target if statement.target in target else statement.target.removesuffix("_post")
            if name in target:
                yield name


def _shifted(index: NDArray[np.int64], start: int) -> NDArray[np.int64]:
    return index + start if start else index
