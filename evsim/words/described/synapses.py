"""Synapses as projections, one for each pathway: code resolved, units checked, weights and delays as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.check import check_equations, check_synapse_code, synapse_dimensions
from evsim.equations.declaration import Equations
from evsim.equations.event_driven import event_driven_rates
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.resolve import resolve_functions
from evsim.equations.synapse_code import IMPLICIT, OF_TARGET, local_names, synapse_code
from evsim.equations.user_functions import refuse_tables
from evsim.errors import EvsimError, EvsimValueError
from evsim.units import Dimension
from evsim.words.described.neurons import Constants, DescribedGroup, Scope, resolved, value_of
from evsim.words.pathways import Pathway
from evsim.words.synapses import Synapses

Code = tuple[description.Assignment, ...]

_NOTHING = Pathway("pre", "pre", "")


class DescribedSynapses:
    """The projections of the pathways of one Synapses; the user's object comes along with every call.

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
        self._groups, self._dt = {"pre": source, "post": target}, dt
        self._target = target.equations if target is not None else Equations("")
        self._pathways = synapses._pathways or (_NOTHING,)
        for pathway in self._pathways:
            self._refuse_silence(synapses, pathway)
        constants = self._constants(synapses, scope)
        dimensions = self._dimensions(synapses, constants)
        codes = [self._code(synapses, each, constants, dimensions, scope) for each in self._pathways]
        self._equations = self._rates(synapses, constants, dimensions, scope)
        of_target = {f"{name}_post" for name in (*self._target, *OF_TARGET)}
        self._used = _names_used(codes, self._equations, of_target)
        self._written = {each.target for code in codes for each in code if each.where == "synapse"}
        variables = self._values(synapses, constants)
        self.projections = [
            self._projection(synapses, pathway, code, variables)
            for pathway, code in zip(self._pathways, codes, strict=True)
        ]

    def _projection(
        self, synapses: Synapses, pathway: Pathway, code: Code, variables: dict[str, description.Values]
    ) -> description.Projection:
        first = self._pathways[0]
        return description.Projection(
            name=_name(synapses, pathway),
            source=synapses._source._group.name,
            target=synapses._target._group.name,
            i=_shifted(synapses._pairs[0], synapses._source._bounds()[0]),
            j=_shifted(synapses._pairs[1], synapses._target._bounds()[0]),
            delay=_delay(synapses, pathway),
            code=code,
            variables=variables,
            is_copy=synapses._is_copy,
            trigger=pathway.trigger,
            event=pathway.event,
            shares="" if pathway is first else _name(synapses, first),
            equations=self._equations if _takes_part(code, self._equations) else {},
        )

    # Between runs

    def refresh(self, synapses: Synapses, scope: Scope) -> None:
        """Take over what the user changed since the last run."""
        self._refresh_delays(synapses)
        first = self.projections[0]
        for name, value in self._values(synapses, self._constants(synapses, scope)).items():
            if name in synapses._storage.changed or not np.array_equal(first.variables[name], value):
                first.variables[name] = value
                first.changed.add(name)

    def refresh_values(self, synapses: Synapses) -> None:
        """Take over the synapses' own values that have changed, inside a run."""
        self._refresh_delays(synapses)
        first = self.projections[0]
        for name in synapses._storage.changed & first.variables.keys():
            first.variables[name] = value_of(synapses._storage, name)
            first.changed.add(name)

    def _refresh_delays(self, synapses: Synapses) -> None:
        for pathway, projection in zip(self._pathways, self.projections, strict=True):
            delay = _delay(synapses, pathway)
            is_other = pathway.lag and not np.array_equal(delay, projection.delay)
            if is_other or pathway.delay_name in synapses._storage.changed:
                projection.delay = delay
                projection.changed.add("delay")

    def take_back(self, synapses: Synapses) -> None:
        """After a run: variables that events changed, as they are now, go to the user's synapses."""
        variables = self.projections[0].variables
        for name in self._written | self._equations.keys() & variables.keys():
            synapses._storage.arrays[name][:] = variables[name]
            variables[name] = value_of(synapses._storage, name)

    # What the texts say

    def _code(
        self,
        synapses: Synapses,
        pathway: Pathway,
        constants: Constants,
        dimensions: Mapping[str, Dimension],
        scope: Scope,
    ) -> Code:
        where, own = pathway.where(synapses.name), synapses._equations
        statements = pathway.statements(synapses.name)
        foreign = own.foreign.union(*(each.expression.foreign for each in statements))
        meanings = resolve_functions(foreign, synapses._namespace, scope, synapses.name)
        bound = [each.bound(meanings, where) for each in statements]
        own = own.bound(meanings)
        source = [*synapses._source._storage.variables, "lastspike", "not_refractory"]
        plain = [each.inlined(where) for each in bound]
        refuse_tables([own.expanded(each.expression) for each in plain], where)
        code = synapse_code(plain, own.inlined(), self._target, constants, source, where)
        check_synapse_code(bound, dimensions, local_names(statements, own, self._target), where)
        return code

    def _rates(
        self, synapses: Synapses, constants: Constants, dimensions: Mapping[str, Dimension], scope: Scope
    ) -> dict[str, description.LinearForm]:
        meanings = resolve_functions(synapses._equations.foreign, synapses._namespace, scope, synapses.name)
        own = synapses._equations.bound(meanings)
        if own.of_kind("differential") or own.of_kind("subexpression"):
            check_equations(own, dimensions, synapses.name)
        standing = [*self._standing(synapses._source, "pre"), *self._standing(synapses._target, "post")]
        known = [*constants, *IMPLICIT - {"t"}]
        return event_driven_rates(own.inlined(), standing, known, synapses.name)

    def _standing(self, end: object, trigger: str) -> list[str]:
        """Parameters of the neurons at one end that no event changes."""
        group, variables = self._groups[trigger], end._storage.variables  # type: ignore[attr-defined]
        states = group.population.model.states if group is not None else ()
        return [
            f"{name}_{trigger}"
            for name, each in variables.items()
            if each.kind == "parameter" and name not in states and "input" not in each.flags
        ]

    def _dimensions(self, synapses: Synapses, constants: Constants) -> dict[str, Dimension]:
        source = synapses._source._storage.variables
        return synapse_dimensions(
            synapses._equations.dimensions,
            self._target.dimensions,
            {name: each.dimension for name, each in source.items()},
            {name: dimension for name, (_, dimension) in constants.items()},
        )

    def _constants(self, synapses: Synapses, scope: Scope) -> Constants:
        own, names = synapses._equations, set(synapses._equations.external_names)
        for pathway in self._pathways:
            statements = pathway.statements(synapses.name)
            used = {name for each in statements for name in own.expanded(each.expression).names}
            names |= used - local_names(statements, own, self._target)
        of_neurons = {f"{name}_pre" for name in (*synapses._source._storage.variables, *OF_TARGET)}
        of_neurons |= {f"{name}_post" for name in (*self._target, *OF_TARGET)}
        known = {*synapses._storage.variables, *self._target, *KNOWN_NAMES, *IMPLICIT, *of_neurons}
        return resolved(names - known, synapses, scope)

    # Values

    def _values(self, synapses: Synapses, constants: Constants) -> dict[str, description.Values]:
        return {name: self._value(synapses, name, constants) for name in sorted(self._used | self._written)}

    def _value(self, synapses: Synapses, name: str, constants: Constants) -> description.Values:
        if name in synapses._storage.variables:
            return value_of(synapses._storage, name)
        if name == "dt":
            return self._dt
        if name in constants:
            return constants[name][0]
        if name.endswith("_pre") and name not in IMPLICIT:
            self._refuse_changing(synapses, name)
        value, _ = synapses._known([name], slice(None))[name]
        return value if isinstance(value, float) else np.ascontiguousarray(value, dtype=np.float64)

    def _refuse_changing(self, synapses: Synapses, name: str) -> None:
        """Values of the source are gathered before the run, so they must stay."""
        if name not in self._standing(synapses._source, "pre"):
            raise EvsimError(
                f"code of {synapses.name}: {name} changes during the run; use parameters of the source only"
            )

    def _refuse_silence(self, synapses: Synapses, pathway: Pathway) -> None:
        end = synapses._source if pathway.trigger == "pre" else synapses._target
        group = self._groups[pathway.trigger]
        what = "source" if pathway.trigger == "pre" else "target"
        if pathway.event != "spike":
            return  # there is such an event
        if group is not None and group.population.model.threshold is None and pathway.code:
            raise EvsimValueError(
                f"{what} of {synapses.name}: {group.population.name} has no threshold and never spikes; give it one"
            )
        if group is None and pathway.trigger == "post":
            raise EvsimValueError(
                f"target of {synapses.name}: {end._group.name} has no neurons; on_post needs a NeuronGroup as target"
            )


def _delay(synapses: Synapses, pathway: Pathway) -> description.Values:
    """From spike to action: the delay of the synapses, and the lag that their targets have."""
    delay = value_of(synapses._storage, pathway.delay_name)
    if not pathway.lag:
        return delay
    target = synapses._target
    lag = value_of(target._group._storage, pathway.lag)
    if isinstance(lag, float):
        return delay + lag
    each: NDArray[np.float64] = lag[synapses.j + target._bounds()[0]]
    return delay + each


def _names_used(
    codes: Iterable[Code], equations: Mapping[str, description.LinearForm], of_target: set[str]
) -> set[str]:
    """Names of the synapses' variables and of what is gathered for them."""
    names = set(equations)
    for code in codes:
        local = {each.target for each in code if each.where == "local"}
        used = {name for each in code for name in each.expression.names}
        names |= used - local - {"t"} - of_target
    for form in equations.values():
        names |= form.constant.names.union(*(each.names for each in form.coefficients.values()))
    return names


def _takes_part(code: Code, equations: Mapping[str, description.LinearForm]) -> bool:
    """Whether the code reads or changes a variable with an equation, or changes what an equation depends on."""
    read = {name for each in code for name in each.expression.names}
    changed = {each.target for each in code if each.where == "synapse"}
    parameters = {
        name
        for form in equations.values()
        for each in (form.constant, *form.coefficients.values())
        for name in each.names
    }
    return not (read | changed).isdisjoint(equations) or not changed.isdisjoint(parameters)


def written_by(synapses: Synapses, target: Equations) -> Iterable[str]:
    """Variables of the target that the code of the synapses changes."""
    for pathway in synapses._pathways:
        for statement in pathway.statements(synapses.name):
            if statement.target not in synapses._equations:
                bare = statement.target.removesuffix("_post")
                name = statement.target if statement.target in target else bare
                if name in target:
                    yield name


def _name(synapses: Synapses, pathway: Pathway) -> str:
    """The name of a pathway's projection: that of the synapses where it is the usual one."""
    return synapses.name if pathway.name == "pre" else f"{synapses.name}_{pathway.name}"


def _shifted(index: NDArray[np.int64], start: int) -> NDArray[np.int64]:
    return index + start if start else index
