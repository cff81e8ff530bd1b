"""A described projection in the core: rows sorted by delay, what each synapse adds, code for the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.cache import code_address
from evsim.codegen.code import KEY, code_source
from evsim.codegen.relaxation import HIDDEN
from evsim.codegen.tables import table_name, tables_of
from evsim.description import Assignment, GeneralModel, LinearForm, LinearModel, Projection
from evsim.engine.core import array, check, ffi, lib
from evsim.engine.joined import names_source
from evsim.engine.populations import PopulationInCore, first_bad, require_finite, set_table
from evsim.engine.windows import Windows
from evsim.errors import EvsimRuntimeError, EvsimValueError
from evsim.rows import Rows

Model = LinearModel | GeneralModel

PLACE = "_place of "
"""Variables of the core that say where in its state the target has what compiled code changes."""

FIRST_OBJECT = 0x60000000  # of those whose random numbers are drawn in event code
LONGEST_DELAY = 2**31 - 2  # ticks


def is_addition(statement: Assignment, model: Model, own: Collection[str], changing: Collection[str]) -> bool:
    """Whether a statement adds to a state something that no event changes; of the synapses' `own` variables, these."""
    if statement.where != "neuron" or statement.operation != "add" or statement.target not in model.states:
        return False
    names = statement.expression.names
    if statement.expression.draws or not names.isdisjoint(changing):
        return False
    return names <= set(own)


def are_additions(projection: Projection, group: Sequence[Projection], model: Model) -> bool:
    """Whether all that the code does is to add; `group` are all projections of the same synapses."""
    changing = {name for each in group for name in written_variables(each)}
    return not projection.equations and all(
        is_addition(statement, model, projection.variables, changing) for statement in projection.code
    )


def written_variables(projection: Projection) -> set[str]:
    """Synapse variables that the code, or their own equations, change."""
    return {each.target for each in projection.code if each.where == "synapse"} | projection.equations.keys()


def group_of(projection: Projection, projections: Sequence[Projection]) -> list[Projection]:
    """The projections of the same synapses."""
    owner = projection.shares or projection.name
    return [each for each in projections if owner in (each.name, each.shares)]


def variables_of(group: Sequence[Projection]) -> tuple[str, ...]:
    """The variables of synapses in the order of the core."""
    if (compiled := group[0].compiled) is not None:
        return (*HIDDEN, *compiled.variables, *(f"{PLACE}{state}" for state in compiled.states))
    hidden = HIDDEN if any(each.equations for each in group) else ()
    key = KEY if any(draws(each) for each in group) else ()
    tables = tables_of([each.expression for p in group for each in p.code])
    return (*sorted(group[0].variables), *hidden, *key, *map(table_name, tables))


def draws(projection: Projection) -> bool:
    """Whether the code asks for random numbers."""
    return any(each.expression.draws for each in projection.code)


def shared_variables(group: Sequence[Projection]) -> set[str]:
    """Variables that have one value for all synapses now; code is faster for these, and right for others, too."""
    written = {name for each in group for name in written_variables(each)}
    return {name for name, value in group[0].variables.items() if np.ndim(value) == 0} - written


def parameters_read(projection: Projection, model: Model) -> list[str]:
    """Neuron parameters that event code names with `_post`."""
    names = {name for each in projection.code for name in each.expression.names} - projection.variables.keys()
    bare = {name.removesuffix("_post") for name in names if name.endswith("_post")}
    inputs = model.inputs if isinstance(model, GeneralModel) else ()
    return sorted(bare - {*model.states, *inputs, "lastspike", "not_refractory"})


class ProjectionInCore:
    """Keeps the core's copy of one `description.Projection` up to date.

    Variables belong to the first projection of the same synapses; `owner` is that one, or None for itself.
    """

    def __init__(
        self,
        sim: object,
        projection: Projection,
        group: Sequence[Projection],
        owner: ProjectionInCore | None,
        emitter: int,
        n_sources: int,
        source: PopulationInCore | None,
        target: PopulationInCore,
        own: PopulationInCore | None,
        windows: Windows,
        seed: int,
    ) -> None:
        self.sim, self.projection, self.windows, self.target = sim, projection, windows, target
        self.own = own
        self.owner, self.source = owner or self, None
        if source is not None and names_source(projection, source.population):
            self.source = source
        model = target.population.model
        self._check_indices(n_sources)
        self.is_linear = are_additions(projection, group, model)
        self.number = self._add(emitter, n_sources)
        if projection.trigger == "post" and not projection.spikes_of:
            check(lib.evsim_set_post(sim, self.number))
        if self.source is not None:
            sources, _keep_sources = array(projection.i, "uint32_t")
            check(lib.evsim_set_sources(sim, self.number, self.source.number, sources))
        if own is not None:
            check(lib.evsim_set_own(sim, self.number, own.number))
        self.variables, self.pathway = variables_of(group), group.index(projection)
        self.equations = {name: form for each in group for name, form in each.equations.items()}
        self.shown = projection.equations if projection is _first_with_equations(group) else {}
        self.written = {name for each in group for name in written_variables(each)}
        self._set_code(model, group, all(are_additions(each, group, model) for each in group))
        self._set_delay()
        if owner is None:
            self._set_variables(set(projection.variables))
            self._set_updates()
            self._set_key(seed)
            self._set_places(model)
            self._set_tables(group)
        else:
            self._set_amounts()

    def _add(self, emitter: int, n_sources: int) -> int:
        """Rows stay where they are: the core looks at `_kept`."""
        target, elements = self.target.number, self.projection.elements
        j, targets = array(self.projection.j, "uint32_t")
        self._kept: dict[int, NDArray[np.float64]] = {}  # amounts, by port
        if isinstance(elements, Rows):
            self._targets = targets
            first, _keep = array(elements.first, "int64_t")
            return check(lib.evsim_add_rows(self.sim, emitter, target, targets.size, n_sources, first, j))
        i, _keep_i = array(elements, "uint32_t")
        return check(lib.evsim_add_projection(self.sim, emitter, target, targets.size, n_sources, i, j))

    def _set_code(self, model: Model, group: Sequence[Projection], has_no_variables: bool) -> None:
        """Additions go to ports, the rest is compiled."""
        states = [model.states.index(s.target) for s in self.projection.code] if self.is_linear else []
        ports, _keep_ports = array(states, "int32_t")
        check(lib.evsim_set_ports(self.sim, self.number, len(states), ports))
        code = ffi.NULL if self.is_linear else ffi.cast("void *", self._code_address(model, group))
        self.has_variables = not has_no_variables
        if self.owner is not self:
            check(lib.evsim_share_variables(self.sim, self.number, self.owner.number, code))
        elif self.has_variables:
            check(lib.evsim_set_code(self.sim, self.number, code, len(self.variables)))
            self._place(group)

    def _code_address(self, model: Model, group: Sequence[Projection]) -> int:
        p = self.projection
        if p.compiled is not None:
            return p.compiled.address
        parameters = self.target.kernel.layout.parameters
        before = None if self.source is None else self.source.population.model
        shared = shared_variables(group)
        own = None if self.own is None else self.own.population.model
        variables, number = self.variables, self.pathway
        return code_address(
            code_source(p.code, model, variables, parameters, p.equations, number, shared, before, own)
        )

    def _place(self, group: Sequence[Projection]) -> None:
        """Code at spikes of targets runs along their synapses; other code finds what it changes in one place."""
        is_along = any(_runs_along_targets(each) for each in group) and not any(draws(each) for each in group)
        place = lib.evsim_place_by_target if is_along else lib.evsim_pack_variables
        changing = self.written | (set(HIDDEN) if self.equations else set())
        together = [k for k, name in enumerate(self.variables) if name in changing]
        numbers, keep = array(together, "int32_t")
        check(place(self.sim, self.number, keep.size, numbers))

    @property
    def size(self) -> int:
        """Memory that the engine has for these synapses, bytes."""
        shown = [each for each in self.projection.variables.values() if isinstance(each, np.ndarray)]
        kept = sum(
            values.nbytes
            for values in self._kept.values()
            if not any(np.shares_memory(values, each) for each in shown)
        )
        return kept + int(lib.evsim_projection_bytes(self.sim, self.number))

    def take_over(self) -> None:
        """Hands the core what the user changed since the last run."""
        p, changed = self.projection, self.owner.projection.changed
        if "delay" in p.changed:
            self._set_delay()
        if "functions" in p.changed and self.owner is self:
            self._set_tables(self._group)
        changed = changed - {"functions"}
        if self.is_linear and (changed or p.changed):
            self._set_amounts()
        if self.owner is self and changed - {"delay"}:
            self._change_variables(changed - {"delay"})

    def _change_variables(self, changed: set[str]) -> None:
        """Where an equation takes part, the variables that are shown become those of the core, as of now."""
        taking_part = {name for form in self.equations.values() for name in _names(form)}
        if changed & (taking_part | self.equations.keys()):
            changed = changed | self.equations.keys()
            self._set_updates()
        self._set_variables(changed)

    def write_back(self) -> None:
        """Copies the variables that events change, as they are now, into the description."""
        for name in sorted(written_variables(self.projection) - self.equations.keys()):
            values = np.zeros(self.projection.i.size)
            number = self.variables.index(name)
            check(lib.evsim_variable(self.sim, self.number, number, ffi.from_buffer("double[]", values)))
            self._show(name, values)
        names = sorted(self.shown)
        if names:
            numbers, keep = array([self.variables.index(name) for name in names], "int32_t")
            out = np.zeros((len(names), self.projection.i.size))
            check(
                lib.evsim_present(self.sim, self.number, keep.size, numbers, ffi.from_buffer("double[]", out))
            )
            for name, values in zip(names, out, strict=True):
                self._show(name, values)

    def _show(self, name: str, values: NDArray[np.float64]) -> None:
        self.projection.variables[name] = values

    def require_finite(self) -> None:
        """Refuses what event code has made of the synapses' variables when it is not finite."""
        p = self.projection
        for name in sorted(written_variables(p)):
            bad = ~np.isfinite(np.atleast_1d(p.variables[name]))
            if bad.any():
                raise EvsimRuntimeError(
                    f"{p.name}: in this run its code has made {name} of synapse {int(np.argmax(bad))}"
                    f" {first_bad(np.atleast_1d(p.variables[name]))}; check the code and the values it works on."
                )

    def _check_indices(self, n_sources: int) -> None:
        p = self.projection
        for name, index, size in (("i", p.elements, n_sources), ("j", p.j, self.target.population.size)):
            if isinstance(index, Rows) and index.first.size == size + 1:
                continue
            index = np.asarray(index)
            if index.size and (index.min() < 0 or index.max() >= size):
                bad = int(index[(index < 0) | (index >= size)][0])
                raise EvsimValueError(
                    f"{p.name}: {name} = {bad} is out of range; it must be in 0 ... {size - 1}."
                )

    def _set_delay(self) -> None:
        p = self.projection
        seconds = np.atleast_1d(np.asarray(p.delay, dtype=np.float64))
        bad = ~np.isfinite(seconds) | (seconds < 0) | (seconds > LONGEST_DELAY * self.windows.length)
        ticks, offsets = self.windows.split(np.where(bad, 0.0, seconds))
        if bad.any():
            raise EvsimValueError(
                f"{p.name}: the delay of synapse {int(np.argmax(bad))} is {first_bad(seconds, bad)} s;"
                f" it must be finite, not negative and shorter than {LONGEST_DELAY * self.windows.length:g} s."
            )
        if seconds.size and (seconds == seconds[0]).all():
            ticks, offsets = ticks[:1], offsets[:1]
        if not seconds.size:
            ticks, offsets = np.zeros(1, np.int64), np.zeros(1)
        tick, _keep_tick = array(ticks, "int32_t")
        offset, keep = array(offsets, "double")
        check(lib.evsim_set_delay(self.sim, self.number, tick, offset, keep.size))

    def _set_variables(self, changed: set[str]) -> None:
        p = self.projection
        require_finite(p.name, {name: p.variables[name] for name in changed})
        if self.is_linear:
            self._set_amounts()
        if not self.has_variables:
            return
        for name in changed:
            values = np.asarray(p.variables[name], dtype=np.float64)
            if name in self.written:
                values = np.broadcast_to(values, p.i.size)  # each synapse changes its own
            self._set_variable(name, values)

    def _set_variable(self, name: str, values: NDArray[np.float64]) -> None:
        pointer, keep = array(values, "double")
        number = self.variables.index(name)
        check(lib.evsim_set_variable(self.sim, self.number, number, pointer, keep.size))

    def _set_updates(self) -> None:
        """Says that variables with equations are up to date now."""
        if not self.equations:
            return
        offset = ffi.new("double *")
        window = lib.evsim_now(self.sim, offset)
        for name, value in zip(HIDDEN, (float(window), offset[0]), strict=True):
            self._set_variable(name, np.full(self.projection.i.size, value))

    def _set_key(self, seed: int) -> None:
        if KEY[0] in self.variables:
            numbers = ((seed >> 32) & 0xFFFFFFFF, seed & 0xFFFFFFFF, FIRST_OBJECT + self.number)
            for name, number in zip(KEY, numbers, strict=True):
                self._set_variable(name, np.array([float(number)]))

    def _set_places(self, model: Model) -> None:
        compiled = self.projection.compiled
        for state in compiled.states if compiled is not None else ():
            self._set_variable(f"{PLACE}{state}", np.array([float(model.states.index(state))]))

    def _set_tables(self, group: Sequence[Projection]) -> None:
        """Hands over functions of time."""
        self._group = group
        for name, table in tables_of([each.expression for p in group for each in p.code]).items():
            place = self.variables.index(table_name(name))
            set_table(lib.evsim_set_table_of_code, self.sim, self.number, place, table)

    def _set_amounts(self) -> None:
        p = self.projection
        for port, statement in enumerate(p.code if self.is_linear else ()):
            found = statement.expression.evaluate(p.variables)
            amount = self._each_or_one(np.asarray(found, dtype=np.float64))
            require_finite(p.name, {f"what the code adds to {statement.target}": amount})
            pointer, keep = array(amount, "double")
            if check(lib.evsim_set_amount(self.sim, self.number, port, pointer, keep.size)):
                self._kept[port] = keep
            else:
                self._kept.pop(port, None)

    def _each_or_one(self, amount: NDArray[np.float64]) -> NDArray[np.float64]:
        if amount.ndim and amount.size and (amount == amount.flat[0]).all():
            return amount.reshape(-1)[:1]
        return amount.reshape(-1) if amount.size else np.zeros(1)


def _runs_along_targets(projection: Projection) -> bool:
    """Whether a spike of a target runs code on synapses that end there, at once."""
    is_post = projection.trigger == "post" and not projection.spikes_of
    return is_post and projection.compiled is None and bool(np.any(np.asarray(projection.delay) == 0))


def _first_with_equations(group: Sequence[Projection]) -> Projection | None:
    return next((each for each in group if each.equations), None)


def _names(form: LinearForm) -> set[str]:
    parts = [form.constant, *form.coefficients.values()]
    return {name for each in parts for name in each.names}


__all__ = [
    "ProjectionInCore",
    "are_additions",
    "group_of",
    "parameters_read",
    "shared_variables",
    "variables_of",
]
