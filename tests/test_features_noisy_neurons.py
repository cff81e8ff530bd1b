"""What a user expects of neurons by name, noisy ones among them: one test for each row of the list of features."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.models import adex, eif, hh, izhikevich, lif, lif_noisy, lif_resistance, qif


def trials(count: int, duration: float) -> list[np.ndarray]:
    """Spike times (ms) of cells that differ in their noise only."""
    seed(5)
    cells = NeuronGroup(count, lif_noisy)
    cells.V = -90 * mV
    spikes = SpikeMonitor(cells)
    run(duration * ms)
    return [np.asarray(times / ms) for times in spikes.spike_trains().values()]


def test_85_noise_makes_the_intervals_vary() -> None:
    """Theory: mean 60.67 and standard deviation 2.92 ms."""
    intervals = np.concatenate([np.diff(times, prepend=0) for times in trials(300, 560)])
    assert intervals.size > 2000
    assert np.mean(intervals) == pytest.approx(60.67, abs=0.25)
    assert np.std(intervals) == pytest.approx(2.92, abs=0.2)


def test_86_trials_with_constant_input_drift_apart_like_the_root_of_time() -> None:
    found = trials(400, 560)
    assert min(len(times) for times in found) >= 8
    spread = np.array([np.std([times[k] for times in found]) for k in range(8)])
    assert spread == pytest.approx(2.92 * np.sqrt(np.arange(1, 9)), rel=0.12)


def test_97_a_population_is_picked_by_name_with_size_and_parameters() -> None:
    cells = NeuronGroup(2, lif_resistance(t_ref=0 * ms, I_stim=[30, 0] * nA))
    spikes = SpikeMonitor(cells)
    run(40 * ms)
    first = 10 * np.log(30 / 10)
    period = 10 * np.log(35 / 10)
    assert spikes.t / ms == pytest.approx([first, first + period, first + 2 * period], abs=1e-12)
    assert set(spikes.i) == {0}


def test_the_quadratic_neuron_spikes_at_the_time_of_its_closed_form() -> None:
    """tau dV/dt = a ((V + 57.5)^2 - 56.25) + 50, V from -65 to -30 (mV, ms): a tangent."""
    cells = NeuronGroup(1, qif(I_stim=50 * nA))
    spikes = SpikeMonitor(cells)
    run(30 * ms)
    width = np.sqrt(50 / 0.07 - 56.25)

    def time(start: float, end: float) -> float:
        angle = np.arctan((end + 57.5) / width) - np.arctan((start + 57.5) / width)
        return float(10 / (0.07 * width) * angle)

    first, period = time(-65, -30), time(-68, -30)
    assert spikes.t / ms == pytest.approx([first + k * period for k in range(spikes.N)], abs=1e-8)
    assert spikes.N >= 3


def test_the_recovery_of_an_izhikevich_neuron_jumps_by_d_at_a_spike() -> None:
    cells = NeuronGroup(1, izhikevich(I_stim=10 * nA))
    assert cells.u[0] == -13 * mV / ms
    spikes = SpikeMonitor(cells, variables="u")
    trace = StateMonitor(cells, ["v", "u"], record=True, dt=0.001 * ms)
    run(4 * ms)
    after = np.flatnonzero(trace.t > spikes.t[0])[0]
    assert spikes.N == 1
    assert float((trace.u[0, after] - spikes.u[0]) / (mV / ms)) == pytest.approx(8, abs=1e-3)
    assert float(trace.v[0, after] / mV) == pytest.approx(-65, abs=0.1)


def test_an_adapting_neuron_slows_down() -> None:
    cells = NeuronGroup(1, adex(I_stim=1 * nA))
    spikes = SpikeMonitor(cells)
    run(300 * ms)
    intervals = np.diff(spikes.t / ms)
    assert np.all(np.diff(intervals) > 0)
    assert intervals[0] == pytest.approx(13.52, abs=0.01)
    assert intervals[-1] > 1.3 * intervals[0]


def test_an_exponential_neuron_fires_above_its_rheobase_only() -> None:
    """The lowest constant current is (V_T - V_rest - D)/R = 0.162 nA."""
    cells = NeuronGroup(2, eif(I_stim=[0.161, 0.165] * nA))
    spikes = SpikeMonitor(cells)
    run(500 * ms)
    assert set(spikes.i) == {1}


def test_a_hodgkin_huxley_neuron_fires_regularly_and_rests_without_current() -> None:
    cells = NeuronGroup(2, hh(I_stim=[10, 0] * nA))
    spikes = SpikeMonitor(cells)
    run(150 * ms)
    assert set(spikes.i) == {0}
    intervals = np.diff(spikes.t / ms)
    assert intervals[3:] == pytest.approx(14.637, abs=2e-3)
    assert float(cells.V[1] / mV) == pytest.approx(-65, abs=0.02)


def test_a_lif_neuron_by_name_equals_the_same_equations_as_text() -> None:
    by_name = NeuronGroup(1, lif)
    as_text = NeuronGroup(
        1,
        "dV/dt = (20*nS*(-70*mV - V) + 0.44*nA)/(0.4*nF) : volt",
        threshold="V > -50*mV",
        reset="V = -90*mV",
    )
    as_text.V = -70 * mV
    spikes = [SpikeMonitor(by_name), SpikeMonitor(as_text)]
    run(500 * ms)
    assert spikes[0].N == 8
    assert spikes[0].t_ == pytest.approx(spikes[1].t_, abs=1e-15)
