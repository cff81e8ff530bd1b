"""Synapses as projections, one for each pathway: code resolved, units checked, weights and delays as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.check import check_equations, check_synapse_code, synapse_dimensions
from evsim.equations.declaration import Equations, Variable
from evsim.equations.event_driven import event_driven_rate, event_driven_rates
from evsim.equations.expression import Expression
from evsim.equations.integrated import Code, integrated_names, is_mixed, parted, whole
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.nodes import Number
from evsim.equations.resolve import resolve_functions
from evsim.equations.synapse_code import IMPLICIT, OF_TARGET, local_names, synapse_code
from evsim.equations.timed_array import TimedArray
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimError, EvsimValueError
from evsim.rows import Rows
from evsim.units import Dimension
from evsim.words.described.continuous import Continuous, shifted
from evsim.words.described.ends import ENDS, Ends, value_at_end
from evsim.words.described.neurons import Constants, DescribedGroup, Scope, resolved, value_of
from evsim.words.described.synapse_states import ACTIVE, while_active
from evsim.words.pathways import Pathway
from evsim.words.synapses import Synapses
from evsim.words.variables.storage import is_shared

_NOTHING = Pathway("pre", "pre", "")
_OF_ENDS = ("_pre", "_post", "_of_source", "_of_target")


class DescribedSynapses:
    """What one Synapses is in the description; the user's object comes along with every call.

    Each pathway is a projection. Variables that are integrated are the states of a population of their own, and each
    sum over synapses is a link. `source` and `target` are None for sources of spikes, which have no equations.
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
        synapses._start.check_bounds(synapses.name)
        self._groups, self._dt = {"pre": source, "post": target}, dt
        self._target = target.equations if target is not None else Equations("")
        self._pathways = synapses._pathways or (_NOTHING,)
        for pathway in self._pathways:
            self._refuse_silence(synapses, pathway)
        constants = self._constants(synapses, scope)
        dimensions = self._dimensions(synapses, constants)
        own, sums = self._formulas(synapses, dimensions, scope)
        ends = self._ends(synapses, own, constants)
        codes = [self._code(synapses, each, constants, dimensions, scope) for each in self._pathways]
        formulas = [each.expression for each in sums.values() if each.expression is not None]
        self._integrated = integrated_names(
            own, codes, formulas, lambda name: self._is_solvable(name, synapses, own, constants)
        )
        self._mixed = {
            pathway.name
            for pathway, code in zip(self._pathways, codes, strict=True)
            if target is not None and is_mixed(code, self._integrated, self._changing(synapses).__contains__)
        }
        rest, inside = self._parted(synapses, codes)
        solved = Equations([each for each in own.values() if each.name not in self._integrated])
        self._equations = self._rates(synapses, solved, constants)
        known = self._known_at_events(synapses) | self._integrated
        self._used = _names_used(rest, self._equations, known)
        self._used |= {name for each in self._pathways if each.compiled for name in each.compiled.variables}
        self._written = {each.target for code in rest for each in code if each.where == "synapse"}
        self.continuous = Continuous(synapses, own, sums, ends, self._integrated, bool(self._mixed))
        for pathway, code in zip(self._pathways, inside, strict=True):
            if code:
                self.continuous.add_code(synapses, pathway, code, _delay(synapses, pathway))
        self._describe_projections(synapses, rest, self._values(synapses, constants))
        self._gather(synapses, constants)
        self.continuous.forget_changes()

    def _describe_projections(
        self, synapses: Synapses, codes: Sequence[Code], variables: dict[str, description.Values]
    ) -> None:
        """Pathways with code; one without anything stands for synapses that do nothing."""
        is_nowhere = self._mixed if self.continuous.population is None else set()  # there are no synapses
        pairs = [
            (each, () if each.name in is_nowhere else code)
            for each, code in zip(self._pathways, codes, strict=True)
        ]
        kept = [(pathway, code) for pathway, code in pairs if code]
        if not kept and (self._equations or not self.continuous.is_there):
            kept = pairs[:1]
        self._kept = [pathway for pathway, _ in kept]
        self.projections = [self._projection(synapses, pathway, code, variables) for pathway, code in kept]
        if not any(each.equations for each in self.projections):
            for first in self.projections[:1]:  # no code has to do with them: they are solved all the same
                first.equations = self._equations

    def _gather(self, synapses: Synapses, constants: Constants) -> None:
        """Values of what is gathered for each synapse, as they are now."""
        self._constants_now = constants
        self.continuous.gather(synapses, self._groups, lambda name: self._value(synapses, name, constants))

    @property
    def integrated(self) -> frozenset[str]:
        """The variables that are integrated."""
        return self._integrated

    def _parted(self, synapses: Synapses, codes: Sequence[Code]) -> tuple[list[Code], list[Code]]:
        pairs = [
            (whole(code, self._integrated), ())
            if pathway.name in self._mixed
            else parted(code, self._integrated, pathway.where(synapses.name))
            for pathway, code in zip(self._pathways, codes, strict=True)
        ]
        return [rest for rest, _ in pairs], [inside for _, inside in pairs]

    def _ends(self, synapses: Synapses, own: Equations, constants: Constants) -> Ends:
        variables = [*synapses._source._storage.variables, *OF_TARGET]
        return Ends(synapses.name, self._groups, own, constants, variables)

    def _is_solvable(self, name: str, synapses: Synapses, own: Equations, constants: Constants) -> bool:
        """Whether an equation has a closed form between events."""
        try:
            event_driven_rate(name, own, *self._known_to_rates(synapses, constants), synapses.name)
        except EvsimValueError:
            return False
        return True

    def _projection(
        self, synapses: Synapses, pathway: Pathway, code: Code, variables: dict[str, description.Values]
    ) -> description.Projection:
        first, target = self._kept[0], synapses._target._group.name
        is_of_source = self._groups["post"] is None and pathway.trigger == "post"
        population = self.continuous.population
        is_whole = pathway.name in self._mixed and population is not None
        return description.Projection(
            name=_name(synapses, pathway),
            source=synapses._source._group.name,
            target=stand_in_name(target) if self._groups["post"] is None else target,
            i=_in_group(synapses._pairs[0], synapses._source),
            j=shifted(synapses._pairs[1], synapses._target._bounds()[0]),
            delay=_delay(synapses, pathway),
            code=code,
            variables=variables,
            is_copy=synapses._is_copy,
            trigger=pathway.trigger,
            event=pathway.event,
            spikes_of=target if is_of_source else "",
            shares="" if pathway is first else _name(synapses, first),
            equations=self._equations if _takes_part(code, self._equations) else {},
            own=population.name if is_whole and population is not None else "",
            compiled=pathway.compiled,
        )

    # Between runs

    def refresh(self, synapses: Synapses, scope: Scope) -> None:
        """Take over what the user changed since the last run."""
        synapses._start.check_bounds(synapses.name)
        self._refresh_delays(synapses)
        constants = self._constants(synapses, scope)
        self.continuous.refresh_states(synapses)
        self._gather(synapses, constants)
        self._refresh_tables(synapses, scope)
        if not self.projections:
            return
        first = self.projections[0]
        for name, value in self._values(synapses, constants).items():
            if name in synapses._storage.changed or not np.array_equal(first.variables[name], value):
                first.variables[name] = value
                first.changed.add(name)

    def _refresh_tables(self, synapses: Synapses, scope: Scope) -> None:
        """Take over functions of time that the user replaced; others stay as they were."""
        statements = [line for each in self._pathways for line in each.statements(synapses.name)]
        own = Equations([*synapses._equations.values(), *synapses._sums.values()], synapses.name)
        names = own.foreign.union(*(each.expression.foreign for each in statements))
        meanings = resolve_functions(names, synapses._namespace, scope, synapses.name) if names else {}
        tables = {name: each for name, each in meanings.items() if isinstance(each, TimedArray)}
        for each in (*self.projections, *(known for _, known in self.continuous.pathways)):
            formulas = [line.expression for line in each.code]
            if _are_other(formulas, tables):
                each.code = tuple(replace(a, expression=a.expression.rebound(tables)) for a in each.code)
                (self.projections[0] if each in self.projections else each).changed.add("functions")
        self.continuous.refresh_tables(tables)

    def refresh_values(self, synapses: Synapses) -> None:
        """Take over the synapses' own values that have changed, inside a run."""
        synapses._start.check_bounds(synapses.name)
        self._refresh_delays(synapses)
        self.continuous.refresh_states(synapses)
        self.refresh_gathered(synapses)
        if not self.projections:
            return
        first = self.projections[0]
        for name in synapses._storage.changed & first.variables.keys():
            first.variables[name] = value_of(synapses._storage, name)
            first.changed.add(name)

    def refresh_activity(self, synapses: Synapses) -> None:
        """Whether the synapses are active, inside a run."""
        self._gather(synapses, self._constants_now)
        for first in self.projections[:1]:
            if ACTIVE in first.variables:
                _renew(first, ACTIVE, float(synapses.active))

    def refresh_gathered(self, synapses: Synapses) -> None:
        """Take over what changed at the ends, inside a run."""
        self._gather(synapses, self._constants_now)
        for first in self.projections[:1]:
            names = {name for name in first.variables if name.endswith(_OF_ENDS)} - IMPLICIT
            for name in sorted(names - synapses._storage.variables.keys() - self._constants_now.keys()):
                _renew(first, name, self._value(synapses, name, self._constants_now))

    def _refresh_delays(self, synapses: Synapses) -> None:
        kept = list(zip(self._kept, self.projections, strict=True))
        for pathway, projection in [*kept, *self.continuous.pathways]:
            delay = _delay(synapses, pathway)
            is_other = pathway.lag and not np.array_equal(delay, projection.delay)
            if is_other or pathway.delay_name in synapses._storage.changed:
                projection.delay = delay
                projection.changed.add("delay")

    def take_back(self, synapses: Synapses) -> None:
        """After a run: variables that events changed, as they are now, go to the user's synapses."""
        if not self.projections:
            return
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
        neurons = None if self._groups["pre"] is None else self._groups["pre"].equations
        code = synapse_code(plain, own.inlined(), self._target, constants, source, where, neurons)
        check_synapse_code(bound, dimensions, local_names(statements, own, self._target), where)
        return code

    def _changing(self, synapses: Synapses) -> set[str]:
        """Names of resolved code that stand for what changes at both ends during a run."""
        post = self._groups["post"]
        parameters = () if post is None else post.population.model.parameters
        return self._known_at_events(synapses) - {f"{each}_post" for each in parameters}

    def _known_at_events(self, synapses: Synapses) -> set[str]:
        """Names of the neurons at both ends that engines know at any instant; the values of others are gathered."""
        source, target = self._groups["pre"], self._groups["post"]
        known = {f"{name}_post" for name in OF_TARGET}
        if target is not None:
            model = target.population.model
            known |= {f"{name}_post" for name in (*model.states, *model.parameters, *_inputs(model))}
        if source is not None:
            model = source.population.model
            known |= {f"{name}_pre" for name in (*model.states, *_inputs(model))}
        return known - synapses._equations.keys()

    def _formulas(
        self, synapses: Synapses, dimensions: Mapping[str, Dimension], scope: Scope
    ) -> tuple[Equations, dict[str, Variable]]:
        """The equations of the synapses and the sums over them, with units checked and functions put in."""
        own, where = synapses._equations, f"model of {synapses.name}"
        every = Equations([*own.values(), *synapses._sums.values()], where)
        meanings = resolve_functions(every.foreign, synapses._namespace, scope, synapses.name)
        bound = every.bound(meanings)
        if every.eq_names:
            check_equations(bound, dimensions, synapses.name)
        inlined = bound.inlined()
        sums = {name: inlined[name] for name in synapses._sums}
        return Equations([each for each in inlined.values() if each.name not in sums], where), sums

    def _rates(
        self, synapses: Synapses, solved: Equations, constants: Constants
    ) -> dict[str, description.LinearForm]:
        found = event_driven_rates(solved, *self._known_to_rates(synapses, constants), synapses.name)
        return {
            name: form if "event-driven" in solved[name].flags else _while_active(form)
            for name, form in found.items()
        }

    def _known_to_rates(self, synapses: Synapses, constants: Constants) -> tuple[list[str], list[str]]:
        standing = [*self._standing(synapses._source, "pre"), *self._standing(synapses._target, "post")]
        return standing, [*constants, *IMPLICIT - {"t"}]

    def _standing(self, end: object, trigger: str) -> list[str]:
        """Parameters of the neurons at one end that no event changes."""
        group, variables = self._groups[trigger], end._storage.variables  # type: ignore[attr-defined]
        states = group.population.model.states if group is not None else ()
        coupled = group.equations.flagged(COUPLED) if group is not None else ()
        return [
            f"{name}_{trigger}"
            for name, each in variables.items()
            if each.kind == "parameter" and name not in (*states, *coupled) and "input" not in each.flags
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
        own = synapses._equations
        sums = Equations(synapses._sums.values()) if synapses._sums else Equations("")
        names = {name for name in own.external_names | sums.external_names if name not in own}
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
        if name == ACTIVE:
            return float(synapses.active)
        if name in constants:
            return constants[name][0]
        for end, word in ENDS.items():
            if name.endswith(f"_of_{word}"):
                return value_at_end(synapses, self._groups[end], end, name.removesuffix(f"_of_{word}"))
        if name.endswith("_pre") and name not in IMPLICIT:
            self._refuse_changing(synapses, name)
        if (one := _shared_of_end(synapses, name)) is not None:
            return one
        value, _ = synapses._known([name], slice(None))[name]
        return value if isinstance(value, float) else np.ascontiguousarray(value, dtype=np.float64)

    def _refuse_changing(self, synapses: Synapses, name: str) -> None:
        """Values of the source that are gathered before the run must stay."""
        if name not in self._standing(synapses._source, "pre"):
            raise EvsimError(
                f"code of {synapses.name}: {name} changes during the run and is not known at an arrival; use "
                "variables of the source"
            )

    def _refuse_silence(self, synapses: Synapses, pathway: Pathway) -> None:
        group = self._groups[pathway.trigger]
        what = "source" if pathway.trigger == "pre" else "target"
        if pathway.event != "spike":
            return  # there is such an event
        if group is not None and group.population.model.threshold is None and pathway.code:
            raise EvsimValueError(
                f"{what} of {synapses.name}: {group.population.name} has no threshold and never spikes; give it one"
            )


def _inputs(model: description.LinearModel | description.GeneralModel) -> tuple[str, ...]:
    return model.inputs if isinstance(model, description.GeneralModel) else ()


def _while_active(form: description.LinearForm) -> description.LinearForm:
    coefficients = {name: while_active(each) for name, each in form.coefficients.items()}
    is_zero = form.constant.tree == Number(0.0)
    return description.LinearForm(coefficients, form.constant if is_zero else while_active(form.constant))


def _are_other(formulas: Iterable[Expression], tables: Mapping[str, TimedArray]) -> bool:
    return any(
        each.meanings[name] is not tables[name]
        for each in formulas
        for name in each.meanings.keys() & tables.keys()
    )


def stand_in_name(source: str) -> str:
    """What the population is called that synapses end on whose target is a source of spikes."""
    return f"{source}_as_target"


def stand_in(source: str, size: int) -> description.Population:
    """Elements without states in the place of a source of spikes, which has none to deliver to."""
    model = description.LinearModel((), {}, frozenset(), None, True, (), ())
    return description.Population(stand_in_name(source), size, model, {}, {}, 0.0)


def _in_group(sources: Rows | NDArray[np.int32], end: Any) -> description.Indices:
    """Elements of a slice as elements of the whole group."""
    start = end._bounds()[0]
    if isinstance(sources, Rows):
        return sources.within(len(end._group), start)
    found: NDArray[np.int32] = sources + start
    return found


def _renew(projection: description.Projection, name: str, value: description.Values) -> None:
    if not np.array_equal(projection.variables[name], value):
        projection.variables[name] = value
        projection.changed.add(name)


def _shared_of_end(synapses: Synapses, name: str) -> float | None:
    """The value of `X_pre` or `X_post` where all neurons of that end share one."""
    bare, _, suffix = name.rpartition("_")
    end = {"pre": synapses._source, "post": synapses._target}.get(suffix)
    storage = None if end is None else end._group._storage
    if storage is None or bare not in storage.arrays or not is_shared(storage.variables[bare]):
        return None
    return float(storage.arrays[bare][0])


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
    codes: Iterable[Code], equations: Mapping[str, description.LinearForm], of_neurons: set[str]
) -> set[str]:
    """Names of the synapses' variables and of what is gathered for them."""
    names = set(equations)
    for code in codes:
        local = {each.target for each in code if each.where == "local"}
        used = {name for each in code for name in each.expression.names}
        names |= used - local - {"t"} - of_neurons
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


def written_at_source(synapses: Synapses, source: Equations, target: Equations | None) -> Iterable[str]:
    """Variables of the source that the code of the synapses changes, as `X_pre`."""
    for pathway in synapses._pathways:
        for statement in pathway.statements(synapses.name):
            bare = statement.target.removesuffix("_pre")
            is_elsewhere = statement.target in synapses._equations or statement.target in (target or ())
            if bare != statement.target and bare in source and not is_elsewhere:
                yield bare


def _name(synapses: Synapses, pathway: Pathway) -> str:
    """The name of a pathway's projection: that of the synapses where it is the usual one."""
    return synapses.name if pathway.name == "pre" else f"{synapses.name}_{pathway.name}"
