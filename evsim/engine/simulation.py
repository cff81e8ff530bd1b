"""The compiled engine: a description goes in, spikes and samples come out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evsim.description import (
    Course,
    GeneralModel,
    Link,
    Network,
    PoissonSource,
    Population,
    Projection,
    SpikeTrainSource,
    StateRecord,
    Values,
)
from evsim.engine.activity import Pieces, apply_activity, numbers_of
from evsim.engine.archive import State, fits, put_state, state_of
from evsim.engine.core import ENDLESS, NOT_FINITE, STUCK, TOO_OFTEN, array, check, ffi, lib
from evsim.engine.courses import MOST_DRAWN, CourseInCore
from evsim.engine.joined import goes_alone, has_events, has_noise, joints, linked, require_joinable
from evsim.engine.linear_units import LinearUnits
from evsim.engine.links import LinkInCore, refuse_short_delays
from evsim.engine.parted import Part, Parted, parted, whole
from evsim.engine.peeking import Found, next_deliveries
from evsim.engine.populations import PopulationInCore, rate_of, require_finite
from evsim.engine.projections import ProjectionInCore, group_of, parameters_read
from evsim.engine.rings import Neuron, ring_members
from evsim.engine.windows import Windows, windows_for
from evsim.errors import EvsimRuntimeError, EvsimValueError
from evsim.instants import join, split

_log = logging.getLogger("evsim")

SLICE = 50.0  # ms of wall time between two looks at the signals
MOST_NAMES = 10  # in an error
MOST_SPIKES = 100_000  # looked at to find the members of a ring
STEP_SLACK = 1e-4  # of a step: a grid run that ends so little after a step's start does not take it


class Simulation:
    """A network in the compiled core.

    Parameters
    ----------
    network
        What to run. Its lists may grow between runs. States and written synapse variables are put back into it
        after every run.
    """

    def __init__(self, network: Network) -> None:
        if not (math.isfinite(network.dt) and network.dt > 0):
            raise EvsimValueError(f"dt is {network.dt} s; it must be positive and finite.")
        self.network = network
        self._windows: Windows | None = None  # until the first run
        self._populations: dict[str, PopulationInCore] = {}
        self._sources: dict[str, int] = {}
        self._courses: dict[str, CourseInCore] = {}
        self._projections: list[ProjectionInCore] = []
        self._links: list[LinkInCore] = []
        self._parted: Parted  # from the first run on
        self._joints: set[tuple[str, str]] = set()
        self._told: set[str] = set()
        self._linear_units = LinearUnits()
        self._n_drives = 0
        self._spike_records: dict[str, int] = {}
        self._state_records: dict[str, int] = {}
        self._first_samples: dict[str, Pieces] = {}
        self.inactive: set[str] = set()
        self.times: dict[str, float] = {}  # seconds of wall time for handing over, stepping and taking back
        self._sim: Any = None

    @property
    def now(self) -> tuple[int, float]:
        """The present time as (tick, offset)."""
        return (0, 0.0) if self._windows is None else self._windows.one_to_clock(*self._core_now())

    def _core_now(self) -> tuple[int, float]:
        offset = ffi.new("double *")
        return lib.evsim_now(self._sim, offset), offset[0]

    def run(
        self,
        duration: float,
        *,
        threads: int = 1,
        timing: Literal["exact", "grid"] = "exact",
        progress: Callable[[float], None] | None = None,
        until: tuple[int, float] | None = None,
        and_at_end: bool = False,
    ) -> None:
        """Advance from now to now + duration; what is due at exactly the end belongs to the next run.

        A run that fails ends at the time of its failure, before what happens then, and the next one goes on
        from there.
        With "grid" a run takes every step that begins before its end, as in Brian: it ends on the grid. `until` is an
        end as `end_of` gives it, instead of a duration. With `and_at_end` what is due at exactly the end happens too.
        """
        if self._sim is not None and lib.evsim_is_broken(self._sim):
            raise EvsimRuntimeError(
                "an earlier run found no memory, not even to end at a consistent time, and the network cannot go"
                " on from there; begin again with new objects, after start_scope() or in a new Network."
            )
        tick, offset = self.end_of(duration, timing) if until is None else until
        start = join(*self.now, self.network.dt)
        window, late = self._begin(timing).one_from_clock(tick, offset)
        if and_at_end and timing == "grid":
            window, late = window + 1, 0.0
        elif and_at_end:
            window, late = self._windows_now.after(int(window), late)
        if until is not None and self._core_now() > (window, late):
            return
        begin = perf_counter()
        self._take_over()
        taken_over = perf_counter()
        try:
            while not self._advance((window, late), threads, timing):
                if progress:
                    progress(float(join(*self.now, self.network.dt) - start))
        finally:
            done = perf_counter()
            self._write_back()
        for projection in self._projections:
            projection.require_finite()
        parts = {"build": taken_over - begin, "core": done - taken_over, "values": perf_counter() - done}
        self.times = {name: self.times.get(name, 0.0) + seconds for name, seconds in parts.items()}

    def _advance(self, end: tuple[int, float], threads: int, timing: str) -> bool:
        """Go on to the end (window, offset), or for a while; whether it is reached."""
        to = min([end, *self._load_courses(timing)])
        is_there = check_run(self, lib.evsim_run(self._sim, *to, threads, timing == "grid", SLICE))
        return bool(is_there) and to == end

    def _load_courses(self, timing: str = "exact") -> list[tuple[int, float]]:
        """Have the rates that change with time at hand; until when they are, as (window, offset) after now."""
        ends, now = [], self._core_now()
        for name, course in self._courses.items():
            step, _ = self._windows_now.one_to_clock(now[0], 0.0)
            until = course.load(self._sim, self._sources[name], step)
            window, late = self._windows_now.one_from_clock(*until)
            ends.append((window, 0.0 if timing == "grid" else late))
            if now >= ends[-1]:
                course.refuse_end()
        return ends

    def _load_all_courses(self, end: tuple[int, float]) -> None:
        """Have all rates that change with time at hand from now to the end (tick, offset)."""
        step, _ = self._windows_now.one_to_clock(self._core_now()[0], 0.0)
        for name, course in self._courses.items():
            course.load_all(self._sim, self._sources[name], step, end)

    def end_of(self, duration: float, timing: str = "exact") -> tuple[int, float]:
        """When a run of this duration from now on ends, as (tick, offset)."""
        tick, offset = self._end_of(duration)
        if timing == "grid" and duration > 0:
            return tick + int(offset > STEP_SLACK * self.network.dt), 0.0
        return tick, offset

    def spikes(
        self, record_name: str, start: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Tick, offset and index of every spike since the record's creation, by time, then index, from `start` on."""
        if record_name not in self._spike_records:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
        record = self._spike_records[record_name]
        count = check(lib.evsim_spike_count(self._sim, record)) - start
        tick, offset, index = np.zeros(count, np.int64), np.zeros(count), np.zeros(count, np.int64)
        pointers = [ffi.from_buffer("int64_t[]", tick), ffi.from_buffer("double[]", offset)]
        check(
            lib.evsim_spikes(self._sim, record, start, count, *pointers, ffi.from_buffer("int64_t[]", index))
        )
        return *self._clock_times(tick, offset), index

    def spike_states(self, record_name: str, start: int = 0) -> dict[str, NDArray[np.float64]]:
        """The values that the states of a spike record had at every spike, before the reset, from `start` on."""
        described = next(r for r in self.network.spike_records if r.name == record_name)
        if record_name not in self._spike_records or not described.states:
            return {state: np.zeros(0) for state in described.states}
        record = self._spike_records[record_name]
        count = check(lib.evsim_spike_count(self._sim, record)) - start
        values = np.zeros((len(described.states), count))
        check(lib.evsim_seen(self._sim, record, start, values.shape[1], ffi.from_buffer("double[]", values)))
        return dict(zip(described.states, values, strict=True))

    def samples(
        self, record_name: str, start: int = 0
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """Sample numbers and sampled states of a state record, from sample `start` of it on."""
        described = next(r for r in self.network.state_records if r.name == record_name)
        n = described.indices.size
        if record_name not in self._state_records:
            return np.zeros(0, np.int64), {s: np.zeros((n, 0)) for s in described.states}
        record = self._state_records[record_name]
        count = check(lib.evsim_sample_count(self._sim, record))
        values = {}
        for k, state in enumerate(described.states):
            out = np.zeros((n, count - start))
            rows = ffi.from_buffer("double[]", out)
            check(lib.evsim_samples(self._sim, record, start, count - start, k * n, n, rows))
            values[state] = out
        return numbers_of(self._first_samples[record_name], count)[start:], values

    def bytes_of(self, projections: Collection[str]) -> int:
        """Memory that the engine has for the synapses of these projections."""
        return sum(each.size for each in self._projections if each.projection.name in projections)

    def last_spikes(
        self, population_name: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Tick and offset of every neuron's last spike, and whether there was one."""
        tick, offset, ever = self._populations[population_name].last_spikes()
        return *self._clock_times(tick, offset), ever

    def are_refractory(self, population_name: str) -> NDArray[np.bool_]:
        """Which neurons are refractory at the present time."""
        known = self._populations[population_name]
        found = np.zeros(known.population.size, np.int8)
        lib.evsim_refractory(self._sim, known.number, ffi.from_buffer("int8_t[]", found))
        return np.asarray(found != 0)

    def peek(self, most: int) -> list[Found]:
        """The next deliveries of spikes that have been made."""
        return next_deliveries(self, most)

    def state(self) -> State:
        """All that runs, and the user between them, have changed, as plain arrays by name."""
        return state_of(self)

    def fits(self, state: State) -> bool:
        """Whether `set_state` can take this; else make a new simulation of the network for it."""
        return fits(self, state)

    def set_seed(self, seed: int) -> None:
        """Draw other random numbers from now on."""
        if self._sim is not None:
            lib.evsim_set_seed(self._sim, seed & 0xFFFFFFFFFFFFFFFF)

    def set_state(self, state: State) -> None:
        """Put back what `state` gave, of this simulation or of one of an equal network."""
        put_state(self, state)

    # ---- a run that failed ----

    def _name_of(self, neuron: Neuron) -> str:
        names = [known.population.name for known in self._populations.values()]
        return f"{names[neuron[0]]}[{neuron[1]}]"

    def _last_at_failure(self) -> set[Neuron]:
        """Neurons of the last spikes at the instant of a failure."""
        population, neuron = ffi.new("int[]", MOST_SPIKES), ffi.new("int64_t[]", MOST_SPIKES)
        count = check(lib.evsim_members(self._sim, MOST_SPIKES, population, neuron))
        return set(zip(population[0:count], neuron[0:count], strict=True))

    # ---- before and after a run ----

    def _begin(self, timing: str) -> Windows:
        """The windows of this simulation, chosen at its first run."""
        if self._windows is None:
            rates = (rate_of(p, self.network.dt) for p in self.network.populations)
            windows = windows_for(self.network, max(rates, default=0.0), timing)
            sim = lib.evsim_new(
                windows.dt, windows.steps, windows.parts, self.network.seed & 0xFFFFFFFFFFFFFFFF
            )
            if sim == ffi.NULL:
                raise MemoryError("evsim: no memory for a simulation")
            self._sim, self._windows = ffi.gc(sim, lib.evsim_free), windows
            self._parted = parted(self.network, is_held=timing == "grid")
        if timing == "grid" and self._windows.steps * self._windows.parts > 1:
            raise EvsimRuntimeError(
                "timing='grid' after a run with exact times: this network has left the grid;"
                " begin with timing='grid', or make a new Network for it."
            )
        return self._windows

    def _clock_times(
        self, window: NDArray[np.int64], offset: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return self._windows.to_clock(window, offset) if self._windows else (window, offset)

    @property
    def _windows_now(self) -> Windows:
        assert self._windows is not None  # there is a core
        return self._windows

    def _end_of(self, duration: float) -> tuple[int, float]:
        if not (math.isfinite(duration) and duration >= 0):
            raise EvsimValueError(
                f"the duration of a run is {duration} s; it must be finite and not negative."
            )
        tick, offset = self.now
        ticks, rest = split(duration, self.network.dt)
        end, late, near = tick + int(ticks), offset + float(rest), 4 * float(np.spacing(duration))
        if late >= self.network.dt - near:
            end, late = end + 1, late - self.network.dt
        return end, late if late > near else 0.0  # pieces of a run that come to a grid point end on it

    def _take_over(self) -> None:
        network = self.network
        changed = {each.name: set(each.changed) for each in network.populations}
        for population in network.populations:
            if population.name in self._populations:
                self._populations[population.name].take_over()
            else:
                self._add_population(population)
        for source in network.sources:
            self._take_source(source)
        for known in self._projections:
            known.take_over()
        for projection in network.projections[len(self._projections) :]:
            self._add_projection(projection)
        self._rank_projections()
        self._place_populations()
        for projection in network.projections:
            projection.changed.clear()
        self._take_links(changed)
        self._add_drives()
        self._add_records()
        apply_activity(self)

    def _write_back(self) -> None:
        for population in self._populations.values():
            population.write_back()
        for projection in self._projections:
            projection.write_back()

    def _rank_projections(self) -> None:
        """On the grid pathways act in Brian's order: those of sources, then those of targets, each by their names."""
        names = [(p.trigger, _name_in_brian(p)) for p in self.network.projections]
        order = sorted(range(len(names)), key=lambda k: (names[k][0] == "post", names[k][1]))
        ranks = np.zeros(len(names), np.int32)
        ranks[order] = np.arange(len(names))
        pointer, keep = array(ranks, "int32_t")
        check(lib.evsim_set_ranks(self._sim, keep.size, pointer))

    def _place_populations(self) -> None:
        """On the grid groups advance in Brian's order, by the names of their parts that do it."""
        names = [f"{known.population.name}_stateupdater" for known in self._populations.values()]
        order = np.array(sorted(range(len(names)), key=names.__getitem__), np.int32)
        pointer, keep = array(order, "int32_t")
        check(lib.evsim_set_places(self._sim, keep.size, pointer))

    def _add_projection(self, projection: Projection) -> None:
        emitter, size = self._emitter(projection.emitter, projection.event)
        target, group = self._populations[projection.target], group_of(projection, self.network.projections)
        owner = next((each for each in self._projections if each.projection is group[0]), None)
        self._projections.append(
            ProjectionInCore(
                self._sim,
                projection,
                group,
                owner,
                emitter,
                size,
                self._populations.get(projection.source),
                target,
                self._populations.get(projection.own),
                self._windows_now,
                self.network.seed,
            )
        )

    def _add_population(self, population: Population) -> None:
        model = population.model
        incoming = [p for p in self.network.projections if p.target == population.name]
        parameters = dict.fromkeys(name for p in incoming for name in parameters_read(p, model))
        self._populations[population.name] = PopulationInCore(
            self._sim,
            population,
            self._windows_now,
            tuple(parameters),
            population.name in linked(self.network) and self._takes_common_steps(population),
            self._parted.models.get(population.name),
        )

    def _takes_common_steps(self, population: Population) -> bool:
        """Whether a population that is linked is integrated together with others, or could be."""
        if has_events(population):
            return False
        return not (has_noise(population) and self._goes_alone(population.name))

    def _goes_alone(self, name: str) -> bool:
        return goes_alone(name, self.network, self._parted, self._windows_now.length)

    def _take_links(self, changed: Mapping[str, set[str]]) -> None:
        """`changed`: what the user changed of each population."""
        changed_links = {each.link.name for each in self._links if each.link.changed}
        for known in self._links:
            ends = [("pre", known.link.source), ("post", known.link.target)]
            names = {f"{name}_{end}" for end, owner in ends for name in changed.get(owner, ())}
            if names & known.link.expression.names:
                changed_links.add(known.link.name)
            known.take_over(names)
        for pair in joints(self.network):
            if pair not in self._joints:
                ends_in_core = [self._populations[name] for name in pair]
                require_joinable(*(each.population for each in ends_in_core))
                check(lib.evsim_join(self._sim, *(each.number for each in ends_in_core)))
                self._joints.add(pair)
        for k, link in enumerate(self.network.links[len(self._links) :], len(self._links)):
            source, target = (self._populations[name] for name in (link.source, link.target))
            own, parts = self._populations.get(link.own), self._parts_of(k, link)
            is_alone = self._goes_alone(link.target)
            self._links.append(LinkInCore(self._sim, link, parts, source, target, own, is_alone=is_alone))
        self._tell_of_common_steps()
        self._linear_units.take_over(
            self._sim, self.network, self._populations, self._links, changed, changed_links
        )
        refuse_short_delays(self.network, self._windows_now.length)

    def _tell_of_common_steps(self) -> None:
        """Methods of fixed step are for groups that nobody reads; those that are read take the steps of all."""
        for name in sorted(linked(self.network) - self._told):
            model = self._populations[name].population.model
            self._told.add(name)
            if not isinstance(model, GeneralModel) or model.method == "adaptive" or model.noise:
                continue
            if not goes_alone(name, self.network, self._parted, self._windows_now.length):
                _log.info(
                    "%s: method='%s' is for timing='grid', and for groups whose states nobody reads at every instant;"
                    " this one takes adaptive steps in common with those that it is coupled to",
                    name,
                    model.method,
                )

    def _parts_of(self, k: int, link: Link) -> tuple[Part, ...]:
        """Of a link that came after the first run the whole: its target's kernel is made."""
        return self._parted.parts[k] if k < len(self._parted.parts) else whole(link)

    def _take_source(self, source: PoissonSource | SpikeTrainSource) -> None:
        is_new = source.name not in self._sources
        if isinstance(source, SpikeTrainSource) and source.is_longer and not (is_new or source.changed):
            self._set_train(source, is_new, is_longer=True)
        if not (is_new or source.changed):
            return
        if isinstance(source, PoissonSource):
            number = self._set_poisson(source, is_new)
        else:
            number = self._set_train(source, is_new)
        if is_new:
            self._sources[source.name] = number
        source.changed = False

    def _set_poisson(self, source: PoissonSource, is_new: bool) -> int:
        self._courses.pop(source.name, None)
        if isinstance(source.rates, Course):
            windows = self._windows_now
            self._courses[source.name] = CourseInCore(source, source.rates, windows.dt, windows.steps)
            return self._set_rates(source, 0.0, is_new)
        require_finite(source.name, {"rates": source.rates})
        if np.any(np.asarray(source.rates) < 0):
            raise EvsimValueError(
                f"{source.name}: a rate is {np.min(source.rates)} Hz; rates must not be negative."
            )
        self._require_few(source.name, float(np.sum(np.broadcast_to(source.rates, (source.size,)))))
        return self._set_rates(source, source.rates, is_new)

    def _set_rates(self, source: PoissonSource, values: Values, is_new: bool) -> int:
        rates, keep = array(values, "double")
        if is_new:
            return check(lib.evsim_add_poisson(self._sim, len(self._sources), source.size, rates, keep.size))
        return check(lib.evsim_set_poisson(self._sim, self._sources[source.name], rates, keep.size))

    def _require_few(self, name: str, rate: float) -> None:
        if rate * self.network.dt > MOST_DRAWN:
            raise EvsimValueError(
                f"{name}: {rate:g} Hz in all make {rate * self.network.dt:g} events in a step of {self.network.dt:g} s;"
                f" at most {MOST_DRAWN:g} are drawn, so lower the rates, or give noise with their mean and variance."
            )

    def _set_train(self, source: SpikeTrainSource, is_new: bool, *, is_longer: bool = False) -> int:
        source.is_longer = False
        ticks, offsets = self._windows_now.from_clock(source.ticks, source.offsets)
        tick, _keep_tick = array(ticks, "int64_t")
        offset, _keep_offset = array(offsets, "double")
        index, keep = array(source.indices, "uint32_t")
        if is_new:
            return check(lib.evsim_add_train(self._sim, source.size, keep.size, tick, offset, index))
        function = lib.evsim_extend_train if is_longer else lib.evsim_set_train
        return check(function(self._sim, self._sources[source.name], keep.size, tick, offset, index))

    def _emitter(self, name: str, event: str = "spike") -> tuple[int, int]:
        if name in self._populations:
            known = self._populations[name]
            return known.emitter_of(event), known.population.size
        size = next(s.size for s in self.network.sources if s.name == name)
        return self._sources[name], size

    def _add_drives(self) -> None:
        for k, drive in enumerate(self.network.drives[self._n_drives :], start=self._n_drives):
            require_finite(drive.name, {"rate": drive.rate, "weight": drive.weight})
            target = self._populations[drive.target]
            state = target.population.model.states.index(drive.state)
            place, rate = 2**20 + k, drive.n * drive.rate
            self._require_few(drive.name, rate)
            code = lib.evsim_add_drive(
                self._sim, 2**31 + k, place, target.number, state, drive.start, drive.stop, rate, drive.weight
            )
            check(code)
            self._n_drives += 1

    def _add_records(self) -> None:
        for record in self.network.spike_records:
            if record.name not in self._spike_records:
                emitter, _size = self._emitter(record.source, record.event)
                number = check(lib.evsim_record_spikes(self._sim, emitter, record.start, record.stop))
                self._spike_records[record.name] = number
                if record.states:
                    names = self._populations[record.source].population.model.states
                    states, keep = array([names.index(s) for s in record.states], "int32_t")
                    check(lib.evsim_record_seen(self._sim, number, keep.size, states))
        for states in self.network.state_records:
            if states.name not in self._state_records:
                self._add_state_record(states)

    def _add_state_record(self, record: StateRecord) -> None:
        projection = next((p for p in self._projections if p.projection.name == record.target), None)
        if projection is None:
            target = self._populations[record.target]
            number, names = target.number, target.population.model.states
        else:
            number, names = projection.number, projection.variables
        states, _keep_states = array([names.index(s) for s in record.states], "int32_t")
        indices, keep = array(record.indices, "uint32_t")
        first = self._first_sample(record.dt)
        add = lib.evsim_record_states if projection is None else lib.evsim_record_synapses
        number = add(self._sim, number, len(record.states), states, keep.size, indices, record.dt, first)
        self._state_records[record.name] = check(number)
        self._first_samples[record.name] = np.array([[0, first]], dtype=np.int64)

    def _first_sample(self, dt: float) -> int:
        """Number of the first sample at or after now."""
        tick, offset = self.now
        k = math.floor(join(tick, offset, self.network.dt) / dt)
        for candidate in range(max(k - 1, 0), k + 3):
            at = split(np.float64(candidate) * dt, self.network.dt)
            if (int(at[0]), float(at[1])) >= (tick, offset):
                return candidate
        return k + 3


def _name_in_brian(projection: Projection) -> str:
    is_only = projection.trigger == "pre" and not projection.shares
    return f"{projection.name}_pre" if is_only else projection.name


def check_run(simulation: Simulation, code: int) -> int:
    """The result of a run; failures become errors that name neuron and time."""
    if code >= 0:
        return code
    population, neuron, tick, offset = (
        ffi.new("int *"),
        ffi.new("int64_t *"),
        ffi.new("int64_t *"),
        ffi.new("double *"),
    )
    lib.evsim_failure(simulation._sim, population, neuron, tick, offset)
    seconds = float(join(tick[0], offset[0], simulation._windows_now.length))
    when = f"{seconds * 1e3:.9g} ms"
    if code not in (NOT_FINITE, STUCK, ENDLESS, TOO_OFTEN):
        return check(code)
    if population[0] < -1:
        known = simulation._projections[-2 - population[0]]
        name = known.variables[lib.evsim_failed_variable(simulation._sim)]
        raise EvsimRuntimeError(
            f"{known.projection.name}: at {when} its code has made {name} of synapse {neuron[0]} infinite or NaN;"
            " check the code and the values it works on."
        )
    who = simulation._name_of((population[0], neuron[0]))
    if code == NOT_FINITE:
        raise EvsimRuntimeError(
            f"{who}: its state became infinite or NaN at {when}; check its parameters, inputs and reset."
        )
    if code == STUCK:
        raise EvsimRuntimeError(
            f"{who}: at {when} the threshold condition still holds after the reset and there is no refractory"
            " period, so it would fire for ever at one instant; let the reset go below threshold or set refractory."
        )
    if code == TOO_OFTEN:
        least = 1e-4 * simulation._windows_now.length
        raise EvsimRuntimeError(
            f"{who}: at {when} it has spiked 100000 times in less than {least * 1e3:.3g} ms, so the run would"
            " hardly end; set refractory, or let the reset go further below threshold."
        )
    members = ring_members(simulation.network, simulation._last_at_failure())
    names = [simulation._name_of(member) for member in members[:MOST_NAMES]]
    names += ["..."] * (len(members) > MOST_NAMES)
    raise EvsimRuntimeError(
        f"{', '.join(names)}: at {when} this loop of synapses with zero delay fires for ever at one instant;"
        " give one of them a delay or the neurons a refractory period."
    )


__all__ = ["Simulation"]
