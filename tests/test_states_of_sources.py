"""Event code that reads or changes states of the source neuron: their values are those at the instant of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import numpy as np
import pytest

import evsim
from evsim import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    reference,
    start_scope,
)
from evsim.errors import EvsimError, EvsimNameError, EvsimValueError
from evsim.verify import described

DEPRESSED = "v : 1\ndx/dt = (1 - x)/(20*ms) : 1"
DECAYING = "dv/dt = -v/(10*ms) : 1"
TIMES = (5.0, 12.3, 30.01)


def spiking(*times: Sequence[float], **more: object) -> tuple[NeuronGroup, list[object]]:
    """Neurons with a variable x that recovers, which spike at the given times (ms), and what makes them."""
    indices = [i for i, each in enumerate(times) for _ in each]
    at = np.array([time for each in times for time in each]) * ms
    given = SpikeGeneratorGroup(len(times), indices, at)
    cells = NeuronGroup(len(times), DEPRESSED, threshold="v > 0.5", reset="v = 0", name="cells", **more)
    cells.x = 1
    driving = Synapses(given, cells, on_pre="v_post += 1")
    driving.connect(j="i")
    return cells, [given, cells, driving]


def joined(
    source: NeuronGroup, target: NeuronGroup, model: str = "", delay: float = 0.0, **more: object
) -> Synapses:
    synapses = Synapses(source, target, model, name="s", **more)
    synapses.connect()
    if delay:
        synapses.delay = delay * ms
    return synapses


def recovered(x: float, span: float) -> float:
    return 1 - (1 - x) * exp(-span / 20)


def test_resources_of_the_source_recover_and_are_used_up_by_arrivals() -> None:
    cells, parts = spiking(TIMES)
    target = NeuronGroup(1, DECAYING)
    s = joined(cells, target, "w : 1", 1.7, on_pre="v_post += w*x_pre; x_pre -= 0.4*x_pre")
    s.w = 2
    Network(*parts, target, s).run(40 * ms)
    x, v, t = 1.0, 0.0, 0.0
    for at in (6.7, 14.0, 31.71):
        x, v, t = recovered(x, at - t), v * exp((t - at) / 10) + 2 * recovered(x, at - t), at
        x *= 0.6
    assert cells.x[0] == pytest.approx(recovered(x, 40 - t), rel=1e-11)
    assert target.v[0] == pytest.approx(v * exp((t - 40) / 10), rel=1e-10)


def test_synapses_of_one_source_act_in_their_order_at_one_instant() -> None:
    cells, parts = spiking([5.0])
    target = NeuronGroup(3, "v : 1")
    s = joined(cells, target, delay=1.25, on_pre="v_post += x_pre; x_pre *= 0.5")
    Network(*parts, target, s).run(7 * ms)
    assert target.v[:].tolist() == [1.0, 0.5, 0.25]
    assert cells.x[0] == pytest.approx(recovered(0.125, 0.75), rel=1e-11)


def test_synapses_with_other_delays_meet_what_has_recovered_since() -> None:
    cells, parts = spiking([5.0])
    target = NeuronGroup(3, "v : 1")
    s = joined(cells, target, on_pre="v_post += x_pre; x_pre *= 0.5")
    s.delay = [2.5, 0.0, 0.71] * ms
    Network(*parts, target, s).run(8 * ms)
    third = recovered(0.5, 0.71)
    first = recovered(third / 2, 1.79)
    np.testing.assert_allclose(target.v, [first, 1.0, third], rtol=1e-11)


def test_pathways_at_one_instant_act_as_they_were_written() -> None:
    cells, parts = spiking([5.0])
    target = NeuronGroup(1, "v : 1")
    s = joined(cells, target, on_pre={"use": "x_pre *= 0.5", "see": "v_post += x_pre"})
    other = Synapses(cells, target, on_pre="v_post += 10*x_pre; x_pre = 0.25")
    other.connect()
    Network(*parts, target, s, other).run(5 * ms + 0.5 * ms)
    assert target.v[0] == 5.5
    assert cells.x[0] == pytest.approx(recovered(0.25, 0.5), rel=1e-11)


def test_a_kick_takes_the_target_towards_the_source() -> None:
    source = NeuronGroup(2, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", name="source")
    target = NeuronGroup(2, DECAYING, name="target")
    source.v, target.v = [0.5, 0.0], [3.0, -1.0]
    s = Synapses(source, target, "w : 1", on_pre="v_post += w*(v_pre - v_post)", delay=2.2 * ms)
    s.connect(j="i")
    s.w = [0.25, 0.75]
    monitor = SpikeMonitor(source)
    Network(source, target, s, monitor).run(10 * ms)
    for k, (start, w, v) in enumerate([(0.5, 0.25, 3.0), (0.0, 0.75, -1.0)]):
        spike = 10 * np.log((2 - start) / (2 - 1))
        assert monitor.t[monitor.i == k] / ms == pytest.approx([spike], abs=1e-9)
        at, after = spike + 2.2, 2 * (1 - exp(-0.22))
        v *= exp(-at / 10)
        v += w * (after - v)
        assert target.v[k] == pytest.approx(v * exp((at - 10) / 10), rel=1e-10)


def test_without_delay_the_source_is_seen_after_its_reset() -> None:
    cells, parts = spiking([5.0])
    target = NeuronGroup(1, "u : 1")
    s = joined(cells, target, on_pre="u_post += v_pre + 7")
    Network(*parts, target, s).run(6 * ms)
    assert target.u[0] == 7.0


@pytest.mark.parametrize("delay", [0.0, 0.83, 3.1])
def test_a_weight_follows_the_source_at_spikes_of_the_target(delay: float) -> None:
    cells, parts = spiking([14.03, 21.7])
    source = NeuronGroup(2, "dy/dt = (4 - y)/(20*ms) : 1")
    source.y = [0, 1]
    s = Synapses(source, cells, "w : 1", on_post="w += 0.5*y_pre", name="s")
    s.connect()
    s.w = 1
    s.post.delay = delay * ms
    Network(*parts, source, s).run(30 * ms)
    for k in range(2):
        seen = [4 - (4 - k) * exp(-(at + delay) / 20) for at in (14.03, 21.7)]
        assert s.w[k] == pytest.approx(1 + 0.5 * sum(seen), rel=1e-11)


def test_spikes_of_the_target_change_the_source() -> None:
    cells, parts = spiking([3.3])
    source = NeuronGroup(2, "dy/dt = -y/(20*ms) : 1", threshold="y > 2", reset="y = 0.5")
    source.y = [1, 1.5]
    s = Synapses(source, cells, on_post="y_pre += 0.8")
    s.connect()
    monitor = SpikeMonitor(source)
    Network(*parts, source, s, monitor).run(10 * ms)
    assert monitor.i.tolist() == [1]
    assert monitor.t[:] / ms == pytest.approx([3.3], abs=1e-12)
    expected = [(exp(-3.3 / 20) + 0.8) * exp(-6.7 / 20), 0.5 * exp(-6.7 / 20)]
    np.testing.assert_allclose(source.y, expected, rtol=1e-10)


def test_a_source_that_is_taken_over_its_threshold_spikes_at_once() -> None:
    cells, parts = spiking([2.0])
    target = NeuronGroup(1, "v : 1")
    s = joined(cells, target, delay=1.5, on_pre="v_pre = int(t < 7*ms); v_post += 1")
    monitor = SpikeMonitor(cells)
    Network(*parts, target, s, monitor).run(20 * ms)
    np.testing.assert_allclose(monitor.t / ms, [2.0, 3.5, 5.0, 6.5], atol=1e-12)
    assert target.v[0] == 4


def test_clamped_states_of_a_refractory_source_lose_what_code_writes() -> None:
    given = SpikeGeneratorGroup(1, [0], [2.0] * ms)
    model = "dv/dt = 0/ms : 1 (unless refractory)\nu : 1"
    cells = NeuronGroup(1, model, threshold="v > 0.5", reset="v = 0.125", refractory=3 * ms)
    driving = Synapses(given, cells, on_pre="v_post += 1")
    driving.connect()
    target = NeuronGroup(2, "x : 1")
    s = joined(cells, target, on_pre="v_pre += 0.25; u_pre += 1; x_post = v_pre")
    s.delay = [1.0, 3.5] * ms
    Network(given, cells, driving, target, s).run(8 * ms)
    assert target.x[:].tolist() == [0.125, 0.375]
    assert (cells.v[0], cells.u[0]) == (0.375, 2.0)


def test_a_neuron_may_be_source_and_target_at_once() -> None:
    cells, parts = spiking([2.0])
    s = joined(cells, cells, delay=1.0, on_pre="x_post = 0.5*x_pre; x_pre += 1; x_post += x_pre")
    Network(*parts, s).run(5 * ms)
    assert cells.x[0] == pytest.approx(recovered(3.0, 2.0), rel=1e-11)


def test_parts_of_groups_are_sources() -> None:
    cells, parts = spiking([], [], [4.0])
    target = NeuronGroup(4, "u : 1")
    cells.x = [0, 0, 3]
    s = Synapses(cells[1:], target[2:], on_pre="u_post += x_pre; x_pre = 5")
    s.connect(i=1, j=1)
    Network(*parts, target, s).run(4 * ms + 1 * ms)
    np.testing.assert_allclose(target.u, [0, 0, 0, recovered(3, 4)], rtol=1e-11)
    np.testing.assert_allclose(cells.x, [*[recovered(0, 5)] * 2, recovered(5, 1)], rtol=1e-11)


def test_variables_without_equations_count_arrivals() -> None:
    given = SpikeGeneratorGroup(2, [0, 1, 0], [1.0, 1.5, 2.25] * ms)
    cells = NeuronGroup(2, "v : 1\nn : 1", threshold="v > 0.5", reset="v = 0")
    driving = Synapses(given, cells, on_pre="v_post += 1")
    driving.connect(j="i")
    target = NeuronGroup(3, "u : 1")
    s = joined(cells, target, on_pre="n_pre += 1; u_post += n_pre")
    Network(given, cells, driving, target, s).run(3 * ms)
    assert cells.n[:].tolist() == [6.0, 3.0]
    assert target.u[:].tolist() == [1 + 1 + 4, 2 + 2 + 5, 3 + 3 + 6]


def test_formulas_of_source_and_synapse_are_put_in() -> None:
    cells, parts = spiking([4.0])
    source = NeuronGroup(
        1,
        "v : 1\ndx/dt = -x/(20*ms) : 1\nq : 1\ny = gain*x + q : 1",
        threshold="v > 0.5",
        reset="v = 0",
        namespace={"gain": 3.0},
    )
    source.x, source.q = 2, 0.5
    driving = Synapses(parts[0], source, on_pre="v_post += 1")
    driving.connect()
    s = joined(source, cells, "w : 1\nrelease = w*y_pre : 1", on_pre="x_post += release")
    s.w = 0.25
    cells.x = 1
    network = Network(*parts, source, driving, s)
    network.run(4 * ms + 1 * ms)
    jump = 0.25 * (3 * 2 * exp(-0.2) + 0.5)
    assert cells.x[0] == pytest.approx(1 + jump * exp(-1 / 20), rel=1e-11)


def test_samples_of_synapses_show_what_code_has_made_of_them() -> None:
    cells, parts = spiking([2.0, 3.15])
    source = NeuronGroup(1, "dy/dt = -y/(20*ms) : 1")
    source.y = 1
    s = joined(source, cells, "w : 1\ndz/dt = -z/(5*ms) : 1 (event-driven)", on_post="w += y_pre; z += w")
    seen = StateMonitor(s, ["w", "z"], record=True, dt=0.5 * ms)
    states = StateMonitor(source, "y", record=True, dt=0.5 * ms)
    Network(*parts, source, s, seen, states).run(5 * ms)
    t = seen.t / ms
    first, second = exp(-2 / 20), exp(-3.15 / 20)
    w = np.where(t < 2, 0, first) + np.where(t < 3.15, 0, second)
    z = np.where(t < 2, 0, first * np.exp((2 - t) / 5)) + np.where(
        t < 3.15, 0, (first + second) * np.exp((3.15 - t) / 5)
    )
    np.testing.assert_allclose(seen.w[0], w, rtol=1e-11)
    np.testing.assert_allclose(seen.z[0], z, rtol=1e-11)
    np.testing.assert_allclose(states.y[0], np.exp(-t / 20), rtol=1e-9)


def test_samples_of_synapses_onto_coupled_neurons_see_the_coupling() -> None:
    given = SpikeGeneratorGroup(1, [0], [1.05] * ms)
    cells = NeuronGroup(2, "dv/dt = I/(10*ms) : 1\nI : 1")
    cells.v = [1, 0]
    gap = Synapses(cells, cells, "I_post = v_pre - v_post : 1 (summed)")
    gap.connect(condition="i != j")
    s = Synapses(given, cells, "w : 1", on_pre="w += v_post")
    s.connect()
    seen = StateMonitor(s, "w", record=True, dt=0.5 * ms)
    Network(given, cells, gap, s, seen).run(2 * ms)
    late = exp(-2 * 1.05 / 10) / 2
    np.testing.assert_allclose(seen.w, [[0, 0, 0, 0.5 + late], [0, 0, 0, 0.5 - late]], rtol=1e-10)
    np.testing.assert_allclose(s.w, seen.w[:, -1])


def recurrent() -> tuple[Network, list[SpikeMonitor], NeuronGroup, Synapses]:
    """Twelve neurons that use up each other's resources, with delays on and off the grid, and without any."""
    rng = np.random.default_rng(5)
    cells = NeuronGroup(
        12, "dv/dt = (1.2 - v)/(10*ms) : 1 (unless refractory)\ndx/dt = (1 - x)/(40*ms) : 1",
        threshold="v > 1", reset="v = 0", refractory=1.3 * ms, name="cells",
    )  # fmt: skip
    cells.v, cells.x = rng.random(12), 1
    s = Synapses(
        cells, cells, "w : 1", name="s",
        on_pre="v_post += w*x_pre*(1.2 - v_post); x_pre -= 0.2*x_pre", on_post="w += 0.01*(v_pre - 0.5); x_pre += 0.01",
    )  # fmt: skip
    i, j = np.nonzero(rng.random((12, 12)) < 0.3)
    s.connect(i=i, j=j)
    s.w = 0.3 * rng.random(i.size)
    s.delay = np.where(rng.random(i.size) < 0.3, 0, 3 * rng.random(i.size)) * ms
    s.post.delay = np.where(rng.random(i.size) < 0.5, 0, 2 * rng.random(i.size)) * ms
    monitor = SpikeMonitor(cells)
    return Network(cells, s, monitor), [monitor], cells, s


def test_both_engines_find_the_same_spikes_resources_and_weights() -> None:
    network, _, cells, s = recurrent()
    found = evsim.verify(network, 40 * ms)
    assert found.is_right
    assert found.n_spikes > 20
    assert found.largest_difference < 1e-12
    exact = described(network)
    engine = reference.Simulation(exact)
    network.run(40 * ms)
    engine.run(0.04)
    (population,) = exact.populations
    np.testing.assert_allclose(cells.x, population.state["x"], rtol=1e-9)
    np.testing.assert_allclose(s.w, exact.projections[0].variables["w"], rtol=1e-9)


def test_pieces_of_a_run_and_threads_make_no_difference() -> None:
    results = []
    for pieces, threads in (([40.0], 1), ([3.3, 0.05, 6.65, 30.0], 1), ([40.0], 2)):
        start_scope()
        network, (monitor,), cells, s = recurrent()
        for piece in pieces:
            network.run(piece * ms, threads=threads)
        results.append((monitor.tick[:], monitor.offset[:], monitor.i[:], cells.x[:], s.w[:]))
    assert len(results[0][0]) > 20
    for other in results[1:]:
        for one, another in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, another)


def test_groups_that_spikes_reach_at_once_are_joined_too() -> None:
    cells, parts = spiking([5.0])
    target = NeuronGroup(1, "v : 1", threshold="v > 0.5", reset="v = 0")
    further = NeuronGroup(1, DECAYING)
    s = joined(cells, target, on_pre="v_post += x_pre; x_pre = 0")
    onward = Synapses(target, further, on_pre="v_post += 3")
    onward.connect()
    Network(*parts, target, further, s, onward).run(6 * ms)
    assert further.v[0] == pytest.approx(3 * exp(-0.1), rel=1e-11)


@pytest.mark.parametrize(
    ("code", "model", "kind", "message"),
    [
        (
            "vv_pre += 1",
            "dv/dt = -v/ms : 1",
            EvsimNameError,
            r"on_pre of s, 'vv_pre \+= 1': .* did you mean v_pre",
        ),
        ("u_post += vv_pre", "dv/dt = -v/ms : 1", EvsimNameError, r"s: vv_pre is not defined"),
        ("v_pre += 1*mV", "dv/dt = -v/ms : 1", DimensionMismatchError, r"v_pre is in 1 .* '1\*mV' is in V"),
        (
            "u_post += v_pre",
            "dv/dt = -v/ms : volt",
            DimensionMismatchError,
            r"u_post is in 1 .* 'v_pre' is in V",
        ),
        ("g_pre += 1", "dv/dt = -v/ms : 1\ng = 2*v : 1", EvsimValueError, r"g follows from its formula"),
        ("q_pre += 1", "dv/dt = -v/ms : 1\nq : 1 (constant)", EvsimValueError, r"q is declared \(constant\)"),
        (
            "u_post += lastspike_pre/ms",
            "dv/dt = -v/ms : 1",
            EvsimError,
            r"lastspike_pre changes during the run",
        ),
    ],
)
def test_errors_name_the_code_and_what_is_wrong(
    code: str, model: str, kind: type[Exception], message: str
) -> None:
    source = NeuronGroup(1, model, threshold="v > 1*v", reset="v = 0*v", name="source")
    target = NeuronGroup(1, "u : 1", name="target")
    s = joined(source, target, on_pre=code)
    with pytest.raises(kind, match=message):
        Network(source, target, s).run(1 * ms)


@pytest.mark.parametrize("code", ["rates_pre += 1*Hz", "x_pre = 1"])
def test_sources_of_spikes_have_nothing_to_change(code: str) -> None:
    source = PoissonGroup(1, 10 * evsim.Hz)
    target = NeuronGroup(1, "u : 1")
    s = joined(source, target, on_pre=code)
    with pytest.raises(
        EvsimValueError, match=r"on_pre of s, .*_pre belongs to the source, which has no equations"
    ):
        Network(source, target, s).run(1 * ms)


def test_integrated_variables_of_synapses_take_them_on() -> None:
    """v is 0.25 at 12.5 ms; z, which decays as its square, goes on from there."""
    source = NeuronGroup(1, "dv/dt = 1/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    target = NeuronGroup(1, "u : 1")
    s = joined(source, target, "dz/dt = -z*z/ms : 1 (clock-driven)", 2.5, on_pre="z += v_pre")
    Network(source, target, s).run(15 * ms)
    assert s.z[0] == pytest.approx(0.25 / (1 + 0.25 * 2.5), rel=1e-10)


def test_a_group_that_has_run_is_not_joined_later() -> None:
    cells, parts = spiking([1.0])
    target = NeuronGroup(1, "u : 1")
    network = Network(*parts, target)
    network.run(2 * ms)
    network.add(joined(cells, target, on_pre="u_post += x_pre"))
    with pytest.raises(EvsimError, match="cells has run already"):
        network.run(1 * ms)


def test_a_stored_network_goes_on_with_the_same_bits() -> None:
    network, (monitor,), cells, s = recurrent()
    network.run(6.03 * ms)
    network.store()
    found = []
    for _ in range(2):
        network.run(20 * ms)
        found.append((monitor.offset[:].tolist(), cells.x[:].tolist(), s.w[:].tolist()))
        network.restore()
    assert found[0] == found[1]
    assert len(found[0][0]) > 10


def test_what_the_user_sets_between_runs_is_what_code_sees() -> None:
    cells, parts = spiking([5.0])
    target = NeuronGroup(1, "v : 1")
    network = Network(*parts, target, joined(cells, target, delay=1.7, on_pre="v_post += x_pre"))
    network.run(6 * ms)
    cells.x = 0.2
    network.run(1 * ms)
    assert target.v[0] == pytest.approx(recovered(0.2, 0.7), rel=1e-11)


@pytest.mark.parametrize("method", ["exact", "euler", "rk4", "exponential_euler"])
def test_groups_of_any_method_are_integrated_to_the_tolerance(method: str) -> None:
    given = SpikeGeneratorGroup(1, [0], [5.05] * ms)
    source = NeuronGroup(1, DEPRESSED, threshold="v > 0.5", reset="v = 0", method=method)
    target = NeuronGroup(1, DECAYING, method=method)
    driving = Synapses(given, source, on_pre="v_post += 1")
    driving.connect()
    Network(given, source, target, driving, joined(source, target, on_pre="v_post += x_pre")).run(8 * ms)
    assert target.v[0] == pytest.approx(recovered(0, 5.05) * exp(-0.295), rel=1e-10)
