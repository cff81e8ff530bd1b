"""Why a neuron fired: the deliveries that came to it since its last spike, and the spikes that they came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.units import Quantity
from evsim.words.clocks import in_seconds
from evsim.words.monitors import SpikeMonitor
from evsim.words.synapses import Synapses

_EQUAL = (
    1e-14  # seconds; a delivery at the very time of the spike is one of its causes, whatever rounding does
)


@dataclass(frozen=True)
class Cause:
    """A delivery: when it came, by which synapse, and the spike of the source that it came from."""

    t: Quantity
    synapses: str
    synapse: int
    spike: FiredSpike

    def __str__(self) -> str:
        return f"{self.t}: {self.synapses}[{self.synapse}] from {self.spike.title}"


@dataclass(frozen=True)
class FiredSpike:
    """A spike of one element of a group, and what came to the element since the spike before it."""

    t: Quantity
    group: str
    i: int
    causes: tuple[Cause, ...] = ()

    @property
    def title(self) -> str:
        """The element and the time of its spike."""
        return f"{self.group}[{self.i}], which fired at {self.t}"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self, indent: str = "") -> Iterator[str]:
        if not indent:
            yield f"{self.group}[{self.i}] fired at {self.t}" + (", after" if self.causes else ", by itself")
        for cause in self.causes:
            yield f"{indent}  {cause}"
            yield from cause.spike._lines(f"{indent}  ")


def cause_chain(members: Iterable[Any], monitor: Any, k: Any, depth: Any) -> FiredSpike:
    """The spike number k of a monitor, with its causes, theirs, and so on, `depth` times."""
    if not isinstance(monitor, SpikeMonitor):
        raise EvsimTypeError(
            f"causes: got {monitor!r}; give a SpikeMonitor and the number of one of its spikes"
        )
    if isinstance(k, bool) or not hasattr(k, "__index__") or not -len(monitor.i) <= int(k) < len(monitor.i):
        raise EvsimValueError(f"causes: {monitor.name} has {len(monitor.i)} spikes, and no spike {k!r}")
    if isinstance(depth, bool) or not hasattr(depth, "__index__") or int(depth) < 1:
        raise EvsimValueError(f"causes: depth is {depth!r}; give 1 or more")
    group, first = monitor.source._group, monitor.source._bounds()[0]
    return _History(list(members)).spike(group, int(monitor.i[k]) + first, float(monitor.t_[k]), int(depth))


class _History:
    """What the monitors of a network have recorded of its groups."""

    def __init__(self, members: list[Any]) -> None:
        self._synapses = [each for each in members if isinstance(each, Synapses) and not each._is_copy]
        self._monitors = [each for each in members if isinstance(each, SpikeMonitor)]
        self._known: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}

    def spike(self, group: Any, i: int, t: float, depth: int) -> FiredSpike:
        """A spike of an element at a time (s), with what came to the element since the one before."""
        causes = tuple(self._causes(group, i, t, depth)) if depth else ()
        return FiredSpike(in_seconds(t), group.name, i, causes)

    def _causes(self, group: Any, i: int, t: float, depth: int) -> Iterator[Cause]:
        into = [each for each in self._synapses if each._target._group is group]
        if not into:
            return
        before = self._before(group, i, t)
        found = [cause for each in into for cause in self._deliveries(each, i, before, t)]
        for arrival, synapses, number, source, time in sorted(found, key=lambda each: each[0]):
            spike = self.spike(synapses._source._group, source, time, depth - 1)
            yield Cause(in_seconds(arrival), synapses.name, number, spike)

    def _before(self, group: Any, i: int, t: float) -> float:
        """The time of the spike before; minus infinity if there is none."""
        elements, times = self._spikes(group)
        earlier = times[(elements == i) & (times < t - _EQUAL)]
        return float(earlier.max(initial=-np.inf))

    def _deliveries(
        self, synapses: Synapses, i: int, after: float, until: float
    ) -> Iterator[tuple[float, Synapses, int, int, float]]:
        """What synapses brought to an element: arrival (s), synapse, source and the time of its spike (s)."""
        numbers = np.flatnonzero(synapses.j == i - synapses._target._bounds()[0])
        pathways = [each for each in synapses._pathways if each.trigger == "pre" and each.event == "spike"]
        if not numbers.size or not pathways:
            return
        elements, times = self._spikes(synapses._source._group)
        sources = synapses.i[numbers] + synapses._source._bounds()[0]
        for name in dict.fromkeys(each.delay_name for each in pathways):
            delay = np.broadcast_to(synapses._storage.arrays[name], (synapses.N,))
            for number, source in zip(numbers, sources, strict=True):
                fired = times[elements == source]
                arrivals = fired + delay[number]
                inside = (arrivals > after + _EQUAL) & (arrivals <= until + _EQUAL)
                for arrival, time in zip(arrivals[inside], fired[inside], strict=True):
                    yield float(arrival), synapses, int(number), int(source), float(time)

    def _spikes(self, group: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Every recorded spike of a group: elements and times (s)."""
        if group.name not in self._known:
            own = [each for each in self._monitors if each.source._group is group]
            if not own:
                raise EvsimValueError(
                    f"causes: no SpikeMonitor records {group.name}, so its spikes are not known; add "
                    f"SpikeMonitor({group.name}) before the run"
                )
            elements = np.concatenate([each.i + each.source._bounds()[0] for each in own])
            times = np.concatenate([each.t_ for each in own])
            _, kept = np.unique(np.stack([elements.astype(np.float64), times]), axis=1, return_index=True)
            self._known[group.name] = elements[kept], times[kept]
        return self._known[group.name]


__all__ = ["Cause", "FiredSpike", "cause_chain"]
