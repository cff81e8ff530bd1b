"""Variables that synapses add up at every instant: what is described, closed forms, values at any time, errors."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.errors import EvsimError
from evsim.units import DimensionMismatchError

CELL = "dv/dt = (-g_L*v + Ig)/C : volt\nIg : amp"
GAP = "w : siemens\nIg_post = w*(v_pre - v_post) : amp (summed)"
LEAK = {"g_L": 10 * nS, "C": 100 * pF}


def coupled_pair(w=3 * nS):
    cells = NeuronGroup(2, CELL, namespace=LEAK, name="cells")
    gap = Synapses(cells, cells, GAP, name="gap")
    gap.connect("i != j")
    gap.w = w
    cells.v = [10, 0] * mV
    return cells, gap


def modes(t):
    """Potentials of the pair after t seconds: the mean decays with g_L/C, the difference with (g_L + 2 w)/C."""
    mean, half = 5e-3 * np.exp(-100 * t), 5e-3 * np.exp(-160 * t)
    return np.array([mean + half, mean - half])


def test_a_gap_junction_is_one_link_between_states():
    network = Network(*coupled_pair()).describe()
    (link,) = network.links
    assert (link.name, link.source, link.target, link.variable) == ("gap_Ig_post", "cells", "cells", "Ig")
    assert link.expression.text == "w*(v_pre - v_post)"
    assert link.i.tolist() == [0, 1]
    assert link.j.tolist() == [1, 0]
    assert np.allclose(link.variables["w"], [3e-9, 3e-9], rtol=1e-15)
    assert network.populations[0].model.inputs == ("Ig",)
    assert (
        network.populations[0].model.parameters == ("g_L", "C")
        or "Ig" not in network.populations[0].parameters
    )
    assert network.projections == []


def test_cells_with_a_gap_junction_follow_their_modes():
    cells, _gap = coupled_pair()
    run(13.37 * ms)
    assert np.allclose(cells.v_, modes(13.37e-3), rtol=1e-10, atol=0)
    run(7 * ms)
    assert np.allclose(cells.v_, modes(20.37e-3), rtol=1e-10, atol=0)


def test_the_sum_is_there_at_any_time():
    cells, gap = coupled_pair()
    assert np.allclose(cells.Ig_, [-3e-11, 3e-11], rtol=1e-15)
    assert np.allclose(cells[1:].Ig_, [3e-11], rtol=1e-15)
    run(2 * ms)
    difference = np.subtract(*modes(2e-3))
    assert np.allclose(cells.Ig_, np.array([-3e-9, 3e-9]) * difference, rtol=1e-10)
    gap.w = [0, 1] * nS
    assert np.allclose(cells.Ig_, np.array([-1e-9, 0]) * difference, rtol=1e-10)
    assert "Ig" not in cells.get_states()
    assert np.array_equal(cells.get_states(subexpressions=True)["Ig"], cells.Ig)


def test_a_monitor_has_the_sum_of_every_sample():
    cells, _gap = coupled_pair()
    cells_and_formula = StateMonitor(cells, ["Ig", "v"], record=[1, 0, 1])
    run(1 * ms)
    run(1 * ms)
    t = cells_and_formula.t_
    assert t.size == 20
    difference = np.subtract(*modes(t))
    for row, sign in enumerate([1, -1, 1]):
        assert np.allclose(cells_and_formula.Ig_[row], sign * 3e-9 * difference, rtol=1e-9)


def test_a_formula_of_the_neurons_may_stand_in_the_sum():
    """u_post = sum of w*f_pre, where f = v/scale + shift."""
    source = NeuronGroup(
        3, "dv/dt = -v/(10*ms) : 1\nf = v/scale + shift + 0*i : 1\nshift : 1", namespace={"scale": 2.0}
    )
    target = NeuronGroup(2, "du/dt = total/second : 1\ntotal : 1")
    synapses = Synapses(source, target, "w : 1\nscaled = w/2 : 1\ntotal_post = scaled*f_pre : 1 (summed)")
    synapses.connect(i=[0, 1, 2], j=[0, 0, 1])
    synapses.w = [1, 2, 4]
    source.v, source.shift = [1, 2, 3], [0, 0, 1]
    assert np.allclose(target.total, [0.5 * 0.5 + 1 * 1, 2 * 2.5], rtol=1e-15)
    run(5 * ms)
    area = 0.01 * (1 - np.exp(-0.5)) / 2
    assert np.allclose(target.u, [0.5 * area + 2 * area, 2 * (3 * area + 0.005)], rtol=1e-11)
    source.shift = 0
    run(5 * ms)
    more = 0.01 * (np.exp(-0.5) - np.exp(-1)) / 2
    assert np.allclose(target.u, [2.5 * (area + more), 2 * (3 * (area + more) + 0.005)], rtol=1e-11)


def test_a_sum_may_go_to_the_sources():
    source = NeuronGroup(2, "du/dt = total/second : 1\ntotal : 1")
    target = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1")
    synapses = Synapses(source, target, "total_pre = v_post*(1 + 0*u_pre) : 1 (summed)")
    synapses.connect(i=[0, 0, 1], j=[0, 1, 2])
    target.v = [1, 2, 4]
    assert np.array_equal(source.total, [3, 4])
    run(10 * ms)
    assert np.allclose(source.u, np.array([3, 4]) * 0.01 * (1 - np.exp(-1)), rtol=1e-11)


def test_a_pair_of_oscillators_pulls_its_phases_together():
    """d(phi)/dt = -2 K sin(phi), so tan(phi/2) decays with 2 K."""
    phases = NeuronGroup(2, "dtheta/dt = omega + pull : 1\npull : Hz\nomega : Hz")
    synapses = Synapses(
        phases, phases, "pull_post = K*sin(theta_pre - theta_post) : Hz (summed)", namespace={"K": 20 * Hz}
    )
    synapses.connect("i != j")
    phases.omega, phases.theta = 300 * Hz, [0, 2]
    run(50 * ms)
    apart = 2 * np.arctan(np.tan(1.0) * np.exp(-2 * 20 * 0.05))
    assert float(phases.theta[1] - phases.theta[0]) == pytest.approx(apart, abs=1e-9)
    assert float(phases.theta[0] + phases.theta[1]) == pytest.approx(2 + 2 * 300 * 0.05, abs=1e-8)


def test_sums_over_spiking_cells_go_through_resets():
    """A cell that charges to 1 in ln(2)*10 ms and starts again drives one that integrates its potential."""
    source = NeuronGroup(1, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    target = NeuronGroup(1, "du/dt = x/second : 1\nx : 1")
    synapses = Synapses(source, target, "x_post = v_pre : 1 (summed)")
    synapses.connect()
    spikes = SpikeMonitor(source)
    run(20 * ms)
    period = 0.01 * np.log(2)
    assert np.allclose(spikes.t_, [period, 2 * period], rtol=1e-9)
    once = 2 * period - 2 * 0.01 * 0.5
    rest = 0.02 - 2 * period
    expected = 2 * once + 2 * rest - 0.02 * (1 - np.exp(-rest / 0.01))
    assert float(target.u[0]) == pytest.approx(expected, rel=1e-9)


def test_without_synapses_the_sum_is_zero():
    cells = NeuronGroup(2, "dv/dt = (1 + x)/second : 1\nx : 1")
    synapses = Synapses(cells, cells, "x_post = 5 : 1 (summed)")
    synapses.connect(i=[], j=[])
    cells[:].v = 0
    run(10 * ms)
    assert np.allclose(cells.v, 0.01, rtol=1e-12)
    assert np.array_equal(cells.x, [0, 0])


def test_two_synapses_may_sum_on_different_parts_of_a_group():
    cells = NeuronGroup(4, "dv/dt = x/second : 1\nx : 1")
    lower = Synapses(cells, cells[:2], "x_post = 1 + j : 1 (summed)")
    upper = Synapses(cells, cells[2:], "x_post = 10 + j : 1 (summed)")
    for each in (lower, upper):
        each.connect(i=[0, 0], j=[0, 1])
    assert np.array_equal(cells.x, [1, 2, 10, 11])
    run(100 * ms)
    assert np.allclose(cells.v, [0.1, 0.2, 1, 1.1], rtol=1e-12)


def test_synapses_that_rest_add_nothing():
    cells, gap = coupled_pair()
    gap.active = False
    run(2 * ms)
    alone = np.array([10e-3, 0]) * np.exp(-0.2)
    assert np.allclose(cells.v_, alone, rtol=1e-10, atol=1e-16)
    assert np.array_equal(cells.Ig_, [0, 0])
    gap.active = True
    run(2 * ms)
    mean, half = alone[0] / 2 * np.exp(-100 * 2e-3), alone[0] / 2 * np.exp(-160 * 2e-3)
    assert np.allclose(cells.v_, [mean + half, mean - half], rtol=1e-10)


def test_a_value_that_an_operation_changes_counts_from_there_on():
    cells, gap = coupled_pair()
    gap.run_regularly("w = 0*siemens", dt=1 * second)
    cells.run_regularly("v = v", dt=1 * second)
    run(2 * ms)
    assert np.allclose(cells.v_, np.array([10e-3, 0]) * np.exp(-0.2), rtol=1e-10, atol=1e-16)


def test_store_and_restore_with_sums():
    cells, gap = coupled_pair()
    network = Network(cells, gap)
    network.run(1 * ms)
    network.store()
    network.run(3.3 * ms)
    first = np.array(cells.v_)
    network.restore()
    assert np.allclose(cells.v_, modes(1e-3), rtol=1e-10)
    network.run(3.3 * ms)
    assert np.array_equal(cells.v_, first)


def test_a_sum_that_no_equation_uses_joins_nothing():
    cells = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1\nx : 1")
    synapses = Synapses(cells, cells, "x_post = v_pre : 1 (summed)")
    synapses.connect("i != j")
    cells.v = [1, 2]
    monitor = StateMonitor(cells, "x", record=True)
    network = Network(cells, synapses, monitor)
    assert network.describe().links == []
    network.run(5 * ms)
    assert np.allclose(cells.x, np.array([2, 1]) * np.exp(-0.5), rtol=1e-13)
    assert np.allclose(monitor.x, np.array([[2], [1]]) * np.exp(-monitor.t / (10 * ms)), rtol=1e-13)


# What is refused


def test_one_variable_is_summed_once():
    cells = NeuronGroup(2, "dv/dt = x/ms : 1\nx : 1", name="cells")
    both = [Synapses(cells, cells, "x_post = v_pre : 1 (summed)", name=name) for name in ("one", "another")]
    for each in both:
        each.connect()
    with pytest.raises(EvsimError, match=r"summed variable assigned twice: cells\.x by one and by another"):
        Network(cells, both).run(1 * ms)


@pytest.mark.parametrize(
    ("variable", "model", "message"),
    [
        ("y : 1", "x_post = 1 : 1 (summed)", r"cells has no variable x"),
        (
            "x : volt",
            "x_post = 1 : 1 (summed)",
            r"x_post is summed in one unit and cells declares x in another",
        ),
        ("x : 1 (constant)", "x_post = 1 : 1 (summed)", r"cells declares x \(constant\); remove that flag"),
        ("x : 1 (shared)", "x_post = 1 : 1 (summed)", r"cells declares x \(shared\); remove that flag"),
        ("dx/dt = -x/ms : 1", "x_post = 1 : 1 (summed)", r"declare it there as 'x : 1'"),
        ("x = 2 : 1", "x_post = 1 : 1 (summed)", r"declare it there as 'x : 1'"),
        ("x : 1", "x = 1 : 1 (summed)", r"is \(summed\) and must name a variable of the neurons at one end"),
        ("x : 1", "dx_post/dt = 1/ms : 1 (summed)", r"\(summed\) is not a flag that a differential can have"),
    ],
)
def test_what_cannot_be_summed_is_refused_at_once(variable: str, model: str, message: str) -> None:
    cells = NeuronGroup(1, variable, name="cells")
    with pytest.raises((EvsimError, DimensionMismatchError), match=message):
        Synapses(cells, cells, model)


def test_sources_of_spikes_have_nothing_to_sum_in():
    source, cells = PoissonGroup(1, 10 * Hz), NeuronGroup(1, "x : 1")
    with pytest.raises(EvsimError, match="has no equations, so nothing can be summed there"):
        Synapses(source, cells, "rates_pre = 1*Hz : Hz (summed)")


def test_a_sum_cannot_be_set():
    cells, _gap = coupled_pair()
    with pytest.raises(EvsimError, match=r"cells\.Ig is summed by gap at every instant and cannot be set"):
        cells.Ig = 0 * amp


CELLS = "dv/dt = (x - v)/(10*ms) : 1\nx : 1\ndouble = 2*x : 1"


@pytest.mark.parametrize(
    ("group", "synapses", "message"),
    [
        (
            {"threshold": "v > 1", "reset": "x = 0"},
            {},
            r"x is what other neurons add up .* cannot be changed",
        ),
        (
            {"threshold": "v > 1"},
            {"on_pre": "x_post += 1"},
            r"x is what other neurons add up .* cannot be changed",
        ),
        ({"events": {"up": "x > 1"}}, {}, r"cells: its equations have custom events, and it is continuously"),
        ({}, {"model": "x_post = x_pre : 1 (summed)"}, r"x_pre is itself what other neurons add up"),
        (
            {},
            {"model": "x_post = rand() : 1 (summed)"},
            r"draws random numbers, and it is looked at at every instant",
        ),
        ({}, {"model": "x_post = v_pre/mV : 1 (summed)"}, r"right-hand side of x_post must be in 1"),
        ({}, {"model": "x_post = missing*v_pre : 1 (summed)"}, r"missing is not defined"),
        (
            {},
            {"model": "x_post = lastspike_pre/second : 1 (summed)"},
            r"lastspike_pre is the time of the last spike",
        ),
    ],
)
def test_what_a_sum_cannot_do_is_refused(group: dict, synapses: dict, message: str) -> None:
    cells = NeuronGroup(1, CELLS, name="cells", **group)
    connected = Synapses(cells, cells, **{"model": "x_post = v_pre : 1 (summed)", **synapses}, name="s")
    connected.connect()
    with pytest.raises(EvsimError, match=message):
        run(1 * ms)


def test_a_sum_cannot_come_to_neurons_that_have_run():
    cells = NeuronGroup(1, CELLS, name="cells")
    run(1 * ms)
    synapses = Synapses(cells, cells, "x_post = v_pre : 1 (summed)")
    synapses.connect()
    with pytest.raises(EvsimError, match="cells has run already"):
        run(1 * ms)


def test_a_monitor_of_synapses_says_where_a_sum_is_recorded():
    cells, gap = coupled_pair()
    monitor = StateMonitor(gap, "Ig_post", record=True)
    with pytest.raises(
        EvsimError, match="Ig_post is what cells adds up at every instant; record Ig of cells"
    ):
        Network(cells, gap, monitor).run(1 * ms)


def test_code_that_runs_at_times_cannot_set_a_sum():
    cells, gap = coupled_pair()
    cells.run_regularly("Ig = 0*amp", dt=1 * ms)
    with pytest.raises(EvsimError, match=r"Ig is summed by gap at every instant and cannot be set"):
        Network(cells, gap).run(2 * ms)


def test_spikes_keep_no_sums():
    cells = NeuronGroup(1, "dv/dt = 1/ms + 0*x/ms : 1\nx : 1", threshold="v > 1", reset="v = 0")
    loop = Synapses(cells, cells, "x_post = v_pre : 1 (summed)")
    loop.connect()
    monitor = SpikeMonitor(cells, variables="x")
    with pytest.raises(
        EvsimError, match=r"x is what other neurons add up at every instant; a StateMonitor can"
    ):
        Network(cells, loop, monitor).run(2 * ms)


def test_a_network_with_other_sums_is_not_what_was_stored(tmp_path):
    Network(*coupled_pair()).store("state", tmp_path / "file")
    start_scope()
    cells = NeuronGroup(2, CELL, namespace=LEAK, name="cells")
    gap = Synapses(cells, cells, GAP.replace("v_pre - v_post", "v_post - v_pre"), name="gap")
    gap.connect("i != j")
    with pytest.raises(EvsimError, match="gap had sums"):
        Network(cells, gap).restore("state", tmp_path / "file")
