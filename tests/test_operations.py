"""Operations: what a user does at chosen instants of a run, at exactly these instants and in one order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim import EvsimError, Network, prefs

DECAY = "dv/dt = -v/(10*ms) : 1"


def counted(n: int = 2) -> NeuronGroup:
    """A group of counters."""
    return NeuronGroup(n, "x : 1")


def spikes_of(monitor: SpikeMonitor) -> tuple[list[int], list[int], list[float]]:
    """Every bit of what was recorded."""
    return monitor.i.tolist(), monitor.tick.tolist(), np.array(monitor.offset).tolist()


def driven(n: int = 40) -> tuple[NeuronGroup, Synapses, SpikeMonitor]:
    """A small recurrent network with delays that lie on no grid."""
    group = NeuronGroup(
        n, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", refractory=1.3 * ms
    )
    group.v = "i/(N + 1.0)"
    synapses = Synapses(group, group, on_pre="v_post += 0.01", delay=1.2345 * ms)
    synapses.connect("i != j")
    return group, synapses, SpikeMonitor(group)


# When


def test_code_has_values_of_its_own() -> None:
    group = NeuronGroup(3, "x : 1\ny : second")
    group.run_regularly("half = x/2\nhalf += 1\nspan = dt*half; x = half; y = span", dt=1 * ms)
    source = NeuronGroup(2, "v : 1")
    synapses = Synapses(source, group, "w : 1")
    synapses.connect()
    synapses.run_regularly("mean = (v_pre + x_post)/2; w += mean", dt=1 * ms, order=1)
    source.v = [2, 4]
    run(2.5 * ms)
    assert group.x[:].tolist() == [1.75] * 3
    assert group.y[:] / ms == pytest.approx([1.75] * 3)
    assert synapses.w[:].tolist() == [1.5 + 1.75 + 1.875] * 3 + [2.5 + 2.75 + 2.875] * 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("y = 2*x", "has no variable y"),
        ("x = half; half = 2; x = half", r"'x = half': half is set only after it is read"),
        ("half = 1*mV; x = half", "x is in 1"),
        ("half += 1; x = half", "has no variable half"),
        ("t = 1*ms; x = t/ms", "has no variable t"),
    ],
)
def test_values_of_its_own_that_code_cannot_have(code: str, message: str) -> None:
    group = counted()
    with pytest.raises(EvsimError, match=message):
        group.run_regularly(code, dt=1 * ms)
        run(1 * ms)


def test_regular_code_runs_at_every_multiple_of_its_step_from_zero_on() -> None:
    group = counted()
    group.run_regularly("x += 1", dt=1 * ms)
    run(5 * ms)
    assert group.x[:].tolist() == [5, 5]  # at 0, 1, 2, 3 and 4 ms; 5 ms belongs to the next run
    run(0 * ms)
    assert group.x[0] == 5
    run(0.1 * ms)
    assert group.x[0] == 6


def test_a_step_that_fits_no_grid_is_kept_exactly() -> None:
    group = NeuronGroup(1, DECAY)
    group.run_regularly("v = 1", dt=0.137 * ms)
    run(1 * ms)
    assert group.v[0] == pytest.approx(math.exp(-(1 - 7 * 0.137) / 10), rel=1e-14)


def test_code_runs_at_given_times_which_are_real_numbers() -> None:
    group = NeuronGroup(1, DECAY)
    group.run_at("v += 1", [1.2345678 * ms, 0.3 * ms, math.pi * ms])
    run(3 * ms)
    assert group.v[0] == pytest.approx(math.exp(-0.27) + math.exp(-(3 - 1.2345678) / 10), rel=1e-14)
    run(1 * ms)
    expected = math.exp(-0.37) + math.exp(-(4 - 1.2345678) / 10) + math.exp(-(4 - math.pi) / 10)
    assert group.v[0] == pytest.approx(expected, rel=1e-14)


def test_t_and_dt_in_code_are_the_instant_and_the_step() -> None:
    group = NeuronGroup(1, "a : second\nb : second")
    group.run_regularly("a = t; b = dt", dt=2.5 * ms)
    run(9 * ms)
    assert [group.a[0] / ms, group.b[0] / ms] == pytest.approx([7.5, 2.5], rel=1e-15)


def test_without_a_step_code_takes_that_of_its_group() -> None:
    slow, common = NeuronGroup(1, "x : 1", dt=0.5 * ms), counted(1)
    slow.run_regularly("x += 1")
    common.run_regularly("x += 1")
    run(2 * ms)
    assert (slow.x[0], common.x[0]) == (4, 20)


def test_a_network_operation_is_called_with_the_time_if_it_asks_for_it() -> None:
    times: list[float] = []
    calls: list[int] = []

    @network_operation(dt=0.5 * ms)
    def with_time(t: Any) -> None:
        times.append(float(t / ms))

    @network_operation
    def without() -> None:
        calls.append(1)

    group = counted()
    run(1.5 * ms)
    assert times == [0, 0.5, 1.0]
    assert len(calls) == 15
    assert group.t == 1.5 * ms


def test_an_operation_of_a_class_is_made_from_its_method() -> None:
    class Watch:
        def __init__(self) -> None:
            self.seen: list[float] = []
            self.operation = NetworkOperation(self.look, dt=1 * ms)

        def look(self, t: Any) -> None:
            self.seen.append(float(t / ms))

    watch, group = Watch(), counted()
    net = Network(group, watch.operation)
    net.run(2.5 * ms)
    assert watch.seen == [0, 1, 2]


def test_a_network_operation_at_given_times_reads_states_of_exactly_then() -> None:
    group, seen = NeuronGroup(1, DECAY), []
    group.v = 1
    operation = NetworkOperation(lambda: seen.append(float(group.v[0])), times=[0.05, 1.23456] * ms)
    run(2 * ms)
    assert operation.name == "networkoperation"
    assert seen == pytest.approx([math.exp(-0.005), math.exp(-0.123456)], rel=1e-14)


# In which order


def test_actions_up_to_groups_come_before_the_events_of_their_instant_and_later_ones_after() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    group = NeuronGroup(1, "x : 1")
    synapses = Synapses(source, group, on_pre="x_post += 1", delay=0 * ms)
    synapses.connect()
    seen = {}
    slots = ["before_start", "start", "groups", "after_groups", "thresholds", "synapses", "resets", "end"]
    operations = [
        NetworkOperation(lambda slot=slot: seen.update({slot: float(group.x[0])}), times=[1] * ms, when=slot)
        for slot in slots
    ]
    net = Network(source, group, synapses, operations)
    net.run(2 * ms)
    assert list(seen) == slots
    assert list(seen.values()) == [0, 0, 0, 1, 1, 1, 1, 1]


def test_a_spike_caused_before_an_instant_and_one_after_it_differ() -> None:
    """At 2 ms the cell fires by itself; its reset has happened for an action at the end, not for one at the start."""
    group = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1", threshold="v >= 1", reset="v = -1")
    seen = {}

    @network_operation(dt=2 * ms, when="start")
    def early(t: Any) -> None:
        seen[f"start {t / ms:g}"] = float(group.v[0])

    @network_operation(dt=2 * ms, when="end")
    def late(t: Any) -> None:
        seen[f"end {t / ms:g}"] = float(group.v[0])

    run(3 * ms)
    assert seen == pytest.approx({"start 0": 0, "end 0": 0, "start 2": 1, "end 2": -1}, abs=1e-60)


def test_equal_slots_are_ordered_by_order_then_by_name() -> None:
    group, seen = counted(), []
    made = [
        NetworkOperation(lambda: seen.append("c"), dt=1 * ms, name="c"),
        NetworkOperation(lambda: seen.append("a"), dt=1 * ms, name="a"),
        NetworkOperation(lambda: seen.append("last"), dt=1 * ms, order=2, name="b"),
        NetworkOperation(lambda: seen.append("first"), dt=1 * ms, order=-1, name="z"),
        NetworkOperation(lambda: seen.append("end"), dt=1 * ms, order=-5, when="end", name="e"),
    ]
    net = Network(group, made)
    net.run(1 * ms)
    assert seen == ["first", "a", "c", "last", "end"]


def test_a_sample_at_an_instant_sees_what_was_done_at_its_start() -> None:
    group = counted(1)
    group.run_regularly("x += 1", dt=1 * ms)
    monitor = StateMonitor(group, "x", record=True, dt=0.5 * ms)
    run(2 * ms)
    assert monitor.x[0].tolist() == [1, 1, 2, 2]


def test_derived_values_are_recorded_with_the_parameters_of_their_time() -> None:
    group = NeuronGroup(1, "dv/dt = 0/ms : 1\na : 1\ny = v + a : 1")
    group.v = 10
    group.run_regularly("a += 1", dt=1 * ms)
    monitor = StateMonitor(group, "y", record=True, dt=0.5 * ms)
    run(2 * ms)
    assert monitor.y[0].tolist() == [11, 11, 12, 12]


# What


def test_statements_work_on_what_those_before_them_have_made() -> None:
    group = NeuronGroup(3, "x : 1\ny : 1\nz = 2*y : 1")
    group.run_regularly("x = i\ny = x + N; x = z")
    run(0.1 * ms)
    assert group.y[:].tolist() == [3, 4, 5]
    assert group.x[:].tolist() == [6, 8, 10]


def test_code_of_a_slice_runs_for_the_slice() -> None:
    group = counted(4)
    group[1:3].run_regularly("x = i + 10*N")
    run(0.1 * ms)
    assert group.x[:].tolist() == [0, 20, 21, 0]


def test_code_of_synapses_sees_both_ends() -> None:
    source = SpikeGeneratorGroup(2, [0, 1, 0], [0.5, 0.5, 1.5] * ms)
    group = NeuronGroup(2, "y : 1\nx : 1")
    group.x = [1, 2]
    synapses = Synapses(source, group, "w : 1", on_pre="y_post += w")
    synapses.connect()
    synapses.run_regularly("w += x_post + 10*i + 100*j", dt=1 * ms)
    run(2 * ms)
    assert synapses.w[:].tolist() == [2, 204, 22, 224]
    assert group.y[:].tolist() == [1 + 11 + 2, 102 + 112 + 204]


def test_variables_unless_refractory_stay_in_refractory_neurons() -> None:
    group = NeuronGroup(
        2,
        "dv/dt = 0/ms : 1 (unless refractory)\nx : 1\ny : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=3 * ms,
    )
    group.v = [2, 0]
    group.run_at("v = 0.5; x = 1; y = not_refractory", [1] * ms)
    run(2 * ms)
    assert group.v[:].tolist() == [0, 0.5]
    assert group.x[:].tolist() == [1, 1]
    assert group.y[:].tolist() == [0, 1]


def test_random_numbers_differ_from_time_to_time_and_not_with_the_cuts_of_a_run() -> None:
    def numbers(pieces: int) -> tuple[list[float], list[float]]:
        start_scope()
        seed(7)
        group, seen = NeuronGroup(2, "x : 1\ny : 1"), []
        group.run_regularly("x = rand(); y = rand()", dt=1 * ms)
        watch = NetworkOperation(lambda: seen.extend([*group.x[:], *group.y[:]]), dt=1 * ms, order=1)
        net = Network(group, watch)
        for _ in range(pieces):
            net.run(10 * ms / pieces)
        return seen, group.x[:].tolist()

    whole, last = numbers(1)
    assert len(set(whole)) == 40
    assert all(0 < each < 1 for each in whole)
    assert numbers(10) == numbers(3) == (whole, last)


def test_two_pieces_of_code_draw_different_numbers() -> None:
    group = NeuronGroup(2, "x : 1\ny : 1")
    group.run_regularly("x = rand()")
    group.run_regularly("y = rand()")
    run(0.1 * ms)
    assert not set(group.x[:]) & set(group.y[:])


def test_what_code_does_acts_at_once() -> None:
    """At 5 ms the threshold is passed by code; the spike is at 5 ms, and its delivery at 6.5 ms."""
    group = NeuronGroup(2, "dv/dt = 0/ms : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(group, group, on_pre="v_post += 2", delay=1.5 * ms)
    synapses.connect(i=0, j=1)
    spikes = SpikeMonitor(group)
    group[:1].run_at("v = 3", 5 * ms)
    run(10 * ms)
    assert spikes.i.tolist() == [0, 1]
    assert (spikes.t / ms).tolist() == pytest.approx([5, 6.5], abs=1e-12)


def test_rates_trains_and_parameters_may_change_inside_a_run() -> None:
    poisson = PoissonGroup(100, 0 * Hz)
    train = SpikeGeneratorGroup(1, [], [] * ms)
    cell = NeuronGroup(1, "dv/dt = rate : 1\nrate : Hz", threshold="v > 1", reset="v = 0")
    counts, trains, fired = SpikeMonitor(poisson), SpikeMonitor(train), SpikeMonitor(cell)

    @network_operation(dt=10 * ms)
    def change(t: Any) -> None:
        if t == 10 * ms:
            poisson.rates = 1000 * Hz
            train.set_spikes([0], [12.345] * ms)
            cell.rate = 1 / (4 * ms)

    run(20 * ms)
    assert counts.t.min() >= 10 * ms
    assert 800 < counts.num_spikes < 1200
    assert (trains.t / ms).tolist() == pytest.approx([12.345], abs=1e-13)
    assert (fired.t / ms).tolist() == pytest.approx([14, 18], abs=1e-10)


def test_functions_of_time_and_of_the_user_work_in_code() -> None:
    stimulus = TimedArray([1, 2, 3] * mV, dt=2 * ms)  # noqa: F841 (the code calls it)

    @check_units(x=1, result=1)
    def doubled(x: float) -> float:
        return 2 * x

    group = NeuronGroup(2, "a : volt\nb : 1\nc = 3*b : 1")
    group.b = [1, 5]
    group.run_regularly("a = stimulus(t); b = doubled(c)", dt=2 * ms)
    run(3 * ms)
    assert str(group.a[:]) == "[2. 2.] mV"
    assert group.b[:].tolist() == [36, 180]


def test_an_inactive_operation_does_nothing() -> None:
    group = counted()
    operation = group.run_regularly("x += 1", dt=1 * ms)
    operation.active = False
    run(2 * ms)
    assert group.x[0] == 0
    operation.active = True
    run(2 * ms)
    assert group.x[0] == 2  # at 2 and 3 ms


# The same bits


@pytest.mark.parametrize("when", ["start", "end"])
def test_actions_that_change_nothing_change_no_bit(when: str) -> None:
    group, synapses, spikes = driven()
    net = Network(group, synapses, spikes)
    net.run(50 * ms)
    expected = spikes_of(spikes)
    assert len(expected[0]) > 50

    start_scope()
    group, synapses, spikes = driven()
    looks = NetworkOperation(lambda: None, times=np.linspace(0.0, 49.9, 77) * ms, when=when)
    group.run_at("v = v", [3.3, 17.77, 41.0] * ms)
    net = Network(group, synapses, spikes, looks)
    net.run(50 * ms)
    assert spikes_of(spikes) == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_changes_at_instants_are_the_same_bits_in_one_run_and_in_pieces(threads: int) -> None:
    def result(pieces: int) -> Any:
        start_scope()
        seed(3)
        group, synapses, spikes = driven()
        group.run_regularly("v = v + 0.01*rand()", dt=1.7 * ms)
        net = Network(group, synapses, spikes)
        for _ in range(pieces):
            net.run(30 * ms / pieces, threads=threads)
        return spikes_of(spikes), group.v[:].tolist()

    assert result(1) == result(6)


def test_the_reference_engine_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    def times() -> list[float]:
        start_scope()
        group = NeuronGroup(1, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        spikes = SpikeMonitor(group)
        group.run_regularly("v += 0.05", dt=0.77 * ms)
        group.run_at("v = 0", [4.321] * ms, when="end")
        run(20 * ms)
        return (spikes.t / ms).tolist()  # type: ignore[no-any-return]

    compiled = times()
    monkeypatch.setattr(prefs, "engine", "reference")
    assert len(compiled) >= 2
    assert compiled == pytest.approx(times(), abs=1e-10)


def test_on_the_grid_an_action_at_the_end_sees_the_state_after_the_step() -> None:
    group, seen = NeuronGroup(1, DECAY), {}
    group.v = 1

    @network_operation(dt=1 * ms, when="start")
    def early(t: Any) -> None:
        seen[f"start {t / ms:g}"] = float(group.v[0])

    @network_operation(dt=1 * ms, when="end")
    def late(t: Any) -> None:
        seen[f"end {t / ms:g}"] = float(group.v[0])

    run(1.1 * ms, timing="grid")
    assert list(seen) == ["start 0", "end 0", "start 1", "end 1"]
    assert list(seen.values()) == pytest.approx(
        [1, math.exp(-0.01), math.exp(-0.1), math.exp(-0.11)], rel=1e-14
    )


# The end of a run


def test_stop_ends_a_run_at_its_instant_and_the_next_run_goes_on() -> None:
    group, synapses, spikes = driven()
    net = Network(group, synapses, spikes)
    net.run(30 * ms)
    expected = spikes_of(spikes)

    start_scope()
    group, synapses, spikes = driven()
    operation = NetworkOperation(stop, times=[12.3456] * ms)
    net = Network(group, synapses, spikes, operation)
    net.run(30 * ms)
    assert net.t / ms == pytest.approx(12.3456, abs=1e-12)
    net.run(30 * ms - net.t)
    assert net.t / ms == pytest.approx(30, rel=1e-15)
    assert spikes_of(spikes) == expected


def test_actions_of_the_instant_of_a_stop_still_happen_and_later_ones_wait() -> None:
    group, seen = counted(), []
    net = Network(group)
    net.add(
        NetworkOperation(lambda: net.stop(), times=[1] * ms, name="a"),
        NetworkOperation(lambda: seen.append("same side"), times=[1] * ms, name="b"),
        NetworkOperation(lambda: seen.append("other side"), times=[1] * ms, when="end", name="c"),
    )
    net.run(5 * ms)
    assert net.t == 1 * ms
    assert seen == ["same side"]
    net.run(1 * ms)
    assert seen == ["same side", "other side"]
    assert net.t == 2 * ms


def test_stop_outside_a_run_has_no_effect_on_the_next_one() -> None:
    group = counted()
    stop()
    run(1 * ms)
    assert group.t == 1 * ms


def test_a_report_may_stop_a_run() -> None:
    cells = NeuronGroup(2000, "dv/dt = (1.2 - v)/(1*ms) : 1", threshold="v > 1", reset="v = 0")
    cells.v = "rand()"
    counts: list[float] = []

    def report(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        counts.append(completed)
        if completed > 0:
            stop()

    run(1000 * second, report=report, report_period=1 * ms)
    assert 0 < cells.t < 1000 * second
    assert len(counts) >= 2
    reached = cells.t
    run(1 * ms)
    assert cells.t / ms == pytest.approx(reached / ms + 1)


def test_an_error_in_an_operation_leaves_a_network_that_can_go_on() -> None:
    group, is_wrong = counted(), [True]

    @network_operation(dt=1 * ms)
    def sometimes(t: Any) -> None:
        if t == 2 * ms and is_wrong[0]:
            raise KeyError("mine")

    group.run_regularly("x += 1", dt=1 * ms, order=1)
    with pytest.raises(KeyError, match="mine"):
        run(5 * ms)
    assert group.t == 2 * ms
    assert group.x[0] == 2  # at 0 and 1 ms
    is_wrong[0] = False
    run(1 * ms)
    assert group.x[0] == 3  # at 2 ms


# Networks


def test_two_networks_have_their_own_instants() -> None:
    first, second = counted(1), counted(1)
    first.run_regularly("x += 1", dt=1 * ms)
    second.run_regularly("x += 1", dt=2 * ms)
    one, other = Network(first), Network(second)
    one.run(4 * ms)
    other.run(4 * ms)
    one.run(1 * ms)
    assert (first.x[0], second.x[0]) == (5, 2)


def test_an_operation_made_between_runs_begins_then() -> None:
    group = counted(1)
    run(1.5 * ms)
    group.run_regularly("x += 1", dt=1 * ms)
    run(2 * ms)
    assert group.x[0] == 2  # at 2 and 3 ms


def test_an_operation_of_a_group_that_has_ended_ends_too() -> None:
    group = counted(1)
    group.run_regularly("x += 1")
    other = counted(1)
    del group
    run(1 * ms)
    assert len(magic_network().objects) == 1
    assert other.x[0] == 0


# Errors


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("y = 1", "has no variable y"),
        ("x = unknown", "unknown is not defined"),
        ("x = 1*mV", "'mV'|in volt|V"),
        ("x", "is not a statement"),
        ("", "there is no statement"),
        ("z = 1", "z is given by its equation"),
        ("k = 1", r"k is declared \(constant\)"),
        ("s = x", "s is shared by all elements"),
        ("s = rand()", "s is shared by all elements"),
        ("x = 1/0", "divides by zero|finite"),
        ("x = __import__('os')", "__import__"),
        ("b = 2", "b is boolean"),
    ],
)
def test_code_that_makes_no_sense_is_refused(code: str, message: str) -> None:
    group = NeuronGroup(2, "x : 1\nz = x : 1\nk : 1 (constant)\ns : 1 (shared)\nb : boolean")
    with pytest.raises(EvsimError, match=message):
        group.run_regularly(code)
        run(0.1 * ms)


def test_wrong_times_steps_and_slots_are_refused() -> None:
    group = counted()
    with pytest.raises(EvsimError, match="there is no slot 'begin'"):
        group.run_regularly("x = 1", when="begin")
    with pytest.raises(EvsimError, match="did you mean 'before_synapses'"):
        group.run_regularly("x = 1", when="befor_synapses")
    with pytest.raises(EvsimError, match="order of"):
        group.run_regularly("x = 1", order="first")  # type: ignore[arg-type]
    with pytest.raises(EvsimError, match="must be in s"):
        group.run_at("x = 1", [1, 2])
    with pytest.raises(EvsimError, match="times of 0 or more"):
        group.run_at("x = 1", [-1] * ms)
    with pytest.raises(EvsimError, match="must be in s"):
        group.run_regularly("x = 1", dt=5)
    with pytest.raises(EvsimError, match="times and a step"):
        NetworkOperation(lambda: None, dt=1 * ms, times=[1] * ms)


def test_times_that_are_past_are_refused() -> None:
    group = counted()
    run(2 * ms)
    group.run_at("x = 1", [1] * ms)
    with pytest.raises(EvsimError, match=r"0\.001 s is past, the time is 0.002 s"):
        run(1 * ms)


def test_functions_that_cannot_be_called_are_refused() -> None:
    with pytest.raises(EvsimError, match="takes a, b"):
        network_operation(lambda a, b: None)
    with pytest.raises(EvsimError, match="@network_operation"):
        network_operation(1 * ms)

    class Owner:
        with pytest.raises(EvsimError, match=r"NetworkOperation\(self.wrong\)"):

            @network_operation
            def wrong(self) -> None:
                pass


def test_a_run_inside_a_run_is_refused() -> None:
    group = counted()
    operation = NetworkOperation(lambda: run(1 * ms), dt=1 * ms)
    with pytest.raises(EvsimError, match="called by an operation while"):
        run(1 * ms)
    assert operation in magic_network()
    assert group in magic_network()
