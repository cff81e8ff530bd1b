"""Questions about dimensions, and the refusals that follow from the answers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from evsim.units.dimension import Dimension
from evsim.units.magnitudes import dimension_of, fits_any_unit, shown, si
from evsim.units.mismatch import DimensionMismatchError, unit_text
from evsim.units.quantity import Quantity

P = ParamSpec("P")
R = TypeVar("R")


def require(x: Any, dimension: Dimension, what: str) -> Any:
    """The SI value of x, which must have the dimension; 0, inf and NaN need no unit. Errors call x `what`."""
    found = dimension_of(x)
    if found != dimension and not fits_any_unit(x):
        raise DimensionMismatchError(
            f"{what} must be in {unit_text(dimension)}, got {shown(x)}", found, dimension
        )
    return si(x)


def have_same_dimensions(x: Any, y: Any) -> bool:
    """Whether both have the same dimension."""
    return dimension_of(x) == dimension_of(y)


def is_dimensionless(x: Any) -> bool:
    """Whether x is a plain number or array."""
    return dimension_of(x).is_dimensionless


def in_unit(x: Any, unit: Any, precision: int | None = None) -> str:
    """The value as text in the given unit."""
    return Quantity(x).in_unit(unit, precision)


def check_units(**units: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that checks the units of arguments, and of the result under the name `result`.

    A unit is any quantity of the right dimension, or 1 for plain numbers; None and text pass unchecked.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: P.args, **options: P.kwargs) -> R:
            for name, value in signature.bind(*args, **options).arguments.items():
                if name in units and value is not None and not isinstance(value, str):
                    require(value, dimension_of(units[name]), f"{function.__name__}: argument {name}")
            result = function(*args, **options)
            if units.get("result") is not None:
                require(result, dimension_of(units["result"]), f"{function.__name__}: its result")
            return result

        return checked

    return decorated
