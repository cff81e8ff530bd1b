"""The value of a table in time: which entry holds at an instant, for doubles and for numbers of any precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.description import TimedTable
from evsim.errors import EvsimValueError

NEARLY = 2.0**-48
"""An instant that misses k*dt by less than this, relative to it, is k*dt: neither 0.3*ms nor 3*(0.1*ms) is exact."""


def entries(table: TimedTable, t: Any) -> NDArray[np.int64]:
    """The rows of the table that hold at the times `t` (seconds)."""
    steps = np.asarray(t, dtype=np.float64) / table.dt
    if np.any(np.isnan(steps)):
        raise EvsimValueError("a table of values in time was asked for the time nan; give a number.")
    nearest = np.rint(steps)
    is_there = np.abs(steps - nearest) <= NEARLY * np.abs(nearest)
    rows = np.clip(np.where(is_there, nearest, np.floor(steps)), 0, len(table.values) - 1)
    return rows.astype(np.int64)


def entry(table: TimedTable, t: Any) -> int:
    """The row that holds at one instant, which may be an mpmath number."""
    steps = t / table.dt
    nearest = int(steps + 0.5) if steps > 0 else 0
    row = nearest if abs(steps - nearest) <= NEARLY * nearest else int(steps) if steps > 0 else 0
    return min(row, len(table.values) - 1)


def table_value(table: TimedTable, t: Any, column: Any = 0) -> Any:
    """The values at the times `t`, in the columns of a table that has some; doubles."""
    rows = entries(table, t)
    if table.values.ndim == 1:
        return table.values[rows][()]
    return table.values[rows, columns_of(table, column)][()]


def columns_of(table: TimedTable, column: Any) -> NDArray[np.int64]:
    """Columns as integers, which must be there."""
    given = np.asarray(column, dtype=np.float64)
    count = table.values.shape[1]
    wrong = given[(given != np.rint(given)) | (given < 0) | (given >= count)]
    if wrong.size:
        raise EvsimValueError(
            f"column {wrong.flat[0]:g} of a table of values in time: it has the columns 0 to {count - 1}."
        )
    return given.astype(np.int64)
