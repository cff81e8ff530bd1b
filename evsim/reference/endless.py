"""Finds zero-delay rings that fire for ever: more rounds at one instant than any finite chain could make."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import mpmath as mp

from evsim.errors import EvsimRuntimeError
from evsim.reference.cell import Cell
from evsim.reference.exact import Exact

PATIENCE = 1000  # rounds beyond one for each neuron: a chain passes each once, a ring may pass for a while


class EndlessInstant:
    """Counts the rounds of the present instant and names the ring when they do not end."""

    def __init__(self, targets_at_once: Callable[[Cell], Iterable[Cell]]) -> None:
        self._targets_at_once = targets_at_once
        self._time: Exact | None = None
        self._rounds: list[list[Cell]] = []

    def note(self, time: Exact, firing: list[Cell], n_cells: int) -> None:
        """Take note of one round; raises when there were too many at this instant."""
        if time != self._time:
            self._time, self._rounds = time, []
        if firing:
            self._rounds.append(firing)
        if len(self._rounds) > n_cells + PATIENCE:
            names = ", ".join(cell.name for cell in self._ring())
            raise EvsimRuntimeError(
                f"a ring of synapses without delay fires for ever at t = {mp.nstr(time, 17)} s: {names}; "
                "give one of its synapses a delay, or its cells a refractory period."
            )

    def _ring(self) -> list[Cell]:
        """Neurons that fired in the second half of the rounds, without those that only listen to the ring."""
        late = self._rounds[len(self._rounds) // 2 :]
        members = {cell.address: cell for firing in late for cell in firing}
        while True:
            dead_ends = [
                address
                for address, cell in members.items()
                if not any(target.address in members for target in self._targets_at_once(cell))
            ]
            if not dead_ends:
                return [members[address] for address in sorted(members)]
            for address in dead_ends:
                del members[address]
