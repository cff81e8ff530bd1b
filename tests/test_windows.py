"""Windows of the core are its own business: instants of the user's clock meet, whatever windows lie between."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, defaultclock, ms, run
from evsim.description import Network
from evsim.engine.windows import Windows, windows_for

STEP = 0.01  # ms


@pytest.mark.parametrize("steps", [2, 7, 17, 64])
def test_a_time_on_the_clock_is_the_same_pair_by_every_way(steps: int) -> None:
    dt = STEP * 1e-3
    windows = Windows(dt, steps, 1)
    ticks = np.arange(3000)
    window, offset = windows.from_clock(ticks, np.zeros(ticks.size))
    back, rest = windows.to_clock(window, offset)
    assert np.array_equal(back, ticks)
    assert np.array_equal(rest, np.zeros(ticks.size))
    split_window, split_offset = windows.split(ticks * dt)
    assert np.array_equal(split_window, window)
    assert np.array_equal(split_offset, offset)


@pytest.mark.parametrize("parts", [2, 4])
def test_parts_of_a_step_lose_no_digit(parts: int) -> None:
    windows = Windows(1e-4, 1, parts)
    offsets = np.random.default_rng(1).uniform(0, 1e-4, 1000)
    ticks = np.arange(1000)
    back, rest = windows.to_clock(*windows.from_clock(ticks, offsets))
    assert np.array_equal(back, ticks)
    assert np.array_equal(rest, offsets)


def test_arrivals_that_meet_on_the_clock_are_one_instant_in_long_windows() -> None:
    """+2 and -2 on three ways to the same instants: the potential never passes 1."""
    defaultclock.dt = STEP * ms
    arrivals = np.arange(1322, 1322 + 40 * 29, 29)
    cells = NeuronGroup(1, "dv/dt = -v/(50*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    kept = []
    for steps, jump in [(100, "+ 2"), (150, "- 4"), (0, "+ 2")]:
        source = SpikeGeneratorGroup(1, np.zeros(arrivals.size, int), (arrivals - steps) * STEP * ms)
        way = Synapses(source, cells, on_pre=f"v_post = v_post {jump}", delay=steps * STEP * ms)
        way.connect()
        kept += [source, way]
    spikes = SpikeMonitor(cells)
    run(30 * ms)
    assert spikes.num_spikes == 0
    assert abs(float(cells.v[0])) < 1e-12


def test_windows_follow_the_fastest_exponential_without_synapses() -> None:
    network = Network(1e-4, 0)
    assert windows_for(network, 100.0, "exact") == Windows(1e-4, 10, 1)
    assert windows_for(network, 1e4, "exact") == Windows(1e-4, 1, 4)
    assert windows_for(network, 1e4, "grid") == Windows(1e-4, 1, 1)
