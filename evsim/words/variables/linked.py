"""Variables that read a variable of another group: `cells.tau = linked_var(types, "tau", index=[0, 0, 1])`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evsim.equations.declaration import Variable
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.units import DimensionMismatchError
from evsim.words.variables.storage import Storage
from evsim.words.variables.view import VariableView


class Source(Protocol):
    """A group, or a slice of one, whose variable is read."""

    _storage: Storage

    def _count(self) -> int: ...
    def _label(self) -> str: ...
    def _present(self, name: str) -> NDArray[np.float64]: ...
    def _variable(self, name: str) -> Variable: ...


@dataclass(frozen=True, eq=False)
class LinkedVariable:
    """What `linked_var` returns: a variable of `source`, to be read through `index`."""

    source: Source
    name: str
    index: Any = None

    def values(self, n: int) -> NDArray[np.float64]:
        """The present values for n elements."""
        values = self.source._present(self.name)
        return np.broadcast_to(values if self.index is None or values.ndim == 0 else values[self.index], (n,))

    @property
    def is_single(self) -> bool:
        """Whether all elements read one and the same value."""
        return self.index is None and self.source._present(self.name).size == 1

    @property
    def has_changed(self) -> bool:
        """Whether the user changed the source since the last run."""
        storage = self.source._storage
        if self.name in storage.links:
            return bool(storage.links[self.name].has_changed)
        return bool(storage.changed)

    def checked(self, variable: Variable, n: int, what: str) -> LinkedVariable:
        """The same once it is known to fit a variable of n elements."""
        own = self.source._variable(self.name)
        if own.dimension != variable.dimension:
            label = f"{self.source._label()}.{self.name}"
            raise DimensionMismatchError(
                f"{what} cannot be linked to {label}", own.dimension, variable.dimension
            )
        if self.index is None:
            return self._of_equal_size(n, what)
        index = np.asarray(self.index)
        count = self.source._count()
        if index.dtype.kind not in "iu" or index.shape != (n,):
            raise EvsimValueError(
                f"{what}: index needs {n} whole numbers, one for each element, not {self.index!r}"
            )
        wrong = index[(index < 0) | (index >= count)]
        if wrong.size:
            raise EvsimValueError(
                f"{what}: index {wrong[0]} is out of range; {self.source._label()} has the elements 0 to {count - 1}"
            )
        return LinkedVariable(self.source, self.name, index.astype(np.int64))

    def _of_equal_size(self, n: int, what: str) -> LinkedVariable:
        count = self.source._count()
        if count not in (1, n) and "shared" not in self.source._variable(self.name).flags:
            raise EvsimValueError(
                f"{what} has {n} elements and {self.source._label()} has {count}; give index=, the element of "
                f"{self.source._label()} for each of the {n}"
            )
        return self


@dataclass(frozen=True, eq=False)
class Root:
    """What a chain of links ends on: for each element one of the group that has the variable itself."""

    group: Any
    name: str
    index: NDArray[np.int64]


def root_of(link: LinkedVariable, n: int) -> Root:
    """What n elements read by a link, however many links it goes through."""
    source: Any = link.source
    index = np.arange(n, dtype=np.int64) if link.index is None else np.asarray(link.index, dtype=np.int64)
    if link.index is None and source._count() == 1:
        index = np.zeros(n, dtype=np.int64)
    index = index + source._bounds()[0]
    group = source._group
    inner = group._storage.links.get(link.name)
    if inner is None:
        return Root(group, link.name, index)
    deeper = root_of(inner, len(group))
    return Root(deeper.group, deeper.name, deeper.index[index])


def linked_var(group_or_variable: Any, name: str | None = None, index: Any = None) -> LinkedVariable:
    """A variable of another group, to be assigned to one that is declared `x : unit (linked)`.

    Parameters
    ----------
    group_or_variable
        The other group with the `name` of its variable, or the variable itself: `linked_var(other.x)`.
    index
        For each element of this group an element of the other; needed where their numbers differ.
    """
    source: Any = group_or_variable
    if isinstance(group_or_variable, VariableView) and name is None:
        source, name = group_or_variable._elements, group_or_variable._name
    if not hasattr(source, "_storage") or not hasattr(source, "_group"):
        raise EvsimTypeError(
            f'linked_var: got {group_or_variable!r}; give a group and a name, as in linked_var(cells, "x")'
        )
    if not isinstance(name, str) or name not in source._storage.variables:
        known = ", ".join(source._storage.variables)
        raise EvsimValueError(f"linked_var: {source._label()} has no variable {name!r}; it has {known}")
    return LinkedVariable(source, name, index)


def refuse_unlinked(variable: Variable, what: str) -> EvsimError:
    """The error for a linked variable that is linked to nothing yet."""
    return EvsimValueError(
        f'{what} is declared (linked) and linked to nothing; set it, as in {what} = linked_var(other, "x")'
    )
