"""Noise: distributions and first passages against theory, and the same numbers however a run is cut."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from evsim import (
    EvsimError,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    defaultclock,
    ms,
    mV,
    run,
    second,
    seed,
    start_scope,
)

OU = "dV/dt = (mu - V)/tau + sigma*sqrt(2/tau)*xi : volt"
NAMES = {"mu": -55 * mV, "tau": 10 * ms, "sigma": 3 * mV}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    start_scope()
    defaultclock.dt = 0.1 * ms
    seed(11)


def stationary(method: str | None, dt: float, size: int = 4000) -> np.ndarray:
    """Potentials in mV after 100 ms, from the mean."""
    defaultclock.dt = dt * ms
    group = NeuronGroup(size, OU, method=method, namespace=NAMES)
    group.V = -55 * mV
    run(100 * ms)
    return np.asarray(group.V_) * 1e3


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0])
def test_a_linear_system_has_its_stationary_distribution_at_any_step(dt: float) -> None:
    values = stationary(None, dt)
    assert values.mean() == pytest.approx(-55, abs=4 * 3 / math.sqrt(4000))
    assert values.std() == pytest.approx(3, abs=4 * 3 / math.sqrt(2 * 4000))


def test_euler_is_too_wide_by_what_its_step_says() -> None:
    # models: sigma/sqrt(1 - h/(2 tau)) with h = 5 ms: 3.4641; wrong by 22 standard errors for the exact method
    values = stationary("euler", 5.0)
    assert values.std() == pytest.approx(3 / math.sqrt(0.75), abs=4 * 3.46 / math.sqrt(2 * 4000))


def test_the_correlation_time_is_that_of_the_equation_and_neurons_are_independent() -> None:
    group = NeuronGroup(4000, OU, namespace=NAMES)
    group.V = "-55*mV + 3*mV*randn()"
    trace = StateMonitor(group, "V", record=True, dt=5 * ms)
    run(11 * ms)
    before, after, later = (np.asarray(trace.V[:, k]) * 1e3 + 55 for k in range(3))
    for values, lag in ((after, 5), (later, 10)):
        found = np.mean(before * values) / 9
        assert found == pytest.approx(math.exp(-lag / 10), abs=4 * 1.4 / math.sqrt(4000))
    neighbours = np.mean(later[1:] * later[:-1]) / 9
    assert abs(neighbours) < 4 / math.sqrt(4000)


def first_passage_rate() -> float:
    """Spikes per second from -60 to -50 mV, from the integral over exp(y**2)*(1 + erf(y))."""
    low, high = (-60 + 55) / (math.sqrt(2) * 3), (-50 + 55) / (math.sqrt(2) * 3)
    y = np.linspace(low, high, 20_001)
    integrand = np.exp(y**2) * (1 + np.array([math.erf(each) for each in y]))
    return float(1 / (10e-3 * math.sqrt(math.pi) * np.trapezoid(integrand, y)))


@pytest.mark.parametrize(("method", "dt"), [(None, 0.1), (None, 1.0), ("heun", 0.1)])
def test_first_passages_are_not_late_however_coarse_the_step(method: str | None, dt: float) -> None:
    # the theory says 13.74 spikes per second; tests at grid points alone would miss 10 % at 0.1 ms, 29 % at 1 ms
    defaultclock.dt = dt * ms
    group = NeuronGroup(1000, OU, threshold="V > -50*mV", reset="V = -60*mV", method=method, namespace=NAMES)
    group.V = -60 * mV
    spikes = SpikeMonitor(group)
    run(1 * second)
    rate = np.sum(np.asarray(spikes.t / ms) > 200) / 1000 / 0.8
    assert rate == pytest.approx(first_passage_rate(), abs=4 * 0.13)


def test_two_processes_in_one_equation_add_their_variances() -> None:
    group = NeuronGroup(4000, "dx/dt = -x/(10*ms) + (3*xi_1 + 4*xi_2)*sqrt(2/(10*ms)) : 1")
    run(80 * ms)
    assert np.asarray(group.x[:]).std() == pytest.approx(5, abs=4 * 5 / math.sqrt(2 * 4000))


def test_one_process_in_two_equations_is_the_same_noise() -> None:
    group = NeuronGroup(500, "dx/dt = -x/ms + xi/ms**0.5 : 1\ndy/dt = -y/ms - 2*xi/ms**0.5 : 1")
    run(20 * ms)
    assert np.abs(np.asarray(group.y[:]) + 2 * np.asarray(group.x[:])).max() < 1e-12


def test_noise_through_a_second_equation_has_its_covariance() -> None:
    defaultclock.dt = 1 * ms
    # x an Ornstein-Uhlenbeck process of 10 ms, y follows with 5 ms: variances 1 and 2/3, covariance 2/3
    group = NeuronGroup(8000, "dx/dt = -x/(10*ms) + sqrt(2/(10*ms))*xi : 1\ndy/dt = (x - y)/(5*ms) : 1")
    run(120 * ms)
    x, y = np.asarray(group.x[:]), np.asarray(group.y[:])
    assert np.mean(x * x) == pytest.approx(1, abs=0.065)
    assert np.mean(y * y) == pytest.approx(2 / 3, abs=0.045)
    assert np.mean(x * y) == pytest.approx(2 / 3, abs=0.045)


def test_a_shared_equation_has_one_noise_for_all_neurons() -> None:
    group = NeuronGroup(
        300,
        "dx/dt = -x/(10*ms) + sqrt(2/(10*ms))*xi : 1 (shared)\ndy/dt = -y/(10*ms) + sqrt(2/(10*ms))*xi_2 : 1",
    )
    trace = StateMonitor(group, "y", record=True)
    run(50 * ms)
    assert np.ndim(group.x) == 0
    assert abs(float(group.x)) > 1e-3
    assert np.asarray(trace.y[:, -1]).std() == pytest.approx(1, abs=4 / math.sqrt(600))


@pytest.mark.parametrize("method", ["heun", "milstein"])
def test_multiplicative_noise_has_the_solution_of_stratonovich(method: str) -> None:
    # dx = x o dW has x = exp(W): the mean of log(x) stays 0, its variance is t
    defaultclock.dt = 0.02 * ms
    group = NeuronGroup(4000, "dx/dt = 0.5*x*xi/ms**0.5 : 1", method=method)
    group.x = 1
    run(4 * ms)
    logarithm = np.log(np.asarray(group.x[:]))
    assert logarithm.mean() == pytest.approx(0, abs=4 / math.sqrt(4000))
    assert logarithm.std() == pytest.approx(1, abs=4 / math.sqrt(2 * 4000))


def trains(
    threads: int, pieces: list[float], is_recorded: bool = False, **keywords: Any
) -> tuple[np.ndarray, ...]:
    start_scope()
    seed(3)
    group = NeuronGroup(60, OU, threshold="V > -52*mV", reset="V = -60*mV", namespace=NAMES, **keywords)
    group.V = -55 * mV
    spikes = SpikeMonitor(group)
    if is_recorded:
        StateMonitor(group, "V", record=[1, 2], dt=0.03 * ms)
    for piece in pieces:
        run(piece * ms, threads=threads)
    return np.asarray(spikes.t_), np.asarray(spikes.i), np.asarray(group.V_).copy()


@pytest.mark.parametrize("method", [None, "euler", "heun", "milstein"])
def test_the_same_noise_for_threads_pieces_and_monitors(method: str | None) -> None:
    expected = trains(1, [60.0], method=method)
    assert len(expected[0]) > 50
    for found in (
        trains(2, [60.0], method=method),
        trains(1, [13.37, 0.0005, 46.6295], method=method),
        trains(4, [30.0, 30.0], is_recorded=True, method=method),
    ):
        for one, other in zip(expected, found, strict=True):
            assert np.array_equal(one, other)


def test_another_seed_gives_other_noise() -> None:
    first = trains(1, [20.0])[2]
    start_scope()
    seed(4)
    group = NeuronGroup(60, OU, threshold="V > -52*mV", reset="V = -60*mV", namespace=NAMES)
    group.V = -55 * mV
    run(20 * ms)
    assert not np.any(first == np.asarray(group.V_))


def test_methods_that_do_not_fit_the_noise_are_refused() -> None:
    for method, model, words in [
        ("rk4", "dx/dt = -x/ms + xi/ms**0.5 : 1", "without noise"),
        ("adaptive", "dx/dt = -x/ms + xi/ms**0.5 : 1", "without noise"),
        ("euler", "dx/dt = x*xi/ms**0.5 : 1", "factors"),
        ("milstein", "dx/dt = (xi + xi_2)/ms**0.5 : 1", "of its own"),
        ("ornstein_uhlenbeck", "dx/dt = -x**3/ms + xi/ms**0.5 : 1", "linear"),
        ("heun", "dx/dt = xi**2 : 1", "only be added"),
        ("ornstein_uhlenbeck", "dx/dt = -x/ms : 1", "there is none"),
    ]:
        start_scope()
        group = NeuronGroup(1, model, method=method)
        assert len(group) == 1
        with pytest.raises(EvsimError, match=words):
            run(1 * ms)
