"""Questions about dimensions, and the refusals that follow from the answers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.units.dimension import Dimension
from evsim.units.magnitudes import dimension_of, fits_any_unit, shown, si
from evsim.units.mismatch import DimensionMismatchError, unit_text
from evsim.units.quantity import Quantity
from evsim.units.symbolic import Symbolic

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

    A unit is any quantity of the right dimension, or 1 for plain numbers, or bool; None and text pass unchecked. The
    name of another argument stands for the unit of that one. The unit of the result may be a function of the
    dimensions of the arguments.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: P.args, **options: P.kwargs) -> R:
            given = signature.bind(*args, **options).arguments
            if any(isinstance(value, Symbolic) for value in given.values()):
                return function(*args, **options)
            for name, value in given.items():
                if name in units and value is not None and not isinstance(value, str):
                    _require_unit(value, units[name], given, f"{function.__name__}: argument {name}")
            result = function(*args, **options)
            if "result" in units:
                _require_unit(result, units["result"], given, f"{function.__name__}: its result")
            return result

        checked.units_of_arguments = units  # type: ignore[attr-defined]
        return checked

    return decorated


def _require_unit(value: Any, unit: Any, given: Mapping[str, Any], what: str) -> None:
    """Refuse a value of another unit; `given` holds all arguments."""
    if unit is None:
        return
    if isinstance(unit, str):
        require(value, dimension_of(given[unit]), what)
    elif isinstance(unit, type):
        if not isinstance(value, bool | np.bool_):
            raise EvsimTypeError(f"{what} must be True or False, got {shown(value)}")
    elif callable(unit) and not isinstance(unit, np.ndarray):
        wanted = unit(*(dimension_of(each) for each in given.values()))
        require(value, wanted if isinstance(wanted, Dimension) else dimension_of(wanted), what)
    else:
        require(value, dimension_of(unit), what)
