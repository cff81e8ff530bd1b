"""Clocks: `defaultclock.dt` is the grid that ticks count; groups and monitors may have a clock of their own."""

from __future__ import annotations

import math
import weakref
from typing import Any

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.instants import split
from evsim.units import require, unit_named
from evsim.units.quantity import Quantity


class Clock:
    """A step of time. In exact timing it sets when states are sampled, never when events happen."""

    def __init__(self, dt: Any, name: str = "clock") -> None:
        self._seconds = step_in_seconds(dt, f"{name}.dt")
        self._name = name

    @property
    def dt(self) -> Quantity:
        """The step."""
        return in_seconds(self._seconds)

    @dt.setter
    def dt(self, value: Any) -> None:
        self._seconds = step_in_seconds(value, f"{self._name}.dt")

    @property
    def dt_(self) -> float:
        """The step in seconds, as a plain number."""
        return self._seconds

    @property
    def name(self) -> str:
        """The clock's name."""
        return self._name

    @property
    def t(self) -> Quantity:
        """The time of the network that runs, or was the last to run since `start_scope()`."""
        return in_seconds(self.t_)

    @property
    def t_(self) -> float:
        """The same as plain seconds."""
        network = _timed[-1]() if _timed else None
        return 0.0 if network is None else float(network.t_)

    @property
    def timestep(self) -> int:
        """How many whole steps that is."""
        return int(split(self.t_, self._seconds)[0])

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("dt", "_seconds", "_name"):
            raise EvsimTypeError(
                f"a clock has no '{name}' to set; set its dt, as in defaultclock.dt = 0.1*ms"
            )
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<{self._name}: dt = {self.dt}>"


def show_time_of(network: Any) -> None:
    """Let clocks show the time of this network; of none: zero."""
    _timed[:] = [] if network is None else [weakref.ref(network)]


def in_seconds(value: Any) -> Quantity:
    """Plain seconds, a number or an array, as a quantity."""
    return Quantity.with_dimensions(value, _SECOND)


def step_in_seconds(dt: Any, what: str) -> float:
    """A time step as a plain number of seconds, or an error that names it."""
    seconds = require(dt, _SECOND, what)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise EvsimTypeError(f"{what}: got {dt!r}; give one time, as in 0.1*ms")
    if not math.isfinite(seconds) or seconds <= 0:
        raise EvsimValueError(f"{what}: got {dt}; give a time above zero, as in 0.1*ms")
    return float(seconds)


def own_step(dt: Any, clock: Clock | None, what: str) -> Clock | None:
    """The clock of an object that was given dt=, clock= or neither."""
    if dt is not None and clock is not None:
        raise EvsimTypeError(f"{what}: got dt and clock; give one of them")
    if clock is not None and not isinstance(clock, Clock):
        raise EvsimTypeError(f"{what}: clock is {clock!r}; give a Clock, or dt=0.1*ms")
    return clock if dt is None else Clock(dt, f"clock of {what}")


_timed: list[weakref.ref[Any]] = []

_second = unit_named("second")
assert _second is not None
_SECOND = _second.dimension

defaultclock = Clock(1e-4 * _second, "defaultclock")
