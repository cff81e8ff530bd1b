"""Names to values: units, then the namespace a user gave, then the Python scope around the call."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from evsim.equations.functions import no_function
from evsim.equations.nodes import Meaning
from evsim.equations.user_functions import meaning_of
from evsim.errors import EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, Dimension, Quantity, dimension_of, si, unit_named

MATHEMATICAL = {"pi": math.pi, "e": math.e, "inf": math.inf}
"""Constants that a name falls back to when it is found nowhere else."""


def resolve_names(
    names: Iterable[str],
    namespace: Mapping[str, Any] | None,
    scope: Mapping[str, Any],
    where: str = "the equations",
) -> dict[str, tuple[float, Dimension]]:
    """The SI value and dimension of each name.

    Parameters
    ----------
    namespace
        The names a user gave explicitly, or None.
    scope
        Locals over globals of the user's code.
    where
        Whose names they are; opens every error message.
    """
    return {name: resolve_name(name, namespace or {}, scope, where) for name in sorted(names)}


def resolve_name(
    name: str, namespace: Mapping[str, Any], scope: Mapping[str, Any], where: str
) -> tuple[float, Dimension]:
    """The SI value and dimension of one name."""
    unit = unit_named(name)
    for place in (namespace, scope):
        if name in place:
            value = _value(name, place[name], where)
            if unit is not None and value != (float(si(unit)), dimension_of(unit)):
                raise EvsimNameError(
                    f"{where}: {name} is a unit, but also a variable of yours ({_short(place[name])}); "
                    "rename the variable."
                )
            return value
    if unit is not None:
        return float(si(unit)), dimension_of(unit)
    if name in MATHEMATICAL:
        return MATHEMATICAL[name], DIMENSIONLESS
    raise EvsimNameError(
        f"{where}: {name} is not defined; define it before, or declare it in the equations as '{name} : unit'"
        f"{_nearest(name, [*namespace, *scope])}."
    )


def resolve_functions(
    names: Iterable[str],
    namespace: Mapping[str, Any] | None,
    scope: Mapping[str, Any],
    where: str = "the equations",
    variables: Collection[str] = (),
) -> dict[str, Meaning]:
    """What each function that is not built in stands for: a TimedArray or a function of the user.

    `variables` are names of the equations, which cannot be called.
    """
    for name in sorted(set(names) & set(variables)):
        raise EvsimTypeError(f"{where}: {name} is called, but is a variable; {_product(name)}.")
    return {name: _function(name, namespace or {}, scope, where) for name in sorted(names)}


def _product(name: str) -> str:
    return f"write {name}*(...) for a product"


def _function(name: str, namespace: Mapping[str, Any], scope: Mapping[str, Any], where: str) -> Meaning:
    for place in (namespace, scope):
        if name in place:
            meaning = meaning_of(place[name])
            if meaning is None and isinstance(place[name], numbers.Real | np.ndarray):
                raise EvsimTypeError(
                    f"{where}: {name} is called, but is the number {_short(place[name])}; {_product(name)}."
                )
            if meaning is None:
                raise EvsimTypeError(
                    f"{where}: {name} is called, but is {_short(place[name])} of type {type(place[name]).__name__}; "
                    "only TimedArrays, and functions that you define or give C with @implementation, can be called."
                )
            return meaning
    if unit_named(name) is not None or name in MATHEMATICAL:
        raise EvsimTypeError(f"{where}: {name} is called, but is a number; {_product(name)}.")
    known = [key for place in (namespace, scope) for key in place if meaning_of(place[key]) is not None]
    raise no_function(name, known, where)


def _value(name: str, value: Any, where: str) -> tuple[float, Dimension]:
    if not isinstance(value, numbers.Real | np.ndarray | np.bool_ | Quantity):
        raise EvsimTypeError(
            f"{where}: {name} must be a number, with or without unit, but is {_short(value)} "
            f"of type {type(value).__name__}; give it a number or rename it."
        )
    magnitudes = np.asarray(si(value))
    if magnitudes.ndim:
        raise EvsimTypeError(
            f"{where}: {name} is an array of shape {magnitudes.shape}, but an outside name has one value; "
            f"declare '{name} : unit' in the equations and set it for each element."
        )
    try:
        magnitude = float(magnitudes)
    except (TypeError, ValueError):
        raise EvsimTypeError(f"{where}: {name} must be a real number, but is {_short(value)}.") from None
    if not math.isfinite(magnitude) and not (name == "inf" and magnitude > 0):
        raise EvsimValueError(f"{where}: {name} is {magnitude}; give it a finite value.")
    return magnitude, dimension_of(value)


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, [each for each in known if isinstance(each, str)], 3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
