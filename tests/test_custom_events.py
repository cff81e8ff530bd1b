"""Custom events: conditions besides the threshold, the code they run, and who hears of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evsim import *

RAMP = "dv/dt = 1*mV/ms : volt\nups : 1"


def ramps(n: int = 2, **events: str) -> NeuronGroup:
    """They rise by 1 mV/ms from 0, 0.25 mV, ... to 2 mV, where they spike and begin again at 0."""
    group = NeuronGroup(n, RAMP, threshold="v > 2*mV", reset="v = 0*mV", events=events)
    group.v = "i*0.25*mV"
    return group


def test_an_event_is_the_first_instant_of_its_condition_and_the_first_after_it_has_not_held() -> None:
    group = ramps(half="v > 0.5*mV")
    group.run_on_event("half", "ups += 1")
    events = EventMonitor(group, "half", variables=["v", "ups"])
    spikes = SpikeMonitor(group, "ups")
    run(6 * ms)
    assert events.event == "half"
    assert events.t / ms == pytest.approx([0.25, 0.5, 2.25, 2.5, 4.25, 4.5], rel=1e-12)
    assert events.i.tolist() == [1, 0, 1, 0, 1, 0]
    assert events.v / mV == pytest.approx([0.5] * 6, rel=1e-12)
    assert events.ups.tolist() == [0, 0, 1, 1, 2, 2]
    assert events.num_events == 6
    assert events.event_trains()[1] / ms == pytest.approx([0.25, 2.25, 4.25], rel=1e-12)
    assert spikes.t / ms == pytest.approx([1.75, 2, 3.75, 4, 5.75], rel=1e-12)
    assert spikes.ups.tolist() == [1, 1, 2, 2, 3]
    assert group.events == {"spike": "v > 2*mV", "half": "v > 0.5*mV"}


def test_code_of_an_event_changes_its_neuron() -> None:
    group = NeuronGroup(1, RAMP, events={"full": "v >= 1.25*mV"})
    group.run_on_event("full", "v = 0*mV; ups += t/ms")
    events = EventMonitor(group, "full")
    run(4 * ms)
    assert events.t / ms == pytest.approx([1.25, 2.5, 3.75], rel=1e-12)
    assert group.v[0] / mV == pytest.approx(0.25, rel=1e-10)
    assert group.ups[0] == pytest.approx(1.25 + 2.5 + 3.75, rel=1e-12)


@pytest.mark.parametrize("timing", ["exact", "grid"])
def test_code_of_an_event_knows_the_last_spike_and_whether_the_neuron_rests(timing: str) -> None:
    """v is over 0.5 mV at 0.5, 2.5 and 4.5 ms, and 0.5 ms after the spikes at 2 and 4 ms it still rests."""
    group = NeuronGroup(
        1,
        RAMP + "\nq : second\nrests : 1",
        threshold="v > 1.99999*mV",
        reset="v = 0*mV",
        refractory=0.7 * ms,
        events={"half": "v > 0.49999*mV and v < 0.55*mV"},
        method="euler" if timing == "grid" else None,
    )
    group.run_on_event("half", "q = clip(t - lastspike, 0*ms, 1*second); rests += 1 - not_refractory")
    run(5.05 * ms, timing=timing)
    assert group.q[0] / ms == pytest.approx(0.5, rel=1e-3)
    assert group.rests[0] == 2 if timing == "exact" else 1


def test_a_condition_may_begin_and_cease_to_hold_inside_a_step() -> None:
    """Pulses of 0.02 ms inside one step of the clock: three events, and three of the contrary."""
    ups, downs = [1.01, 1.04, 1.07], [1.02, 1.05, 1.08]
    source = SpikeGeneratorGroup(2, [0, 1] * 3, np.ravel(list(zip(ups, downs, strict=True))) * ms)
    group = NeuronGroup(1, "x : 1", events={"high": "x > 0.5", "low": "not (x > 0.5) and t > 0.5*ms"})
    pulses = Synapses(source, group, "w : 1", on_pre="x_post += w")
    pulses.connect()
    pulses.w = [1, -1]
    high, low = EventMonitor(group, "high"), EventMonitor(group, "low")
    run(2 * ms)
    assert high.t / ms == pytest.approx(ups, rel=1e-14)
    assert low.t / ms == pytest.approx([0.5, *downs], rel=1e-13)


def test_events_happen_in_refractory_neurons_too() -> None:
    group = NeuronGroup(
        1, RAMP, threshold="v > 1*mV", reset="v = 0*mV", refractory=3 * ms, events={"half": "v > 0.5*mV"}
    )
    events, spikes = EventMonitor(group, "half"), SpikeMonitor(group)
    run(5 * ms)
    assert spikes.t / ms == pytest.approx([1, 4], rel=1e-12)
    assert events.t / ms == pytest.approx([0.5, 1.5, 4.5], rel=1e-12)


def test_events_and_spike_of_one_instant_all_happen_by_order_then_name_and_the_reset_comes_last() -> None:
    group = NeuronGroup(
        1,
        "dv/dt = 1*mV/ms : volt\nlog_of : 1",
        threshold="v > 1*mV",
        reset="v = 0*mV; log_of = 10*log_of + 9",
        events={"b": "v > 1*mV", "a": "v > 1*mV", "c": "v > 1*mV"},
    )
    group.run_on_event("b", "v = -5*mV; log_of = 10*log_of + 2")
    group.run_on_event("a", "log_of = 10*log_of + 1")
    group.run_on_event("c", "log_of = 10*log_of + 3", order=-1)
    monitors = [EventMonitor(group, event, "v") for event in "abc"] + [SpikeMonitor(group, "v")]
    run(1.5 * ms)
    for monitor in monitors:
        assert monitor.t / ms == pytest.approx([1], rel=1e-13)
        assert monitor.v / mV == pytest.approx([1], rel=1e-13)
    assert group.log_of[0] == 3129


def test_synapses_hear_custom_events_of_their_sources_and_targets() -> None:
    group = ramps(half="v > 0.5*mV", most="v > 1.5*mV")
    other = NeuronGroup(2, "dz/dt = -1/second : 1\nx : 1", events={"fall": "z < -0.003"})
    both = Synapses(
        group,
        other,
        "w : 1",
        on_pre={"pre": "x_post += 1", "top": "x_post += 100; w += 0.5"},
        on_post="w += x_post",
        on_event={"pre": "half", "top": "most", "post": "fall"},
        delay={"pre": 1.05 * ms, "top": 0.25 * ms},
    )
    both.connect(j="i")
    trace, fall = StateMonitor(other, "x", record=[0]), EventMonitor(other, "fall")
    run(4 * ms)
    expected = np.sum([np.arange(40) * 0.1 >= at - 1e-9 for at in (1.55, 3.55)], axis=0)
    expected = expected + 100 * np.sum([np.arange(40) * 0.1 >= at - 1e-9 for at in (1.75, 3.75)], axis=0)
    assert np.array_equal(trace.x[0], expected)
    assert fall.t / ms == pytest.approx([3, 3], rel=1e-12)
    assert both.w[:].tolist() == [0.5 + 101 + 0.5, 0.5 + 101 + 0.5]


def test_events_without_delay_act_at_their_instant() -> None:
    """0 reaches 0.5 at 5 ms and lifts 1 to 0.75: an event there at once, and 2 is lifted over its threshold."""
    group = NeuronGroup(
        3, "dv/dt = I : 1\nI : Hz", threshold="v > 1", reset="v = 0", events={"half": "v > 0.5"}
    )
    group.I, group.v = [100, 0, 0] * Hz, [0, 0, 0.4]
    chain = Synapses(group, group, on_pre="v_post += 0.75", on_event="half")
    chain.connect(i=[0, 1], j=[1, 2])
    events, spikes = EventMonitor(group, "half", "v"), SpikeMonitor(group, "v")
    run(9 * ms)
    assert events.i.tolist() == [0, 1, 2]
    assert events.t / ms == pytest.approx([5, 5, 5], rel=1e-12)
    assert events.v == pytest.approx([0.5, 0.75, 1.15], rel=1e-12)
    assert spikes.i.tolist() == [2]
    assert spikes.v == pytest.approx([1.15], rel=1e-12)


def noisy_network(threads: int, pieces: list[float]) -> tuple[Any, ...]:
    start_scope()
    seed(5)
    group = NeuronGroup(
        70, "dv/dt = (1.2 - v)/(10*ms) : 1\nn : 1", threshold="v > 1", reset="v = 0", refractory=1 * ms,
        events={"high": "v > 0.8 and n < 5", "full": "n > 4"},
    )  # fmt: skip
    group.run_on_event("high", "n += 1")
    group.run_on_event("full", "n = 0; v -= 0.1")
    group.v = "i/70.0"
    drive = PoissonInput(group, "v", 5, 100 * Hz, 0.05)
    synapses = Synapses(group, group, on_pre="v_post -= 0.02", on_event="high", delay=0.7 * ms)
    synapses.connect(p=0.1)
    monitors = (
        EventMonitor(group, "high", ["v", "n"]),
        EventMonitor(group, "full", "v"),
        SpikeMonitor(group, "n"),
    )
    trace = StateMonitor(group, ["v", "n"], record=[0, 69])
    net = Network(group, drive, synapses, monitors, trace)
    for piece in pieces:
        net.run(piece * ms, threads=threads)
    values = [each for m in monitors for each in (m.i, m.t_)]
    return (*values, monitors[0].v, monitors[0].n, monitors[1].v, monitors[2].n, trace.v, trace.n)


def test_the_same_bits_for_any_number_of_threads_and_pieces() -> None:
    whole = noisy_network(1, [40])
    assert whole[0].size > 150
    assert whole[2].size > 20
    for threads, pieces in ((3, [40]), (2, [13.33, 0.02, 26.65])):
        again = noisy_network(threads, pieces)
        assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))


def test_a_stored_network_goes_on_with_conditions_that_hold() -> None:
    group = ramps(1, half="v > 0.5*mV")
    events = EventMonitor(group, "half")
    net = Network(group, events)
    net.run(1 * ms)  # the condition holds
    net.store()
    net.run(3 * ms)
    whole = events.t_
    net.restore()
    net.run(3 * ms)
    assert np.array_equal(events.t_, whole)
    assert whole * 1e3 == pytest.approx([0.5, 2.5], rel=1e-12)


def test_on_the_grid_there_is_an_event_at_every_step_of_a_condition_as_in_brian() -> None:
    """The steps are those of Brian2 2.9 on the same script, with method "exact"."""
    group = NeuronGroup(
        2,
        "dv/dt = (I - v)/(10*ms) : 1\nI : 1\nn : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1 * ms,
        events={"high": "v > 0.96", "cross": "n > 3.5"},
        method="exact",
    )
    group.run_on_event("high", "n += 1")
    group.run_on_event("cross", "n = 0; v -= 0.3")
    group.I = [1.5, 1.7]
    listeners = NeuronGroup(2, "x : 1")
    synapses = Synapses(group, listeners, on_pre="x_post += 1", on_event="high", delay=1 * ms)
    synapses.connect(j="i")
    high, cross = EventMonitor(group, "high", variables="v"), EventMonitor(group, "cross")
    spikes, trace = SpikeMonitor(group), StateMonitor(listeners, "x", record=True)
    run(60 * ms, timing="grid")
    steps = np.rint(cross.t / ms / 0.1).astype(int)
    assert steps.tolist() == [
        87, 106, 121, 151, 156, 191, 196, 226, 242, 261, 287, 296, 331, 333, 366, 378, 401, 424, 436, 469, 471, 506,
        515, 541, 560, 576,
    ]  # fmt: skip
    assert cross.i.tolist() == [
        1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1,
    ]  # fmt: skip
    assert high.N == 106
    assert high.v[:6] == pytest.approx(
        [0.96609211, 0.97339462, 0.98062446, 0.98778237, 0.99486905, 0.96448956]
    )
    assert spikes.N == 0
    assert trace.x.sum() == 27897


def test_spikes_of_sources_are_events_too() -> None:
    source = SpikeGeneratorGroup(2, [0, 1], [1, 2] * ms)
    events = EventMonitor(source, "spike")
    run(3 * ms)
    assert events.t / ms == pytest.approx([1, 2], rel=1e-14)
    with pytest.raises(EvsimError, match=r"has no event 'custom'; a source of spikes has 'spike' only"):
        EventMonitor(source, "custom")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ramps(half="v > 0.5*ms"), r"(?s)event 'half'"),
        (lambda: ramps(half=3), r"event 'half' of neurongroup.*got 3; give text"),
        (
            lambda: NeuronGroup(1, RAMP, events={"spike": "v > 1*mV"}),
            r"'spike' is the threshold; give it there",
        ),
        (lambda: NeuronGroup(1, RAMP, events="v > 1*mV"), r"give a dict, as in \{'custom'"),
        (lambda: EventMonitor(ramps(half="v > 1*mV"), "halves"), r"has no event 'halves' \(there are half\)"),
        (lambda: ramps().run_on_event("half", "v = 0*mV"), r"has no event 'half' \(there are none\)"),
        (lambda: ramps().run_on_event("spike", "v = 0*mV"), r"what a spike does is the reset"),
        (
            lambda: ramps(a="v > 1*mV").run_on_event("a", "v = 0*mV", when="resets"),
            r"code of events runs 'after_",
        ),
    ],
)
def test_what_is_wrong_is_named(wrong: Any, message: str) -> None:
    with pytest.raises(EvsimError, match=message):
        group = wrong()
        _ = group
        run(1 * ms)


def test_names_in_code_of_events_are_looked_up() -> None:
    group = ramps(half="v > 0.5*mV")
    group.run_on_event("half", "vv = 0*mV")
    with pytest.raises(EvsimError, match=r"vv"):
        run(1 * ms)


def test_code_twice_or_too_late_is_refused() -> None:
    group = ramps(half="v > 0.5*mV", most="v > 1*mV")
    group.run_on_event("half", "ups += 1")
    with pytest.raises(EvsimError, match=r"the event 'half' runs 'ups \+= 1' already"):
        group.run_on_event("half", "ups += 2")
    run(1 * ms)
    with pytest.raises(EvsimError, match=r"has run already"):
        group.run_on_event("most", "ups += 2")


def test_two_events_that_undo_each_other_for_ever_are_an_error() -> None:
    group = NeuronGroup(1, "v : 1", events={"up": "v > 0", "down": "v < 0"})
    group.run_on_event("up", "v = -1")
    group.run_on_event("down", "v = 1")
    group.v = 1
    with pytest.raises(EvsimError, match=r"neurongroup.*\[0\]"):
        run(1 * ms)
