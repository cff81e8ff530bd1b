"""Monitor of the population rate: spikes per neuron and time, in bins or smoothed."""

from __future__ import annotations

from typing import Any

import numpy as np

from evsim import description
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.instants import split
from evsim.units import Quantity, dimension_of, require, unit_named
from evsim.words.clocks import Clock, defaultclock, in_seconds, own_step
from evsim.words.monitors.spikes import Floats, Indices, SpikeMonitor

_HERTZ = dimension_of(unit_named("Hz"))
_SECOND = KNOWN_NAMES["dt"]


class PopulationRateMonitor(SpikeMonitor):
    """Spikes per neuron and time, in bins of `dt`."""

    _kind = "ratemonitor"
    _stored = ("_active", "_done", "_chunks", "_known", "_first", "_until")

    def __init__(
        self, source: Any, name: str | None = None, *, dt: Any = None, clock: Clock | None = None
    ) -> None:
        super().__init__(source, name=name)
        self._clock = own_step(dt, clock, self.name)
        self._first = 0
        self._until: float | None = None
        self._described_step: float | None = None

    @property
    def active(self) -> bool:
        """Whether it takes part: it does until it is removed from its network."""
        return self._active

    @active.setter
    def active(self, value: Any) -> None:
        if value is not True:
            raise EvsimTypeError(
                f"{self.name}: a rate has no gaps; leave active as it is and take the part of rate that you want"
            )

    @property
    def t(self) -> Quantity:
        """Start of every bin."""
        return in_seconds((self._first + np.arange(self._bins())) * self._step())

    @property
    def rate(self) -> Quantity:
        """Spikes per neuron and time in every bin."""
        return Quantity.with_dimensions(self._counts() / (len(self._source) * self._step()), _HERTZ)

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> list[str]:
        return ["t", "rate"]

    def smooth_rate(self, window: Any = "gaussian", width: Any = None) -> Quantity:
        """The rate averaged over time.

        Parameters
        ----------
        window
            "flat" (`width` is its length), "gaussian" (`width` is its standard deviation; it is cut at two of them),
            or an array of weights.
        """
        weights = _window(window, width, self._step(), self.name)
        rate = np.array(self.rate)
        smooth = np.convolve(rate, weights / weights.sum(), mode="same")[: rate.size] if rate.size else rate
        if weights.size > rate.size > 0:
            start = (weights.size - 1) // 2
            smooth = np.convolve(rate, weights / weights.sum(), mode="full")[start : start + rate.size]
        return Quantity.with_dimensions(smooth, _HERTZ)

    def _step(self) -> float:
        if self._described_step is not None:
            return self._described_step
        return (self._clock or defaultclock).dt_

    def _bins(self) -> int:
        if self._network is None:
            return 0
        tick, offset = split(self._network.t_ if self._until is None else self._until, self._step())
        return int(tick) + bool(offset > 0) - self._first

    def _counts(self) -> Indices:
        tick, offset, _ = self._spikes()
        place = split(self._seconds(tick, offset), self._step())[0] - self._first
        return np.bincount(place, minlength=self._bins())

    def _describe(self, network: description.Network, describer: Any) -> None:
        super()._describe(network, describer)
        assert self._network is not None
        self._described_step = self._step()
        self._first = int(split(self._network.t_, self._step())[0])


def _window(window: Any, width: Any, dt: float, name: str) -> Floats:
    if not isinstance(window, str):
        if width is not None:
            raise EvsimTypeError(
                f"{name}: width goes with 'flat' and 'gaussian'; an array is as long as it is"
            )
        weights = np.asarray(window, dtype=np.float64)
        if weights.ndim != 1 or weights.size % 2 == 0:
            raise EvsimValueError(f"{name}: a window of own weights is flat and has an odd number of them")
        return weights
    if window not in ("flat", "gaussian"):
        raise EvsimValueError(f"{name}: window is {window!r}; give 'flat', 'gaussian' or an array of weights")
    if width is None:
        raise EvsimTypeError(f"{name}: give the width of the window, as in width=5*ms")
    steps = float(require(width, _SECOND, f"width of {name}")) / dt
    if not steps > 0:
        raise EvsimValueError(f"{name}: width is {width}; give a time above zero")
    if window == "flat":
        return np.ones(2 * int(steps / 2) + 1)
    reach = round(2 * steps)
    return np.asarray(np.exp(-0.5 * (np.arange(-reach, reach + 1) / steps) ** 2))
