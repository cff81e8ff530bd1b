"""Runs a network in the compiled engine and in arbitrary precision, and compares the spikes."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.description import (
    Assignment,
    LinearForm,
    LinearModel,
    Network,
    PoissonDrive,
    PoissonSource,
    Population,
    SpikeRecord,
    SpikeTrainSource,
)
from evsim.equations.expression import Expression
from evsim.errors import EvsimTypeError

if TYPE_CHECKING:
    from evsim.reference.comparison import Verification


def verify(net: Any, duration: Any, digits: int = 30) -> Verification:
    """Run a network from its present state in both engines and compare every spike.

    The network itself is not changed: both engines run copies, with the time set to zero. Spikes in flight and
    refractory periods of an earlier run are not part of the comparison; states, parameters, weights and delays are.
    Poisson processes are drawn once, by the compiled engine, and given to the reference as times.

    Parameters
    ----------
    net
        The user's network, or its `description.Network`.
    duration
        A time; for a `description.Network` also a number of seconds.
    digits
        Decimal digits of the reference.
    """
    from evsim.engine import Simulation as Compiled
    from evsim.reference import Simulation as Reference
    from evsim.reference.comparison import compare

    seconds = _seconds(duration, net)
    network = spikes_only(described(net))
    compiled = Compiled(copy.deepcopy(network))
    compiled.run(seconds)
    reference = Reference(network, digits, arrivals=_arrivals(compiled, network, seconds))
    reference.run(seconds)
    return compare(reference, compiled, network, seconds, digits)


def described(net: Any) -> Network:
    """Copy the description of a network, whoever made it, with its present time as time zero."""
    if isinstance(net, Network):
        return copy.deepcopy(net)
    describe = getattr(net, "describe", None)
    if not (callable(describe) and isinstance(found := describe(), Network)):
        raise EvsimTypeError(
            f"verify takes a Network, not {type(net).__name__}; pass the network that you run."
        )
    network = copy.deepcopy(found)
    tick, offset = net._now
    for source in network.sources:
        if isinstance(source, SpikeTrainSource):
            _begin_at(source, tick, offset, network.dt)
    return network


def spikes_only(network: Network) -> Network:
    """Give a network a record of every spike, and no other records."""
    network.state_records = []
    network.spike_records = [
        SpikeRecord(f"spikes of {each.name}", each.name, 0, each.size)
        for each in [*network.populations, *network.sources]
    ]
    return network


def _begin_at(train: SpikeTrainSource, tick: int, offset: float, dt: float) -> None:
    """Drop the spikes of a train that are over and count the others from the given time."""
    late = (train.ticks > tick) | ((train.ticks == tick) & (train.offsets >= offset))
    ticks, offsets = train.ticks[late] - tick, train.offsets[late] - offset
    train.indices = train.indices[late]
    train.ticks, train.offsets = ticks - (offsets < 0), np.where(offsets < 0, offsets + dt, offsets)


# What the compiled engine drew.


def _arrivals(compiled: Any, network: Network, seconds: float) -> dict[str, SpikeTrainSource]:
    """The times of all Poisson objects; those of a drive show as spikes of cells that fire at every arrival."""
    found = {
        each.name: _train(each.name, each.size, compiled.spikes(f"spikes of {each.name}"))
        for each in network.sources
        if isinstance(each, PoissonSource)
    }
    if network.drives:
        from evsim.engine import Simulation as Compiled

        probe = Network(network.dt, network.seed)
        for drive in network.drives:
            probe.populations.append(_relay(drive))
            probe.drives.append(replace(drive, target=f"relay of {drive.name}", state="v", weight=1.0))
            record = SpikeRecord(drive.name, f"relay of {drive.name}", drive.start, drive.stop)
            probe.spike_records.append(record)
        relays = Compiled(probe)
        relays.run(seconds)
        for drive in network.drives:
            found[drive.name] = _train(drive.name, drive.stop - drive.start, relays.spikes(drive.name))
    return found


def _train(name: str, size: int, spikes: Any) -> SpikeTrainSource:
    ticks, offsets, indices = spikes
    return SpikeTrainSource(name, size, indices, ticks, offsets)


def _relay(drive: PoissonDrive) -> Population:
    """Cells that fire at once whenever something arrives, numbered as the targets of the drive."""
    zero, one = Expression.number(0.0), Expression.number(1.0)
    model = LinearModel(
        states=("v",),
        rates={"v": LinearForm({}, zero)},
        clamped=frozenset(),
        threshold=LinearForm({"v": one}, Expression.number(-0.5)),
        strict=True,
        reset=(Assignment("v", "neuron", "set", zero),),
        parameters=(),
    )
    return Population(f"relay of {drive.name}", drive.stop, model, {"v": np.zeros(drive.stop)}, {}, 0.0)


def _seconds(duration: Any, net: Any) -> float:
    from evsim.equations.known import KNOWN_NAMES
    from evsim.units import require

    if isinstance(net, Network) and isinstance(duration, int | float):
        return float(duration)
    return float(require(duration, KNOWN_NAMES["dt"], "duration of verify()"))
