"""The functions that equations may call, for numpy, mpmath and C, with the rule for their dimensions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np

from evsim.errors import EvsimNameError

FunctionTable = Mapping[str, Callable[..., Any]]
Rule = Literal["plain", "root", "same", "sign"]


@dataclass(frozen=True)
class Function:
    """What an equation must know of a function.

    `c` is a name in kernel/functions.h or <math.h>.
    `rule`: "plain" takes and gives numbers without unit; "root" gives the square root of the unit; "same"
    gives the unit that all arguments share; "sign" takes any unit and gives a number without.
    """

    fewest: int
    most: int
    rule: Rule
    c: str
    draws: bool = False


def _one(c: str, rule: Rule = "plain") -> Function:
    return Function(1, 1, rule, c)


FUNCTIONS: dict[str, Function] = {
    "exp": _one("evsim_exp"),
    "log": _one("evsim_log"),
    "log10": _one("log10"),
    "log1p": _one("evsim_log1p"),
    "expm1": _one("evsim_expm1"),
    "exprel": _one("evsim_exprel"),
    "sqrt": _one("sqrt", "root"),
    "sin": _one("evsim_sin"),
    "cos": _one("evsim_cos"),
    "tan": _one("tan"),
    "asin": _one("asin"),
    "arcsin": _one("asin"),
    "acos": _one("acos"),
    "arccos": _one("acos"),
    "atan": _one("atan"),
    "arctan": _one("atan"),
    "sinh": _one("sinh"),
    "cosh": _one("cosh"),
    "tanh": _one("evsim_tanh"),
    "abs": _one("fabs", "same"),
    "sign": _one("evsim_sign", "sign"),
    "floor": _one("floor"),
    "ceil": _one("ceil"),
    "int": _one("trunc"),
    "timestep": Function(2, 2, "plain", ""),  # int((t + 0.001*dt)/dt), as soon as it is read
    "clip": Function(3, 3, "same", "evsim_clip"),
    "min": Function(2, 16, "same", "evsim_min"),
    "max": Function(2, 16, "same", "evsim_max"),
    "rand": Function(0, 0, "plain", "", draws=True),
    "randn": Function(0, 0, "plain", "", draws=True),
    "poisson": Function(1, 1, "plain", "", draws=True),
}

DRAWS = frozenset(name for name, function in FUNCTIONS.items() if function.draws)


def no_function(name: str, known: Iterable[str], where: str) -> EvsimNameError:
    """The error for a call of something that is no function; `known` are functions of the user."""
    names = sorted({*FUNCTIONS, *known})
    close = difflib.get_close_matches(name, names, 1)
    advice = f"did you mean {close[0]}" if close else f"known are {', '.join(names)}"
    return EvsimNameError(
        f"{where}: there is no function {name}; {advice}, or define a function or TimedArray of that name."
    )


def _as_float(value: Any) -> Any:
    array = np.asarray(value, dtype=np.float64)
    return array if array.ndim else np.float64(array)


def _exprel(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return _as_float(np.where(x == 0, 1.0, np.expm1(safe) / safe))


NUMPY: FunctionTable = {
    **{name: getattr(np, name) for name in ("exp", "log", "log10", "log1p", "expm1", "sqrt", "abs", "sign")},
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: getattr(np, name) for name in ("arcsin", "arccos", "arctan")},
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "floor": np.floor,
    "ceil": np.ceil,
    "int": np.trunc,
    "exprel": _exprel,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "min": lambda *values: reduce(np.minimum, values),
    "max": lambda *values: reduce(np.maximum, values),
    "number": _as_float,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "//": np.floor_divide,
    "**": np.power,
}
"""Doubles and arrays of doubles."""


class _MpmathTable(Mapping[str, Callable[..., Any]]):
    """Made when first asked for, since mpmath takes long to import."""

    def __init__(self) -> None:
        self._table: dict[str, Callable[..., Any]] = {}

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._filled()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._filled())

    def __len__(self) -> int:
        return len(self._filled())

    def _filled(self) -> dict[str, Callable[..., Any]]:
        if not self._table:
            self._table = _mpmath_table()
        return self._table


def _mpmath_table() -> dict[str, Callable[..., Any]]:
    import mpmath as mp

    def number(value: Any) -> Any:
        return value if isinstance(value, mp.mpf) else mp.mpf(float(value))

    def real(function: Callable[..., Any]) -> Callable[..., Any]:
        def or_nan(*arguments: Any) -> Any:
            result = function(*arguments)
            return mp.nan if isinstance(result, mp.mpc) else result

        return or_nan

    partly_real = ("log", "log10", "log1p", "sqrt", "asin", "acos")
    entire = ("exp", "expm1", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sign", "floor", "ceil")
    table: dict[str, Callable[..., Any]] = {name: getattr(mp, name) for name in entire}
    table |= {name: real(getattr(mp, name)) for name in partly_real}
    return table | {
        "arcsin": table["asin"],
        "arccos": table["acos"],
        "arctan": table["atan"],
        "abs": abs,
        "int": lambda x: mp.floor(x) if x >= 0 else mp.ceil(x),
        "exprel": lambda x: mp.expm1(x) / x if x else mp.mpf(1),
        "clip": lambda x, low, high: min(max(x, low), high),
        "min": min,
        "max": max,
        "number": number,
        "and": lambda a, b: bool(a) and bool(b),
        "or": lambda a, b: bool(a) or bool(b),
        "not": lambda a: not a,
        "//": lambda a, b: mp.nint((a - a % b) / b),
        "**": real(lambda a, b: a**b),
    }


MPMATH: FunctionTable = _MpmathTable()
"""mpmath numbers, one at a time, in the precision of `mpmath.mp`."""
