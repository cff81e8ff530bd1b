"""Modulation of bursting cells: low-passes by their closed forms, and what becomes of the bursts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evsim_neuromodulation import additive_modulation, depressive_modulation, multiscale
from evsim_neuromodulation.regimes import bursts

from evsim import NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms, run, second


def train(first: float, last: float, interval: float) -> SpikeGeneratorGroup:
    times = np.arange(first, last, interval)
    return SpikeGeneratorGroup(1, np.zeros(times.size, dtype=int), times * ms)


def low_pass(t: Any, spikes: list[float], tau: float) -> Any:
    return sum(np.where(t >= at, np.exp(-np.maximum(t - at, 0) / tau), 0) for at in spikes)


def sigma(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def test_129_a_spike_adds_one_to_a_low_pass_that_decays_with_tau_s() -> None:
    source, cell = SpikeGeneratorGroup(1, [0, 0], [1.03, 7.77] * ms), NeuronGroup(1, multiscale)
    synapses = Synapses(source, cell, additive_modulation(tau_s=20 * ms), delay=0.5 * ms)
    synapses.connect()
    trace = StateMonitor(synapses, ["s", "alpha_mod"], record=True)
    run(30 * ms)
    expected = low_pass(trace.t / ms, [1.53, 8.27], 20)
    assert np.max(np.abs(trace.s[0] - expected)) < 1e-6
    assert np.max(np.abs(trace.alpha_mod[0] - sigma(expected - 4))) < 1e-6


def test_130_the_gain_of_the_slow_current_follows_at_every_instant() -> None:
    source, cell = SpikeGeneratorGroup(1, [0, 0], [1.03, 7.77] * ms), NeuronGroup(1, multiscale)
    synapses = Synapses(source, cell, additive_modulation(tau_s=20 * ms, theta=1.0, sign="-"))
    synapses.connect()
    trace = StateMonitor(cell, ["I_sp", "V_sp"], record=True)
    run(30 * ms)
    s = low_pass(trace.t / ms, [1.03, 7.77], 20)
    expected = (2 - sigma(s - 1)) * np.tanh(trace.V_sp[0])
    assert trace.I_sp[0] == pytest.approx(expected, abs=1e-6)


def test_130_bursts_become_tonic_or_silent_while_modulated_and_return() -> None:
    source, cells = train(6000, 14_000, 20), NeuronGroup(2, multiscale)
    up, down = (
        Synapses(source, cells, additive_modulation),
        Synapses(source, cells, additive_modulation(sign="-")),
    )
    up.connect(i=0, j=0)
    down.connect(i=0, j=1)
    up.w = 2
    spikes = SpikeMonitor(cells)
    run(26 * second)
    raised, lowered = (spikes.spike_trains()[k] / ms for k in (0, 1))
    for each in (raised, lowered):
        before, after = each[each < 6000], each[each > 16_800]
        assert [len(burst) for burst in bursts(before)] == [7, 7]
        assert {len(burst) for burst in bursts(after)[:3]} == {7}
    during = raised[(raised > 6500) & (raised < 14_000)]
    assert 30 < np.diff(during).min() < np.diff(during).max() < 70
    assert not np.any((lowered > 6100) & (lowered < 14_000))


def test_131_two_low_passes_have_their_own_time_constants() -> None:
    source, cell = SpikeGeneratorGroup(1, [0, 0], [1.03, 7.77] * ms), NeuronGroup(1, multiscale)
    synapses = Synapses(source, cell, depressive_modulation(tau_fac=5 * ms, tau_dep=40 * ms))
    synapses.connect()
    trace = StateMonitor(synapses, ["s_fac", "s_dep"], record=True)
    run(30 * ms)
    for values, tau in ((trace.s_fac[0], 5), (trace.s_dep[0], 40)):
        assert np.max(np.abs(values - low_pass(trace.t / ms, [1.03, 7.77], tau))) < 1e-6


def test_132_the_strength_of_a_depressive_synapse_fades_while_a_train_lasts() -> None:
    source, cell = train(6000, 14_000, 20), NeuronGroup(1, multiscale)
    synapses = Synapses(source, cell, depressive_modulation)
    synapses.connect()
    synapses.w = 2
    spikes, trace = SpikeMonitor(cell), StateMonitor(synapses, ["g", "alpha_mod"], record=True, dt=10 * ms)
    run(18 * second)
    t, g, gain = trace.t / ms, trace.g[0], trace.g[0] * trace.alpha_mod[0]
    assert g[0] == pytest.approx(sigma(4.0), rel=1e-6)
    assert g[np.searchsorted(t, 13_900)] < 0.01
    assert t[gain.argmax()] == pytest.approx(6200, abs=100)
    found = spikes.t / ms
    begin = found[(found > 6000) & (found < 6900)]
    assert begin.size > 20
    assert np.diff(begin).max() < 60
    assert {len(burst) for burst in bursts(found[(found > 9000) & (found < 13_500)])} == {7}


def test_133_several_synapses_add_up_in_the_gain() -> None:
    source, cells = SpikeGeneratorGroup(2, [0, 1], [1.03, 7.77] * ms), NeuronGroup(2, multiscale)
    synapses = Synapses(source, cells, additive_modulation(tau_s=20 * ms, theta=1.0))
    synapses.connect(j="1")
    more = Synapses(source, cells, additive_modulation(tau_s=5 * ms, theta=1.0))
    more.connect(i=1, j=1)
    more.w = -0.5
    trace = StateMonitor(cells, ["I_sp", "V_sp"], record=True)
    run(30 * ms)
    t = trace.t / ms
    first, second_ = (sigma(low_pass(t, [at], 20) - 1) for at in (1.03, 7.77))
    gain = 2 + first + second_ - 0.5 * sigma(low_pass(t, [7.77], 5) - 1)
    assert trace.I_sp[1] == pytest.approx(gain * np.tanh(trace.V_sp[1]), abs=1e-6)
    assert trace.I_sp[0] == pytest.approx(2 * np.tanh(trace.V_sp[0]), abs=1e-9)


def test_134_a_cell_drives_the_modulator_of_another() -> None:
    cells = NeuronGroup(3, multiscale)  # a tonic one, its target, and one alone
    cells.a_sp[0] = 4
    synapses = Synapses(cells, cells, additive_modulation(theta=2.0))
    synapses.connect(i=0, j=1)
    synapses.w = 2
    spikes = SpikeMonitor(cells)
    run(10 * second)
    trains = [each / ms for each in spikes.spike_trains().values()]
    assert np.diff(trains[1][trains[1] > 1000]).max() < 100
    assert [len(burst) for burst in bursts(trains[2])][:2] == [7, 7]
