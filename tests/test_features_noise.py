"""What a user expects of noise, from many cells and seeds: one test for each row of the list of features."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

C_m, g_L, E_L, I_stim = 0.4 * nF, 20 * nS, -70 * mV, 0.44 * nA
NOISY = "dV/dt = (g_L*(E_L - V) + I_stim)/C_m + sigma*sqrt(2/tau)*xi : volt"
FIRST, INTERVAL = 20 * np.log(22 / 2), 20 * np.log(42 / 2)  # ms, without noise


def spike_times(cells: int, number: int) -> np.ndarray:
    """Times (ms) of the first eight spikes, a row for each cell; of a repetition that has its own seed."""
    start_scope()
    seed(number)
    sigma, tau = 0.3 * mV, 20 * ms
    group = NeuronGroup(cells, NOISY, threshold="V > -50*mV", reset="V = -90*mV")
    group.V = E_L
    spikes = SpikeMonitor(group)
    run(600 * ms)
    return np.array([train[:8] / ms for train in spikes.spike_trains().values()])


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """The spikes of 2000 cells."""
    return np.concatenate([spike_times(500, number) for number in range(1, 5)])


def test_45_white_noise_has_its_standard_deviation_and_must_fit_in_unit() -> None:
    sigma, tau = 0.3 * mV, 20 * ms
    group = NeuronGroup(4000, NOISY)
    group.V = E_L + I_stim / g_L
    run(100 * ms)
    assert np.std(group.V[:]) / mV == pytest.approx(0.3, abs=4 * 0.3 / np.sqrt(2 * 4000))
    assert np.mean(group.V[:]) / mV == pytest.approx(-48, abs=4 * 0.3 / np.sqrt(4000))
    start_scope()
    sigma = 0.3 * nA
    wrong = NeuronGroup(1, NOISY)
    with pytest.raises(DimensionMismatchError, match=r"neurongroup.*V"):
        run(1 * ms)
    assert wrong.V[0] == 0 * mV


def test_46_every_neuron_has_noise_of_its_own() -> None:
    sigma, tau = 0.3 * mV, 20 * ms
    group = NeuronGroup(25, NOISY)
    group.V = E_L + I_stim / g_L
    trace = StateMonitor(group, "V", record=True, dt=10 * ms)
    run(10 * second)
    assert np.ptp(trace.V[:, 0]) == 0 * mV
    assert len(set(trace.V_[:, -1])) == 25
    between = np.corrcoef(trace.V_[:, 10:])[np.triu_indices(25, 1)]
    # 300 pairs; the samples are correlated over tau = 20 ms, so that 1000 of them count as 460
    assert abs(between.mean()) < 4 / np.sqrt(460 * 300)
    assert abs(between).max() < 5 / np.sqrt(460)


def test_47_cells_of_one_group_are_repetitions_of_one_cell(many: np.ndarray) -> None:
    alone = np.concatenate([spike_times(1, number) for number in range(100, 300)])
    for k in (0, 7):
        error = many[:, k].std() / np.sqrt(200)
        assert alone[:, k].mean() == pytest.approx(many[:, k].mean(), abs=4 * error)
        assert alone[:, k].std() == pytest.approx(many[:, k].std(), rel=4 / np.sqrt(2 * 200))


def test_85_intervals_of_a_noisy_cell_have_mean_and_deviation_of_theory(many: np.ndarray) -> None:
    intervals = np.diff(many, axis=1)
    n = intervals.size
    assert intervals.mean() == pytest.approx(60.67, abs=0.005 + 4 * 2.92 / np.sqrt(n))
    assert intervals.std() == pytest.approx(2.92, abs=0.005 + 4 * 2.92 / np.sqrt(2 * n))
    assert intervals.mean() < INTERVAL - 0.1  # noise makes cells fire earlier


def test_86_trials_with_constant_input_drift_apart(many: np.ndarray) -> None:
    spread = many.std(axis=0)
    assert spread[0] == pytest.approx(2.8, abs=0.15)
    assert spread[7] == pytest.approx(8.2, abs=0.4)
    k = np.arange(8)
    assert spread == pytest.approx(np.sqrt(spread[0] ** 2 + k * 2.92**2), rel=0.06)
    trials = spike_times(25, 7).std(axis=0)
    assert trials[0] == pytest.approx(2.8, rel=4 / np.sqrt(50))
    assert trials[7] == pytest.approx(8.2, rel=4 / np.sqrt(50))
