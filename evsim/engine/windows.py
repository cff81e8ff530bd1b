"""How long the core's windows are, and times in them.

A linear network is exact for any window, so its length is a matter of speed and of rounding: long windows mean fewer
steps, but a spike should not act inside its own window, and an exponential should not fade much in one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evsim.description import LinearModel, Network, Projection
from evsim.engine.joined import linked
from evsim.instants import split, split_one

FADING = 0.1  # of the fastest exponential, in one window
MOST_STEPS = 64  # of the clock in one window
MOST_PARTS = 4  # windows in one step of the clock; a power of two
ENOUGH = 20_000  # delays of one projection to look at
SMALL = 1000  # neurons: here windows cost more than what happens in them, and every window rounds once
SHORT = 0.02  # of the synapses between neurons may be shorter than a window: cascades are dear but few
SHORT_IN_SMALL = 0.1  # the same in a small network


@dataclass(frozen=True)
class Windows:
    """A window is `steps` steps dt of the clock, or one of `parts` parts of a step; one of the two is 1."""

    dt: float
    steps: int
    parts: int

    @property
    def length(self) -> float:
        """Seconds, as the core computes them."""
        return self.dt * self.steps if self.steps > 1 else self.dt / self.parts

    def split(self, seconds: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Delays and periods as (windows, offset); what lies on the clock's grid stays on it."""
        return self.from_clock(*split(seconds, self.dt))

    def from_clock(self, tick: ArrayLike, offset: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Instants (step of the clock, offset) as (window, offset)."""
        ticks, offsets = np.asarray(tick, np.int64), np.asarray(offset, np.float64)
        if self.steps > 1:
            return ticks // self.steps, (ticks % self.steps) * self.dt + offsets
        if self.parts > 1:
            part, rest = split(offsets, self.length)
            full = part >= self.parts  # an offset that rounds to a whole step
            return ticks * self.parts + part, np.where(full, 0.0, rest)
        return ticks, offsets

    def one_from_clock(self, tick: int, offset: float) -> tuple[int, float]:
        """The same for one instant."""
        window, late = self.from_clock(tick, offset)
        return int(window), float(late)

    def after(self, window: int, offset: float) -> tuple[int, float]:
        """An instant just after (window, offset): nothing lies between, and no state changes on the way."""
        late = math.ldexp(self.length, -200) if offset == 0.0 else offset + 8 * math.ulp(offset)
        return (window, late) if late < self.length else (window + 1, 0.0)

    def one_to_clock(self, window: int, offset: float) -> tuple[int, float]:
        """The same as `to_clock` for one instant, and many times faster."""
        if self.steps > 1:
            step, rest = split_one(offset, self.dt)
            return window * self.steps + step, rest
        if self.parts > 1:
            return window // self.parts, (window % self.parts) * self.length + offset
        return window, offset

    def to_clock(self, window: ArrayLike, offset: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Instants (window, offset) as (step of the clock, offset)."""
        windows, offsets = np.asarray(window, np.int64), np.asarray(offset, np.float64)
        if self.steps > 1:
            step, rest = split(offsets, self.dt)
            return windows * self.steps + step, rest
        if self.parts > 1:
            return windows // self.parts, (windows % self.parts) * self.length + offsets
        return windows, offsets


def windows_for(network: Network, fastest_rate: float, timing: str) -> Windows:
    """Windows for a network whose fastest exponential has this rate (1/s)."""
    dt = network.dt
    if timing == "grid":
        return Windows(dt, 1, 1)
    is_small = sum(population.size for population in network.populations) <= SMALL
    longest = min(useful_delay(network, is_small), FADING / fastest_rate if fastest_rate else 10 * dt)
    if linked(network):  # joined neurons find their deliveries at hand
        positive = [values.min() for values, _count in _positive(_between_neurons(network))]
        longest = min([longest, *map(float, positive)])
    if has_zero_delay(network) or (has_jumps(network) and not is_small):
        longest = min(longest, dt)
    if longest >= dt:
        steps = max(1, min(MOST_STEPS, math.floor(longest / dt * (1 + 1e-12))))
        return Windows(dt, _that_end_at_pauses(steps, network), 1)
    parts = 2 ** math.ceil(math.log2(dt / longest) - 1e-9)  # so that parts of a step lose no digit
    return Windows(dt, 1, min(MOST_PARTS, parts))


def _that_end_at_pauses(steps: int, network: Network) -> int:
    """The most steps up to these with which windows end wherever runs are known to stop on the grid."""
    common = 0
    for pause in network.pauses:
        tick, offset = split(pause, network.dt)
        common = math.gcd(common, 1 if offset else int(tick))
    return max(k for k in range(1, steps + 1) if common % k == 0)


def useful_delay(network: Network, is_small: bool = False) -> float:
    """The shortest positive delay from neuron to neuron, infinite without one.

    Where that is less than a step of the clock, what all but a few delays reach, up to a step; in a small network
    what all but some delays reach, whatever the step.
    """
    positive = list(_positive(_between_neurons(network)))
    if not positive:
        return math.inf
    delays = np.concatenate([values for values, _count in positive])
    weights = np.concatenate([np.full(values.size, count / values.size) for values, count in positive])
    order = np.argsort(delays)
    below = np.cumsum(weights[order])
    shortest = float(delays[order[0]])
    share = SHORT_IN_SMALL if is_small else SHORT
    common = float(delays[order[np.searchsorted(below, share * below[-1], side="right")]])
    if is_small:
        return common
    return shortest if shortest >= network.dt else max(shortest, min(common, network.dt))


def has_zero_delay(network: Network) -> bool:
    """Whether a neuron's spike can act at its own instant, where those that it reaches are not joined to it anyway."""
    joined = linked(network)
    between = (p for p in _between_neurons(network) if p.trigger == "pre")  # others act on their own neuron
    apart = (p for p in between if not {p.source, p.target} <= joined)
    return any(bool(np.any(np.asarray(p.delay) == 0)) for p in apart)


def has_jumps(network: Network) -> bool:
    """Whether deliveries make the threshold form itself jump: the more of them in a window, the less can be
    said of a neuron without taking it through them one by one."""
    forms = {
        p.name: p.model.threshold.coefficients
        for p in network.populations
        if isinstance(p.model, LinearModel) and p.model.threshold
    }
    targets = [
        (p.target, each.target) for p in network.projections for each in p.code if each.where == "neuron"
    ]
    targets += [(drive.target, drive.state) for drive in network.drives]
    return any(state in forms.get(population, ()) for population, state in targets)


def _between_neurons(network: Network) -> Iterable[Projection]:
    neurons = {population.name for population in network.populations}
    return (p for p in network.projections if p.emitter in neurons and p.code and not p.is_copy)


def _positive(projections: Iterable[Projection]) -> Iterable[tuple[NDArray[np.float64], int]]:
    """Positive delays of each projection, thinned where they are many, and for how many synapses they stand."""
    for projection in projections:
        delays = np.atleast_1d(np.asarray(projection.delay, np.float64))
        usable = delays[np.isfinite(delays) & (delays > 0)]
        if usable.size and projection.i.size:
            yield np.append(usable[:: usable.size // ENOUGH + 1], usable.min()), projection.i.size
