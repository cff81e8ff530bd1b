"""The list of future events, in the one order that every engine keeps."""

from __future__ import annotations

from enum import IntEnum

from sortedcontainers import SortedList

from evsim.reference.cell import Cell, Entry
from evsim.reference.exact import Exact


class Kind(IntEnum):
    """What happens, in the order of one instant, and what the numbers of its entry count."""

    EMIT = 0  # (source, spike): a given spike leaves its source
    RELEASE = 1  # (population, neuron): a refractory period ends
    DRIVE = 2  # (drive, arrival): a Poisson event of one neuron
    DELIVER = 3  # (projection, source element, synapse)
    LOOK = 4  # (population, neuron): silent so far, look further
    CROSS = 5  # (population, neuron): the threshold is crossed


class Agenda:
    """Entries (time, kind, three numbers); tuples sort by time, then by kind, then by position."""

    def __init__(self) -> None:
        self._entries: SortedList = SortedList()

    def add(self, time: Exact, kind: Kind, *numbers: int) -> Entry:
        """Enter an event."""
        first, second, third = (*numbers, 0, 0)[:3]
        entry = (time, int(kind), first, second, third)
        self._entries.add(entry)
        return entry

    def plan(self, cell: Cell, time: Exact, kind: Kind) -> None:
        """Enter what a neuron does next by itself, in place of what it planned before."""
        self.forget(cell)
        cell.entry = self.add(time, kind, *cell.address)

    def forget(self, cell: Cell) -> None:
        """Take out what a neuron planned."""
        if cell.entry is not None:
            self._entries.remove(cell.entry)
            cell.entry = None

    def first_time(self) -> Exact | None:
        """The instant of the next event, if there is any."""
        return self._entries[0][0] if self._entries else None

    def pop_at(self, time: Exact) -> Entry | None:
        """Take out the next event if it is due at exactly `time`."""
        return self._entries.pop(0) if self._entries and self._entries[0][0] == time else None
