"""Monitor of the population rate: spikes per neuron and time, in bins or smoothed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from evsim import description
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.instants import split
from evsim.units import Quantity, dimension_of, require, unit_named
from evsim.words.activity import CanRest
from evsim.words.clocks import Clock, defaultclock, in_seconds, own_step
from evsim.words.monitors.spikes import Floats, Indices, SpikeMonitor

_HERTZ = dimension_of(unit_named("Hz"))
_SECOND = KNOWN_NAMES["dt"]
_NO_PIECES = np.zeros((0, 2), np.int64)
_FROM_ZERO = np.array([[0, -1]])


class PopulationRateMonitor(SpikeMonitor):
    """Spikes per neuron and time, in bins of `dt`."""

    _kind = "ratemonitor"
    _stored = ("_active", "_done", "_chunks", "_known", "_pieces")

    def __init__(
        self, source: Any, name: str | None = None, *, dt: Any = None, clock: Clock | None = None
    ) -> None:
        super().__init__(source, name=name)
        self._clock = own_step(dt, clock, self.name)
        self._pieces = (
            _FROM_ZERO.copy()
        )  # rows of bins [first, end), where end is negative while it takes part
        self._described_step: float | None = None

    @property
    def active(self) -> bool:
        """Whether it takes part in what runs from now on; `t` and `rate` leave out the bins in which it does not."""
        return self._active

    @active.setter
    def active(self, value: Any) -> None:
        before = self._active
        CanRest.active.fset(self, value)  # type: ignore[attr-defined]
        if self._described_step is None:
            self._pieces = (_FROM_ZERO if self._active else _NO_PIECES).copy()
            return
        if before == self._active:
            return
        self._open() if self._active else self._close()

    @property
    def t(self) -> Quantity:
        """Start of every bin."""
        return in_seconds(self._bins() * self._step())

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

    def _open(self) -> None:
        """Take part from now on; a bin that was left in its middle goes on."""
        first = int(split(self._network_time(), self._step())[0])
        if self._pieces.size and self._pieces[-1, 1] > first:
            self._pieces[-1, 1] = -1
        else:
            self._pieces = np.append(self._pieces, [[first, -1]], axis=0)

    def _close(self) -> None:
        """Take no part from now on."""
        if self._pieces.size and self._pieces[-1, 1] < 0:
            self._pieces[-1, 1] = self._bins_until_now()

    def _network_time(self) -> float:
        return 0.0 if self._network is None else float(self._network.t_)

    def _bins_until_now(self) -> int:
        tick, offset = split(self._network_time(), self._step())
        return int(tick) + bool(offset > 0)

    def _bins(self) -> Indices:
        """The numbers of the bins in which it has taken part."""
        return bins_of(self._pieces.tolist(), self._bins_until_now())

    def _counts(self) -> Indices:
        tick, offset, _ = self._spikes()
        return counts_in(self._bins(), split(self._seconds(tick, offset), self._step())[0])

    def _describe(self, network: description.Network, describer: Any) -> None:
        super()._describe(network, describer)
        assert self._network is not None
        self._described_step = self._step()
        self._pieces = _NO_PIECES.copy()
        if self._active:
            self._open()


def bins_of(pieces: Iterable[Sequence[int]], now: int) -> Indices:
    """The numbers of the bins of pieces [first, end), where a negative end stands for now."""
    found = [np.arange(first, now if end < 0 else end) for first, end in pieces]
    return np.concatenate([np.zeros(0, np.int64), *found])


def counts_in(bins: Indices, places: Indices) -> Indices:
    """How many of the spikes, given by the bins they are in, fall into each of these bins."""
    most = int(max(bins.max(initial=-1), places.max(initial=-1))) + 1
    return np.asarray(np.bincount(places, minlength=most)[bins])


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
