"""TimedArray: a function of time from an array and a step, as `I(t)` in equations and `I(3*ms)` in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.description import TimedTable
from evsim.equations.dimensions import is_zero
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.nodes import Call, Node
from evsim.equations.tables import entry, table_value
from evsim.equations.tracing import Traced, traced_call
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, Dimension, DimensionMismatchError, dimension_of, quantity, require, si

_TIME = KNOWN_NAMES["t"]


class TimedArray:
    """Values that hold for one step each: `values[k]` from `k*dt` until `(k + 1)*dt`, exactly.

    Before time 0 the first value holds, after the end the last.

    Parameters
    ----------
    values
        One value for each step, or one row for each step with a column for each neuron: `I(t, i)`.
    dt
        The step, a time; it need not be the clock's.
    name
        For the user; equations call it by the name of the Python variable.
    """

    def __init__(self, values: Any, dt: Any, name: str | None = None) -> None:
        self.name = "timedarray" if name is None else name
        seconds = np.asarray(require(dt, _TIME, f"dt of the TimedArray {self.name}"), dtype=np.float64)
        if seconds.ndim or not np.isfinite(seconds) or seconds <= 0:
            raise EvsimValueError(f"dt of the TimedArray {self.name}: got {dt}; give one time larger than 0.")
        self.dim: Dimension = dimension_of(values)
        self.table = TimedTable(float(seconds), _checked(values, self.name))

    @property
    def values(self) -> NDArray[np.float64]:
        """The values in SI; they cannot be changed."""
        return self.table.values

    @property
    def dt(self) -> float:
        """The step in seconds."""
        return self.table.dt

    def __call__(self, *arguments: Any) -> Any:
        """The value at a time, or at several; with columns also those: `I(3*ms, 2)`."""
        self.check_count(len(arguments), self.name)
        if any(isinstance(each, Traced) for each in arguments):
            return traced_call(self.name, arguments, self)
        t = require(arguments[0], _TIME, f"the time of {self.name}")
        rest = [require(each, DIMENSIONLESS, f"the column of {self.name}") for each in arguments[1:]]
        return quantity(table_value(self.table, t, *rest), self.dim)

    def __repr__(self) -> str:
        return f"<TimedArray '{self.name}' of shape {self.values.shape}, dt = {self.dt:g} s>"

    # what a call in equations means

    is_condition = False

    def check_count(self, count: int, here: str) -> None:
        """Refuse a number of arguments that does not fit the shape of the values."""
        if count != self.values.ndim:
            how = "the time alone, as in I(t)" if self.values.ndim == 1 else "time and column, as in I(t, i)"
            raise EvsimValueError(
                f"{here}: a TimedArray of shape {self.values.shape} takes {how}, not {count} arguments."
            )

    def dimension(self, operands: tuple[Node, ...], found: Sequence[Dimension], here: str) -> Dimension:
        """The unit of the values, after a look at those of the arguments."""
        for operand, own, expected in zip(operands, found, (_TIME, DIMENSIONLESS), strict=False):
            if own != expected and not is_zero(operand):
                what = "the time" if expected == _TIME else "the column"
                raise DimensionMismatchError(f"{here}: {what} of a TimedArray does not fit", own, expected)
        return self.dim

    def evaluate(self, table: Mapping[str, Callable[..., Any]], arguments: Sequence[Any]) -> Any:
        """SI values for SI arguments: doubles and arrays, or one mpmath number."""
        if all(isinstance(each, float | int | np.ndarray | np.generic) for each in arguments):
            return table_value(self.table, *arguments)
        row = self.values[entry(self.table, arguments[0])]
        value = row[int(arguments[1])] if self.values.ndim == 2 else row
        return table["number"](float(value))

    def inlined(self, operands: tuple[Node, ...], here: str) -> Node | None:
        """A table is no formula."""
        return None

    def action(self, call: Call, here: str) -> TimedTable:
        """What an engine works with."""
        return self.table


def _checked(values: Any, name: str) -> NDArray[np.float64]:
    try:
        array = np.array(si(values), dtype=np.float64)
    except (TypeError, ValueError):
        raise EvsimTypeError(f"values of the TimedArray {name}: give an array of numbers.") from None
    if array.ndim not in (1, 2) or array.size == 0:
        raise EvsimValueError(
            f"values of the TimedArray {name}: got the shape {array.shape}; give one value for each step, or one "
            "row for each step."
        )
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise EvsimValueError(
            f"values of the TimedArray {name}: entry {wrong[0]} is {array.flat[wrong[0]]}; give finite values."
        )
    array.flags.writeable = False
    return array
