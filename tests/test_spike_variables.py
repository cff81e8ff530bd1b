"""Variables at spikes: as they are at the crossing, before the reset, for every way in which a spike comes about."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

CLIMB = """dv/dt = (I - v)/tau : 1
           du/dt = -u/(20*ms) : 1
           I : 1
           tau : second
           double = 2*u : 1
           count_down : 1"""
RESET = "v = 0; u += 1; count_down -= 1"


def climbing(n: int = 3) -> NeuronGroup:
    group = NeuronGroup(n, CLIMB, threshold="v > 1", reset=RESET)
    group.I, group.tau = "1.5 + i*0.2", 10 * ms
    return group


def test_values_are_those_of_the_crossing_before_the_reset() -> None:
    group = climbing(1)
    spikes = SpikeMonitor(group, ["v", "u", "count_down"])
    run(50 * ms)
    period = 10 * np.log(3)
    decay = np.exp(-period / 20)
    assert spikes.t / ms == pytest.approx(period * np.arange(1, 5), rel=1e-13)
    assert spikes.v == pytest.approx(np.ones(4), rel=1e-14)
    assert spikes.u == pytest.approx([0, decay, decay + decay**2, decay + decay**2 + decay**3], rel=1e-13)
    assert spikes.count_down.tolist() == [0, -1, -2, -3]


def test_parameters_and_subexpressions_have_the_values_of_their_run() -> None:
    group = climbing()
    spikes = SpikeMonitor(group, variables=["I", "tau", "double", "u"])
    run(12 * ms)
    group.I = 2
    run(10.34 * ms)
    assert spikes.i.tolist() == [2, 1, 0, 2, 1, 0, 2]
    assert spikes.I.tolist() == pytest.approx([1.9, 1.7, 1.5, 2, 2, 2, 2], rel=1e-15)
    assert np.array_equal(spikes.double, 2 * spikes.u)
    assert spikes.tau.dimension == second.dimension
    assert spikes.tau_.tolist() == [0.01] * 7


def test_dictionaries_by_element_hold_times_and_values() -> None:
    group = climbing()
    group.I = [1.5, 0.5, 1.7]
    spikes = SpikeMonitor(group, "u")
    run(25 * ms)
    trains = spikes.spike_trains()
    assert [trains[k].size for k in range(3)] == [2, 0, 2]
    assert trains[1].dimension == second.dimension
    for k in range(3):
        assert np.array_equal(spikes.values("u")[k], spikes.u[spikes.i == k])
        assert np.array_equal(spikes.values("t")[k], trains[k])
        assert np.array_equal(spikes.event_trains()[k], trains[k])
    everything = spikes.all_values()
    assert set(everything) == {"u", "t"}
    assert np.array_equal(everything["u"][2], spikes.values("u")[2])


def test_slices_and_chosen_elements_keep_their_own_values() -> None:
    group = climbing(4)
    whole, part = SpikeMonitor(group, "u"), SpikeMonitor(group[1:3], "u")
    chosen = SpikeMonitor(group, "u", record=[0, 3])
    run(40 * ms)
    inside = (whole.i == 1) | (whole.i == 2)
    assert inside.sum() == part.N > 4
    assert np.array_equal(part.u, whole.u[inside])
    assert np.array_equal(part.i, whole.i[inside] - 1)
    assert np.array_equal(chosen.u, whole.u[~inside])


def test_a_spike_made_by_a_delivery_shows_what_was_delivered() -> None:
    """Zero delay: 0 crosses, 1 is lifted to 1.75 at the same instant, 2 by 1 from 0.25 to 1.5."""
    group = NeuronGroup(3, "dv/dt = I : 1\nI : Hz", threshold="v > 1", reset="v = 0")
    group.I, group.v = [100, 0, 0] * Hz, [0, 0.5, 0.25]
    synapses = Synapses(group, group, on_pre="v_post += 1.25")
    synapses.connect(i=[0, 1], j=[1, 2])
    spikes = SpikeMonitor(group, "v")
    run(15 * ms)
    assert spikes.i.tolist() == [0, 1, 2]
    assert spikes.t / ms == pytest.approx([10, 10, 10], rel=1e-14)
    assert spikes.v == pytest.approx([1, 1.75, 1.5], rel=1e-14)


def test_a_neuron_that_spikes_twice_at_one_instant_has_two_values() -> None:
    group = NeuronGroup(2, "dv/dt = I : 1\nI : Hz", threshold="v > 1", reset="v = 0")
    group.I = [100, 0] * Hz
    twice = Synapses(group, group, "w : 1", on_pre="v_post += w")
    twice.connect(i=[0, 0], j=[1, 1])
    twice.w, back = [1.5, 0.25], Synapses(group, group, on_pre="v_post += 0.5")
    back.connect(i=1, j=0)
    spikes = SpikeMonitor(group, "v")
    run(12 * ms)
    assert spikes.i.tolist() == [0, 1]
    assert spikes.v == pytest.approx([1, 1.75], rel=1e-14)
    assert group.v[0] == pytest.approx(0.5 + 0.2, rel=1e-13)


def network(spike_variables: bool) -> tuple[NeuronGroup, SpikeMonitor]:
    seed(7)
    group = NeuronGroup(
        200, "dv/dt = (1.02 - v)/(10*ms) : 1\ndu/dt = -u/(30*ms) : 1", threshold="v > 1", reset="v = 0; u += 0.1",
        refractory=1.3 * ms,
    )  # fmt: skip
    group.v, group.u = "i/200.0", "i*0.01"
    synapses = Synapses(group, group, on_pre="v_post += 0.004", delay=0.73 * ms)
    synapses.connect(p=0.1)
    synapses.delay = "0.05*ms + rand()*2*ms"
    drive = PoissonInput(group, "v", 10, 20 * Hz, 0.03)
    spikes = SpikeMonitor(group, ["u", "v"] if spike_variables else None)
    surroundings = Network(group, synapses, drive, spikes)
    group._keep = surroundings
    return group, spikes


def test_the_same_bits_for_any_threads_and_pieces_and_without_the_variables() -> None:
    group, reference = network(True)
    group._keep.run(60 * ms)
    assert reference.N > 400
    _, bare = network(False)
    bare_group = bare.source
    bare_group._keep.run(60 * ms)
    assert np.array_equal(bare.t_, reference.t_)
    for threads, pieces in ((2, [60]), (4, [60]), (1, [13.37, 0.01, 46.62]), (3, [20, 5.55, 34.45])):
        again, spikes = network(True)
        for piece in pieces:
            again._keep.run(piece * ms, threads=threads)
        assert np.array_equal(spikes.i, reference.i)
        assert np.array_equal(spikes.t_, reference.t_)
        assert np.array_equal(spikes.u, reference.u)
        assert np.array_equal(spikes.v, reference.v)


def test_spikes_of_cascades_have_values_on_any_number_of_threads() -> None:
    values = []
    for threads in (1, 3):
        start_scope()
        group = NeuronGroup(
            64,
            "dv/dt = 100*Hz : 1\nu : 1",
            threshold="v > 1",
            reset="v = 0; u += v_old",
            namespace={"v_old": 1},
        )
        group.v = "i/64.0"
        synapses = Synapses(group, group, on_pre="v_post += 0.01")
        synapses.connect("j == i + 1")
        spikes = SpikeMonitor(group, ["v", "u"])
        run(30 * ms, threads=threads)
        assert spikes.N > 64 * 3 - 1
        assert (spikes.v > 1 - 1e-13).all()
        by_neuron = spikes.values("u")
        assert all(np.array_equal(by_neuron[k], np.arange(by_neuron[k].size)) for k in range(64))
        values.append((spikes.t_, spikes.i, spikes.v, spikes.u))
    assert all(np.array_equal(a, b) for a, b in zip(*values, strict=True))


def test_on_the_grid_values_are_those_after_the_step_and_before_the_reset() -> None:
    """As in Brian: v has been advanced over the step and is above threshold; the time is the step's start."""
    group = climbing(1)
    spikes = SpikeMonitor(group, ["v", "u"])
    run(30 * ms, timing="grid")
    first = 109  # v((k + 1)*dt) > 1 for the first time: 10*ln 3 = 10.986 ms
    level = 1.5 * (1 - np.exp(-0.01 * (first + 1)))
    assert spikes.t / ms == pytest.approx([10.9, 21.9], rel=1e-13)
    assert spikes.v == pytest.approx([level, level], rel=1e-13)
    assert spikes.u == pytest.approx([0, np.exp(-110 * 0.1 / 20)], rel=1e-13)


def test_sources_of_spikes_have_their_parameters_recorded() -> None:
    source = PoissonGroup(5, "100*Hz*(i + 1)")
    spikes = SpikeMonitor(source[2:], "rates")
    run(100 * ms)
    assert spikes.N > 50
    assert np.array_equal(spikes.rates / Hz, 100 * (spikes.i + 3.0))


def test_given_spikes_have_no_variables() -> None:
    source = SpikeGeneratorGroup(2, [0, 1], [1, 2] * ms)
    with pytest.raises(EvsimError, match=r"has no variable 'v'; it has none"):
        SpikeMonitor(source, "v")


def test_without_spikes_there_are_empty_arrays_with_units() -> None:
    group = climbing(2)
    group.I = 0.5
    spikes = SpikeMonitor(group, ["u", "tau"])
    for _ in range(2):
        assert spikes.u.shape == spikes.tau.shape == spikes.t.shape == (0,)
        assert spikes.tau.dimension == second.dimension
        assert spikes.values("u")[1].size == 0
        run(5 * ms)


def test_counting_alone_keeps_no_values() -> None:
    group = climbing(2)
    spikes = SpikeMonitor(group, "u", record=False)
    run(30 * ms)
    assert spikes.count.tolist() == [2, 3]
    assert spikes.num_spikes == spikes.num_events == 5
    for attribute in ("t", "i", "u"):
        with pytest.raises(EvsimError, match=r"record=False and has only count"):
            getattr(spikes, attribute)


def test_names_that_are_not_there_are_named() -> None:
    group = climbing(1)
    with pytest.raises(EvsimError, match=r"has no variable 'taus'; did you mean 'tau'\?"):
        SpikeMonitor(group, ["taus"])
    spikes = SpikeMonitor(group, "u")
    with pytest.raises(AttributeError, match=r"has no 'v'; it records u, t, i"):
        _ = spikes.v
    with pytest.raises(EvsimError, match=r"has no 'v'"):
        spikes.values("v")


def test_a_monitor_made_later_has_the_values_from_then_on() -> None:
    group = climbing(1)
    first = SpikeMonitor(group, "u")
    net = Network(group, first)
    net.run(15 * ms)
    second_monitor = SpikeMonitor(group, ["u", "v"])
    net.add(second_monitor)
    net.run(35 * ms)
    assert first.N == 4
    assert np.array_equal(second_monitor.u, first.u[1:])
    assert second_monitor.v == pytest.approx([1, 1, 1], rel=1e-13)


def test_the_reference_engine_gives_the_same_values() -> None:
    found = {}
    for engine in ("compiled", "reference"):
        start_scope()
        prefs.engine = engine
        try:
            group = climbing(2)
            synapses = Synapses(group, group, on_pre="u_post += 0.125", delay=1.234 * ms)
            synapses.connect("i != j")
            spikes = SpikeMonitor(group, ["u", "v", "double", "count_down"])
            run(40 * ms)
        finally:
            prefs.engine = "compiled"
        found[engine] = spikes
    compiled, reference = found["compiled"], found["reference"]
    assert compiled.N == reference.N == 7
    assert compiled.u == pytest.approx(reference.u, rel=1e-13)
    assert compiled.double == pytest.approx(reference.double, rel=1e-13)
    assert np.array_equal(compiled.count_down, reference.count_down)


def test_smooth_rates_are_brians() -> None:
    """A gaussian window is cut at two standard deviations, a flat one has an odd number of steps."""
    source = SpikeGeneratorGroup(1, [0], [5 * ms])
    rate = PopulationRateMonitor(source)
    run(10 * ms)
    smooth = rate.smooth_rate("gaussian", 0.5 * ms) / Hz
    steps = np.arange(-10, 11)
    weights = np.exp(-0.5 * (steps / 5) ** 2)
    assert np.flatnonzero(smooth).tolist() == (50 + steps).tolist()
    assert smooth[40:61] == pytest.approx(10000 * weights / weights.sum(), rel=1e-12)
    flat = rate.smooth_rate("flat", 0.65 * ms) / Hz
    assert flat[46:55] == pytest.approx([0, *[10000 / 7] * 7, 0], rel=1e-12)
    with pytest.raises(TypeError, match=r"width"):
        rate.smooth_rate(np.ones(3), width=1 * ms)
