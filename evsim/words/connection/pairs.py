"""Which source element connects to which target element: arrays i, j from rules, without units or names.

Rules that test every pair look at blocks of pairs, so that memory follows the synapses and not the pairs. A
constant probability jumps from one synapse to the next and never looks at the pairs between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.rows import Rows

Indices = NDArray[np.int64]
Targets = NDArray[np.int32]
Pairs = tuple[Indices, Indices]
RowPairs = tuple[Rows, Targets]  # sorted by i
PairTest = Callable[[Indices, Indices], NDArray[np.bool_]]

_BLOCK = 1 << 18  # pairs tested at a time
_STRIDE = 1 << 14  # synapses drawn at a time: they stay in the cache


def all_pairs(n_source: int, n_target: int) -> RowPairs:
    """Every source element with every target element, sorted by i, then j."""
    rows = Rows(np.arange(n_source + 1, dtype=np.int64) * n_target)
    return rows, np.tile(np.arange(n_target, dtype=np.int32), n_source)


def given_pairs(i: Any, j: Any, n_source: int, n_target: int, where: str) -> Pairs:
    """The pairs (i[k], j[k]); one of the two may be a single index."""
    first = checked_indices(i, n_source, f"{where}: i")
    second = checked_indices(j, n_target, f"{where}: j")
    if first.size != second.size and 1 not in (first.size, second.size):
        raise EvsimValueError(
            f"{where}: i has {first.size} entries and j has {second.size}; give equally many, or one for all"
        )
    first, second = np.broadcast_arrays(first, second)
    return first.copy(), second.copy()


def checked_indices(values: Any, size: int, where: str) -> Indices:
    """Indices as an array of int64, each in 0..size-1."""
    indices = np.atleast_1d(np.asarray(values))
    if indices.ndim != 1:
        raise EvsimValueError(f"{where} has shape {indices.shape}; give one index or a flat list of them")
    if indices.size == 0:
        return np.zeros(0, dtype=np.int64)
    if indices.dtype.kind not in "iu":
        broken = indices[indices != np.rint(indices)] if indices.dtype.kind == "f" else indices
        raise EvsimTypeError(
            f"{where} holds {[*broken, indices[0]][0]}; indices are whole numbers, as in [0, 1]"
        )
    wrong = indices[(indices < 0) | (indices >= size)]
    if wrong.size:
        raise EvsimValueError(
            f"{where} holds {wrong[0]}, out of range; there are {size} elements, 0 to {size - 1}"
        )
    return indices.astype(np.int64)


def random_pairs(n_source: int, n_target: int, p: float, generator: np.random.Generator) -> RowPairs:
    """Each pair with probability p, sorted by i, then j; the work is proportional to the synapses."""
    if p == 1.0:
        return all_pairs(n_source, n_target)
    total = n_source * n_target
    room = int(total * p + 8 * np.sqrt(total * p) + 64)
    targets = np.empty(room, dtype=np.int32)
    first = np.zeros(n_source + 1, dtype=np.int64)
    filled = 0
    for position in _random_positions(total, p, generator):
        end = filled + position.size
        if end > room:
            room = 2 * end
            targets = np.resize(targets, room)
        sources = position // n_target
        targets[filled:end] = position - sources * n_target
        _count(sources, first)
        filled = end
    targets.resize(filled, refcheck=False)
    return Rows(np.cumsum(first)), targets


def _count(ascending: Indices, first: Indices) -> None:
    """Add to first[s + 1] how often s occurs."""
    edges = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
    begins = np.concatenate([np.zeros(min(1, ascending.size), dtype=np.int64), edges])
    first[ascending[begins] + 1] += np.diff(begins, append=ascending.size)


def _random_positions(total: int, p: float, generator: np.random.Generator) -> Iterator[Indices]:
    """Positions of the successes among `total` trials: the gaps between them are geometric."""
    if p == 0.0:
        return
    rate = -np.log1p(-p)
    last = -1
    while last < total - 1:
        expected = (total - last) * p
        size = int(min(_STRIDE, expected + 6 * np.sqrt(expected) + 16))
        gaps = np.minimum(generator.standard_exponential(size) / rate, total).astype(np.int64)
        gaps += 1
        gaps[0] += last
        position = np.cumsum(gaps, out=gaps)
        last = int(position[-1])
        yield position[: np.searchsorted(position, total)]


def tested_pairs(n_source: int, n_target: int, is_connected: PairTest) -> Pairs:
    """The pairs for which the test holds, sorted by i, then j."""
    kept: list[Pairs] = [_no_pairs()]
    for i, j in _blocks_of_pairs(n_source, n_target):
        connected = is_connected(i, j)
        kept.append((i[connected], j[connected]))
    return _joined(kept)


def filtered_pairs(pairs: Pairs | RowPairs, is_connected: PairTest) -> Pairs:
    """Those of the pairs for which the test holds."""
    kept: list[Pairs] = [_no_pairs()]
    sources, targets = spelled_out(pairs)
    for start in range(0, sources.size, _BLOCK):
        i, j = sources[start : start + _BLOCK], targets[start : start + _BLOCK]
        connected = is_connected(i, j)
        kept.append((i[connected], j[connected]))
    return _joined(kept)


def _blocks_of_pairs(n_source: int, n_target: int) -> Iterator[Pairs]:
    total = n_source * n_target
    for start in range(0, total, _BLOCK):
        position = np.arange(start, min(start + _BLOCK, total), dtype=np.int64)
        i = position // n_target
        yield i, position - i * n_target


def ranges(start: ArrayLike, stop: ArrayLike, step: ArrayLike, n: int) -> Pairs:
    """range(start[k], stop[k], step[k]) for every k in 0..n-1, as (k, element) one after the other."""
    first, last, stride = (_whole_numbers(values, n) for values in (start, stop, step))
    if np.any(stride == 0):
        raise EvsimValueError("range() in generator text: the step is 0; give another one")
    count = np.maximum(0, -((first - last) // stride))
    owner = np.repeat(np.arange(n, dtype=np.int64), count)
    position = np.arange(owner.size, dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    return owner, first[owner] + position * stride[owner]


def random_ranges(n_owner: int, n_values: int, p: float, generator: np.random.Generator) -> Pairs:
    """For every owner each of range(n_values) with probability p, as (owner, element)."""
    return spelled_out(random_pairs(n_owner, n_values, p, generator))


def random_samples(n_owner: int, n_values: int, size: int, generator: np.random.Generator) -> Pairs:
    """For every owner `size` different values of range(n_values), ascending, as (owner, element)."""
    if not 0 <= size <= n_values:
        raise EvsimValueError(f"sample(..., size={size}): cannot draw that many from {n_values} elements")
    rows = [np.sort(generator.choice(n_values, size, replace=False)) for _ in range(n_owner)]
    owner = np.repeat(np.arange(n_owner, dtype=np.int64), size)
    return owner, np.concatenate([*rows, np.zeros(0, dtype=np.int64)]).astype(np.int64)


def check_probability(p: ArrayLike, where: str) -> NDArray[np.float64]:
    """Probabilities in [0, 1], or an error with the first that is not."""
    values = np.asarray(p, dtype=np.float64)
    wrong = values[~((values >= 0) & (values <= 1))]
    if wrong.size:
        raise EvsimValueError(f"{where}: p is {wrong.flat[0]}; a probability lies between 0 and 1")
    return values


def _whole_numbers(values: ArrayLike, n: int) -> Indices:
    array = np.broadcast_to(np.asarray(values), (n,))
    if array.size and array.dtype.kind == "f":
        wrong = array[array != np.rint(array)]
        if wrong.size:
            raise EvsimTypeError(
                f"range() in generator text: got {wrong[0]}; give whole numbers, as in int(i/2)"
            )
    return array.astype(np.int64)


def spelled_out(pairs: Pairs | RowPairs) -> Pairs:
    """The pairs as two arrays of int64."""
    return np.asarray(pairs[0], dtype=np.int64), np.asarray(pairs[1], dtype=np.int64)


def _no_pairs() -> Pairs:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def _joined(parts: list[Pairs]) -> Pairs:
    return np.concatenate([i for i, _ in parts]), np.concatenate([j for _, j in parts])
