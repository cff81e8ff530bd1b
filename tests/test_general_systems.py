"""Equations that are not linear, thresholds of any form, refractoriness by conditions: against closed forms."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from evsim import (
    EvsimError,
    Hz,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    run,
    second,
    start_scope,
)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    start_scope()
    defaultclock.dt = 0.1 * ms


def spike_times(duration: float, *args: Any, **keywords: Any) -> np.ndarray:
    """Times in ms of a group's spikes, which starts from v = start."""
    start = keywords.pop("start", 0.0)
    group = NeuronGroup(*args, **keywords)
    group.v = start
    spikes = SpikeMonitor(group)
    run(duration * ms)
    return np.asarray(spikes.t / ms)


def test_a_quadratic_neuron_spikes_when_the_tangent_says() -> None:
    # dv/dt = (1 + v**2)/tau has v = tan(t/tau + arctan(v_0)); from -1 to 10 each time
    times = spike_times(
        50,
        1,
        "dv/dt = (1 + v**2)/(3*ms) : 1",
        threshold="v > 10",
        reset="v = -1",
        start=-1.0,
        method_options={"rtol": 1e-13},
    )
    period = 3 * (math.atan(10) + math.atan(1))
    assert len(times) == 7
    assert np.abs(times - period * np.arange(1, 8)).max() < 1e-10


@pytest.mark.parametrize("dt", [0.01, 0.1, 1.0])
def test_spikes_of_the_default_tolerance_do_not_depend_on_the_clock(dt: float) -> None:
    defaultclock.dt = dt * ms
    times = spike_times(
        50, 1, "dv/dt = (1 + v**2)/(3*ms) : 1", threshold="v > 10", reset="v = -1", start=-1.0
    )
    period = 3 * (math.atan(10) + math.atan(1))
    assert np.abs(times - period * np.arange(1, 8)).max() < 1e-6


def test_blow_up_is_stopped_at_the_threshold() -> None:
    # v = 1/(1/v_0 - t): infinite at 1 s/v_0; threshold 1e12 is crossed 1e-12 s before
    times = spike_times(
        120,
        1,
        "dv/dt = v**2/ms : 1",
        threshold="v > 1e12",
        reset="v = 0.01",
        start=0.01,
        method_options={"rtol": 1e-13},
    )
    assert len(times) == 1
    assert times[0] == pytest.approx(100 - 1e-12, abs=1e-9)


def test_a_runaway_faster_than_time_can_tell_is_stopped_at_the_threshold() -> None:
    # from -31 mV on the exponential doubles the potential in 1e-60 s; between spikes, an integral over the potential
    times = spike_times(
        40,
        1,
        "dv/dt = (-(v + 65) + 0.2*exp((v + 59.9)/0.2) + 20)/(10*ms) : 1 (unless refractory)",
        threshold="v > -30",
        reset="v = -68",
        refractory=1.7 * ms,
        start=-31.0,
    )
    slowness = lambda v: 10 / (-45 - v + mp.exp((v + 59.9) / 0.2) / 5)  # noqa: E731
    period = 1.7 + float(mp.quad(slowness, [-68, -62, -60, -59, -58, -50, -30]))
    assert len(times) == 7
    assert np.abs(times - period * np.arange(7)).max() < 1e-6


def test_a_state_that_blows_up_without_a_threshold_is_an_error_that_says_when() -> None:
    group = NeuronGroup(2, "dv/dt = v**2/ms : 1")
    group.v = [0.0, 0.01]
    with pytest.raises(
        EvsimError, match=r"neurongroup\[1\]: its state became infinite or NaN at (99\.99|100)"
    ):
        run(150 * ms)


def test_a_threshold_may_be_several_comparisons() -> None:
    # x is the sine, y the cosine: x > 0.5 and y < 0 begins at 90 degrees; x < -0.9 or x > 2 at 270 - 25.84...
    model = "dv/dt = w*2*pi*Hz : 1\ndw/dt = -v*2*pi*Hz : 1"
    for condition, degrees in [
        ("v > 0.5 and w < 0", 90.0),
        ("v < -0.9 or v > 2", 180 + math.degrees(math.asin(0.9))),
        ("not (v > -0.5)", 210.0),
        ("v*w < -0.25 and v < 0", 270.0 + 15.0),
    ]:
        start_scope()
        group = NeuronGroup(
            1,
            model,
            threshold=condition,
            refractory=10 * second,
            method_options={"rtol": 1e-12},
            namespace={"Hz": Hz},
        )
        group.w = 1
        spikes = SpikeMonitor(group)
        run(1 * second)
        assert np.asarray(spikes.t / ms) == pytest.approx([degrees / 0.36], abs=1e-7), condition


def test_an_excursion_inside_a_step_is_found() -> None:
    # a sine of period 1 ms above 1 - 1e-9 for 0.014 us, once in a period; steps of 1 ms
    defaultclock.dt = 1 * ms
    group = NeuronGroup(
        1, "dv/dt = w*2*pi/ms : 1\ndw/dt = -v*2*pi/ms : 1", threshold="v > 1 - 1e-9", refractory=0.5 * ms
    )
    group.w = 1
    spikes = SpikeMonitor(group)
    run(3 * ms)
    assert len(spikes.t) == 3
    assert np.asarray(spikes.t / ms) == pytest.approx([0.25, 1.25, 2.25], abs=2e-5)


def test_a_condition_holds_a_neuron_refractory_until_it_is_false() -> None:
    # one spike for each upward crossing; between them the condition is true for half a period
    group = NeuronGroup(
        1,
        "dv/dt = w*2*pi/(10*ms) : 1\ndw/dt = -v*2*pi/(10*ms) : 1",
        threshold="v > 0",
        refractory="v > 0",
        method_options={"rtol": 1e-12},
    )
    group.v, group.w = -1.0, 0.0
    spikes = SpikeMonitor(group)
    run(40 * ms)
    assert np.asarray(spikes.t / ms) == pytest.approx([2.5, 12.5, 22.5, 32.5], abs=1e-7)


@pytest.mark.parametrize("condition", ["t - lastspike < 2.3456*ms", "not t - lastspike >= 2.3456*ms"])
def test_a_refractory_condition_on_the_latest_spike_is_a_period(condition: str) -> None:
    times = spike_times(
        30,
        1,
        "dv/dt = (1 + u)/ms : 1 (unless refractory)\ndu/dt = -u**3/ms : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=condition,
    )
    # 1 ms up from the first spike on, after rests of 2.3456 ms
    assert times == pytest.approx(1 + 3.3456 * np.arange(9), abs=1e-9)


def test_a_refractory_time_sees_the_spike_that_it_follows() -> None:
    times = spike_times(
        30,
        1,
        "dv/dt = (1 + u)/ms : 1 (unless refractory)\ndu/dt = -u**3/ms : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory="0.5*(t - lastspike) + lastspike",
    )
    # 1 ms up, then a rest as long as the time of the spike: 1, 3, 7, 15
    assert times == pytest.approx([1, 3, 7, 15], abs=1e-9)


def test_a_threshold_that_holds_no_longer_when_refractoriness_ends_makes_no_spike() -> None:
    # v = 0.5 + t/ms: from 1 on both conditions are false, from 2 on true
    condition = "v > 2 or not v > 1"
    times = spike_times(
        4,
        1,
        "dv/dt = (1 + u)/ms : 1\ndu/dt = -u**3/ms : 1",
        threshold=condition,
        refractory=condition,
        start=0.5,
    )
    assert times == pytest.approx([0, 1.5], abs=1e-9)


def test_a_refractory_time_may_depend_on_the_state_at_the_spike() -> None:
    times = spike_times(
        30,
        1,
        "dv/dt = 1/ms : 1 (unless refractory)\nn : 1",
        threshold="v > 1",
        reset="v = 0; n += 1",
        refractory="(n + 1)*ms",
    )
    # 1 ms up, then rests of 1, 2, 3, ... ms
    assert times == pytest.approx([1, 3, 6, 10, 15, 21, 28], abs=1e-9)


def test_time_and_the_last_spike_may_stand_in_equations() -> None:
    times = spike_times(
        20, 1, "dv/dt = 2*t/(1*ms)**2 : 1", threshold="v > 16", reset="v = 0", method_options={"rtol": 1e-13}
    )
    # v = (t/ms)**2 - (t_last/ms)**2: spikes at 4, sqrt(32), sqrt(48), ...
    assert times == pytest.approx([4 * math.sqrt(k) for k in range(1, len(times) + 1)], abs=1e-9)
    assert len(times) == 24


def test_deliveries_act_at_their_instants() -> None:
    # logistic growth from 0.1; at 1.2345 ms it is doubled
    source = SpikeGeneratorGroup(1, [0], [1.2345] * ms)
    group = NeuronGroup(1, "dv/dt = v*(1 - v)/ms : 1", method_options={"rtol": 1e-13})
    group.v = 0.1
    synapses = Synapses(source, group, on_pre="v_post *= 2")
    synapses.connect()
    trace = StateMonitor(group, "v", record=True)
    run(3 * ms)

    def logistic(start: float, time: float) -> float:
        return start / (start + (1 - start) * math.exp(-time))

    at = np.asarray(trace.t / ms)
    middle = 2 * logistic(0.1, 1.2345)
    expected = [logistic(0.1, t) if t < 1.2345 else logistic(middle, t - 1.2345) for t in at]
    assert np.abs(np.asarray(trace.v[0]) - expected).max() < 1e-11


def crossings(dt: float, model: str, **keywords: Any) -> np.ndarray:
    """Spikes (ms) of a cell whose state is increased twice off the grid."""
    start_scope()
    defaultclock.dt = dt * ms
    source = SpikeGeneratorGroup(1, [0, 0], [1.2345, 2.9] * ms)
    group = NeuronGroup(1, model, threshold="v > 2", reset="v -= 2", **keywords)
    synapses = Synapses(source, group, on_pre="v_post += 0.2")
    synapses.connect()
    spikes = SpikeMonitor(group)
    run(8 * ms)
    return np.asarray(spikes.t / ms)


@pytest.mark.parametrize(
    ("method", "order"), [("euler", 1), ("rk2", 2), ("heun", 2), ("rk4", 4), ("exponential_euler", 1)]
)
def test_methods_have_their_order_across_events(method: str, order: int) -> None:
    model = "dv/dt = (3 - v)*(1.2 + sin(w))/(4*ms) : 1\ndw/dt = (v - w)/(3*ms) : 1"
    exact = crossings(0.1, model, method_options={"rtol": 1e-13})
    assert len(exact) >= 3
    errors = [np.abs(crossings(dt, model, method=method) - exact).max() for dt in (0.4, 0.2, 0.1)]
    slopes = [math.log2(errors[k] / errors[k + 1]) for k in range(2)]
    assert min(slopes) > order - 0.35, (errors, slopes)
    assert max(slopes) < order + 1.1, (errors, slopes)


def test_the_pair_behind_the_adaptive_method_has_order_five() -> None:
    # a tolerance that lets every step pass: one step for each window of ten steps of the clock
    errors = []
    for dt in (0.08, 0.04, 0.02):
        start_scope()
        defaultclock.dt = dt * ms
        equation = "dv/dt = abs(v)*cos(t/ms)/ms : 1"  # abs has no Taylor series
        group = NeuronGroup(1, equation, method="adaptive", method_options={"rtol": 0.9})
        group.v = 1
        run(8 * ms)
        errors.append(abs(float(group.v[0]) - math.exp(math.sin(8))))
    slopes = [math.log2(errors[k] / errors[k + 1]) for k in range(2)]
    assert min(slopes) > 4.6 and max(slopes) < 5.6, (errors, slopes)


def test_taylor_series_have_at_least_order_six() -> None:
    errors = []
    for dt in (0.08, 0.04, 0.02):
        start_scope()
        defaultclock.dt = dt * ms
        group = NeuronGroup(1, "dv/dt = v*cos(t/ms)/ms : 1", method="adaptive", method_options={"rtol": 0.9})
        group.v = 1
        run(8 * ms)
        errors.append(abs(float(group.v[0]) - math.exp(math.sin(8))))
    slopes = [math.log2(errors[k] / errors[k + 1]) for k in range(2)]
    assert min(slopes) > 5.6 and max(slopes) < 7.1, (errors, slopes)


def test_the_adaptive_method_follows_its_tolerance() -> None:
    period = 3 * (math.atan(10) + math.atan(1))
    errors = []
    for rtol in (1e-6, 1e-8, 1e-10, 1e-12):
        start_scope()
        times = spike_times(
            50,
            1,
            "dv/dt = (1 + v**2)/(3*ms) : 1",
            threshold="v > 10",
            reset="v = -1",
            start=-1.0,
            method_options={"rtol": rtol},
        )
        errors.append(np.abs(times - period * np.arange(1, 8)).max())
    assert errors[0] < 1e-3
    assert all(errors[k + 1] < errors[k] / 10 for k in range(3)), errors


def test_the_same_bits_for_threads_pieces_and_monitors() -> None:
    def spikes_of(threads: int, pieces: list[float], is_recorded: bool) -> tuple[np.ndarray, np.ndarray]:
        start_scope()
        source = SpikeGeneratorGroup(1, [0] * 20, np.linspace(0.37, 28.1, 20) * ms)
        group = NeuronGroup(
            40,
            "dv/dt = (v*(v - 0.4) + I)/(2*ms) : 1\nI : 1",
            threshold="v > 3",
            reset="v = -0.2",
            refractory="v > 0",
        )
        group.I = "0.1 + 0.01*i"
        synapses = Synapses(source, group, on_pre="v_post += 0.1", delay=0.3 * ms)
        synapses.connect()
        spikes = SpikeMonitor(group)
        if is_recorded:
            StateMonitor(group, "v", record=[0, 7], dt=0.037 * ms)
        for piece in pieces:
            run(piece * ms, threads=threads)
        return np.asarray(spikes.t_), np.asarray(spikes.i)

    times, index = spikes_of(1, [30.0], False)
    assert len(times) > 60
    for threads, pieces, is_recorded in [
        (2, [30.0], False),
        (1, [7.77, 0.013, 22.217], False),
        (4, [10.0, 20.0], True),
    ]:
        other, at = spikes_of(threads, pieces, is_recorded)
        assert np.array_equal(times, other)
        assert np.array_equal(index, at)


def test_stiff_equations_stay_stable() -> None:
    # fast relaxation to a slow sine: v follows within 1e-5 of its quasi-steady state
    group = NeuronGroup(1, "dv/dt = (sin(2*pi*t/(20*ms)) - v)/(1*us) : 1", namespace={"us": 1e-3 * ms})
    trace = StateMonitor(group, "v", record=True)
    run(10 * ms)
    expected = np.sin(2 * math.pi * np.asarray(trace.t / ms) / 20)
    assert np.abs(np.asarray(trace.v[0]) - expected)[1:].max() < 4e-4


def test_exponential_euler_refuses_what_is_not_linear_in_its_variable() -> None:
    group = NeuronGroup(1, "dv/dt = (1 - v**2)/ms : 1", method="exponential_euler")
    assert len(group) == 1
    with pytest.raises(EvsimError, match="not linear in v"):
        run(1 * ms)


def test_exact_refuses_products_of_states_and_names_them() -> None:
    group = NeuronGroup(1, "dv/dt = -v*w/ms : 1\ndw/dt = -w/ms : 1", method="exact")
    assert len(group) == 1
    with pytest.raises(EvsimError, match=r"'-v\*w' is not linear"):
        run(1 * ms)


def test_voltages_have_tolerances_of_their_own() -> None:
    group = NeuronGroup(1, "dv/dt = -v**3/(1*mV)**2/ms : volt")
    group.v = 1 * mV
    run(4 * ms)
    assert float(group.v_[0]) == pytest.approx(1e-3 / 3, rel=1e-9)  # v = v_0/sqrt(1 + 2 t)
