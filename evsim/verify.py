"""Runs a network in the compiled engine and in arbitrary precision, and reports how far the spikes are apart."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from evsim import description
from evsim.description import Network, SpikeRecord, SpikeTrainSource
from evsim.errors import EvsimTypeError

MATCH = 1e-6
"""Spikes of one neuron closer than this (s) are the same spike; others are missing or extra."""


class Name(NamedTuple):
    """A neuron: its population by position and name, its number in it."""

    position: int
    population: str
    index: int

    def __str__(self) -> str:
        return f"{self.population}[{self.index}]"


class Pair(NamedTuple):
    """A spike that both engines have, times in ms; `conditioning` is its shift by one rounding of a double."""

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

    `pairs` are the spikes that both engines have, `missing` those that only the reference has, `extra` those that
    only the compiled engine has, as (neuron, time).
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
            yield f"  order               differs first at spike {number} ({time:.6f} ms): {found}, not {expected}"


def verify(net: Any, duration: Any, digits: int = 30) -> Verification:
    """Run a network from its present state in both engines and compare every spike.

    The network itself is not changed: both engines run copies. Spikes in flight and refractory periods of an earlier
    run are not part of the comparison; states, parameters, weights and delays are.

    Parameters
    ----------
    net
        The user's network, or its `description.Network`.
    duration
        A time, or a number of seconds.
    digits
        Decimal digits of the reference.
    """
    from evsim.engine import Simulation as Compiled
    from evsim.reference import Simulation as Reference

    network = _spikes_only(described(net))
    seconds = _seconds(duration)
    compiled = Compiled(_spikes_only(network))
    compiled.run(seconds)
    reference = Reference(network, digits, arrivals=_arrivals(compiled, network))
    reference.run(seconds)
    return compare(reference, compiled, network, seconds, digits)


def described(net: Any) -> Network:
    """Return the description of a network, whoever made it."""
    if isinstance(net, Network):
        return net
    describe = getattr(net, "describe", None)
    if callable(describe) and isinstance(found := describe(), Network):
        return found
    raise EvsimTypeError(f"verify takes a Network, not {type(net).__name__}; pass the network that you run.")


def compare(reference: Any, compiled: Any, network: Network, seconds: float, digits: int) -> Verification:
    """Compare what two simulations recorded of the same network."""
    import mpmath as mp

    from evsim.reference.exact import GUARD, instant

    with mp.workdps(digits + GUARD):
        right: dict[Name, list[Any]] = defaultdict(list)
        found: dict[Name, list[Any]] = defaultdict(list)
        conditioning: dict[tuple[Name, Any], float] = {}
        for position, record in enumerate(network.spike_records):
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


Trains = dict[Name, list[Any]]  # times, ascending


def _match(
    right: Trains, found: Trains
) -> tuple[list[tuple[Name, Any, Any]], list[tuple[Name, Any]], list[tuple[Name, Any]]]:
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


def _in_order(trains: Trains) -> list[tuple[Any, Name]]:
    return sorted((time, neuron) for neuron, times in trains.items() for time in times)


def _spikes_only(network: Network) -> Network:
    """Copy a network, with one record for the spikes of each population and no others."""
    copied = copy.deepcopy(network)
    copied.state_records = []
    copied.spike_records = [
        SpikeRecord(f"spikes of {each.name}", each.name, 0, each.size) for each in copied.populations
    ]
    return copied


def _arrivals(compiled: Any, network: Network) -> dict[str, SpikeTrainSource]:
    """Return what the compiled engine drew for each Poisson object; the reference draws nothing itself."""
    poisson = [each for each in network.sources if isinstance(each, description.PoissonSource)]
    return {each.name: compiled.poisson_events(each.name) for each in [*poisson, *network.drives]}


def _seconds(duration: Any) -> float:
    from evsim.units import si

    return float(si(duration))
