"""Synapses as rows: the source of every synapse, told by where the synapses of each source begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


class Rows:
    """The sources of synapses that ascend: `first[s]` up to `first[s + 1]` are the synapses of source s.

    Reads like an array of integers, and takes no memory per synapse.
    """

    def __init__(self, first: ArrayLike) -> None:
        self.first: NDArray[np.int64] = np.ascontiguousarray(first, dtype=np.int64)

    @classmethod
    def of(cls, sources: NDArray[Any], n_sources: int) -> Rows | None:
        """The rows of these sources, or None where they do not ascend."""
        if sources.size and (
            np.any(sources[1:] < sources[:-1]) or sources[0] < 0 or sources[-1] >= n_sources
        ):
            return None
        return cls(np.searchsorted(sources, np.arange(n_sources + 1)))

    @property
    def size(self) -> int:
        """How many synapses there are."""
        return int(self.first[-1])

    @property
    def shape(self) -> tuple[int]:
        """The shape of the array that this stands for."""
        return (self.size,)

    def within(self, n_sources: int, start: int) -> Rows:
        """The same synapses where source 0 is number `start` of `n_sources`."""
        after = n_sources - start - (self.first.size - 1)
        return Rows(np.concatenate([np.zeros(start, np.int64), self.first, np.full(after, self.size)]))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("rows become an array as a copy only")
        sources = np.arange(self.first.size - 1, dtype=np.int64 if dtype is None else dtype)
        return np.repeat(sources, np.diff(self.first))

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Any]:
        return iter(np.asarray(self))

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, int | np.integer):
            if not -self.size <= item < self.size:
                raise IndexError(f"synapse {item} of {self.size}")
            return np.searchsorted(self.first, item % self.size, side="right") - 1
        return np.asarray(self)[item]


__all__ = ["Rows"]
