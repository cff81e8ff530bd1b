"""Networks: what takes part, time that goes on, names around the call of run, reports, and the refusals."""

from __future__ import annotations

import _thread
import gc
import logging
import re
import subprocess
import sys

import numpy as np
import pytest

from evsim import *

CLOCKWORK = "dv/dt = rate : 1"
rate = 100 * Hz


def clockwork(n: int = 1) -> NeuronGroup:
    return NeuronGroup(n, CLOCKWORK, threshold="v > 1", reset="v = 0", namespace={"rate": 100 * Hz})


def test_run_collects_objects_in_lists_and_dicts() -> None:
    groups = [clockwork() for _ in range(3)]
    monitors = {group.name: SpikeMonitor(group) for group in groups}
    run(25 * ms)
    assert [monitor.num_spikes for monitor in monitors.values()] == [2, 2, 2]


def test_objects_that_nobody_holds_take_no_part() -> None:
    group = clockwork()
    clockwork()
    gc.collect()
    run(1 * ms)
    assert magic_network().objects == (group,)


def test_an_object_that_could_not_be_made_takes_no_part() -> None:
    with pytest.raises(EvsimError) as error:
        NeuronGroup(3, "dv/dt = 100*Hz : 1", threshold=3)
    group = clockwork()
    run(1 * ms)
    assert magic_network().objects == (group,)
    assert group.name == "neurongroup"
    assert error.traceback is not None


def test_start_scope_leaves_earlier_objects_alone() -> None:
    first = clockwork()
    first_spikes = SpikeMonitor(first)
    run(15 * ms)
    start_scope()
    second_ = clockwork()
    second_spikes = SpikeMonitor(second_)
    run(25 * ms)
    assert (first_spikes.num_spikes, second_spikes.num_spikes) == (1, 2)
    assert first.v[0] == pytest.approx(0.5, rel=1e-12)
    assert second_.name == "neurongroup"
    assert magic_network().t / ms == pytest.approx(25, rel=1e-15)


def test_running_in_pieces_goes_on() -> None:
    trains = []
    for pieces in ([29], [1, 2, 3.3, 0.05, 22.65], [9, 10, 10]):
        start_scope()
        group = clockwork(2)
        group.v = [0, 0.31]
        spikes = SpikeMonitor(group)
        for piece in pieces:
            run(piece * ms)
        trains.append((spikes.t_.tolist(), spikes.i.tolist()))
        assert magic_network().t / ms == pytest.approx(29, rel=1e-14)
    assert trains[0][1] == [1, 0, 1, 0, 1]
    assert np.allclose(trains[0][0], [0.0069, 0.01, 0.0169, 0.02, 0.0269], rtol=1e-13, atol=0)
    assert trains[1] == trains[0] == trains[2]


def test_objects_may_join_between_runs() -> None:
    group = clockwork()
    run(5 * ms)
    late = clockwork()
    target = NeuronGroup(1, "x : 1")
    s = Synapses(group, target, on_pre="x_post += 1")
    s.connect()
    spikes = SpikeMonitor(late)
    run(19 * ms)
    assert spikes.t / ms == pytest.approx([15], rel=1e-12)
    assert target.x[0] == 2


def test_an_explicit_network_runs_only_its_own() -> None:
    first, second_ = clockwork(), clockwork()
    spikes, others = SpikeMonitor(first), SpikeMonitor(second_)
    net = Network([first, {"spikes": spikes}])
    net.run(15 * ms)
    assert spikes.num_spikes == 1
    assert others.num_spikes == 0
    assert net.t / ms == pytest.approx(15, rel=1e-15)
    assert len(net) == 2
    assert first in net and "spikemonitor" in net and second_ not in net
    assert net["spikemonitor"] is spikes
    assert (net.ts / ms)[[0, -1]] == pytest.approx([0, 14.9], rel=1e-13)
    net.add(second_, others)
    net.run(19 * ms)
    assert others.t / ms == pytest.approx([25], rel=1e-12)
    assert "at t = 34. ms: neurongroup, neurongroup_1" in repr(net)


def test_objects_are_removed_and_stay_with_the_network_that_ran_them() -> None:
    first, second_ = clockwork(), clockwork()
    net = Network(first, second_)
    net.remove(second_)
    assert net.objects == (first,)
    net.run(1 * ms)
    with pytest.raises(EvsimError, match="not part of network"):
        net.remove(second_)
    with pytest.raises(EvsimError, match="has run in another network"):
        Network(first)
    with pytest.raises(EvsimError, match="no object 'x'"):
        net["x"]
    with pytest.raises(EvsimError, match="not 3"):
        Network(3)


def test_what_a_network_lacks_is_named() -> None:
    source, target = clockwork(), NeuronGroup(1, "x : 1")
    s = Synapses(source, target, on_pre="x_post += 1")
    s.connect()
    with pytest.raises(EvsimError, match="target of synapses, neurongroup_1, is not part"):
        Network(source, s).run(1 * ms)
    with pytest.raises(EvsimError, match="source of spikemonitor, neurongroup, is not part"):
        Network(target, SpikeMonitor(source)).run(1 * ms)
    with pytest.raises(EvsimError, match="no objects"):
        Network().run(1 * ms)


def test_objects_may_change_to_another_network_until_they_have_run() -> None:
    group = clockwork()
    spikes = SpikeMonitor(group)
    first = Network(group, spikes)
    assert len(verify(first, 25 * ms).pairs) == 2
    second_ = Network(group, spikes)
    second_.run(25 * ms)
    assert spikes.num_spikes == 2
    with pytest.raises(EvsimError, match="has run in another network"):
        first.run(1 * ms)


def test_run_needs_something_to_simulate() -> None:
    with pytest.raises(EvsimError, match="nothing to simulate"):
        run(1 * ms)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (70, "duration of run"),
        (-1 * ms, "0 or more"),
        (float("inf") * ms, "finite"),
        ([1, 2] * ms, "one time"),
    ],
)
def test_wrong_durations_are_refused(duration: object, words: str) -> None:
    group = clockwork()
    with pytest.raises(EvsimError, match=words):
        run(duration)
    assert group.v[0] == 0


def test_names_are_taken_from_around_run_and_may_change_between_runs() -> None:
    group = NeuronGroup(1, "dv/dt = slope : 1")
    slope = 100 * Hz
    run(1 * ms)
    assert group.v[0] == pytest.approx(0.1, rel=1e-13)
    slope = 1000 * Hz
    run(1 * ms)
    assert group.v[0] == pytest.approx(1.1, rel=1e-13)
    run(1 * ms, namespace={"slope": 0 * Hz})
    assert group.v[0] == pytest.approx(1.1, rel=1e-13)
    assert slope == 1000 * Hz


def test_names_of_the_module_are_found_and_missing_ones_are_named() -> None:
    group = NeuronGroup(1, CLOCKWORK)
    run(1 * ms)
    assert group.v[0] == pytest.approx(0.1, rel=1e-13)
    start_scope()
    broken = NeuronGroup(1, "dv/dt = raet : 1")
    with pytest.raises(EvsimError, match=r"raet is not defined.*did you mean rate"):
        run(1 * ms)
    raet = 10 * Hz
    run(1 * ms)
    assert broken.v[0] == pytest.approx(0.01, rel=1e-13)
    assert raet == 10 * Hz


def test_names_are_found_from_within_comprehensions() -> None:
    slope = 100 * Hz
    groups = [NeuronGroup(1, "dv/dt = slope : 1") for _ in range(2)]
    ends = [run(1 * ms) or groups[0].v[0] for _ in range(2)]
    assert ends == pytest.approx([0.1, 0.2], rel=1e-13)
    (lambda: run(1 * ms))()
    assert groups[1].v[0] == pytest.approx(0.3, rel=1e-13)
    assert slope == 100 * Hz


def test_states_set_between_runs_count() -> None:
    group = clockwork()
    spikes = SpikeMonitor(group)
    run(5 * ms)
    group.v = 0.9
    run(5 * ms)
    assert spikes.t / ms == pytest.approx([6], rel=1e-12)
    group.v[0] = 0.7
    run(5 * ms)
    assert spikes.t / ms == pytest.approx([6, 13], rel=1e-12)


def test_a_new_clock_step_after_a_run_is_refused() -> None:
    group = clockwork()
    run(1 * ms)
    defaultclock.dt = 0.2 * ms
    with pytest.raises(EvsimError, match=r"defaultclock.dt is 200. us now.*100. us"):
        run(1 * ms)
    start_scope()
    other = clockwork()
    run(1 * ms)
    assert (group.v[0], other.v[0]) == pytest.approx((0.1, 0.1), rel=1e-12)


@pytest.mark.parametrize("dt", [0.1, 0 * ms, -1 * ms, 3 * mV, "0.1*ms"])
def test_wrong_clock_steps_are_refused(dt: object) -> None:
    with pytest.raises(EvsimError, match=r"defaultclock\.dt"):
        defaultclock.dt = dt
    with pytest.raises(EvsimError, match="no 'dT'"):
        defaultclock.dT = 0.1 * ms


def test_a_report_names_start_duration_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    group = clockwork()
    run(1 * second, report="text")
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "Starting simulation at t = 0 s for a duration of 1 s"
    assert re.fullmatch(r"1 s \(100 %\) simulated in \S+ m?s", last)
    run(5 * ms, report="stderr")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Starting simulation at t = 1 s for a duration of 5 ms\n")
    assert group.v[0] == pytest.approx(0.5, rel=1e-9)


def test_a_report_may_be_a_function() -> None:
    calls: list[tuple[object, ...]] = []
    group = clockwork()
    run(10 * ms, report=lambda *values: calls.append(values))
    assert len(group) == 1
    assert [call[1:] for call in calls[:: len(calls) - 1]] == [(0.0, 0 * ms, 10 * ms), (1.0, 0 * ms, 10 * ms)]
    assert all(call[0].dimension == second.dimension for call in calls)
    with pytest.raises(EvsimError, match="report is 3"):
        run(1 * ms, report=3)


def test_wrong_ways_to_run_are_refused() -> None:
    group = clockwork()
    with pytest.raises(EvsimError, match=r'timing of run\(\): got \'rough\'; give "exact" or "grid"'):
        run(1 * ms, timing="rough")
    with pytest.raises(EvsimError, match="threads"):
        run(1 * ms, threads=0)
    with pytest.raises(EvsimError, match=r"prefs\.timing"):
        prefs.timing = "never"
    with pytest.raises(EvsimError, match="prefs has no 'speed'"):
        prefs.speed = 3
    with pytest.raises(EvsimError, match=r"prefs\.threads"):
        prefs.threads = 1.5
    assert group.v[0] == 0


def test_preferences_come_from_the_environment() -> None:
    code = "import evsim; print(evsim.prefs.timing, evsim.prefs.threads)"
    environment = {
        "EVSIM_TIMING": "grid",
        "EVSIM_THREADS": "3",
        "PYTHONPATH": ":".join(filter(None, sys.path)),
    }
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["grid", "3"]


def test_codegen_target_is_accepted() -> None:
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    group = clockwork()
    run(1 * ms)
    assert group.v[0] == pytest.approx(0.1, rel=1e-12)
    prefs.codegen.target = before


def test_threads_give_the_same_spikes() -> None:
    trains = []
    for threads in (1, 2):
        start_scope()
        group = clockwork(500)
        seed(2)
        group.v = "rand()"
        spikes = SpikeMonitor(group)
        run(20 * ms, threads=threads)
        trains.append((spikes.t_.tobytes(), spikes.i.tobytes()))
    assert trains[0] == trains[1]


def test_grid_timing_puts_spikes_on_steps_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    group = NeuronGroup(1, "dv/dt = 123*Hz : 1", threshold="v > 1", reset="v = 0")
    spikes = SpikeMonitor(group)
    with caplog.at_level(logging.INFO, logger="evsim"):
        run(20 * ms, timing="grid")
    assert "rounded to steps" in caplog.text
    assert np.all(spikes.offset == 0 * ms)
    assert spikes.num_spikes == 2


def test_grid_timing_refuses_groups_with_other_steps() -> None:
    group = clockwork()
    other = NeuronGroup(1, "v : 1", dt=0.5 * ms)
    with pytest.raises(EvsimError, match=r"neurongroup_1 has dt = 0.5 ms|neurongroup_1 has dt = 500. us"):
        run(1 * ms, timing="grid")
    run(1 * ms)
    assert (len(group), len(other)) == (1, 1)


def interrupt_when_under_way(elapsed: object, completed: float, *_: object) -> None:
    if completed > 0:
        _thread.interrupt_main()


def test_an_interrupted_run_stops_at_a_consistent_time_and_goes_on() -> None:
    trains = []
    for interrupt in (True, False):
        start_scope()
        seed(4)
        group = NeuronGroup(
            2000, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", refractory=1 * ms
        )
        group.v = "rand()"
        synapses = Synapses(group, group, on_pre="v_post -= 0.001", delay=1.5 * ms)
        synapses.connect(p=0.01)
        spikes = SpikeMonitor(group[:50])
        if interrupt:
            with pytest.raises(KeyboardInterrupt):
                run(1000 * second, report=interrupt_when_under_way, report_period=20 * ms)
            reached = magic_network().t
            assert 0 * ms < reached < 1000 * second
            assert len(group.v[:]) == 2000
            run(5 * ms)
            end = magic_network().t
        else:
            run(end)
        trains.append((spikes.t_ * 1e3, spikes.i))
    assert np.array_equal(trains[0][1], trains[1][1])
    assert np.allclose(trains[0][0], trains[1][0], rtol=1e-13, atol=0)


def test_two_networks_in_one_process_do_not_meet() -> None:
    first, second_ = clockwork(), clockwork()
    one, two = Network(first), Network(second_)
    one.run(3 * ms)
    two.run(7 * ms)
    one.run(1 * ms)
    assert (one.t / ms, two.t / ms) == pytest.approx((4, 7), rel=1e-14)
    assert (first.v[0], second_.v[0]) == pytest.approx((0.4, 0.7), rel=1e-12)


def test_a_deleted_object_that_ran_is_missed_by_name() -> None:
    source, target = clockwork(), NeuronGroup(1, "x : 1")
    s = Synapses(source, target, on_pre="x_post += 1")
    s.connect()
    run(1 * ms)
    del s
    gc.collect()
    with pytest.raises(
        EvsimError, match=r"synapses took part in an earlier run and no longer exists.*start_scope"
    ):
        run(1 * ms)
    assert target.x[0] == 0


def test_a_monitor_made_anew_between_runs_records_from_then_on() -> None:
    group = clockwork()
    counts = []
    for _ in range(4):
        spikes = SpikeMonitor(group)
        run(10.1 * ms)
        counts.append((spikes.num_spikes, spikes.name))
        del spikes
    assert [count for count, _ in counts] == [1, 1, 1, 1]
    assert len({name for _, name in counts}) == 4


def test_a_cell_run_again_begins_anew() -> None:
    for _ in range(3):
        group = clockwork()
        spikes = SpikeMonitor(group)
        run(15 * ms)
        assert spikes.num_spikes == 1
        assert magic_network().t / ms == pytest.approx(15, rel=1e-15)
        del group, spikes


def test_a_parameter_that_was_forgotten_is_named_before_the_run() -> None:
    group = NeuronGroup(3, "dv/dt = -v/tau : 1\ntau : second")
    group.tau[:2] = 10 * ms
    with pytest.raises(EvsimError, match=r"dv/dt = -v/tau is not finite for neuron 2, where tau = 0 s; set"):
        run(1 * ms)
    group.tau[2] = 10 * ms
    run(1 * ms)
    group.tau = 0 * ms
    with pytest.raises(EvsimError, match="tau = 0 s"):
        run(1 * ms)


def test_a_late_error_leaves_the_network_usable() -> None:
    group = NeuronGroup(1, "dv/dt = a*v : 1")
    with pytest.raises(EvsimError, match="a is not defined"):
        run(1 * ms)
    a = 0 / ms
    group.v = 3
    run(1 * ms)
    assert group.v[0] == 3
    assert a == 0 / ms


def test_equal_names_in_one_network_are_refused() -> None:
    first = NeuronGroup(1, "v : 1", name="cells")
    start_scope()
    second_ = NeuronGroup(1, "v : 1", name="cells")
    with pytest.raises(EvsimError, match="two objects of the network are named 'cells'"):
        Network(first, second_).run(1 * ms)


def test_last_spikes_are_known() -> None:
    group = NeuronGroup(2, "dv/dt = r : 1\nr : Hz", threshold="v > 1", reset="v = 0")
    group.r = [400, 0] * Hz
    assert np.all(np.isinf(group.lastspike / ms))
    run(6 * ms)
    assert group.lastspike[0] / ms == pytest.approx(5, rel=1e-12)
    assert np.isinf(group.lastspike[1] / ms)
