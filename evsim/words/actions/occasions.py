"""Occasions: the instants at which an action happens, multiples of a step or given times, in order."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evsim.instants import split, split_one

Pair = tuple[int, float]  # step of the network's clock, seconds after it


class Occasions(Protocol):
    """Instants in ascending order; `position` counts those that are over."""

    position: int

    def begin(self, now: Pair, dt: float) -> None:
        """Before a run from `now` on, of a network whose clock has the step `dt`."""

    def next(self) -> Pair | None:
        """The first instant that is not over; None when there is no other."""


class EveryStep:
    """The instants k*step from the present time on."""

    def __init__(self) -> None:
        self.position = -1  # number of the next one; negative before the first run
        self.step = 0.0
        self._dt = 0.0

    def use(self, step: float) -> None:
        """Take this step from now on."""
        if step != self.step:
            self.step, self.position = step, -1

    def begin(self, now: Pair, dt: float) -> None:
        """Find the first instant at or after now, unless it is known."""
        self._dt = dt
        if self.position < 0:
            self.position = first_multiple(self.step, now, dt)

    def next(self) -> Pair:
        """The next multiple of the step."""
        return split_one(self.position * self.step, self._dt)


class GivenTimes:
    """Given times in seconds; those before the first run's beginning are refused by their owner."""

    def __init__(self, seconds: NDArray[np.float64]) -> None:
        self.seconds = np.unique(seconds)
        self.position = 0
        self._ticks, self._offsets = np.zeros(0, np.int64), np.zeros(0)

    def begin(self, now: Pair, dt: float) -> None:
        """Split the times by the network's clock; those before now are over."""
        self._ticks, self._offsets = split(self.seconds, dt)
        while self.position < self.seconds.size and self._at(self.position) < now:
            self.position += 1

    def next(self) -> Pair | None:
        """The next of the times."""
        return self._at(self.position) if self.position < self._ticks.size else None

    def _at(self, k: int) -> Pair:
        return int(self._ticks[k]), float(self._offsets[k])


def first_multiple(step: float, now: Pair, dt: float) -> int:
    """The first k for which k*step is at or after now."""
    k = math.floor((now[0] * dt + now[1]) / step)
    candidates = range(max(k - 1, 0), k + 3)
    return next((k for k in candidates if split_one(k * step, dt) >= now), k + 3)
