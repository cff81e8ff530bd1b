"""Parts of a network that rest: synapses take in no spikes and add up nothing, monitors record nothing, and so on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.engine.core import check, lib

NEVER = 2**53  # number of a sample that does not come

Pieces = NDArray[np.int64]  # rows of (samples before, number of the first one)


def apply_activity(simulation: Any) -> None:
    """Let rest what the description says, and what it says no more take part again."""
    wanted: set[str] = simulation.network.inactive
    for name in sorted(wanted ^ simulation.inactive):
        if _switch(simulation, name, name not in wanted):
            simulation.inactive ^= {name}


def numbers_of(pieces: Pieces, count: int) -> NDArray[np.int64]:
    """The numbers of so many samples, recorded in pieces."""
    ends = [*pieces[1:, 0].tolist(), count]
    return np.concatenate(
        [
            np.arange(first, first + end - start)
            for (start, first), end in zip(pieces.tolist(), ends, strict=True)
        ]
    )


def _switch(simulation: Any, name: str, is_active: bool) -> bool:
    """Whether there is a part of that name in the core."""
    network = simulation.network
    if name in simulation._spike_records:
        record = next(each for each in network.spike_records if each.name == name)
        stop = record.stop if is_active else record.start
        lib.evsim_activate_spikes(simulation._sim, simulation._spike_records[name], record.start, stop)
        return True
    if name in simulation._state_records:
        _switch_samples(simulation, name, is_active)
        return True
    projection = next((each for each in simulation._projections if each.projection.name == name), None)
    if projection is not None:
        check(lib.evsim_activate_projection(simulation._sim, projection.number, is_active))
        return True
    link = next((each for each in simulation._links if each.link.name == name), None)
    if link is not None:
        link.activate(is_active=is_active)
        return True
    for number, drive in enumerate(network.drives):
        if drive.name == name:
            lib.evsim_activate_drive(simulation._sim, number, drive.n * drive.rate if is_active else 0.0)
            return True
    return False


def _switch_samples(simulation: Any, name: str, is_active: bool) -> None:
    number = simulation._state_records[name]
    following = NEVER
    if is_active:
        record = next(each for each in simulation.network.state_records if each.name == name)
        following = simulation._first_sample(record.dt)
        piece = np.array([[check(lib.evsim_sample_count(simulation._sim, number)), following]])
        simulation._first_samples[name] = np.concatenate([simulation._first_samples[name], piece])
    lib.evsim_activate_samples(simulation._sim, number, following)


__all__ = ["Pieces", "apply_activity", "numbers_of"]
