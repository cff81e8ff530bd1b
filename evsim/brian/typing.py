"""Small words about types and dimensions that Brian's scripts use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from evsim.errors import EvsimValueError
from evsim.units import DIMENSIONLESS, Dimension, dimension_of, unit_named

F = TypeVar("F", bound=Callable[..., Any])

_BASES = "metre kilogram second amp kelvin mole candela".split()
_KEYWORDS = {
    "length": "metre", "m": "metre", "metre": "metre", "metres": "metre", "meter": "metre", "meters": "metre",
    "mass": "kilogram", "kg": "kilogram", "kilogram": "kilogram", "kilograms": "kilogram",
    "time": "second", "s": "second", "second": "second", "seconds": "second",
    "current": "amp", "electric current": "amp", "A": "amp", "amp": "amp", "ampere": "amp", "amps": "amp",
    "temperature": "kelvin", "K": "kelvin", "kelvin": "kelvin", "substance": "mole", "mol": "mole", "mole": "mole",
    "luminosity": "candela", "cd": "candela", "candle": "candela", "candela": "candela",
}  # fmt: skip
_TYPES = ("boolean", "integer", "float", "any", "highest")


def is_scalar_type(obj: Any) -> bool:
    """Whether it is one number, with or without unit, and no array of any shape."""
    return not isinstance(obj, str | list | tuple) and np.isscalar(obj)


def get_or_create_dimension(exponents: Sequence[float] | None = None, /, **powers: float) -> Dimension:
    """A dimension from seven exponents (length, mass, time, current, temperature, substance, luminosity) or words."""
    if exponents is not None and (powers or len(exponents) != len(_BASES)):
        raise EvsimValueError(f"get_or_create_dimension: got {exponents!r}; give {len(_BASES)} exponents")
    given = powers if exponents is None else dict(zip(_BASES, exponents, strict=True))
    dimension = DIMENSIONLESS
    for word, power in given.items():
        if word not in _KEYWORDS:
            raise EvsimValueError(
                f"get_or_create_dimension: there is no base {word!r}; there are {', '.join(_BASES)}"
            )
        dimension = dimension * dimension_of(unit_named(_KEYWORDS[word])) ** power
    return dimension


def declare_types(**types: str) -> Callable[[F], F]:
    """A decorator that says which arguments of a function are integers or truth values; evsim computes in doubles."""
    for name, given in types.items():
        if given not in _TYPES:
            raise EvsimValueError(f"declare_types: {name} is {given!r}; give {', '.join(_TYPES)}")
    return lambda function: function
