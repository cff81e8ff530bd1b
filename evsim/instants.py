"""Time as a pair (grid tick, offset): resolution that does not fade in long runs.

A double cannot tell the user's `1*ms` from ten ticks of `0.1*ms`; a value within a few units in its last place of a
grid point is that grid point. Everything else keeps every digit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_STEPS = 2**53  # that a time may have: beyond, doubles do not tell one from the next


def split(seconds: ArrayLike, dt: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ticks and offsets with `tick*dt + offset == seconds` and 0 <= offset < dt, for finite seconds."""
    t = np.asarray(seconds, dtype=np.float64)
    tick = np.rint(t / dt)
    rest = _remainder(t, tick, dt)
    rest = np.where(np.abs(rest) <= 4 * np.spacing(np.abs(t)), 0.0, rest)
    below = rest < 0
    tick = np.where(below, tick - 1, tick)
    rest = np.where(below, rest + dt, rest)
    return tick.astype(np.int64), rest


def split_one(seconds: float, dt: float) -> tuple[int, float]:
    """The same for one time, and many times faster."""
    tick = round(seconds / dt)
    product = tick * dt
    high_a, low_a = _halves_of(float(tick))
    high_b, low_b = _halves_of(dt)
    error = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
    rest = (seconds - product) - error
    if abs(rest) <= 4 * math.ulp(seconds):
        rest = 0.0
    return (tick, rest) if rest >= 0 else (tick - 1, rest + dt)


def join(tick: ArrayLike, offset: ArrayLike, dt: float) -> NDArray[np.float64]:
    """Seconds as a double; late in a run this rounds, the pair does not."""
    return np.asarray(tick, dtype=np.float64) * dt + np.asarray(offset, dtype=np.float64)


def _remainder(t: NDArray[np.float64], tick: NDArray[np.float64], dt: float) -> NDArray[np.float64]:
    """t - tick*dt without the rounding of the product (Dekker's product)."""
    product = tick * dt
    high_a, low_a = _halves(tick)
    high_b, low_b = _halves(np.float64(dt))
    error = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
    return (t - product) - error


def _halves(x: NDArray[np.float64] | np.float64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    whole = np.asarray(x, dtype=np.float64)
    scaled = whole * 134217729.0  # 2**27 + 1
    high = scaled - (scaled - whole)
    return high, whole - high


def _halves_of(x: float) -> tuple[float, float]:
    scaled = x * 134217729.0
    high = scaled - (scaled - x)
    return high, x - high
