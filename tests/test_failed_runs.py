"""Runs that fail: neuron and instant are named, everything stands where it was then, and the run can go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.errors import EvsimRuntimeError

LEAKY = "dv/dt = -v/(10*ms) : 1"
MOST = float(np.finfo(float).max)


def train(times: list[float], indices: list[int] | None = None) -> SpikeGeneratorGroup:
    indices = list(range(len(times))) if indices is None else indices
    return SpikeGeneratorGroup(max(indices) + 1, indices, times * ms)


class Watched:
    """A neuron beside the failing ones that spikes every millisecond, and all that is recorded."""

    def __init__(self, group: NeuronGroup, *states: str) -> None:
        self.group, self.states = group, states
        self.clockwork = NeuronGroup(1, "dy/dt = 1000*Hz : 1", threshold="y >= 1", reset="y = 0")
        self.spikes = SpikeMonitor(self.clockwork)
        self.trace = StateMonitor(group, list(states), record=True, dt=0.1 * ms)

    def check(self, when: float) -> None:
        """Everything as it was at `when` ms."""
        assert magic_network().t / ms == pytest.approx(when, rel=1e-13)
        assert self.group.t / ms == pytest.approx(when, rel=1e-13)
        assert self.spikes.t / ms == pytest.approx(np.arange(1, np.floor(when) + 1), rel=1e-12)
        assert self.clockwork.y[0] == pytest.approx(when - np.floor(when), abs=1e-11)
        assert self.trace.t / ms == pytest.approx(0.1 * np.arange(len(self.trace.t)), rel=1e-12)
        assert len(self.trace.t) == int(when / 0.1 - 1e-9) + 1
        for name in self.states:
            assert np.isfinite(getattr(self.trace, name)).all()


def put(view: Any, item: Any, value: float) -> None:
    view[item] = value


def fails(neuron: str, text: str, when: float, run_it: Callable[[], Any]) -> None:
    with pytest.raises(EvsimRuntimeError, match=re.escape(neuron)) as caught:
        run_it()
    message = str(caught.value)
    assert text in message
    assert "\n" not in message
    assert float(re.search(r"at (\S+) ms", message)[1]) == pytest.approx(when, rel=1e-8)


def check_then_repair(
    watched: Watched, neuron: str, when: float, duration: float, repair: Callable[[], None]
) -> None:
    """A run fails, the next one too, at the same instant; repaired, it goes on, and nothing came twice."""
    for _ in range(2):
        fails(neuron, "became infinite or NaN", when, lambda: run(duration * ms))
        watched.check(when)
    repair()
    run(2.25 * ms)
    watched.check(when + 2.25)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("delay", [0, 0.03, 1, [0.75, 0.75, 0.3], [0.75, 0.75, 40]])
@pytest.mark.parametrize("before", [0, 0.87])
def test_folded_deliveries(delay: float | list[float], before: float, threads: int) -> None:
    """Two deliveries of 1e308 at one instant; target 40 lies in another shard than target 1."""
    given, group = train([2.5, 2.5, 2.3]), NeuronGroup(50, LEAKY)
    synapses = Synapses(given, group, "w : 1", on_pre="v_post += w")
    synapses.connect(i=[0, 1, 2], j=[40, 40, 1])
    synapses.delay = delay * ms
    synapses.w = [1e308, 1e308, 0.5]
    watched = Watched(group, "v")
    prefs.threads = threads
    try:
        run(before * ms)
        when = 2.5 + (delay if isinstance(delay, (int, float)) else delay[0])
        early = 2.3 + (delay if isinstance(delay, (int, float)) else delay[2])
        fails("neurongroup[40]", "became infinite", when, lambda: run(10 * ms))
        expected = 0.5 * np.exp(-(when - early) / 10) if early < when else 0
        assert group.v[1] == pytest.approx(expected, rel=1e-13)
        assert group.v[40] == 0
        check_then_repair(watched, "neurongroup[40]", when, 10, partial(put, synapses.w, 0, 0.25))
    finally:
        prefs.threads = 1
    assert group.v[40] == pytest.approx(1e308 * np.exp(-0.225), rel=1e-13)


@pytest.mark.parametrize("end", [2.51, 2.6, 2.999, 10])
def test_runs_that_end_inside_the_window_of_the_failure(end: float) -> None:
    given, group = train([2.5, 2.5]), NeuronGroup(2, LEAKY)
    synapses = Synapses(given, group, "w : 1", on_pre="v_post += w")
    synapses.connect(i=[0, 1], j=[1, 1])
    synapses.w = 1e308
    watched = Watched(group, "v")
    check_then_repair(watched, "neurongroup[1]", 2.5, end, partial(put, synapses.w, slice(None), 0.25))
    assert group.v[1] == pytest.approx(0.5 * np.exp(-0.225), rel=1e-13)


@pytest.mark.parametrize("end", [2.2, 2.4999])
def test_a_run_that_ends_before_the_failure_of_its_window_does_not_fail(end: float) -> None:
    given, group = train([2.5, 2.5, 2.1]), NeuronGroup(2, LEAKY)
    synapses = Synapses(given, group, "w : 1", on_pre="v_post += w")
    synapses.connect(i=[0, 1, 2], j=[1, 1, 0])
    synapses.w = [1e308, 1e308, 0.5]
    watched = Watched(group, "v")
    run(end * ms)
    watched.check(end)
    assert group.v[0] == pytest.approx(0.5 * np.exp(-(end - 2.1) / 10), rel=1e-13)
    fails("neurongroup[1]", "became infinite", 2.5, lambda: run(1 * ms))
    watched.check(2.5)


def test_states_that_nothing_looks_at() -> None:
    """A state that stands still and is in no threshold, in a run that ends long after it overflowed."""
    given, group = train([2.5, 2.5]), NeuronGroup(2, "x : 1\ndv/dt = -v/(10*ms) : 1")
    synapses = Synapses(given, group, "w : 1", on_pre="x_post += w", delay=0.13 * ms)
    synapses.connect(i=[0, 1], j=[1, 1])
    synapses.w = 1e308
    watched = Watched(group, "v", "x")
    check_then_repair(watched, "neurongroup[1]", 2.63, 100, partial(put, synapses.w, slice(None), 3))
    assert group.x[:].tolist() == [0, 6]


@pytest.mark.parametrize("is_integrated", [False, True])
@pytest.mark.parametrize("delay", [0, 0.03, 1.7])
def test_code_that_makes_a_variable_of_a_synapse_infinite(delay: float, is_integrated: bool) -> None:
    """The neurons are as good as before; w is 0 at its third use."""
    given, group = train([1.1, 1.6, 2.5], [0, 0, 0]), NeuronGroup(3, "y : 1")
    model = "w : 1\nq : 1" + "\ndz/dt = -z*z/ms : 1 (clock-driven)" * is_integrated
    code = "q = 1/w\nw = w - 1\ny_post += 1" + "\ny_post += 0*z" * is_integrated
    synapses = Synapses(given, group, model, on_pre=code, delay=delay * ms, name="s")
    synapses.connect(i=[0, 0], j=[0, 1])
    synapses.w = [9, 2]
    watched = Watched(group, "y")
    with pytest.raises(
        EvsimRuntimeError, match=r"s: at \S+ ms its code has made q of synapse 1 infinite or NaN"
    ):
        run(9 * ms)
    watched.check(2.5 + delay)
    assert synapses.q[:].tolist() in ([1 / 8, 1], [1 / 7, 1])
    assert group.y[:].tolist() in ([2, 2, 0], [3, 2, 0])
    synapses.w[1] = 4
    run(4 * ms)
    assert synapses.w[:].tolist() == [6, 3]
    assert group.y[:].tolist() == [3, 3, 0]


@pytest.mark.parametrize("delay", [0, 0.03, 1.7])
def test_event_code(delay: float) -> None:
    """It divides by zero at its third use, in the synapse's own variable too."""
    given, group = train([1.1, 1.6, 2.5], [0, 0, 0]), NeuronGroup(3, "y : 1")
    synapses = Synapses(given, group, "w : 1", on_pre="y_post = 1/w\nw = w - 1", delay=delay * ms)
    synapses.connect(i=[0, 0], j=[0, 1])
    synapses.w = [9, 2]
    watched = Watched(group, "y")
    check_then_repair(watched, "neurongroup[1]", 2.5 + delay, 9, partial(put, synapses.w, 1, 4))
    assert group.y[:].tolist() == [1 / 7, 1 / 4, 0]
    assert synapses.w[:].tolist() == [6, 3]


def test_a_failing_walk_that_a_delivery_before_it_prevents() -> None:
    """Cascade: alone, neuron 1 would divide by zero at 2.9 ms; the spike of neuron 0 at 2.7 prevents it."""
    given, group = (
        train([2.7, 2.9]),
        NeuronGroup(2, "dv/dt = 0*v/ms : 1\ny : 1\nx : 1", threshold="v > 1", reset="v = 0"),
    )
    start = Synapses(given, group, on_pre="v_post += 2")
    start.connect(i=0, j=0)
    divide = Synapses(given, group, on_pre="y_post = 1/x_post")
    divide.connect(i=1, j=1)
    prevent = Synapses(group, group, on_pre="x_post = 4", delay=0.05 * ms)
    prevent.connect(i=0, j=1)
    run(2.99 * ms)
    assert group.y[1] == 0.25


@pytest.mark.parametrize("delay", [0, 0.02])
def test_cascades(delay: float) -> None:
    """Neuron 0 spikes at 2.5 ms, 1 after its delay; that brings two deliveries of 1e308 to neuron 2."""
    given, group = (
        train([2.5, 2.2]),
        NeuronGroup(3, LEAKY, threshold="v > 1", reset="v = 0"),
    )
    start = Synapses(given, group, "w : 1", on_pre="v_post += w", delay=0 * ms)
    start.connect(i=[0, 1], j=[0, 1])
    start.w = [2, 0.5]
    chain = Synapses(group, group, "w : 1", on_pre="v_post -= w", delay=delay * ms)
    chain.connect(i=[0, 1, 1], j=[1, 2, 2])
    chain.w = [-2, 1e308, 1e308]
    spikes, watched = SpikeMonitor(group), Watched(group, "v")
    when = 2.5 + 2 * delay
    check_then_repair(watched, "neurongroup[2]", when, 9, partial(put, chain.w, slice(1, 3), 0.25))
    assert group.v[2] == pytest.approx(-0.5 * np.exp(-0.225), rel=1e-13)
    assert spikes.i[:].tolist() == [0, 1]
    assert spikes.t / ms == pytest.approx([2.5, 2.5 + delay], rel=1e-13)


@pytest.mark.parametrize("before", [0, 3.3, 7.05])
def test_a_system_that_grows_beyond_all_bounds(before: float) -> None:
    group = NeuronGroup(3, "dv/dt = v/tau : 1\ntau : second")
    group.v, group.tau = [0, 0, 1], 0.01 * ms
    watched = Watched(group, "v")
    run(before * ms)
    check_then_repair(watched, "neurongroup[2]", 0.01 * np.log(MOST), 100, partial(put, group.v, 2, 1e-300))
    assert group.v[2] == pytest.approx(1e-300 * np.exp(225.0), rel=1e-11)


def test_a_reset_that_divides_by_zero() -> None:
    group = NeuronGroup(2, "dv/dt = 400*Hz : 1\nu : 1\nz : 1", threshold="v > 1", reset="v = 0\nu = 1/z")
    group.z = [1, 0]
    watched = Watched(group, "v", "u")
    fails("neurongroup[1]", "became infinite", 2.5, lambda: run(10 * ms))
    watched.check(2.5)
    assert group.v[:] == pytest.approx([1, 1], rel=1e-13)
    assert group.u[:].tolist() == [0, 0]


def test_grid_timing() -> None:
    """On the grid an arrival acts in its step, and the run ends at the start of that step."""
    given, group = train([2.5, 2.5]), NeuronGroup(2, LEAKY)
    synapses = Synapses(given, group, "w : 1", on_pre="v_post += w", delay=0.2 * ms)
    synapses.connect(i=[0, 1], j=[1, 1])
    synapses.w = 1e308
    trace = StateMonitor(group, "v", record=True)
    for _ in range(2):
        fails("neurongroup[1]", "became infinite", 2.7, lambda: run(9 * ms, timing="grid"))
        assert magic_network().t / ms == pytest.approx(2.7, rel=1e-13)
        assert len(trace.t) == 27
    synapses.w = 0.25
    run(1 * ms, timing="grid")
    assert group.v[1] == pytest.approx(0.5 * np.exp(-0.09), rel=1e-13)
    assert trace.t / ms == pytest.approx(0.1 * np.arange(37), rel=1e-13)


def test_a_threshold_that_holds_after_the_reset() -> None:
    group = NeuronGroup(3, "dv/dt = slope : 1\nslope : Hz", threshold="v > 1", reset="v = 2")
    group.slope = [10, 400, 20] * Hz
    watched, spikes = Watched(group, "v"), SpikeMonitor(group)
    for _ in range(2):
        fails("neurongroup[1]", "still holds after the reset", 2.5, lambda: run(10 * ms))
        watched.check(2.5)
    assert group.v[:] == pytest.approx([0.025, 1, 0.05], rel=1e-13)
    assert spikes.num_spikes == 0
    group.slope[1] = 0 * Hz
    run(2 * ms)
    watched.check(4.5)


def test_a_ring_without_delay() -> None:
    """What comes before in the same window is recorded; opened, the ring goes on from its first spike."""
    given, group = train([0.5, 1.23]), NeuronGroup(3, LEAKY, threshold="v > 1", reset="v = 0")
    start = Synapses(given, group, on_pre="v_post += 2")
    start.connect(i=[0, 1], j=[2, 0])
    ring = Synapses(group, group, on_pre="v_post += 2")
    ring.connect(i=[0, 1], j=[1, 0])
    watched, spikes = Watched(group, "v"), SpikeMonitor(group)
    for _ in range(2):
        fails("neurongroup[0], neurongroup[1]", "fires for ever", 1.23, lambda: run(3 * ms))
        watched.check(1.23)
        assert spikes.i[:].tolist() == [2]
    ring.delay[1] = 0.5 * ms
    run(0.9 * ms)
    assert spikes.i[:].tolist() == [2, 0, 1, 0, 1]
    assert spikes.t / ms == pytest.approx([0.5, 1.23, 1.23, 1.73, 1.73], rel=1e-13)


def test_a_reset_that_leaves_no_time_to_the_next_spike() -> None:
    group = NeuronGroup(2, "dv/dt = slope : 1\nslope : Hz", threshold="v > 1", reset="v = 1 - 1e-16")
    group.slope = [0, 400] * Hz
    spikes = SpikeMonitor(group)
    fails("neurongroup[1]", "spiked 100000 times", 2.5, lambda: run(10 * ms))
    assert magic_network().t / ms == pytest.approx(2.5, abs=1e-9)
    assert spikes.num_spikes == 99_999
    assert spikes.t / ms == pytest.approx(2.5, abs=1e-9)
    group.slope = 0 * Hz
    run(1 * ms)
    assert spikes.num_spikes == 99_999


def test_a_hundred_thousand_spikes_in_a_window_are_no_failure() -> None:
    before, defaultclock.dt = defaultclock.dt, 10 * second
    try:
        group = NeuronGroup(1, "dv/dt = 1000*Hz : 1", threshold="v > 1", reset="v = 0")
        spikes = SpikeMonitor(group)
        run(200.5 * second)
    finally:
        defaultclock.dt = before
    assert spikes.num_spikes == pytest.approx(200_500, abs=1)
    assert np.diff(spikes.t / ms) == pytest.approx(1, rel=1e-9)


def test_a_long_run_fails_as_a_short_one_does() -> None:
    """A recurrent network; the failure comes many windows after the run began, on any number of threads."""
    found = []
    for pieces, threads in (([70], 1), ([70], 2), ([20.03, 0.5, 0.011, 49.459], 3)):
        start_scope()
        seed(5)
        draw = np.random.default_rng(2)
        model = "dv/dt = (1.3 + x - v)/(10*ms) : 1\ndx/dt = -x/(3*ms) : 1"
        group = NeuronGroup(100, model, threshold="v > 1", reset="v = 0", refractory=1.03 * ms)
        group.v = draw.uniform(0, 1, 100)
        synapses = Synapses(group, group, "w : 1", on_pre="x_post += w")
        synapses.connect(p=0.1)
        synapses.w, synapses.delay = (
            draw.normal(0, 0.2, len(synapses)),
            draw.uniform(0.3, 4, len(synapses)) * ms,
        )
        noise = PoissonGroup(20, 300 * Hz)
        inputs = Synapses(noise, group, on_pre="x_post += 0.1")
        inputs.connect(p=0.2)
        given = train([61.4567, 61.4567])
        fatal = Synapses(given, group, "w : 1", on_pre="x_post += w", delay=0.25 * ms)
        fatal.connect(i=[0, 1], j=[77, 77])
        fatal.w = 1.7e308
        spikes, noises = SpikeMonitor(group), SpikeMonitor(noise)
        trace = StateMonitor(group, ["v", "x"], record=[3, 77], dt=0.37 * ms)
        prefs.threads = threads
        try:
            for piece in pieces[:-1]:
                run(piece * ms)
            fails("neurongroup[77]", "became infinite", 61.7067, partial(run, pieces[-1] * ms))
            assert magic_network().t / ms == pytest.approx(61.7067, rel=1e-13)
            assert len(trace.t) == 167
            fatal.w = 0
            run(10 * ms)
        finally:
            prefs.threads = 1
        assert spikes.num_spikes > 300
        found.append([np.array(a) for a in (spikes.i, spikes.t_, noises.i, noises.t_, trace.v_, trace.x_)])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert a.shape == b.shape
            assert np.abs(a - b).max() < 1e-12
