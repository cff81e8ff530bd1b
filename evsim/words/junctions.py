"""Electrical synapses between groups: what their ends are, and which pairs of cells they may connect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import Side
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.words.connection.pairs import Pairs
from evsim.words.neurons import NeuronGroup


def side_of(end: Any, name: str) -> Side:
    """One end of junctions: neurons, or a slice of them."""
    group = end._group
    if not isinstance(group, NeuronGroup):
        raise EvsimTypeError(
            f"{name}: {group.name} has no membrane potential; a junction is between neurons of NeuronGroups"
        )
    return Side(group._equations, group._membrane, bool(group._threshold and group._reset))


def refuse_pairs(synapses: Any, before: Pairs, added: Pairs, where: str) -> None:
    """No junction leads from a cell to itself; symmetric ones are there once."""
    ends = _in_groups(synapses, added)
    if synapses._source._group is synapses._target._group:
        for cell in ends[0][ends[0] == ends[1]][:1]:
            raise EvsimValueError(
                f"{where}: a junction of cell {cell} of {synapses._source._group.name} with itself; leave it out, as "
                f"in connect('{'i < j' if synapses._is_symmetric else 'i != j'}')"
            )
    if synapses._is_symmetric:
        known = _in_groups(synapses, before)
        keys = _keys(synapses, (np.concatenate([known[0], ends[0]]), np.concatenate([known[1], ends[1]])))
        if (twice := _first_twice(keys)) is not None:
            raise EvsimValueError(
                f"{where}: the symmetric junction of {_named(synapses, twice)} is declared twice; each pair once makes "
                "both directions, as in connect('i < j')"
            )


def refuse_double_junctions(objects: Iterable[Any]) -> None:
    """A symmetric junction is not declared again by other Synapses of the same model."""
    seen: dict[tuple[str, frozenset[str]], list[Any]] = {}
    for each in objects:
        model = each._junction
        if model is None or not each._is_connected:
            continue
        groups = frozenset({each._source._group.name, each._target._group.name})
        others = seen.setdefault((model.name, groups), [])
        for other in others:
            _refuse_common(other, each)
        others.append(each)


def _refuse_common(first: Any, second: Any) -> None:
    if not (first._is_symmetric or second._is_symmetric):
        return
    keys = [_keys(each, _in_groups(each, (each.i, each.j))) for each in (first, second)]
    common = np.intersect1d(keys[0], keys[1])
    if common.size:
        raise EvsimValueError(
            f"the symmetric junction of {_named(second, int(common[0]))} is declared twice, by {first.name} and by "
            f"{second.name}; leave one of them out"
        )


def _in_groups(synapses: Any, pairs: Pairs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both ends, counted in their whole groups."""
    ends = (synapses._source, synapses._target)
    i, j = (np.asarray(index, np.int64) + end._bounds()[0] for index, end in zip(pairs, ends, strict=True))
    return i, j


def _in_order(synapses: Any) -> list[Any]:
    """The groups at both ends, in whichever direction the synapses lead."""
    return sorted([synapses._source._group, synapses._target._group], key=lambda group: str(group.name))


def _keys(synapses: Any, ends: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.int64]:
    """One number for each pair of cells, in whichever direction it was declared."""
    groups, (i, j) = _in_order(synapses), ends
    if groups[0] is groups[1]:
        i, j = np.minimum(i, j), np.maximum(i, j)
    elif groups[0] is not synapses._source._group:
        i, j = j, i
    return i * len(groups[1]) + j


def _first_twice(keys: NDArray[np.int64]) -> int | None:
    order = np.sort(keys)
    again = np.flatnonzero(order[1:] == order[:-1])
    return int(order[again[0]]) if again.size else None


def _named(synapses: Any, key: int) -> str:
    groups = _in_order(synapses)
    i, j = divmod(key, len(groups[1]))
    return f"{groups[0].name}[{i}] and {groups[1].name}[{j}]"


__all__ = ["refuse_double_junctions", "refuse_pairs", "side_of"]
