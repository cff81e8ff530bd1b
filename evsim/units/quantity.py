"""Quantity: a number or an array with a dimension; the values are always in SI bases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evsim.errors import EvsimTypeError
from evsim.units.dimension import DIMENSIONLESS, Dimension, DimensionMismatchError, unit_text
from evsim.units.spelling import best_unit

FloatArray = NDArray[np.float64]


class Quantity(np.ndarray[Any, np.dtype[np.float64]]):
    """A numpy array of SI values that knows its dimension and checks it in every operation.

    Parameters
    ----------
    values : a number, an array, a quantity, or a sequence of quantities of one dimension.
    dim : the dimension, when values are plain SI numbers.
    """

    dimension: Dimension
    __array_priority__ = 1000.0

    def __new__(cls, values: Any, dim: Dimension | None = None) -> Quantity:
        found = common_dimension("collect", values) if isinstance(values, (list, tuple)) else dimension_of(values)
        if dim is not None and found not in (dim, DIMENSIONLESS):
            raise DimensionMismatchError(f"Cannot make a quantity in {unit_text(dim)} from {shown(values)}", found, dim)
        new = np.array(si(values), dtype=np.float64).view(cls)
        new.dimension = found if dim is None else dim
        return new

    @staticmethod
    def with_dimensions(values: ArrayLike, dimension: Dimension) -> Quantity:
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

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        from evsim.units.ufuncs import apply

        return apply(ufunc, method, inputs, options)

    def __str__(self) -> str:
        return self.in_best_unit()

    def __repr__(self) -> str:
        power, _, name = best_unit(si(self), self.dimension.exponents)
        values = scaled(si(self), power)
        return f"{np.array2string(values) if self.ndim == 0 else repr(values)} * {name}"

    def __format__(self, form: str) -> str:
        if not form:
            return str(self)
        power, symbol, _ = best_unit(si(self), self.dimension.exponents)
        values = scaled(si(self), power)
        text = format(float(values), form) if self.ndim == 0 else np.array2string(values, formatter=_formatter(form))
        return f"{text} {symbol}"

    def in_best_unit(self, precision: int | None = None) -> str:
        """The values as text in the unit that keeps them near 10: "3.5 mV"."""
        power, symbol, _ = best_unit(si(self), self.dimension.exponents)
        return f"{np.array2string(scaled(si(self), power), precision=precision)} {symbol}"


def _formatter(form: str) -> Any:
    return {"float_kind": lambda value: format(value, form)}


def scaled(values: Any, power_of_ten: int) -> FloatArray:
    """Values in units of 10**power_of_ten; one correctly rounded operation, so that 3*mV is 3. mV."""
    array = np.asarray(values, dtype=np.float64)
    if power_of_ten > 0:
        return np.asarray(array / float(f"1e{power_of_ten}"))
    return np.asarray(array * float(f"1e{-power_of_ten}"))


def quantity(values: Any, dimension: Dimension) -> Any:
    """SI values with their dimension: a Quantity, or a plain number or array when dimensionless."""
    if dimension.is_dimensionless:
        return values.item() if isinstance(values, np.generic) else values
    new = np.asarray(values, dtype=np.float64).view(Quantity)
    new.dimension = dimension
    return new


def dimension_of(x: Any) -> Dimension:
    """The dimension of a quantity, unit, number or array (or of a list of them, when it is one dimension)."""
    if isinstance(x, Quantity):
        return x.dimension
    if isinstance(x, (list, tuple)):
        return common_dimension("collect", *x)
    return getattr(x, "dimension", DIMENSIONLESS)


def si(x: Any) -> Any:
    """The SI magnitude: a float for a scalar quantity, a plain array for an array; plain numbers as they are."""
    if isinstance(x, Quantity):
        return x.view(np.ndarray) if x.ndim else float(x.view(np.ndarray))
    if isinstance(x, (list, tuple)):
        return np.array([si(item) for item in x])
    return x


def is_unitless_value(x: Any) -> bool:
    """Whether x is plain and 0, infinite or NaN everywhere: the same in every unit."""
    if isinstance(x, Quantity) or isinstance(x, str):
        return False
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return bool(np.all((values == 0) | ~np.isfinite(values)))


def common_dimension(verb: str, *values: Any) -> Dimension:
    """The one dimension of all values, where 0, inf and NaN fit any; otherwise an error that shows two of them."""
    first = next((v for v in values if isinstance(v, Quantity)), None)
    if first is None:
        first = next((v for v in values if not is_unitless_value(v)), 0)
    expected = dimension_of(first)
    for value in values:
        if dimension_of(value) != expected and not is_unitless_value(value):
            pair = (first, value) if value is not values[0] else (value, first)
            raise DimensionMismatchError(
                f"Cannot {verb} {shown(pair[0])} and {shown(pair[1])}", *(dimension_of(v) for v in pair)
            )
    return expected


def shown(x: Any) -> str:
    """A value as one short line for an error message."""
    text = " ".join(str(np.asarray(x) if isinstance(x, (list, tuple)) and not _holds_units(x) else x).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _holds_units(x: Any) -> bool:
    return any(isinstance(item, Quantity) for item in x)
