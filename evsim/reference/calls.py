"""What expressions may call in the reference engine, on mpmath numbers."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

import mpmath as mp

from evsim.description import ForeignFunction, Functions, TimedTable
from evsim.equations.functions import MPMATH
from evsim.reference.exact import Exact, duration


def callable_table(functions: Functions, dt: float) -> Mapping[str, Callable[..., Any]]:
    """What expressions may call, on mpmath numbers."""
    own: dict[str, Callable[..., Any]] = {}
    for name, function in functions.items():
        own[name] = function.evaluate if isinstance(function, ForeignFunction) else _value_of(function, dt)
    return ChainMap(own, MPMATH) if own else MPMATH  # type: ignore[arg-type]


def _value_of(table: TimedTable, dt: float) -> Callable[..., Exact]:
    period = duration(table.dt, dt)

    def value(time: Exact, column: Exact = 0) -> Exact:
        k = min(max(int(mp.floor(mp.fdiv(time, period))), 0), len(table.values) - 1)
        row = table.values[k]
        return mp.mpf(float(row[int(column)] if table.values.ndim > 1 else row))

    return value


def as_number(value: Any) -> Exact:
    """A number or a truth value as a number."""
    return value if isinstance(value, mp.mpf) else mp.mpf(float(value))
