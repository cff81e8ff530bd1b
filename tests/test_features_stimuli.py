"""Functions of time as stimuli, and what a script of Brian sets: the rows of the feature list, one test each."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

C_m, g_L, E_L = 0.4 * nF, 20 * nS, -70 * mV
CELL = "dV/dt = (g_L*(E_L - V) + {})/C_m : volt"


def test_22_the_target_of_code_generation_changes_nothing() -> None:
    import evsim.brian as brian

    trains = []
    for target in ("numpy", "cython", "auto"):
        start_scope()
        brian.prefs.codegen.target = target
        brian.seed(2)
        cells = NeuronGroup(5, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        cells.v = "rand()"
        spikes = SpikeMonitor(cells)
        run(20 * ms)
        trains.append((spikes.t / ms).tolist())
    brian.prefs.reset_to_defaults()
    assert trains[0] == trains[1] == trains[2]
    assert len(trains[0]) >= 5


def test_48_a_timed_array_is_a_function_of_time_in_python_and_in_equations() -> None:
    I_noise = TimedArray([0.25, -0.5, 1] * nA, dt=1 * ms)
    assert I_noise(0.4 * ms) == 0.25 * nA
    assert I_noise(1.0 * ms) == -0.5 * nA
    assert I_noise(500 * ms) == 1 * nA
    charge = NeuronGroup(1, "dq/dt = I_noise(t) : coulomb")
    run(5 * ms)
    assert charge.q[0] / (nA * ms) == pytest.approx(0.25 - 0.5 + 3 * 1, rel=1e-12)


def test_50_a_stimulus_and_a_constant_current_add_up() -> None:
    draws = np.random.default_rng(5).standard_normal(2000) * 0.2
    stimulus = TimedArray(draws * nA, dt=1 * ms)
    cell = NeuronGroup(1, "dq/dt = I_stim + stimulus(t) : coulomb\nI_stim : amp")
    cell.I_stim = 0.44 * nA
    run(2 * second)
    mean = cell.q[0] / (2 * second)
    assert mean / nA == pytest.approx(0.44 + draws.mean(), rel=1e-9)
    assert mean / nA == pytest.approx(0.44, abs=3 * 0.2 / np.sqrt(2000))


def share_with_partner(spikes: SpikeMonitor, trials: int) -> float:
    """Of the spikes after 250 ms, the share that has one of another trial within 2 ms; mean over pairs of trials."""
    trains = [np.asarray(spikes.t[spikes.i == k] / ms) for k in range(trials)]
    late = [train[train > 250] for train in trains]
    nearest = [
        np.abs(one[:, None] - other).min(axis=1)
        for one in late
        for other in late
        if one is not other and one.size and other.size
    ]
    return float(np.mean([np.mean(gaps < 2) for gaps in nearest]))


def reliability(stimulus: TimedArray) -> float:
    start_scope()
    sigma, tau = 0.3 * mV, C_m / g_L
    equations = CELL.format("0.44*nA + stimulus(t)").replace(" :", " + sigma*sqrt(2/tau)*xi :")
    names = {"stimulus": stimulus, "sigma": sigma, "tau": tau, "C_m": C_m, "g_L": g_L, "E_L": E_L}
    trials = NeuronGroup(25, equations, threshold="V > -50*mV", reset="V = -90*mV", namespace=names)
    trials.V = E_L
    spikes = SpikeMonitor(trials)
    run(500 * ms)
    return share_with_partner(spikes, 25)


def test_87_trials_with_the_same_fluctuating_current_stay_aligned() -> None:
    random = np.random.default_rng(1)
    constant = np.mean([reliability(TimedArray([0] * nA, dt=1 * ms)) for _ in range(5)])
    fluctuating = [
        reliability(TimedArray(random.standard_normal(500) * 0.2 * nA, dt=1 * ms)) for _ in range(30)
    ]
    assert constant == pytest.approx(0.16, abs=0.03)
    assert np.mean(fluctuating) == pytest.approx(0.51, abs=0.1)


def test_88_a_random_input_current_and_its_statistics() -> None:
    import matplotlib.pyplot as plt

    values = np.random.default_rng(3).standard_normal(500) * 0.2 * nA
    current = TimedArray(values, dt=1 * ms)
    times = np.arange(500) * ms
    assert np.array_equal(current(times), values)
    assert np.std(current(times)) / nA == pytest.approx(0.2, abs=0.03)
    assert np.mean(current(times)) / nA == pytest.approx(0.0, abs=4 * 0.2 / np.sqrt(500))
    figure, axes = plt.subplots()
    (line,) = axes.plot(times / ms, current(times) / nA)
    assert line.get_ydata().tolist() == (values / nA).tolist()
    plt.close(figure)


def test_98_constant_input_makes_a_stepwise_protocol_and_its_length() -> None:
    steps, length = constant_input([(25 * pA, 20 * ms), (0 * pA, 1000 * ms)])
    assert length == 1020 * ms
    assert [float(steps(t * ms) / pA) for t in (0, 19.99, 20, 500, 5000)] == pytest.approx([25, 25, 0, 0, 0])
    tau = C_m / g_L
    cell = NeuronGroup(1, CELL.format("steps(t)"), method="exact")
    cell.V = E_L
    run(20 * ms)
    height = 25 * pA / g_L
    at_end = float((1 - np.exp(-20 * ms / tau)) * height / mV)
    assert (cell.V[0] - E_L) / mV == pytest.approx(at_end, abs=1e-9)
    run(length - 20 * ms)
    assert (cell.V[0] - E_L) / mV == pytest.approx(at_end * np.exp(-1000 * ms / tau), abs=1e-9)


def test_98_pieces_of_a_protocol_last_as_long_as_they_say() -> None:
    numbers, length = constant_input([(25, 20 * ms), (0, 0.3 * ms), (-1, 1.23 * ms)])
    assert length / ms == pytest.approx(21.53, rel=1e-15)
    assert numbers([0, 20.001, 20.299, 20.301, 30] * ms).tolist() == [25, 0, 0, -1, -1]
    with pytest.raises(DimensionMismatchError, match="value 1 of constant_input"):
        constant_input([(25 * pA, 20 * ms), (0 * mV, 1 * ms)])
    with pytest.raises(DimensionMismatchError, match="duration 0 of constant_input"):
        constant_input([(25 * pA, 20), (0 * pA, 1000)])
    with pytest.raises(EvsimError, match=r"no common part.*round them"):
        constant_input([(1, np.pi * ms), (2, 1 * ms)])
    for wrong in ([], [3], 3, [(1, -2 * ms)], [(1, 0 * ms)]):
        with pytest.raises(EvsimError, match="constant_input"):
            constant_input(wrong)
