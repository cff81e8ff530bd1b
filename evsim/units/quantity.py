"""Quantity: a number or an array with a dimension; the values are always in SI units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError
from evsim.units.array_functions import call
from evsim.units.dimension import DIMENSIONLESS, Dimension
from evsim.units.magnitudes import NUMERIC, dimension_of, fits_any_unit, shown, si
from evsim.units.mismatch import DimensionMismatchError, unit_text
from evsim.units.spelling import best_unit
from evsim.units.ufuncs import apply

FloatArray = NDArray[np.float64]


class Quantity(np.ndarray[Any, np.dtype[np.float64]]):
    """A numpy array of SI values that knows its dimension, which every operation checks.

    Parameters
    ----------
    values : a number, an array, a quantity, or a list of quantities of one dimension.
    dim : the dimension, when values are plain SI numbers.
    """

    dimension: Dimension
    __array_priority__ = 1000.0

    def __new__(cls, values: Any, dim: Dimension | None = None) -> Quantity:
        found = dimension_of(values)
        if dim is not None and found not in (dim, DIMENSIONLESS):
            raise DimensionMismatchError(
                f"Cannot make a quantity in {unit_text(dim)} of {shown(values)}", found, dim
            )
        new = np.array(si(values), dtype=np.float64).view(cls)
        new.dimension = found if dim is None else dim
        return new

    @staticmethod
    def with_dimensions(values: Any, dimension: Dimension) -> Quantity:
        """Plain SI values as a quantity of the given dimension."""
        return Quantity(values, dim=dimension)

    def __array_finalize__(self, obj: Any) -> None:
        self.dimension = getattr(obj, "dimension", DIMENSIONLESS)

    @property
    def dim(self) -> Dimension:
        """Brian's name for `dimension`."""
        return self.dimension

    @property
    def dimensions(self) -> Dimension:
        """Brian's long name for `dimension`."""
        return self.dimension

    @property
    def is_dimensionless(self) -> bool:
        """Whether it is a plain number or array."""
        return self.dimension.is_dimensionless

    def has_same_dimensions(self, other: Any) -> bool:
        """Whether the other has the same dimension."""
        return self.dimension == dimension_of(other)

    # numpy's own functions

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, **options: Any) -> Any:
        if not all(isinstance(x, NUMERIC) for x in inputs):
            return NotImplemented
        result, dimension = apply(ufunc, method, inputs, options)
        out = options.get("out", (None,))
        if out[0] is not None or result is None:
            return out[0]
        return quantity(result, dimension)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _with_units(*call(func, args, kwargs))

    # elements

    def __getitem__(self, item: Any) -> Any:
        return quantity(np.asarray(self)[item], self.dimension)

    def __setitem__(self, item: Any, value: Any) -> None:
        if dimension_of(value) != self.dimension and not fits_any_unit(value):
            what = f"Cannot put {shown(value)} into an array in {unit_text(self.dimension)}"
            raise DimensionMismatchError(what, dimension_of(value), self.dimension)
        self.view(np.ndarray)[item] = si(value)

    def fill(self, value: Any) -> None:
        """Set every element to one value."""
        self[...] = value

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def item(self, *position: Any) -> Any:
        """One element as a scalar quantity."""
        return quantity(np.asarray(self).item(*position), self.dimension)

    def tolist(self) -> Any:
        """Nested lists of scalar quantities."""
        return [self[k].tolist() for k in range(len(self))] if self.ndim else self.item()

    def __pow__(self, power: Any, modulo: None = None) -> Any:
        return super().__pow__(float(power) if isinstance(power, Fraction) else power)

    # a scalar is a value: changing it in place would change every other name of it

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return super().__iadd__(other) if self.ndim else self + other

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        return super().__isub__(other) if self.ndim else self - other

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return super().__imul__(other) if self.ndim and dimension_of(other).is_dimensionless else self * other

    def __itruediv__(self, other: Any) -> Any:  # type: ignore[misc]
        return (
            super().__itruediv__(other)
            if self.ndim and dimension_of(other).is_dimensionless
            else self / other
        )

    def __ipow__(self, other: Any) -> Any:  # type: ignore[override,misc]
        return self**other

    def __eq__(self, other: object) -> Any:
        return super().__eq__(other) if isinstance(other, NUMERIC) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return super().__ne__(other) if isinstance(other, NUMERIC) else NotImplemented

    def __hash__(self) -> int:  # type: ignore[override]
        if self.ndim:
            raise EvsimTypeError(f"An array with units cannot be a key: {shown(self)}")
        return hash((si(self), self.dimension))

    # plain numbers

    def _plain(self, wanted: str) -> Any:
        if not self.dimension.is_dimensionless:
            what = f"{wanted} needs a plain number, not {shown(self)}; divide by a unit first, as in x/ms"
            raise DimensionMismatchError(what, self.dimension, DIMENSIONLESS)
        return np.asarray(self)

    def __float__(self) -> float:
        return float(self._plain("float()"))

    def __int__(self) -> int:
        return int(self._plain("int()"))

    def __complex__(self) -> complex:
        return complex(self._plain("complex()"))

    def __round__(self, decimals: int = 0) -> Any:
        """Rounded in SI units, as np.round does."""
        return np.round(self, decimals)

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """Another type of plain numbers; quantities stay double precision."""
        if self.dimension.is_dimensionless:
            return np.asarray(self).astype(dtype, *args, **options)
        if np.dtype(dtype) != np.float64:
            raise EvsimTypeError(
                f"{shown(self)} stays in double precision; divide by a unit first, as in x/ms"
            )
        return self.copy()

    def copy(self, order: Any = "C") -> Any:
        """The values by themselves: a Quantity also of a unit or a view, a plain array when dimensionless."""
        return quantity(np.array(self, order=order), self.dimension)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return quantity, (np.array(self), self.dimension)

    # text

    def in_best_unit(self, precision: int | None = None) -> str:
        """The values as text in the unit that keeps them near 10: "3.5 mV"."""
        values, symbol, _ = self._to_show()
        return f"{np.array2string(values, precision=precision)} {symbol}".rstrip()

    def in_unit(self, unit: Quantity, precision: int | None = None) -> str:
        """The values as text in the given unit: in_unit(3*volt, mV) is "3000. mV"."""
        if self.dimension != unit.dimension:
            raise DimensionMismatchError(
                f"Cannot show {shown(self)} in {unit}", self.dimension, unit.dimension
            )
        values = np.asarray(np.asarray(self) / si(unit))
        return f"{np.array2string(values, precision=precision)} {str(unit).removeprefix('1. ')}"

    def _to_show(self) -> tuple[FloatArray, str, str]:
        """Values near 10, and the symbol and the name of the unit they are then in."""
        power_of_ten, symbol, name = best_unit(np.asarray(self), self.dimension.exponents)
        return np.asarray(np.asarray(self) / 10.0**power_of_ten), symbol, name

    def __str__(self) -> str:
        return self.in_best_unit()

    def __repr__(self) -> str:
        values, _, name = self._to_show()
        text = repr(values) if self.ndim else np.array2string(values)
        return f"{text} * {name}" if name else text

    def __format__(self, form: str) -> str:
        if not form:
            return str(self)
        values, symbol, _ = self._to_show()
        formatter: Any = {"float_kind": lambda value: format(value, form)}
        return f"{np.array2string(values, formatter=formatter)} {symbol}".rstrip()


def _through_numpy(name: str) -> Callable[..., Any]:
    """The array method as the numpy function of that name, which knows about units."""
    function = getattr(np, name)

    def method(self: Quantity, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__ = name
    method.__doc__ = f"As numpy.{name}."
    return method


for _name in (
    "mean std var sum prod max min cumsum cumprod round clip take trace dot searchsorted compress choose "
    "repeat diagonal any all argmax argmin argsort nonzero put partition argpartition"
).split():
    setattr(Quantity, _name, _through_numpy(_name))


def quantity(values: Any, dimension: Dimension) -> Any:
    """SI values with their dimension: a Quantity, or a plain number or array when dimensionless."""
    if dimension.is_dimensionless:
        return (
            values.item() if isinstance(values, np.ndarray | np.generic) and np.ndim(values) == 0 else values
        )
    if np.iscomplexobj(values):
        raise EvsimTypeError(f"A quantity is real, got {shown(values)}; take the real part first")
    new = np.asarray(values, dtype=np.float64).view(Quantity)
    new.dimension = dimension
    return new


def _with_units(result: Any, dimension: Dimension) -> Any:
    """The real numbers in a result with their dimension; counts, positions and truth values stay plain."""
    if isinstance(result, list | tuple):
        wrapped = [_with_units(item, dimension) for item in result]
        return tuple(wrapped) if isinstance(result, tuple) else wrapped
    is_real = isinstance(result, float) or getattr(result, "dtype", None) == np.float64
    return quantity(result, dimension if is_real else DIMENSIONLESS)


def in_best_unit(x: Any, precision: int | None = None) -> str:
    """The value as text in the unit that keeps it near 10; plain numbers as numpy prints them."""
    return Quantity(x).in_best_unit(precision)
