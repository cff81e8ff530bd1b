"""The reference engine: a description goes in, spikes and samples come out, as with the compiled engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

from evsim.description import (
    GeneralModel,
    Network,
    PoissonDrive,
    PoissonSource,
    Population,
    Projection,
    SpikeTrainSource,
    StateRecord,
)
from evsim.errors import EvsimValueError
from evsim.reference import exact
from evsim.reference.cell import Cell
from evsim.reference.joint import JointCell, joints_of, linked_names
from evsim.reference.loop import Loop, Spike, emitter_of
from evsim.reference.sampling import Look, Sampler
from evsim.reference.wiring import Variables, Wiring

Pairs = tuple[NDArray[np.int64], NDArray[np.float64]]


class Simulation:
    """A network in arbitrary precision.

    Parameters
    ----------
    network
        What to run. States and written variables are put back into it after every run.
    digits
        Decimal digits of time that are right.
    arrivals
        The spikes of every `PoissonSource`, and the events of every `PoissonDrive`, by the object's name,
        drawn beforehand by the compiled engine: `indices`, `ticks` and `offsets` as in a `SpikeTrainSource`.
        Indices count in the source; for a drive from 0 at its `start`. Without them Poisson objects are
        refused: random numbers belong to the compiled engine.
    """

    def __init__(
        self, network: Network, digits: int = 30, arrivals: Mapping[str, SpikeTrainSource] | None = None
    ) -> None:
        self._network = network
        self._precision = digits + exact.GUARD
        self._arrivals = dict(arrivals or {})
        self._loop = Loop(network.dt)
        self._n_links = -1
        self._record_starts: dict[str, int] = {}
        self._synapses: dict[str, Variables] = {}

    @property
    def now(self) -> tuple[int, float]:
        """The present time as (tick, offset)."""
        with mp.workdps(self._precision):
            return exact.to_pair(self._loop.time, self._network.dt)

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

        `until` is an end as `end_of` gives it, instead of a duration. With `and_at_end` what is due at exactly the
        end happens too.
        """
        if timing != "exact":
            raise EvsimValueError(
                f"the reference engine knows exact time only; timing={timing!r} was asked for."
            )
        if self._network.inactive:
            raise EvsimValueError(
                f"the reference engine runs all parts; {sorted(self._network.inactive)[0]} is inactive: leave it out."
            )
        with mp.workdps(self._precision):
            self._take_over()
            start, reported = self._loop.time, time.monotonic()
            end = exact.later(start, exact.duration(duration, self._network.dt))
            if until is not None:
                end = exact.instant(*until, self._network.dt)
            if and_at_end:
                end = exact.later(end, mp.ldexp(self._network.dt, -80))
            for now in self._loop.run_to(end):
                if progress and time.monotonic() > reported + 0.05:
                    progress(float(now - start))
                    reported = time.monotonic()
            self._write_back()

    def end_of(self, duration: float, timing: str = "exact") -> tuple[int, float]:
        """When a run of this duration from now on ends, as (tick, offset)."""
        with mp.workdps(self._precision):
            end = exact.later(self._loop.time, exact.duration(duration, self._network.dt))
            return exact.to_pair(end, self._network.dt)

    def spikes(
        self, record_name: str, start: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Tick, offset and index of every spike since the record's creation, by time, then index, from `start` on."""
        found = self.exact_spikes(record_name)[start:]
        ticks, offsets = self._pairs([spike.time for spike in found])
        return ticks, offsets, np.array([spike.element for spike in found], dtype=np.int64)

    def exact_spikes(self, record_name: str) -> list[Spike]:
        """The spikes of a record with every digit."""
        record = next(each for each in self._network.spike_records if each.name == record_name)
        emitter = emitter_of(record.source, record.event)
        since = self._loop.spikes[emitter][self._record_starts.get(record_name, 0) :]
        inside = [spike for spike in since if record.start <= spike.element < record.stop]
        return sorted(spike._replace(element=spike.element - record.start) for spike in inside)

    def spike_states(self, record_name: str, start: int = 0) -> dict[str, NDArray[np.float64]]:
        """The values that the states of a spike record had at every spike, before the reset, from `start` on."""
        record = next(each for each in self._network.spike_records if each.name == record_name)
        rows = [spike.states for spike in self.exact_spikes(record_name)[start:]] if record.states else []
        names = self._loop.seen.get(record.source, ())
        columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(names)).T
        return {state: columns[names.index(state)] for state in record.states}

    def samples(
        self, record_name: str, start: int = 0
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """Sample numbers and sampled states of a state record, from sample `start` of it on."""
        numbers, values = self._loop.samplers[record_name].arrays()
        return numbers[start:], {name: each[:, start:] for name, each in values.items()}

    def last_spikes(
        self, population_name: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Tick and offset of every neuron's last spike, and whether there was one."""
        times = [cell.last_spike for cell in self._cells(population_name)]
        ticks, offsets = self._pairs([time or mp.mpf(0) for time in times])
        return ticks, offsets, np.array([time is not None for time in times], dtype=np.bool_)

    def _pairs(self, times: list[exact.Exact]) -> Pairs:
        with mp.workdps(self._precision):
            pairs = [exact.to_pair(time, self._network.dt) for time in times]
        ticks, offsets = zip(*pairs, strict=True) if pairs else ((), ())
        return np.array(ticks, dtype=np.int64), np.array(offsets, dtype=np.float64)

    def _cells(self, population_name: str) -> list[Cell]:
        return self._loop.cells[self._loop.positions[population_name]]

    # What is new or changed in the description.

    def _take_over(self) -> None:
        network, loop = self._network, self._loop
        models = {each.name: each.model for each in network.populations}
        linked = linked_names(models, network.links)
        for population in network.populations:
            self._take_population(population, population.name in linked)
        self._join(linked)
        for source in network.sources[len(loop.trains) :]:
            loop.add_train(source.name, self._train(source))
        for drive in network.drives[len(loop.drives) :]:
            loop.add_drive(drive, self._train(drive))
        for projection in network.projections[len(loop.wirings) :]:
            loop.add_wiring(Wiring(projection, self._variables_of(projection), network.dt))
        for wiring in loop.wirings:
            changed = wiring.projection.changed
            if "delay" in changed:
                wiring.take_delays()
            if not wiring.projection.shares:
                wiring.variables.take_over(changed - {"delay"}, loop.time)
            changed.clear()
        for record in network.spike_records:
            emitter = emitter_of(record.source, record.event)
            self._record_starts.setdefault(record.name, len(loop.spikes[emitter]))
            if record.states:
                states = next(p.model.states for p in network.populations if p.name == record.source)
                loop.seen[record.source] = states
        for state_record in network.state_records:
            if state_record.name not in loop.samplers:
                looks = self._looks(state_record)
                loop.samplers[state_record.name] = Sampler(state_record, looks, loop.time, network.dt)

    def _looks(self, record: StateRecord) -> list[Look]:
        """What shows each recorded neuron or synapse."""
        wiring = next((each for each in self._loop.wirings if each.projection.name == record.target), None)
        if wiring is None:
            cells = self._cells(record.target)
            return [cells[int(index)].states_at for index in record.indices]
        return [partial(wiring.variables.shown, int(index)) for index in record.indices]

    def _variables_of(self, projection: Projection) -> Variables:
        """Those of the synapses, which all of their pathways share."""
        owner = projection.shares or projection.name
        if owner not in self._synapses:
            group = [each for each in self._network.projections if owner in (each.name, each.shares)]
            self._synapses[owner] = Variables(projection, group, self._loop.time)
        return self._synapses[owner]

    def _join(self, linked: set[str]) -> None:
        """Make systems of the populations that links join, anew where these are new or have changed."""
        network, loop = self._network, self._loop
        if len(network.links) == self._n_links and not any(link.changed for link in network.links):
            return
        members = {name: self._cells(name) for name in loop.positions if name in linked}
        for name, cells in members.items():
            if not all(isinstance(cell, JointCell) for cell in cells):
                raise EvsimValueError(
                    f"the reference engine joins populations before their first run, and {name} has run alone."
                )
        for joint in joints_of(members, network.links, network.dt):  # type: ignore[arg-type]
            for cell in joint.cells:
                cell.advance(loop.time)
        for link in network.links:
            link.changed.clear()
        self._n_links = len(network.links)

    def _take_population(self, population: Population, is_linked: bool) -> None:
        known = {*population.state, *population.parameters}
        if population.name not in self._loop.positions:
            position, start, dt = len(self._loop.cells), self._loop.time, self._network.dt
            kind = JointCell if is_linked else Cell
            cells = [
                kind(f"{population.name}[{i}]", (position, i), population.model, values, start, dt)
                for i, values in enumerate(_values(population, known))
            ]
            self._loop.add_cells(population.name, cells)
        elif population.changed - {"refractory"}:
            names = population.changed & known
            for cell, values in zip(self._cells(population.name), _values(population, names), strict=True):
                cell.advance(self._loop.time)
                cell.put(values)
                if population.changed - known:
                    cell.take_functions()
            self._loop.look_at(self._cells(population.name))
        pauses = np.broadcast_to(population.refractory, population.size)
        for cell, pause in zip(self._cells(population.name), pauses, strict=True):
            cell.pause = exact.duration(float(pause), self._network.dt)
        population.changed.clear()

    def _train(self, source: SpikeTrainSource | PoissonSource | PoissonDrive) -> SpikeTrainSource:
        if isinstance(source, SpikeTrainSource):
            return source
        if source.name not in self._arrivals:
            raise EvsimValueError(
                f"the reference engine draws no random numbers: {source.name} needs what the compiled engine "
                f"drew; pass arrivals={{{source.name!r}: ...}}, or use evsim.verify, which does."
            )
        return self._arrivals[source.name]

    # And back.

    def _write_back(self) -> None:
        for population in self._network.populations:
            cells = self._cells(population.name)
            states = [cell.states_at(self._loop.time) for cell in cells]
            for name in population.model.states:
                population.state[name][:] = [float(state[name]) for state in states]
            for name in self._written(population) & set(population.model.parameters):
                population.parameters[name] = np.array([float(cell.values[name]) for cell in cells])
        for variables in self._synapses.values():
            variables.write_back(self._loop.time)

    def _written(self, population: Population) -> set[str]:
        written = {each.target for each in population.model.reset}
        if isinstance(population.model, GeneralModel):
            written |= {each.target for event in population.model.events for each in event.code}
        for projection in self._network.projections:
            ends = {"neuron": projection.target, "source": projection.source, "integrated": projection.own}
            written |= {each.target for each in projection.code if ends.get(each.where) == population.name}
        return written


def _values(population: Population, names: set[str]) -> list[dict[str, Any]]:
    """The named states and parameters of every neuron, exactly."""
    columns = {name: population.state.get(name, population.parameters.get(name, 0.0)) for name in names}
    rows = {name: np.broadcast_to(column, population.size) for name, column in columns.items()}
    return [{name: mp.mpf(float(row[i])) for name, row in rows.items()} for i in range(population.size)]
