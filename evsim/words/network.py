"""Network: objects that run together, the time they have reached, and the engine that takes them on."""

from __future__ import annotations

import logging
import math
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim import description
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimRuntimeError, EvsimTypeError, EvsimValueError
from evsim.instants import MOST_STEPS
from evsim.units import Quantity, require
from evsim.words.actions import Action, Instant, Schedule
from evsim.words.actions.stopping import StoppedError, forget_stop, is_stopping, stop
from evsim.words.causes import FiredSpike, cause_chain
from evsim.words.clocks import defaultclock, in_seconds, show_time_of
from evsim.words.frozen import Exported, refuse_exported, refuse_run_with_changes
from evsim.words.monitored import parts_of
from evsim.words.monitors import EventMonitor, SpikeMonitor, StateMonitor
from evsim.words.objects import NetworkObject, checked_namespace, keep_name
from evsim.words.preferences import check_threads, check_timing, prefs
from evsim.words.progress import Reporter
from evsim.words.queue import Queue
from evsim.words.randomness import next_seed, seed_epoch
from evsim.words.shared_gates import shared_gates_of
from evsim.words.slices import Sliceable
from evsim.words.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.words.summaries import Profile, SchedulingSummary
from evsim.words.summaries.profiling import COLLECT, DESCRIBE
from evsim.words.surroundings import names_around_call
from evsim.words.variables.states import HasSettableStates, HasStates

if TYPE_CHECKING:  # what only runs need is imported by them
    from evsim.words.described.network import Describer
    from evsim.words.stored import Stored

_log = logging.getLogger("evsim")


class Network:
    """Objects that are simulated together.

    Parameters
    ----------
    objects
        Groups, synapses, sources and monitors, also in lists, tuples, sets and dicts.
    """

    def __init__(self, *objects: Any, name: str = "network") -> None:
        self.name = name
        self._objects: list[NetworkObject] = []
        self._describer: Describer | None = None
        self._acting: Action | None = None  # the operation that is going on inside a run
        self._simulation: Any = None
        self._described: set[str] = set()
        self._epoch = -1
        self._action_numbers: dict[str, int] = {}
        self._moment: float | None = None  # seconds of the action that is going on
        self._is_running = False
        self._profile: Profile | None = None
        self._states: dict[str, Stored] = {}
        self._retired: list[NetworkObject] = []  # removed after they have run
        self._exported: Exported | None = None
        self.add(*objects)

    # What is in it

    @property
    def objects(self) -> tuple[NetworkObject, ...]:
        """The objects in order of creation."""
        return tuple(self._members())

    def _members(self) -> list[NetworkObject]:
        return sorted(self._objects, key=lambda each: each._number)

    def add(self, *objects: Any) -> None:
        """Take in objects, also between runs."""
        found = list(_flat(objects))
        self._refuse_runaways(found)
        for each in found:
            if each not in self._objects:
                refuse_exported(self, f"{each.name} cannot be added")
            if each in self._retired:
                _resting().wake(each, self._describer)
                self._retired.remove(each)
            if each not in self._objects:
                self._objects.append(each)

    def _take_in(self, parts: Sequence[NetworkObject]) -> None:
        """Take in objects that others bring along."""
        self.add(parts)

    def remove(self, *objects: Any) -> None:
        """Take out objects, also between runs; what synapses have under way still arrives.

        Monitors keep what they have recorded. Monitors, synapses and inputs may be added again later.
        """
        leaving = list(_flat(objects))
        for each in leaving:
            if each not in self._objects:
                raise EvsimValueError(f"{each.name} is not part of {self.name}")
            refuse_exported(self, f"{each.name} cannot be removed")
        leaving += [part for each in leaving for part in parts_of(each) if part in self._objects]
        _refuse_dependants(leaving, self._members())
        for each in leaving:
            self._objects.remove(each)
            if each.name in self._described:
                self._retired.append(each)
                _resting().rest_for_good(each, self._describer, self.t_)

    def __getitem__(self, name: str) -> NetworkObject:
        for each in self._members():
            if each.name == name:
                return each
        raise EvsimValueError(f"{self.name} has no object '{name}'; it has {self._names()}")

    def __contains__(self, item: Any) -> bool:
        return any(each is item or each.name == item for each in self._members())

    def __iter__(self) -> Iterator[NetworkObject]:
        return iter(self._members())

    def __len__(self) -> int:
        return len(self._members())

    def __repr__(self) -> str:
        return f"<Network '{self.name}' at t = {self.t}: {self._names()}>"

    def _names(self) -> str:
        return ", ".join(each.name for each in self._members()) or "no objects"

    # Time

    @property
    def t(self) -> Quantity:
        """The present time."""
        return in_seconds(self.t_)

    @property
    def t_(self) -> float:
        """The present time in plain seconds."""
        return self._moment if self._moment is not None else self._now[0] * self._dt + self._now[1]

    @property
    def ts(self) -> Quantity:
        """The grid of all runs so far: 0, dt, 2 dt, ... before the present time."""
        tick, offset = self._now
        return in_seconds(np.arange(tick + (offset > 0)) * self._dt)

    @property
    def _now(self) -> tuple[int, float]:
        return (0, 0.0) if self._simulation is None else self._simulation.now

    @property
    def _dt(self) -> float:
        return defaultclock.dt_ if self._describer is None else self._describer.network.dt

    @property
    def _has_run(self) -> bool:
        return self._now > (0, 0.0)

    def _may_run(self, each: NetworkObject) -> bool:
        """Whether the object has not run in another network."""
        return each._network is None or each._network is self or not each._network._has_run

    @property
    def queue(self) -> Queue:
        """What is under way: `net.queue.peek(5)` shows the next deliveries."""
        return Queue(self)

    def causes(self, monitor: SpikeMonitor, k: int, depth: int = 1) -> FiredSpike:
        """Why spike number k of a monitor happened: what came to its neuron since the spike before.

        Deliveries come with the spikes that they came from, and these with their causes, `depth` times. Monitors must
        record the spikes of all sources; delays are taken as they are now.
        """
        return cause_chain(self._members(), monitor, k, depth)

    # Running

    def run(
        self,
        duration: Any,
        report: Any = None,
        report_period: Any = None,
        namespace: Mapping[str, Any] | None = None,
        profile: bool = False,
        *,
        timing: str | None = None,
        threads: int | None = None,
    ) -> None:
        """Simulate for `duration` from the present time on.

        Parameters
        ----------
        report
            "text" (or "stdout", "stderr"), or a function of elapsed time, completed part, start and duration.
        report_period
            Wall time between reports, 10 s unless given.
        namespace
            Names that equations may use, looked up before those around this call.
        profile
            Whether to measure where the wall time goes, for `profiling_summary`.
        timing
            "exact", or "grid" for spikes and delays rounded to steps as in clock-driven simulators.
        threads
            How many threads; the result is the same for any number.
        """
        if self._is_running:
            raise EvsimRuntimeError(
                f"run() was called by an operation while {self.name} runs; change variables there, or call stop()"
            )
        seconds = checked_duration(duration, self._dt, "duration of run()")
        timing = check_timing(prefs.timing if timing is None else timing, "timing of run()")
        threads = check_threads(prefs.threads if threads is None else threads, "threads of run()")
        period = 10.0 if report_period is None else float(require(report_period, _SECOND, "report_period"))
        reporter = Reporter(report, period, self.t_, seconds)
        watch = Profile()
        show_time_of(self)
        self._reach(seconds)
        with watch.during(DESCRIBE):
            self.describe(namespace)
        refuse_run_with_changes(self)
        if timing == "grid":
            refuse_other_steps(self._members(), self._dt)
            _log.info("timing='grid': spikes happen at ends of steps, and delays are rounded to steps")
        reporter.begin()
        self._is_running = True
        before = dict(getattr(self._simulation, "times", {}))
        try:
            self._run_pieces(seconds, timing, threads, reporter.advance if report else None, watch)
        except StoppedError:
            _log.info("%s was stopped by its report at t = %s", self.name, self.t)
        finally:
            self._is_running, self._moment = False, None
            with watch.during(COLLECT):
                self._take_back()
        reporter.end()
        if profile:
            watch.take_engine(before, getattr(self._simulation, "times", {}))
            self._profile = watch

    def _run_pieces(self, seconds: float, timing: str, threads: int, progress: Any, watch: Profile) -> None:
        """Run from action to action, then to the end; where a run is cut changes no bit of it."""
        simulation, members = self._simulation, self._members()
        actions = [each for each in members if isinstance(each, Action)]
        schedule = Schedule(actions, self._now, self._dt)
        end = simulation.end_of(seconds, timing)
        options: dict[str, Any] = {"threads": threads, "timing": timing}
        if progress:
            options["progress"] = self._watched(progress, self.t_)
        forget_stop()
        while (instant := schedule.next_before(end)) is not None:
            until = (instant.tick, instant.offset)
            if timing == "grid" and instant.offset > 0:
                until = (instant.tick + 1, 0.0)
            simulation.run(0.0, until=until, and_at_end=instant.is_after, **options)
            start = perf_counter()
            self._take_back()
            watch.add(COLLECT, perf_counter() - start)
            self._act(schedule, instant, members, watch)
            if is_stopping():
                return
        simulation.run(0.0, until=end, **options)

    def _watched(self, progress: Any, begin: float) -> Any:
        """Reports of a run, any of which may stop it."""

        def report(_: float) -> None:
            progress(self.t_ - begin)
            if is_stopping():
                raise StoppedError

        return report

    def _act(
        self, schedule: Schedule, instant: Instant, members: list[NetworkObject], watch: Profile
    ) -> None:
        """All actions of one instant, and what they have changed."""
        assert self._describer is not None
        self._moment = instant.tick * self._dt + instant.offset
        try:
            for action in schedule.due(instant):
                start = perf_counter()
                self._acting = action
                action._perform(self, self._moment)
                watch.add(action.name, perf_counter() - start)
        finally:
            self._moment, self._acting = None, None
            self._describer.refresh(members)
            inactive = _resting().names_at_rest(members, self._retired, self._describer)
            self._describer.network.inactive = inactive

    @property
    def profiling_info(self) -> list[tuple[str, Quantity]]:
        """What took how long in the last run with profile=True, longest first."""
        if self._profile is None:
            raise EvsimValueError(f"{self.name} has no profile; run it with profile=True")
        return self._profile.info()

    def scheduling_summary(self) -> SchedulingSummary:
        """What happens in which order at one instant; print it, or let a notebook show it."""
        self._complete()
        return SchedulingSummary(self)

    def stop(self) -> None:
        """End the run that is going on at its present instant, from an operation; a later run goes on from there."""
        stop()

    def _reach(self, seconds: float) -> None:
        """Have the spikes of periodic generators for a run of this duration."""
        for each in self._members():
            if isinstance(each, SpikeGeneratorGroup):
                each._reach(self.t_ + seconds)

    def describe(self, namespace: Mapping[str, Any] | None = None) -> description.Network:
        """The network as plain data, as it is now; `run` does this first."""
        from evsim.words.described.network import Describer

        self._complete()
        namespace = checked_namespace(namespace, "run()")
        scope = names_around_call()
        scope = scope if namespace is None else ChainMap(dict(namespace), *_maps(scope))
        members = self._members()
        if not members:
            raise EvsimValueError(f"{self.name} has no objects; make a NeuronGroup or another object first")
        self._refuse_runaways(members)
        describer = self._describer or Describer(defaultclock.dt_, 0)
        self._check_dt(describer)
        if self._simulation is None:
            self._epoch, describer.network.seed = seed_epoch(), next_seed()
        elif self._epoch != seed_epoch() and any(isinstance(e, PoissonGroup | PoissonInput) for e in members):
            raise EvsimRuntimeError(
                f"seed() was called after {self.name} began to run, and its Poisson processes go on with the "
                "seed they have; call seed() before the first run, or begin again with start_scope()"
            )
        for each in self._retired:
            _resting().forget_changes(each)
        describer.update([*members, *self._retired], scope, self.t_)
        self._describer = describer
        new = [each for each in members if each.name not in self._described]
        for each in members:
            each._network = self
        for each in new:
            if isinstance(each, (EventMonitor, StateMonitor)):
                _refuse_missing_source(each, members)
                each._describe(describer.network, describer)
            self._described.add(each.name)
            keep_name(each.name)
        for population in describer.network.populations:
            keep_name(population.name)
        for each in members:
            if isinstance(each, StateMonitor):
                each._refresh(scope)
        self._prepare_actions(members, scope)
        describer.network.inactive = _resting().names_at_rest(members, self._retired, describer)
        if self._simulation is None:
            self._simulation = _engine()(describer.network)
        return describer.network

    def _complete(self) -> None:
        """Take in what objects bring along: monitors, copies of monitored synapses, operations."""
        for each in self._members():
            self._take_in(parts_of(each))
            self._take_in(shared_gates_of(each))
        for each in self._members():
            if isinstance(each, StateMonitor):
                self._take_in(each._parts())

    def _prepare_actions(self, members: list[NetworkObject], scope: Mapping[str, Any]) -> None:
        """Find the names in the texts of actions, give each its own random numbers, and let windows end at them."""
        assert self._describer is not None
        network = self._describer.network
        steps = []
        for each in members:
            if isinstance(each, Action):
                number = self._action_numbers.setdefault(each.name, len(self._action_numbers))
                each._prepare(scope, number, network.seed)
                steps += [each._pace()]
        network.pauses = tuple(step for step in steps if step)

    # States

    def get_states(
        self,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = False,
        level: int = 0,
    ) -> dict[str, Any]:
        """Present values of all objects, by their name and that of the variable; of monitors if read_only_variables."""
        kind = HasStates if read_only_variables else HasSettableStates
        return {
            each.name: each.get_states(None, units, format, subexpressions, read_only_variables)
            for each in self._members()
            if isinstance(each, kind)
        }

    def set_states(
        self, values: Mapping[str, Any], units: bool = True, format: str = "dict", level: int = 0
    ) -> None:
        """Set variables of objects, as `get_states` gives them."""
        for name in values:
            if not isinstance(self[name], HasSettableStates):
                raise EvsimTypeError(f"set_states of {self.name}: {name} has no variables that could be set")
        for name, states in values.items():
            each: Any = self[name]
            each.set_states(states, units, format)

    # Storing

    def store(self, name: str = "default", filename: Any = None) -> None:
        """Keep the network as it is now under a name, in memory or in a file.

        A file holds arrays and text, several states if they have different names, and can be read by another process
        that has built an equal network.
        """
        from evsim.words.stored import store_network, write_file

        if self._has_run and not self._is_running:
            self.run(in_seconds(0.0))  # what was changed since the last run acts from this instant on
        stored = store_network(self)
        if filename is None:
            self._states[name] = stored
        else:
            write_file(filename, name, stored)

    def restore(
        self, name: str = "default", filename: Any = None, restore_random_state: bool | None = None
    ) -> None:
        """Put the network where it was when it was stored; a run goes on from there with the same bits.

        Parameters
        ----------
        restore_random_state
            What is random in runs repeats itself after restore() unless this is False. With True texts, such as
            "rand()" as initial value, draw again what they drew after store(), too.
        """
        from evsim.words.stored import read_file, restore_network

        refuse_exported(self, f"restore({name!r}) is not possible")
        if filename is None and name not in self._states:
            known = ", ".join(map(repr, self._states)) or "none"
            raise EvsimValueError(
                f"restore({name!r}): {self.name} has no stored state of that name; call store({name!r}) first "
                f"(there are: {known})"
            )
        stored = self._states[name] if filename is None else read_file(filename, name)
        restore_network(self, stored, restore_random_state, name)

    def _put_engine(self, state: dict[str, Any]) -> None:
        """An engine at the state of another one, or of its own past."""
        assert self._describer is not None
        if not self._simulation.fits(state):
            self._simulation = _engine()(self._describer.network)
        self._simulation.set_state(state)

    def _begin_again(self, state: dict[str, Any]) -> None:
        """An engine that has not run; with the seed that it had, unless there is another one since."""
        assert self._describer is not None
        network = self._describer.network
        if self._epoch != seed_epoch():
            self._draw_anew(next_seed())
        elif "seed" in state:
            network.seed = int(state["seed"][0])
        self._simulation = _engine()(network)

    def _draw_anew(self, seed: int) -> None:
        """Other random numbers from now on."""
        self._epoch = seed_epoch()
        if self._describer is not None:
            self._describer.network.seed = seed
        if self._simulation is not None:
            self._simulation.set_seed(seed)

    def _refuse_runaways(self, members: list[NetworkObject]) -> None:
        for each in members:
            if not self._may_run(each):
                raise EvsimValueError(
                    f"{each.name} has run in another network; make a new object for {self.name}"
                )

    def _take_back(self) -> None:
        """Give values after a run, also one that failed or was interrupted, to the objects."""
        members = self._members()
        assert self._describer is not None
        self._describer.take_back(members)
        for each in members:
            if isinstance(each, (EventMonitor, StateMonitor)):
                each._collect()

    def _check_dt(self, describer: Describer) -> None:
        if describer.network.dt != defaultclock.dt_:
            raise EvsimRuntimeError(
                f"defaultclock.dt is {defaultclock.dt} now, but {self.name} has run with "
                f"{in_seconds(describer.network.dt)}; set it back, or begin again with start_scope() and new objects"
            )

    def _bytes_of(self, synapses: Any) -> int:
        """Memory for these synapses beside what they have themselves."""
        if self._simulation is None or self._describer is None:
            return 0
        projections = self._describer.synapses[synapses.name].projections
        copied = sum(p.j.nbytes for p in projections[:1] if not np.shares_memory(p.j, synapses._pairs[1]))
        return int(copied + self._simulation.bytes_of({p.name for p in projections}))

    def _last_spikes(self, name: str) -> Any:
        return self._simulation.last_spikes(name)


_SECOND = KNOWN_NAMES["dt"]


def _resting() -> Any:
    from evsim.words.described import resting

    return resting


def _engine() -> Any:
    if prefs.engine == "reference":
        from evsim import reference

        return reference.Simulation
    from evsim import engine

    return engine.Simulation


def checked_duration(duration: Any, dt: float, what: str) -> float:
    """A duration in seconds that a run may have."""
    seconds = require(duration, _SECOND, what)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise EvsimTypeError(f"{what}: got {duration!r}; give one time, as in run(100*ms)")
    if not math.isfinite(seconds) or seconds < 0:
        raise EvsimValueError(f"{what}: got {duration}; give a finite time of 0 or more")
    if seconds > MOST_STEPS * dt:
        raise EvsimValueError(f"{what}: got {duration}; give at most 2**53 steps, {MOST_STEPS * dt:g} s")
    return float(seconds)


def _maps(scope: Mapping[str, Any]) -> Iterable[Any]:
    return scope.maps if isinstance(scope, ChainMap) else [scope]


def _flat(objects: Any) -> Iterator[NetworkObject]:
    """Objects in nested lists, tuples, sets and dicts."""
    for each in objects:
        if isinstance(each, NetworkObject):
            yield each
        elif isinstance(each, Mapping):
            yield from _flat(each.values())
        elif isinstance(each, (list, tuple, set, frozenset)):
            yield from _flat(each)
        else:
            raise EvsimTypeError(f"a network holds groups, synapses, sources and monitors, not {each!r}")


def _refuse_dependants(leaving: list[NetworkObject], members: list[NetworkObject]) -> None:
    """What stays needs its ends."""
    for each in members:
        ends = [each.__dict__.get(name) for name in ("_source", "_target", "_synapses")]
        groups = [getattr(end, "_group", end) for end in ends if end is not None]
        for group in groups:
            if each not in leaving and any(group is gone for gone in leaving):
                raise EvsimValueError(
                    f"{each.name} needs {group.name}; remove it too, as in remove({group.name}, {each.name})"
                )


def refuse_other_steps(members: list[NetworkObject], dt: float) -> None:
    """In grid timing all groups step together."""
    for each in members:
        clock = each._clock if isinstance(each, Sliceable) else None
        if clock is not None and clock.dt_ != dt:
            raise EvsimValueError(
                f"{each.name} has dt = {clock.dt}, but timing='grid' steps all groups with defaultclock.dt = "
                f"{in_seconds(dt)}; leave its dt out, or use timing='exact'"
            )


def _refuse_missing_source(monitor: Any, members: list[NetworkObject]) -> None:
    if not any(monitor._source._group is each for each in members):
        group = monitor._source._group.name
        raise EvsimValueError(f"source of {monitor.name}, {group}, is not part of the network; add it")
