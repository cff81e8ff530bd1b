"""Poisson processes whose rates change with time: where they switch, how many spikes there are, and the same bits."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evsim import (
    DimensionMismatchError,
    EvsimError,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    kHz,
    ms,
    network_operation,
    run,
    second,
    seed,
    start_scope,
)
from evsim.engine import courses


@pytest.fixture(autouse=True)
def _fresh() -> None:
    start_scope()
    seed(7)
    defaultclock.dt = 0.1 * ms


def spikes_of(rates: str, duration: Any, n: int = 1, pieces: int = 1, **options: Any) -> tuple[Any, Any]:
    """Element and time in seconds of every spike."""
    start_scope()
    seed(7)
    group = PoissonGroup(n, rates, namespace=options.pop("namespace", None), dt=options.pop("dt", None))
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    for _ in range(pieces):
        net.run(duration / pieces, **options)
    return np.array(monitor.i), np.array(monitor.t_)


# ---- how many spikes, and where ----


def test_a_table_switches_rates_exactly_also_inside_a_step() -> None:
    stimulus = TimedArray([0, 40, 0, 80, 0] * kHz, dt=0.123 * ms)
    group = PoissonGroup(50, "stimulus(t)")
    monitor = SpikeMonitor(group)
    run(1 * ms)
    t = np.array(monitor.t_)
    first = t[t < 0.3e-3]
    assert t.size == first.size + t[t > 0.3e-3].size
    assert np.all((first > 0.123e-3) & (first < 0.246e-3))
    assert np.all((t[t > 0.3e-3] > 0.369e-3) & (t[t > 0.3e-3] < 0.492e-3))
    assert first.size == pytest.approx(50 * 40e3 * 0.123e-3, abs=5 * np.sqrt(246))
    assert t.size - first.size == pytest.approx(50 * 80e3 * 0.123e-3, abs=5 * np.sqrt(492))
    assert first.min() < 0.125e-3 < 0.244e-3 < first.max()  # the density is flat up to the switches


def test_a_table_with_a_column_per_element_gives_each_its_own_rates() -> None:
    stimulus = TimedArray(np.array([[100, 0, 300], [0, 200, 300]]) * Hz, dt=1 * second)
    group = PoissonGroup(3, "stimulus(t, i)")
    monitor = SpikeMonitor(group)
    run(2 * second)
    i, t = np.array(monitor.i), np.array(monitor.t_)
    assert np.all(t[i == 0] < 1) and np.all(t[i == 1] >= 1)
    assert np.bincount(i) == pytest.approx([100, 200, 600], abs=5 * np.sqrt(600))


def test_a_smooth_rate_has_its_integral_between_any_two_times() -> None:
    group = PoissonGroup(200, "50*Hz + 50*Hz*sin(2*pi*t/second)")
    monitor = SpikeMonitor(group)
    run(2 * second)
    t = np.array(monitor.t_)
    edges = np.linspace(0, 2, 17)
    integral = 200 * (50 * edges - 50 / (2 * np.pi) * (np.cos(2 * np.pi * edges) - 1))
    expected = np.diff(integral)
    assert np.histogram(t, edges)[0] == pytest.approx(expected, abs=5 * np.sqrt(expected.max()))
    assert t.size == pytest.approx(20000, abs=5 * np.sqrt(20000))


def test_names_of_the_surroundings_element_and_number_are_known() -> None:
    r0, start = 10 * Hz, 0.5 * second
    i, t = spikes_of("r0*(i + 1)*int(t > start)*N/4", 1.5 * second, 4, namespace={"r0": r0, "start": start})
    assert t.min() >= 0.5
    assert np.bincount(i) == pytest.approx([10, 20, 30, 40], abs=5 * np.sqrt(40))


def test_between_steps_a_rate_is_that_at_the_start_of_the_step() -> None:
    _, t = spikes_of("1e6*Hz*int(t >= 0.95*ms)", 1.2 * ms)
    assert t.min() >= 1.0e-3
    _, t = spikes_of("1e6*Hz*int(t >= 0.95*ms)", 1.2 * ms, dt=0.05 * ms)
    assert 0.95e-3 <= t.min() < 1.0e-3
    _, t = spikes_of("1e6*Hz*int(t >= 0.95*ms)", 3 * ms, dt=1.3 * ms)
    assert 1.3e-3 <= t.min() < 1.4e-3
    _, t = spikes_of("1e6*Hz*int(t >= 0.95*ms)*(dt/ms)/1.3", 3 * ms, dt=1.3 * ms)
    assert t.size == pytest.approx(1700, abs=5 * np.sqrt(1700))


def test_a_table_at_a_shifted_or_stretched_time_switches_where_it_should() -> None:
    pulse = TimedArray([0, 100, 0] * kHz, dt=1 * ms)
    names = {"pulse": pulse, "late": 0.3137 * ms}
    _, t = spikes_of("pulse(t - late)", 5 * ms, namespace=names)
    assert 1.3137e-3 <= t.min() < 1.4e-3 and 2.25e-3 < t.max() < 2.3137e-3
    _, t = spikes_of("pulse(3*t)", 5 * ms, namespace=names)
    assert 1e-3 / 3 <= t.min() < 0.4e-3 and 0.6e-3 < t.max() < 2e-3 / 3
    _, t = spikes_of("pulse(t)*(t/ms)", 5 * ms, namespace=names)  # the switches count as well as the steps
    assert 1e-3 <= t.min() < 1.1e-3 and 1.95e-3 < t.max() < 2e-3


def test_functions_of_the_user_may_stand_in_rates() -> None:
    def shape(t: Any) -> Any:
        return 1000 * Hz * (t > 5 * ms)

    _, t = spikes_of("shape(t)", 55 * ms, 20, namespace={"shape": shape})
    assert t.min() >= 5e-3
    assert t.size == pytest.approx(1000, abs=5 * np.sqrt(1000))


def test_rates_that_are_one_number_draw_what_the_number_draws() -> None:
    start_scope()
    group = PoissonGroup(5, 300 * Hz)
    monitor = SpikeMonitor(group)
    seed(7)
    run(200 * ms)
    i, t = spikes_of("300*Hz + 0*Hz*t/second", 200 * ms, 5)
    np.testing.assert_array_equal(t, monitor.t_)
    np.testing.assert_array_equal(i, monitor.i)
    assert t.size > 200


# ---- the same bits ----

SMOOTH = "500*Hz*(1 + sin(2*pi*t/(37*ms)))*(i + 1)/N"


def test_pieces_threads_and_monitors_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = spikes_of(SMOOTH, 103.3 * ms, 20)
    assert whole[0].size > 500
    for options in ({"pieces": 7}, {"threads": 2}, {"pieces": 3, "threads": 2}):
        again = spikes_of(SMOOTH, 103.3 * ms, 20, **options)
        np.testing.assert_array_equal(whole[0], again[0])
        np.testing.assert_array_equal(whole[1], again[1])
    monkeypatch.setattr(courses, "MOST_RATES", 20 * 16)  # many stretches of time instead of one
    again = spikes_of(SMOOTH, 103.3 * ms, 20, pieces=2)
    np.testing.assert_array_equal(whole[0], again[0])
    np.testing.assert_array_equal(whole[1], again[1])


def driven(pieces: int = 1, with_monitors: bool = False, with_operation: bool = False) -> Any:
    """Neurons driven by a table, and what they do."""
    start_scope()
    seed(3)
    stimulus = TimedArray([900, 0, 400] * Hz, dt=3.7 * ms)
    source = PoissonGroup(30, "stimulus(t)*(1 + i/N)", namespace={"stimulus": stimulus})
    cells = NeuronGroup(
        10,
        "dv/dt = -v/tau : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        namespace={"tau": 10 * ms},
    )
    synapses = Synapses(source, cells, on_pre="v += 0.21", delay=1.17 * ms)
    synapses.connect(p=0.4)
    monitor = SpikeMonitor(cells)
    net = Network(source, cells, synapses, monitor)
    if with_monitors:
        net.add(StateMonitor(cells, "v", record=True), PopulationRateMonitor(source), SpikeMonitor(source))
    if with_operation:
        net.add(network_operation(lambda: None, dt=0.7 * ms))
    for _ in range(pieces):
        net.run(30.3 * ms / pieces)
    return net, monitor


def test_neurons_that_are_driven_do_the_same_in_pieces_and_with_monitors() -> None:
    _, expected = driven()
    assert expected.num_spikes > 20
    for options in ({"pieces": 4}, {"with_monitors": True}, {"with_operation": True}):
        _, monitor = driven(**options)
        np.testing.assert_array_equal(expected.i, monitor.i)
        np.testing.assert_allclose(expected.t_, monitor.t_, rtol=0, atol=1e-15)


def test_restored_networks_go_on_with_the_same_spikes() -> None:
    seed(5)
    group = PoissonGroup(10, "2000*Hz*(1 + cos(2*pi*t/(20*ms)))")
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    net.run(20.05 * ms)
    net.store()
    net.run(30 * ms)
    i, t = np.array(monitor.i), np.array(monitor.t_)
    net.restore()
    assert monitor.num_spikes < i.size
    net.run(30 * ms)
    np.testing.assert_array_equal(monitor.i, i)
    np.testing.assert_array_equal(monitor.t_, t)


def test_memory_for_long_runs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "MOST_RATES", 1000)
    largest = []
    evaluated = courses.CourseInCore._rates

    def watched(self: Any, at: Any) -> Any:
        rates = evaluated(self, at)
        largest.append(rates.size)
        return rates

    monkeypatch.setattr(courses.CourseInCore, "_rates", watched)
    _, t = spikes_of("10*Hz*(1 + i)*int(t > 0.1*second)", 0.5 * second, 10)
    assert max(largest) == 1000
    assert len(largest) == 50
    assert t.size == pytest.approx(220, abs=5 * np.sqrt(220))


def test_a_table_that_switches_rarely_is_brought_over_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = courses.CourseInCore._load
    monkeypatch.setattr(
        courses.CourseInCore, "_load", lambda self, *rest: (loads.append(1), load(self, *rest))
    )
    stimulus = TimedArray(np.arange(10) * Hz, dt=100 * ms)
    _, t = spikes_of("stimulus(t)", 20 * second, 10, pieces=5, namespace={"stimulus": stimulus})
    assert len(loads) == 1
    assert t.size == pytest.approx(10 * (4.5 + 9 * 19), abs=5 * np.sqrt(1755))


# ---- values and changes of them ----


def test_rates_show_their_values_at_the_present_time() -> None:
    stimulus = TimedArray([5, 10] * Hz, dt=1 * ms)
    group = PoissonGroup(4, "stimulus(t)*(i + 1)")
    assert "rates stimulus(t)*(i + 1)" in repr(group)
    np.testing.assert_array_equal(group.rates / Hz, [5, 10, 15, 20])
    run(1.5 * ms)
    np.testing.assert_array_equal(group.rates / Hz, [10, 20, 30, 40])
    np.testing.assert_array_equal(group[2:].rates / Hz, [30, 40])
    assert stimulus.dt == 1e-3


def test_rates_may_become_numbers_and_functions_between_runs() -> None:
    group = PoissonGroup(20, 0 * Hz)
    monitor = SpikeMonitor(group)
    run(100 * ms)
    assert monitor.num_spikes == 0
    group.rates = "1000*Hz*int(t < 150*ms)"
    run(100 * ms)
    t = np.array(monitor.t_)
    assert t.size == pytest.approx(1000, abs=5 * np.sqrt(1000)) and t.min() >= 0.1 and t.max() < 0.15
    group.rates = 100 * Hz
    np.testing.assert_array_equal(group.rates / Hz, np.full(20, 100))
    run(100 * ms)
    assert monitor.num_spikes - t.size == pytest.approx(200, abs=5 * np.sqrt(200))


def test_names_outside_count_as_they_are_at_each_run() -> None:
    group = PoissonGroup(10, "r_now*int(t >= 0*ms)")
    monitor = SpikeMonitor(group)
    r_now = 0 * Hz
    run(50 * ms)
    assert monitor.num_spikes == 0
    r_now = 1000 * Hz
    run(50 * ms)
    assert monitor.num_spikes == pytest.approx(500, abs=5 * np.sqrt(500))
    assert r_now == 1000 * Hz


def test_grid_timing_knows_the_same_rates() -> None:
    i, t = spikes_of("1000*Hz*int(t >= 5*ms)", 10 * ms, 40, timing="grid")
    assert t.min() >= 5e-3
    assert t.size == pytest.approx(200, abs=5 * np.sqrt(200))
    assert np.all(np.abs(t / 1e-4 - np.rint(t / 1e-4)) < 1e-9) and i.max() < 40


# ---- what is refused ----


def test_a_negative_rate_is_refused_with_time_and_element_and_the_run_stands_there() -> None:
    group = PoissonGroup(3, "(10*ms - t)*i*kHz/ms + 1.1*kHz")
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    with pytest.raises(EvsimError, match=r"rates = .* is -100 Hz for element 2 at 10.6 ms; a rate is finite"):
        net.run(20 * ms)
    assert net.t_ == pytest.approx(10.6e-3, abs=1e-15)
    assert monitor.num_spikes == pytest.approx(185, abs=5 * np.sqrt(185))
    group.rates = 1 * kHz
    net.run(5 * ms)
    assert net.t_ == pytest.approx(15.6e-3, abs=1e-15)


def test_a_rate_that_turns_negative_after_the_run_does_not_matter() -> None:
    _, t = spikes_of("(10*ms - t)*MHz/ms", 10 * ms, namespace={"MHz": 1000 * kHz})
    assert t.size == pytest.approx(50000, abs=5 * np.sqrt(50000))


@pytest.mark.parametrize("timing", ["exact", "grid"])
def test_a_switch_to_a_rate_that_is_not_finite_or_negative_is_refused_inside_a_step(timing: str) -> None:
    level = TimedArray([100, -1] * Hz, dt=0.25 * ms)
    with pytest.raises(EvsimError, match=r"is -1 Hz for every element at 0.25 ms"):
        spikes_of("level(t)", 1 * ms, namespace={"level": level}, timing=timing)
    with pytest.raises(EvsimError, match=r"is inf Hz for every element at 0 ms"):
        spikes_of("1/(t - 0*ms)", 1 * ms, timing=timing)


def test_too_many_spikes_in_a_step_are_refused() -> None:
    with pytest.raises(EvsimError, match=r"at 2 ms all rates together make 1e\+07 events in a step"):
        spikes_of("1e10*kHz/100*int(t > 1.95*ms)", 3 * ms, 1)


@pytest.mark.parametrize(
    ("rates", "error", "message"),
    [
        ("5*mV*t/second", DimensionMismatchError, r"poissongroup.rates = .* does not fit"),
        ("t", DimensionMismatchError, r"poissongroup.rates = 't' does not fit"),
        ("rand()*Hz*t/second", ValueError, r"random numbers have no place .* run_regularly"),
        ("nowhere*t", NameError, r"poissongroup.rates: nowhere is not defined"),
        ("Hz*(t - lastspike)/ms", NameError, r"poissongroup.rates: a PoissonGroup has no lastspike"),
        ("table(t, i)", ValueError, r"poissongroup.rates: column 2 .* columns 0 to 1"),
    ],
)
def test_rates_that_mean_nothing_are_refused(rates: str, error: type[Exception], message: str) -> None:
    table = TimedArray(np.ones((2, 2)) * Hz, dt=1 * ms)
    with pytest.raises(error, match=message):
        spikes_of(rates, 1 * ms, 3, namespace={"table": table})


def test_rates_of_some_elements_cannot_follow_the_time() -> None:
    group = PoissonGroup(4, 5 * Hz)
    with pytest.raises(EvsimError, match="tell elements apart by i"):
        group.rates[:2] = "5*Hz*t/second"
    group.rates = "5*Hz*t/second"
    with pytest.raises(EvsimError, match="is given by its equation, 5"):
        group.rates[:2] = 3 * Hz
    with pytest.raises(EvsimError, match="-3 Hz"):
        group.rates = -3 * Hz
    assert "rates 5*Hz*t/second" in repr(group)
