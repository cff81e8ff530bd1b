"""Times that a user gives for actions: checked, in seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimValueError
from evsim.instants import join
from evsim.units import Quantity, require
from evsim.words.actions.occasions import GivenTimes
from evsim.words.variables.values import check_finite


def given_seconds(times: Any, name: str) -> NDArray[np.float64]:
    """One time or several, from 0 on, as plain seconds."""
    what = f"times of {name}"
    seconds = np.atleast_1d(np.asarray(require(_together(times), KNOWN_NAMES["dt"], what), dtype=np.float64))
    check_finite(seconds, what)
    if seconds.ndim > 1 or np.any(seconds < 0):
        raise EvsimValueError(f"{what}: got {times!r}; give a list of times of 0 or more")
    return seconds


def _together(times: Any) -> Any:
    """A list of single times as one array."""
    if isinstance(times, (list, tuple)) and times and all(isinstance(each, Quantity) for each in times):
        return Quantity.with_dimensions(
            np.array([float(np.asarray(each)) for each in times]), times[0].dimension
        )
    return times


def refuse_past(occasions: Any, now: tuple[int, float], dt: float, name: str) -> None:
    """Given times must not be over when the first run begins that knows them."""
    if not isinstance(occasions, GivenTimes) or not occasions.seconds.size:
        return
    first, present = float(occasions.seconds[0]), float(join(*now, dt))
    if first < present - 4 * np.spacing(present):
        raise EvsimValueError(
            f"times of {name}: {first:g} s is past, the time is {present:g} s; give times from then on"
        )
