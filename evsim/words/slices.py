"""Elements in a row, and slices of them, which are sources and targets like the whole group."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.declaration import Variable
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, require
from evsim.words.actions.operations import HasOperations
from evsim.words.clocks import Clock
from evsim.words.variables.elements import Elements

MOST = 2**31 - 64  # elements of one group


class Sliceable(HasOperations, Elements):
    """Elements in a row, of which slices are sources and targets too."""

    _clock: Clock | None = None

    @property
    def _group(self) -> Any:
        """The whole group."""
        return self

    @property
    def N(self) -> int:
        """How many elements there are."""
        return self._count()

    @property
    def i(self) -> NDArray[np.int64]:
        """The index of every element."""
        return np.arange(self._count(), dtype=np.int64)

    def __len__(self) -> int:
        return self._count()

    def __getitem__(self, item: Any) -> Subgroup:
        start, stop = _bounds_of(item, self._count(), self._label())
        offset = self._bounds()[0]
        return Subgroup(self._group, offset + start, offset + stop)


class Subgroup(Sliceable):
    """Elements start..stop-1 of a group; indices count from start."""

    def __init__(self, group: Any, start: int, stop: int) -> None:
        self._whole = group
        self._first, self._last = start, stop
        self._storage, self._namespace = group._storage, group._namespace
        self._has_equations = group._has_equations

    @property
    def name(self) -> str:
        """The group's name with the slice."""
        return f"{self._group.name}[{self._first}:{self._last}]"

    @property
    def _group(self) -> Any:
        return self._whole

    def _bounds(self) -> tuple[int, int]:
        return self._first, self._last

    def _subexpression(self, variable: Variable) -> NDArray[np.float64]:
        values: NDArray[np.float64] = self._whole._subexpression(variable)  # where i counts from its start
        return values[self._first : self._last]

    def __repr__(self) -> str:
        return f"<Subgroup {self.name} of {len(self)} elements>"


def checked_size(N: Any, name: str) -> int:
    """A number of elements, 1 or more."""
    N = require(N, DIMENSIONLESS, f"N of {name}")
    if isinstance(N, bool) or not (hasattr(N, "__index__") or (isinstance(N, float) and N.is_integer())):
        raise EvsimTypeError(f"{name}: N is {N!r}; give a whole number of elements")
    if int(N) < 1:
        raise EvsimValueError(f"{name}: N is {N}; give 1 or more elements")
    if int(N) > MOST:
        raise EvsimValueError(
            f"{name}: N is {N}; give {MOST} elements or fewer, in several groups if need be"
        )
    return int(N)


def _bounds_of(item: Any, n: int, label: str) -> tuple[int, int]:
    """Start and stop of a slice, a single index or a list of successive indices."""
    if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
        index = int(item) + (n if item < 0 else 0)
        item = slice(index, index + 1)
    elif isinstance(item, (list, np.ndarray, range)):
        indices = np.asarray(item)
        if indices.size == 0 or indices.dtype.kind not in "iu" or np.any(np.diff(indices) != 1):
            raise EvsimValueError(f"{label}: a slice of a group has successive indices, as in {label}[2:5]")
        item = slice(int(indices[0]), int(indices[-1]) + 1)
    if not isinstance(item, slice) or item.step not in (None, 1):
        raise EvsimTypeError(f"{label}[{item!r}]: give a slice without step, as in {label}[:800]")
    start, stop, _ = item.indices(n)
    for bound in (item.start, item.stop):
        if bound is not None and not -n <= bound <= n:
            raise EvsimValueError(f"{label}[{bound}]: out of range; there are {n} elements, 0 to {n - 1}")
    if stop <= start:
        raise EvsimValueError(f"{label}[{start}:{stop}] has no elements; there are {n}, 0 to {n - 1}")
    return start, stop
