"""The next deliveries of spikes that have been made, read from the core."""

from __future__ import annotations

from typing import Any

from evsim.description import Projection
from evsim.engine.core import check, ffi, lib

Found = tuple[int, float, Projection, int]  # tick and offset of the clock, where, and which synapse


def next_deliveries(simulation: Any, most: int) -> list[Found]:
    """At most so many, in order."""
    if simulation._sim is None:
        return []
    out = ffi.new("struct evsim_delivery[]", most)
    count = check(lib.evsim_peek(simulation._sim, most, out))
    by_number = {each.number: each.projection for each in simulation._projections}
    windows = simulation._windows
    return [
        (*windows.one_to_clock(out[k].tick, out[k].offset), by_number[out[k].projection], out[k].synapse)
        for k in range(count)
    ]
