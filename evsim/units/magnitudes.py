"""SI values and dimensions of whatever a user passes: quantities, numbers, arrays, lists of them."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from evsim.units.dimension import DIMENSIONLESS, Dimension
from evsim.units.mismatch import DimensionMismatchError

NUMERIC = (np.ndarray, np.generic, numbers.Number, list, tuple, range)


def dimension_of(x: Any) -> Dimension:
    """The dimension of a quantity, unit, number or array, or the common one of a list of them."""
    if isinstance(x, list | tuple):
        return common_dimension("put together", x)
    found = getattr(x, "dimension", None)
    return found if isinstance(found, Dimension) else DIMENSIONLESS


def si(x: Any) -> Any:
    """The SI magnitude: a float for a scalar quantity, an array for others; plain numbers as they are."""
    if isinstance(x, np.ndarray) and hasattr(x, "dimension"):
        return x.view(np.ndarray) if x.ndim else x.view(np.ndarray).item()
    if isinstance(x, list | tuple):
        return np.array([si(item) for item in x])
    return x


def fits_any_unit(x: Any) -> bool:
    """Whether x is plain and 0, infinite or NaN everywhere: the same value in every unit."""
    if not isinstance(x, NUMERIC) or not dimension_of(x).is_dimensionless:
        return False
    try:
        values = np.asarray(si(x), dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return bool(np.all((values == 0) | ~np.isfinite(values)))


def common_dimension(verb: str, values: Iterable[Any]) -> Dimension:
    """The one dimension of all values, where 0, inf and NaN fit any; else an error that shows two of them."""
    values = tuple(values)
    dimensions = [dimension_of(value) for value in values]
    distinct = set(dimensions)
    if len(distinct) < 2:
        return dimensions[0] if dimensions else DIMENSIONLESS
    bound = [
        (v, d)
        for v, d in zip(values, dimensions, strict=True)
        if not d.is_dimensionless or not fits_any_unit(v)
    ]
    first, expected = bound[0]
    for value, dimension in bound:
        if dimension != expected:
            raise DimensionMismatchError(
                f"Cannot {verb} {shown(first)} and {shown(value)}", expected, dimension
            )
    return expected


def shown(x: Any) -> str:
    """A value as one short line for an error message."""
    text = " ".join(
        (f"[{', '.join(str(item) for item in x)}]" if isinstance(x, list | tuple) else str(x)).split()
    )
    return text if len(text) <= 60 else text[:57] + "..."
