"""What neurons add up at every instant, at the times of samples: worked out from the states of all that take part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.description import Link, StateRecord

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Samples = Callable[[str], Mapping[str, Floats]]
"""The new samples of a record, by state."""

MOST_AT_ONCE = 1_000_000  # values


@dataclass(frozen=True)
class _End:
    """The states of one end that a link names, and where the record has the element of each of its pairs."""

    record: StateRecord
    rows: Indices
    suffix: str


class RecordedSum:
    """One variable of some neurons, as the links say that end on it.

    Parameters
    ----------
    name
        What the records that it needs are called, with a number each.
    elements
        The neurons, counted in their whole group; some may be there twice.
    """

    def __init__(
        self,
        name: str,
        links: Sequence[Link],
        elements: Indices,
        populations: Mapping[str, description.Population],
        step: float,
    ) -> None:
        self._elements, self._where = np.unique(elements, return_inverse=True)
        self._parts: list[tuple[Link, Indices, list[_End]]] = []
        self.records: list[StateRecord] = []
        for link in links:
            chosen = np.flatnonzero(np.isin(link.j, self._elements))
            pairs = chosen[np.argsort(link.j[chosen], kind="stable")]
            ends = []
            names = link.expression.names - link.variables.keys()
            for suffix, population, index in _places(link):
                states = tuple(
                    each for each in populations[population].model.states if f"{each}{suffix}" in names
                )
                if states and pairs.size:
                    own, rows = np.unique(index[pairs], return_inverse=True)
                    record = StateRecord(f"{name}_{len(self.records)}", population, states, own, step)
                    self.records.append(record)
                    ends.append(_End(record, rows, suffix))
            self._parts.append((link, pairs, ends))

    def values(self, samples: Samples, t: Floats, inactive: set[str]) -> Floats:
        """The values at these times, a row for each element."""
        total = np.zeros((self._elements.size, t.size))
        for link, pairs, ends in self._parts:
            if link.name in inactive:
                continue
            recorded = [samples(end.record.name) for end in ends]
            most = max(1, MOST_AT_ONCE // max(1, t.size))
            for first in range(0, pairs.size, most):
                block = slice(first, first + most)
                self._add(total, link, pairs, block, list(zip(ends, recorded, strict=True)), t)
        return total[self._where]

    def _add(
        self,
        total: Floats,
        link: Link,
        pairs: Indices,
        block: slice,
        ends: Sequence[tuple[_End, Mapping[str, Floats]]],
        t: Floats,
    ) -> None:
        """Add what a block of pairs, which are in order of their targets, contributes."""
        chosen = pairs[block]
        known: dict[str, object] = {"t": t}
        for name, value in link.variables.items():
            values = np.asarray(value)
            known[name] = values[chosen][:, np.newaxis] if values.ndim else values
        for end, recorded in ends:
            known |= {f"{state}{end.suffix}": values[end.rows[block]] for state, values in recorded.items()}
        found = np.broadcast_to(link.expression.evaluate(known), (chosen.size, t.size))
        rows, starts = np.unique(np.searchsorted(self._elements, link.j[chosen]), return_index=True)
        total[rows] += np.add.reduceat(found, starts, axis=0)


def _places(link: Link) -> list[tuple[str, str, Indices]]:
    """How a link spells states, of which population, and of which element for each pair."""
    places = [("_pre", link.source, link.i), ("_post", link.target, link.j)]
    return [*places, ("", link.own, np.arange(link.i.size))] if link.own else places


__all__ = ["RecordedSum"]
