"""A variable as an attribute: an array with units that reads and writes the values of its group."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evsim.equations.declaration import Variable
from evsim.units import Quantity, quantity

_NUMPY_TYPES = {"float": np.float64, "boolean": np.bool_, "integer": np.int64}


class Owner(Protocol):
    """The elements that a view shows a variable of."""

    def _count(self) -> int: ...
    def _label(self) -> str: ...
    def _variable(self, name: str) -> Variable: ...
    def _positions(self, item: Any) -> Any: ...
    def _write(self, name: str, value: Any, item: Any) -> None: ...


class VariableView(Quantity):
    """The present values of one variable; `[...]` reads a copy, assignment writes them.

    What numpy makes from a view, such as `view.copy()` or `view.reshape(2, 5)`, belongs to no elements (None) and is
    an array of its own.
    """

    _elements: Owner | None
    _name: str

    @classmethod
    def over(cls, values: NDArray[np.float64], elements: Owner, name: str) -> VariableView:
        """A view of values that belong to the variable `name`."""
        view = values.view(cls)
        view.flags.writeable = False
        view.dimension = elements._variable(name).dimension
        view._elements, view._name = elements, name
        return view

    def __array_finalize__(self, obj: Any) -> None:
        super().__array_finalize__(obj)
        self._elements, self._name = None, ""

    def __getitem__(self, item: Any) -> Any:
        if self._elements is None:
            return super().__getitem__(item)
        plain = np.asarray(self)
        if _is_of_shape(item):
            return quantity(np.array(plain[item]), self.dimension)
        if plain.ndim == 0 and not is_everything(item):
            plain = np.broadcast_to(plain, (self._elements._count(),))
        chosen = plain[self._elements._positions(item)] if plain.ndim else plain
        kind = self._elements._variable(self._name).type
        return quantity(np.array(chosen, dtype=_NUMPY_TYPES[kind])[()], self.dimension)

    def __setitem__(self, item: Any, value: Any) -> None:
        if self._elements is None:
            super().__setitem__(item, value)
        else:
            self._elements._write(self._name, value, item)

    def __iadd__(self, other: Any) -> VariableView:  # type: ignore[override,misc]
        return self._changed_to(self[:] + values_of(other))

    def __isub__(self, other: Any) -> VariableView:  # type: ignore[override,misc]
        return self._changed_to(self[:] - values_of(other))

    def __imul__(self, other: Any) -> VariableView:  # type: ignore[override,misc]
        return self._changed_to(self[:] * values_of(other))

    def __itruediv__(self, other: Any) -> VariableView:  # type: ignore[override,misc]
        return self._changed_to(self[:] / values_of(other))

    def _changed_to(self, value: Any) -> VariableView:
        if self._elements is None:
            super().__setitem__(slice(None), value)
        else:
            self._elements._write(self._name, value, slice(None))
        return self

    def __repr__(self) -> str:
        values = repr(quantity(np.array(self), self.dimension))
        return values if self._elements is None else f"<{self._elements._label()}.{self._name}: {values}>"


def is_everything(item: Any) -> bool:
    """Whether an index is `:`."""
    return isinstance(item, slice) and item == slice(None)


def _is_of_shape(item: Any) -> bool:
    """Whether an index with None or ... is about the shape of the array, as plot functions ask, not about elements."""
    return any(each is None or each is Ellipsis for each in (item if isinstance(item, tuple) else (item,)))


def values_of(value: Any) -> Any:
    """A copy of what a view shows; anything else as it is."""
    return value[:] if isinstance(value, VariableView) else value
