"""Compares the spikes of two engines, and tells it in a few lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import mpmath as mp

from evsim.description import Network
from evsim.reference.exact import GUARD, Exact, instant

MATCH = 1e-6
"""Spikes of one neuron closer than this (s) are the same spike; others are missing or extra."""


class Name(NamedTuple):
    """A neuron: its population by position and name, its number in it."""

    position: int
    population: str
    element: int

    def __str__(self) -> str:
        return f"{self.population}[{self.element}]"


class Pair(NamedTuple):
    """A spike of both engines, times in ms; `conditioning` is its shift by one rounding of a double."""

    neuron: Name
    time: float
    difference: float
    conditioning: float


class Disorder(NamedTuple):
    """The first place where the order of all spikes differs; None stands for the end of the list."""

    number: int
    expected: Name | None
    found: Name | None
    time: float


@dataclass(frozen=True, repr=False)
class Verification:
    """What `verify` found; print it. Times in ms.

    `pairs` are the spikes that both engines have, `missing` those that only the reference has, `extra` those
    that only the compiled engine has, as (neuron, time).
    """

    duration: float
    digits: int
    pairs: tuple[Pair, ...]
    missing: tuple[tuple[Name, float], ...]
    extra: tuple[tuple[Name, float], ...]
    disorder: Disorder | None

    @property
    def n_spikes(self) -> int:
        """How many spikes there are, by the reference."""
        return len(self.pairs) + len(self.missing)

    @property
    def worst(self) -> Pair | None:
        """The spike whose times differ most."""
        return max(self.pairs, key=lambda pair: abs(pair.difference), default=None)

    @property
    def largest_difference(self) -> float:
        """The largest difference of a spike time (ms)."""
        return abs(self.worst.difference) if self.worst else 0.0

    @property
    def is_right(self) -> bool:
        """Whether the engines have the same spikes in the same order."""
        return not (self.missing or self.extra or self.disorder)

    def __repr__(self) -> str:
        return "\n".join(
            [f"evsim.verify: {self.duration:.12g} ms against {self.digits} digits", *self._lines()]
        )

    def _lines(self) -> Iterable[str]:
        yield f"  spikes              {self.n_spikes}, missing {len(self.missing)}, extra {len(self.extra)}"
        if self.worst:
            where = f"{self.worst.neuron} at {self.worst.time:.6f} ms"
            yield f"  largest difference  {self.largest_difference:.2g} ms ({where})"
        for title, spikes in (("missing", self.missing), ("extra", self.extra)):
            if spikes:
                neuron, time = min(spikes, key=lambda spike: spike[1])
                yield f"  first {title:<13} {neuron} at {time:.6f} ms"
        if self.disorder is None:
            yield "  order               the same"
        else:
            number, expected, found, time = self.disorder
            what = f"{found or 'nothing'} instead of {expected or 'nothing'}"
            yield f"  order               differs first at spike {number} ({time:.6f} ms): {what}"


def compare(reference: Any, compiled: Any, network: Network, seconds: float, digits: int) -> Verification:
    """Compare what two simulations recorded of the same network."""
    with mp.workdps(digits + GUARD):
        right: dict[Name, list[Exact]] = defaultdict(list)
        found: dict[Name, list[Exact]] = defaultdict(list)
        conditioning: dict[tuple[Name, Exact], float] = {}
        populations = {each.name for each in network.populations}
        records = [each for each in network.spike_records if each.source in populations]
        for position, record in enumerate(records):
            for spike in reference.exact_spikes(record.name):
                neuron = Name(position, record.source, spike.element)
                right[neuron].append(spike.time)
                conditioning[neuron, spike.time] = spike.conditioning
            for tick, offset, index in zip(*compiled.spikes(record.name), strict=True):
                neuron = Name(position, record.source, int(index))
                found[neuron].append(instant(tick, offset, network.dt))
        pairs, missing, extra = _match(right, found)
        return Verification(
            duration=seconds * 1e3,
            digits=digits,
            pairs=tuple(
                Pair(
                    neuron, float(time * 1000), float((other - time) * 1000), conditioning[neuron, time] * 1e3
                )
                for neuron, time, other in pairs
            ),
            missing=tuple((neuron, float(time * 1000)) for neuron, time in missing),
            extra=tuple((neuron, float(time * 1000)) for neuron, time in extra),
            disorder=_first_disorder(right, found),
        )


Trains = dict[Name, list[Exact]]  # times, ascending


def _match(
    right: Trains, found: Trains
) -> tuple[list[tuple[Name, Exact, Exact]], list[tuple[Name, Exact]], list[tuple[Name, Exact]]]:
    pairs, missing, extra = [], [], []
    for neuron in sorted({*right, *found}):
        expected, given = list(right.get(neuron, [])), list(found.get(neuron, []))
        while expected and given:
            gap = given[0] - expected[0]
            if abs(gap) <= MATCH:
                pairs.append((neuron, expected.pop(0), given.pop(0)))
            elif gap > 0:
                missing.append((neuron, expected.pop(0)))
            else:
                extra.append((neuron, given.pop(0)))
        missing += [(neuron, time) for time in expected]
        extra += [(neuron, time) for time in given]
    return pairs, missing, extra


def _first_disorder(right: Trains, found: Trains) -> Disorder | None:
    expected, given = _in_order(right), _in_order(found)
    for number, (one, other) in enumerate(zip(expected, given, strict=False)):
        if one[1] != other[1]:
            return Disorder(number, one[1], other[1], float(one[0] * 1000))
    number = min(len(expected), len(given))
    if len(expected) > number:
        return Disorder(number, expected[number][1], None, float(expected[number][0] * 1000))
    if len(given) > number:
        return Disorder(number, None, given[number][1], float(given[number][0] * 1000))
    return None


def _in_order(trains: Trains) -> list[tuple[Exact, Name]]:
    return sorted((time, neuron) for neuron, times in trains.items() for time in times)
