"""Stimuli that stay the same for a while, change, and stay again: a list of values and how long each lasts."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

import numpy as np

from evsim.equations.known import KNOWN_NAMES
from evsim.equations.timed_array import TimedArray
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.units import Quantity, dimension_of, quantity, require

_TIME = KNOWN_NAMES["t"]
_COUNTS = 1e15  # in a second: durations are whole numbers of femtoseconds
_MOST = 10_000_000  # entries of the array behind a stimulus


def constant_input(pieces: Sequence[tuple[Any, Any]]) -> tuple[TimedArray, Quantity]:
    """Return a stimulus that is constant in pieces, and how long all pieces last.

    Parameters
    ----------
    pieces
        Values with their durations, as in [(0*nA, 20*ms), (0.5*nA, 100*ms)]; the last value holds after the end.

    Equations call the stimulus by the name of the Python variable: `I(t)`.
    """
    values, counts = zip(*(_read(piece, k) for k, piece in enumerate(_listed(pieces))), strict=True)
    step = gcd(*counts)
    entries = sum(counts) // step
    if entries > _MOST:
        raise EvsimValueError(
            f"constant_input: durations such as {pieces[0][1]} have no common part longer than {step / _COUNTS:g} s, "
            f"which makes {entries} steps of {sum(counts) / _COUNTS:g} s; round them, to 0.01*ms for example"
        )
    array = np.repeat(_joined(values), [count // step for count in counts])
    return TimedArray(array, quantity(step / _COUNTS, _TIME)), quantity(sum(counts) / _COUNTS, _TIME)


def _listed(pieces: Any) -> list[Any]:
    if not isinstance(pieces, (list, tuple)) or not pieces:
        raise EvsimTypeError(
            f"constant_input: got {pieces!r}; give values with durations, as in [(0*nA, 20*ms), (0.5*nA, 100*ms)]"
        )
    return list(pieces)


def _read(piece: Any, k: int) -> tuple[Any, int]:
    """A value, and its duration as a count."""
    if not isinstance(piece, (list, tuple)) or len(piece) != 2:
        raise EvsimTypeError(f"constant_input: piece {k} is {piece!r}; give a value and a duration")
    seconds = np.asarray(require(piece[1], _TIME, f"duration {k} of constant_input"), dtype=np.float64)
    if seconds.ndim or not np.isfinite(seconds) or seconds * _COUNTS < 1:
        raise EvsimValueError(f"constant_input: duration {k} is {piece[1]}; give a time larger than 0")
    return piece[0], round(float(seconds) * _COUNTS)


def _joined(values: Sequence[Any]) -> Any:
    """The values as one array with their unit, which is that of the first."""
    dimension = dimension_of(values[0])
    plain = [require(value, dimension, f"value {k} of constant_input") for k, value in enumerate(values)]
    return quantity(np.array(plain, dtype=np.float64), dimension)


__all__ = ["constant_input"]
