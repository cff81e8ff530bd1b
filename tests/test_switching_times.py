"""Functions of time in equations: each value holds up to its switch, whatever the clock, the argument and the place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    start_scope,
    verify,
)

CURRENT = np.random.default_rng(1).uniform(0.3, 2.5, 200)
CURRENTS = np.random.default_rng(2).uniform(0.3, 2.5, (150, 3))
PULSES = np.where(np.arange(4000) % 50 == 7, 30.0, 0.9)
TABLES = {
    "I": TimedArray(CURRENT, dt=0.35 * ms),
    "J": TimedArray(CURRENTS, dt=0.47 * ms),
    "P": TimedArray(PULSES, dt=0.02 * ms),  # 20 us in each ms
}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    start_scope()
    defaultclock.dt = 0.1 * ms


def steps_to_spikes(values: np.ndarray, step: float, duration: float, tau: float = 5.0) -> list[float]:
    """Spikes (ms) of tau dv/dt = I - v, from 0 to 1 and back to 0, by the exponential of each piece."""
    spikes, v, time = [], 0.0, 0.0
    for k, value in enumerate(values):
        end = min((k + 1) * step if k + 1 < len(values) else math.inf, duration)
        while value > 1 and (rise := tau * math.log((value - v) / (value - 1))) < end - time:
            time, v = time + rise, 0.0
            spikes.append(time)
        v, time = value + (v - value) * math.exp(-(end - time) / tau), end
        if time >= duration:
            return spikes
    return spikes


@pytest.mark.parametrize("dt", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("method", [None, "exact", "adaptive"])
def test_a_membrane_follows_steps_by_their_exponentials(dt: float, method: str | None) -> None:
    defaultclock.dt = dt * ms
    group = NeuronGroup(
        1, "dv/dt = (I(t) - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method=method, namespace=TABLES
    )
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(60 * ms)
    expected = steps_to_spikes(CURRENT, 0.35, 60.0)
    assert len(expected) >= 8
    assert np.asarray(spikes.t / ms) == pytest.approx(expected, abs=1e-10)


def test_columns_switch_for_each_neuron_in_its_own_way() -> None:
    group = NeuronGroup(
        3, "dv/dt = (J(t, i) - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", namespace=TABLES
    )
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(60 * ms)
    for neuron in range(3):
        expected = steps_to_spikes(CURRENTS[:, neuron], 0.47, 60.0)
        assert len(expected) >= 6
        assert np.asarray(spikes.t / ms)[spikes.i == neuron] == pytest.approx(expected, abs=1e-10)


def test_a_shifted_table_is_a_table_that_begins_later() -> None:
    """Until 1.1 ms its first value holds."""
    group = NeuronGroup(
        1, "dv/dt = (I(t - 1.1*ms) - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", namespace=TABLES
    )
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(60 * ms)
    shifted = np.concatenate([np.full(22, CURRENT[0]), np.repeat(CURRENT, 7)])  # pieces of 0.05 ms
    expected = steps_to_spikes(shifted, 0.05, 60.0)
    assert len(expected) >= 8
    assert np.asarray(spikes.t / ms) == pytest.approx(expected, abs=1e-9)


def test_pulses_since_the_last_spike_end_as_told() -> None:
    """After each spike the values 0.5, 3, 0.9, 2 for 1.3 ms each, the last for good, as before the first spike."""
    pulses = TimedArray([0.5, 3.0, 0.9, 2.0], dt=1.3 * ms)
    group = NeuronGroup(
        1,
        "dv/dt = (P(t - lastspike) - v)/(5*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        namespace={"P": pulses},
    )
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(30 * ms)
    (period,) = steps_to_spikes(np.array([0.5, 3.0, 0.9, 2.0]), 1.3, 5.0)
    assert np.asarray(spikes.t / ms) == pytest.approx(5 * math.log(2) + period * np.arange(6), abs=1e-10)


def test_a_table_may_begin_anew_after_each_period() -> None:
    group = NeuronGroup(
        1, "dv/dt = (I(t % (3.3*ms)) - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", namespace=TABLES
    )
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(60 * ms)
    once = np.repeat(CURRENT, 7)[:66]  # pieces of 0.05 ms
    expected = steps_to_spikes(np.tile(once, 20), 0.05, 60.0)
    assert len(expected) >= 8
    assert np.asarray(spikes.t / ms) == pytest.approx(expected, abs=1e-9)


NONLINEAR = "dv/dt = (1.8 - v**2)/(5*ms) : 1 (unless refractory)"
PLACES: dict[str, dict[str, Any]] = {
    "twice in two equations": {
        "model": "dv/dt = (I(t) - v*J(t, 0))/(5*ms) : 1 (unless refractory)\ndu/dt = (I(t)*v - u)/(3*ms) : 1"
    },
    "threshold": {"model": NONLINEAR, "threshold": "v > I(t) or v > 1.2"},
    "condition": {"model": NONLINEAR, "refractory": "v < I(t) - 1"},
    "period": {"model": NONLINEAR, "refractory": "I(t)*ms"},
    "short pulses": {"model": "dv/dt = (P(t) - v)/(5*ms) : 1 (unless refractory)"},
    "short pulses, shifted": {"model": "dv/dt = (P(t - 1.1*ms) - v)/(5*ms) : 1 (unless refractory)"},
    "short pulses since the spike": {
        "model": "dv/dt = (P(t - lastspike) - v)/(5*ms) : 1 (unless refractory)"
    },
    "short pulses, again and again": {
        "model": "dv/dt = (P(t % (3.3*ms)) - v)/(5*ms) : 1 (unless refractory)"
    },
}


@pytest.mark.parametrize("dt", [1.0, 0.01])
@pytest.mark.parametrize("place", PLACES)
def test_both_engines_switch_at_the_same_times(place: str, dt: float) -> None:
    defaultclock.dt = dt * ms
    keywords = {"threshold": "v > 1", "reset": "v = 0", "refractory": 0.7 * ms} | PLACES[place]
    group = NeuronGroup(2, namespace=TABLES, method="adaptive", **keywords)
    source = SpikeGeneratorGroup(1, [0] * 20, np.sort(np.random.default_rng(3).uniform(0, 40, 20)) * ms)
    synapses = Synapses(source, group, on_pre="v_post += 0.05")
    synapses.connect()
    report = verify(Network(group, source, synapses), 40 * ms, digits=20)
    assert report.is_right, report
    assert report.n_spikes >= 8
    assert report.largest_difference < 1e-9, report
