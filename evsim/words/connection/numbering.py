"""The number of each synapse among those of its pair of neurons."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError


def numbers_in_pairs(i: NDArray[Any], j: NDArray[Any]) -> NDArray[np.float64]:
    """0, 1, ... for the synapses of each pair, in the order in which they were made."""
    order = np.lexsort((j, i))
    is_first = np.append(True, (np.diff(i[order]) != 0) | (np.diff(j[order]) != 0))[: order.size]
    places = np.arange(order.size)
    found = np.zeros(order.size)
    found[order] = places - np.maximum.accumulate(np.where(is_first, places, 0))
    return found


def checked_index_name(name: Any, taken: Container[str], where: str) -> str | None:
    """The name of a variable for these numbers, None for none."""
    if name is None:
        return None
    if not isinstance(name, str) or not name.isidentifier():
        raise EvsimTypeError(f"multisynaptic_index of {where}: got {name!r}; give a name, as in 'k'")
    if name in taken or name in ("i", "j"):
        raise EvsimValueError(
            f"multisynaptic_index of {where}: there is a variable {name} already; give another name"
        )
    return name


__all__ = ["checked_index_name", "numbers_in_pairs"]
