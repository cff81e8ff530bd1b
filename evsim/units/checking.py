"""Questions about dimensions, and the refusals that follow."""

from __future__ import annotations

from typing import Any

from evsim.units.dimension import Dimension, DimensionMismatchError
from evsim.units.quantity import dimension_of, is_unitless_value, shown, si


def require(x: Any, dimension: Dimension, what: str) -> Any:
    """The SI value of x, which must have the dimension; `what` names it in the error. 0, inf and NaN need no unit."""
    found = dimension_of(x)
    if found != dimension and not is_unitless_value(x):
        raise DimensionMismatchError(
            f"{what} must be in {dimension}, not {shown(x)}", found, dimension
        )
    return si(x)


def have_same_dimensions(x: Any, y: Any) -> bool:
    """Whether both have the same dimension."""
    return dimension_of(x) == dimension_of(y)


def is_dimensionless(x: Any) -> bool:
    """Whether x is a plain number or array."""
    return dimension_of(x).is_dimensionless
