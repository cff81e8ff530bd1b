"""The event loop: take what is due at the next instant, test thresholds once, let the spikes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import mpmath as mp

from evsim.description import CustomEvent, PoissonDrive, SpikeTrainSource
from evsim.errors import EvsimRuntimeError
from evsim.reference.agenda import Agenda, Kind
from evsim.reference.cell import Cell
from evsim.reference.endless import EndlessInstant
from evsim.reference.exact import Exact, instant, later
from evsim.reference.sampling import Sampler
from evsim.reference.wiring import Wiring


class Spike(NamedTuple):
    """A spike of one element; `conditioning` is the shift of its time (s) by one rounding of a double.

    `states` are those that are recorded with it, as they were before the reset.
    """

    time: Exact
    element: int
    conditioning: float
    states: tuple[Exact, ...] = ()


def emitter_of(name: str, event: str = "spike") -> str:
    """Under which name the spikes, or the custom events, of a population or source are known."""
    return name if event == "spike" else f"{name}, {event}"


class Loop:
    """A network on its way: neurons, trains, synapses and the agenda of what is to come.

    The order at one instant: given spikes leave their sources; refractory periods end; Poisson drives and
    deliveries act, ordered by (projection, source element, synapse); thresholds are tested, once; resets run;
    spikes leave. Their deliveries of zero delay are due at the same instant and make another round of it.
    """

    def __init__(self, dt: float) -> None:
        self.dt = dt
        self.time: Exact = mp.mpf(0)
        self.agenda = Agenda()
        self.cells: list[list[Cell]] = []
        self.positions: dict[str, int] = {}
        self.trains: list[tuple[str, SpikeTrainSource]] = []
        self.drives: list[tuple[PoissonDrive, SpikeTrainSource]] = []
        self.wirings: list[Wiring] = []
        self.samplers: dict[str, Sampler] = {}
        self.spikes: dict[str, list[Spike]] = defaultdict(list)
        self.seen: dict[str, tuple[str, ...]] = {}  # states that are recorded at spikes, by population
        self._outgoing: dict[str, list[int]] = defaultdict(list)
        self._endless = EndlessInstant(self._targets_at_once)

    def add_cells(self, name: str, cells: list[Cell]) -> None:
        """Add a population."""
        self.positions[name] = len(self.cells)
        self.cells.append(cells)
        self.look_at(cells)

    def look_at(self, cells: list[Cell]) -> None:
        """Have the thresholds of neurons tested at the present instant, since their values are new."""
        for cell in cells:
            if cell.release is None or cell.events:
                self.agenda.plan(cell, self.time, Kind.LOOK)

    def add_train(self, name: str, train: SpikeTrainSource) -> None:
        """Add a source of given spikes."""
        self.trains.append((name, train))
        self._schedule(Kind.EMIT, len(self.trains) - 1, train, 0)

    def add_drive(self, drive: PoissonDrive, train: SpikeTrainSource) -> None:
        """Add a drive with its arrivals."""
        self.drives.append((drive, train))
        self._schedule(Kind.DRIVE, len(self.drives) - 1, train, 0)

    def add_wiring(self, wiring: Wiring) -> None:
        """Add the synapses of a projection."""
        emitter = emitter_of(wiring.projection.emitter, wiring.projection.event)
        self._outgoing[emitter].append(len(self.wirings))
        self.wirings.append(wiring)

    def run_to(self, end: Exact) -> Iterator[Exact]:
        """Do everything before `end`, yielding the time after every round."""
        while (following := self.agenda.first_time()) is not None and following < end:
            self._sample_before(following)
            self.time = following
            self._round()
            yield self.time
        self._sample_before(end)
        self.time = end

    def _sample_before(self, time: Exact) -> None:
        for sampler in self.samplers.values():
            sampler.sample_before(time)

    def _round(self) -> None:
        touched: dict[tuple[int, int], Cell] = {}
        crossing: dict[tuple[int, int], Cell] = {}
        while (entry := self.agenda.pop_at(self.time)) is not None:
            _, kind, first, second, third = entry
            if kind == Kind.EMIT:
                self._emit(first, second)
                continue
            if kind == Kind.DRIVE:
                cell = self._drive(first, second)
            elif kind == Kind.DELIVER:
                cell = self._deliver(first, third, touched)
            else:
                cell = self._wake(Kind(kind), first, second)
            (crossing if kind == Kind.CROSS else touched)[cell.address] = cell
        for cell in [*touched.values(), *crossing.values()]:
            for mate in cell.mates:
                if mate.address not in crossing:
                    touched.setdefault(mate.address, mate)
        sure = {address: cell for address, cell in crossing.items() if address not in touched}
        for cell in touched.values():
            cell.settle()
        over = {address: cell for address, cell in touched.items() if cell.is_over()}
        firing = [cell for _, cell in sorted((sure | over).items())]
        happened = {
            address: events
            for address, cell in (touched | crossing).items()
            if cell.events and (events := cell.happened())
        }
        acting = [
            cell
            for _, cell in sorted((touched | crossing).items())
            if cell in firing or cell.address in happened
        ]
        self._endless.note(self.time, acting, sum(map(len, self.cells)))
        for cell in acting:
            conditioning = cell.conditioning() if cell.address in sure else 0.0
            self._react(cell, happened.get(cell.address, []))
            if cell in firing:
                self._fire(cell, conditioning)
        for cell in (touched | crossing).values():
            self._plan(cell)
        for cell in acting:
            self.look_at([each for each in cell.mates if each not in acting])
            self.look_at([cell] if cell.events else [])

    def _emit(self, source: int, number: int) -> None:
        name, train = self.trains[source]
        self._let_out(name, int(train.indices[number]), 0.0)
        self._schedule(Kind.EMIT, source, train, number + 1)

    def _schedule(self, kind: Kind, position: int, train: SpikeTrainSource, number: int) -> None:
        """Enter the next spike of a train; those before the present time are over."""
        while number < len(train.indices):
            time = instant(train.ticks[number], train.offsets[number], self.dt)
            if time >= self.time:
                self.agenda.add(time, kind, position, number)
                return
            number += 1

    def _wake(self, kind: Kind, population: int, index: int) -> Cell:
        cell = self.cells[population][index]
        cell.entry = None
        cell.advance(self.time)
        if kind == Kind.RELEASE:
            cell.set_release(None)
        return cell

    def _drive(self, position: int, number: int) -> Cell:
        drive, train = self.drives[position]
        cell = self.cells[self.positions[drive.target]][drive.start + int(train.indices[number])]
        cell.advance(self.time)
        cell.write(drive.state, "add", mp.mpf(drive.weight))
        self._schedule(Kind.DRIVE, position, train, number + 1)
        return cell

    def _deliver(self, position: int, synapse: int, touched: dict[tuple[int, int], Cell]) -> Cell:
        """Run the code of a synapse; a source neuron that it changes is touched, too."""
        wiring = self.wirings[position]
        cell, source = self._target(wiring, synapse), self._source(wiring, synapse)
        cell.advance(self.time)
        if source is not None:
            source.advance(self.time)
        own = self._own(wiring, synapse)
        if own is not None:
            own.advance(self.time)
            touched[own.address] = own
        wiring.deliver(synapse, cell, source, own)
        if source is not None and any(each.where == "source" for each in wiring.projection.code):
            touched[source.address] = source
        return cell

    def _source(self, wiring: Wiring, synapse: int) -> Cell | None:
        """The source neuron, where the code names states of it."""
        position = self.positions.get(wiring.projection.source)
        cell = None if position is None else self.cells[position][wiring.source(synapse)]
        known = () if cell is None else (*cell.model.states, *getattr(cell.model, "inputs", ()))
        return cell if wiring.projection.states_of_source(known) else None

    def _own(self, wiring: Wiring, synapse: int) -> Cell | None:
        """The cell of the synapse's integrated variables, where the code names these."""
        name = wiring.projection.own
        return self.cells[self.positions[name]][synapse] if name else None

    def _target(self, wiring: Wiring, synapse: int) -> Cell:
        return self.cells[self.positions[wiring.projection.target]][wiring.target(synapse)]

    def _react(self, cell: Cell, events: list[CustomEvent]) -> None:
        """What custom events do to their neuron, and who hears of them."""
        name = self._name_of(cell)
        states = tuple(cell.values[state] for state in self.seen.get(name, ()))
        for each in events:
            self._let_out(emitter_of(name, each.name), cell.address[1], 0.0, states)
            cell.react(each.code)

    def _fire(self, cell: Cell, conditioning: float) -> None:
        name = self._name_of(cell)
        states = tuple(cell.values[state] for state in self.seen.get(name, ()))
        self._let_out(name, cell.address[1], conditioning, states)
        cell.spike()
        if cell.is_over():
            raise EvsimRuntimeError(
                f"{cell.name} is above its threshold after its reset at t = {mp.nstr(self.time, 17)} s and "
                "would spike for ever; reset it to below the threshold or give it a refractory period."
            )

    def _let_out(
        self, source: str, element: int, conditioning: float, states: tuple[Exact, ...] = ()
    ) -> None:
        self.spikes[source].append(Spike(self.time, element, conditioning, states))
        for position in self._outgoing[source]:
            wiring = self.wirings[position]
            for synapse in wiring.row(element):
                arrival = later(self.time, wiring.delay(synapse))
                self.agenda.add(arrival, Kind.DELIVER, position, element, synapse)

    def _plan(self, cell: Cell) -> None:
        """Enter what a neuron does next if nothing comes in between."""
        if cell.release is not None:
            self.agenda.plan(cell, cell.release, Kind.RELEASE)
        elif cell.is_held:
            time, is_end = cell.next_end()
            self.agenda.plan(cell, time, Kind.RELEASE if is_end else Kind.LOOK)
        elif cell.model.threshold is not None:
            time, is_crossing = cell.next_crossing()
            self.agenda.plan(cell, time, Kind.CROSS if is_crossing else Kind.LOOK)
        following = cell.next_event()
        if following is not None and (cell.entry is None or following < cell.entry[0]):
            self.agenda.plan(cell, following, Kind.LOOK)

    def _targets_at_once(self, cell: Cell) -> Iterator[Cell]:
        name = self._name_of(cell)
        emitters = [name, *(emitter_of(name, each.name) for each in cell.events)]
        for position in (each for emitter in emitters for each in self._outgoing[emitter]):
            wiring = self.wirings[position]
            for synapse in wiring.row(cell.address[1]):
                if not wiring.delay(synapse):
                    yield self._target(wiring, synapse)

    def _name_of(self, cell: Cell) -> str:
        return next(name for name, position in self.positions.items() if position == cell.address[0])
