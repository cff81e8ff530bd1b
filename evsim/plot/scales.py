"""Units of axes: the one in which the largest value lies between 1 and 1000, or the one that is asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError
from evsim.units import DIMENSIONLESS, Dimension, Quantity, dimension_of, require, second, si, volt
from evsim.units.spelling import best_unit

Floats = NDArray[np.float64]

_SECOND = dimension_of(second)
_USUAL = {volt.dimension: -3}  # potentials are read in mV, also 500 of them
_LEAST, _MOST = 1e-5, 10.0  # between these, in SI


@dataclass(frozen=True)
class Scale:
    """A unit of an axis: its size in SI, and how it is written."""

    size: float
    symbol: str

    def of(self, values: Any) -> Floats:
        """SI values as numbers in this unit."""
        return np.asarray(values, dtype=np.float64) / self.size

    def label(self, name: str) -> str:
        """The text of an axis: 'V (mV)'."""
        return f"{name} ({self.symbol})" if self.symbol else name


def scale_for(values: Any, dimension: Dimension, unit: Any = None, what: str = "unit") -> Scale:
    """Return the scale for SI values of a dimension: `unit` where it is given, else one that fits their size."""
    if unit is not None:
        return _given(unit, dimension, what)
    if dimension == DIMENSIONLESS:
        return Scale(1.0, "")
    numbers = np.asarray(values, dtype=np.float64)
    largest = float(np.max(np.abs(numbers), initial=0.0, where=np.isfinite(numbers)))
    power = 3 * math.floor(math.log10(largest) / 3 + 1e-12) if largest > 0 else _USUAL.get(dimension, -3)
    if dimension in _USUAL and _LEAST < largest < _MOST:
        power = _USUAL[dimension]
    power_of_ten, symbol, _ = best_unit([10.0 ** (power + 1)], dimension.exponents)
    return Scale(10.0**power_of_ten, written(symbol))


def time_scale(seconds: Any, unit: Any = None) -> Scale:
    """Return the scale of a time axis: ms for runs of up to 10 s, then s."""
    if unit is not None:
        return _given(unit, _SECOND, "unit of time")
    last = float(np.max(np.abs(np.asarray(seconds, dtype=np.float64)), initial=0.0))
    return Scale(1.0, "s") if last >= 10 else Scale(1e-3, "ms")


def seconds(times: Any, what: str) -> Floats:
    """Return times in seconds; plain numbers, which may mean anything, are refused unless there are none."""
    if np.size(times) == 0:
        return np.zeros(0)
    return np.asarray(require(times, _SECOND, what), dtype=np.float64)


def written(symbol: str) -> str:
    """A symbol as people write it: µS, Ω, mol/m³."""
    text = re.sub(r"\bu(?=[A-Za-z])", "µ", symbol).replace("ohm", "Ω").replace("^2", "²").replace("^3", "³")
    return text.replace(" ", " ")


def plain(values: Any) -> tuple[Floats, Dimension]:
    """SI values and dimension of numbers, an array or a quantity."""
    numbers = np.asarray(si(values))
    if numbers.dtype.kind not in "fiub":
        raise EvsimTypeError(f"values to draw are numbers, got {_shortened(values)}")
    return numbers.astype(np.float64), dimension_of(values)


def _given(unit: Any, dimension: Dimension, what: str) -> Scale:
    size = float(np.asarray(require(unit, dimension, what)))
    symbol = str(unit).removeprefix("1. ") if isinstance(unit, Quantity) else ""
    return Scale(size, written(symbol))


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."
