"""Variables of synapses that are integrated at every instant: description, closed forms, code, values, errors."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.description import GeneralModel
from evsim.errors import EvsimError

GATE = """
dg/dt = -g/(100*ms) + a*x*(1 - g) : 1 (clock-driven)
dx/dt = -x/(2*ms) : 1 (clock-driven)
a : Hz
w : 1
total_post = w*g : 1 (summed)
"""
CELL = "du/dt = (total - u)/(10*ms) : 1\ntotal : 1"


def spikes_at(*times, n=1):
    return SpikeGeneratorGroup(n, [0] * len(times), list(times) * ms)


def connected(*arguments, **options):
    synapses = Synapses(*arguments, **options)
    synapses.connect()
    return synapses


def test_gates_of_synapses_are_a_population_that_users_do_not_see():
    source, cells = spikes_at(1, n=2), NeuronGroup(2, CELL, name="cells")
    synapses = connected(source, cells, GATE, on_pre="x += 1", name="s")
    synapses.w = "i + 2*j"
    network = Network(source, cells, synapses)
    described = network.describe()
    assert [each.name for each in described.populations] == ["cells", "s_states"]
    hidden = described.populations[1]
    assert isinstance(hidden.model, GeneralModel)
    assert (hidden.size, hidden.model.states) == (4, ("g", "x"))
    assert hidden.state["g"] is synapses._storage.arrays["g"]
    (projection,) = described.projections
    assert (projection.target, projection.i.tolist(), projection.j.tolist()) == (
        "s_states",
        [0, 0, 1, 1],
        [0, 1, 2, 3],
    )
    (link,) = described.links
    assert (link.source, link.target, link.expression.text) == ("s_states", "cells", "w*g_pre")
    assert link.i.tolist() == [0, 1, 2, 3]
    assert link.j.tolist() == [0, 1, 0, 1]
    assert link.variables["w"].tolist() == [0, 2, 1, 3]
    assert len(network) == 3
    with pytest.raises(EvsimError, match="no object 's_states'"):
        network["s_states"]


def test_a_gate_fills_as_its_trace_decays():
    """With no decay of its own, 1 - g = exp(-a tau (1 - exp(-t/tau))) after a spike."""
    source, cells = spikes_at(1.03), NeuronGroup(1, CELL)
    model = GATE.replace("-g/(100*ms) + ", "")
    synapses = connected(source, cells, model, on_pre="x += 1", delay=0.17 * ms)
    synapses.a, synapses.w = 500 * Hz, 3
    monitor = StateMonitor(synapses, ["g", "x"], record=True, dt=0.37 * ms)
    sums = StateMonitor(cells, "total", record=True, dt=0.37 * ms)
    run(10 * ms)
    since = np.clip(monitor.t_ - 1.2e-3, 0, None)
    expected = 1 - np.exp(-500 * 2e-3 * (1 - np.exp(-since / 2e-3)))
    assert np.allclose(monitor.g[0], expected, rtol=1e-9, atol=1e-13)
    assert np.allclose(monitor.x[0], np.exp(-since / 2e-3) * (monitor.t_ > 1.2e-3), rtol=1e-9, atol=1e-13)
    assert np.allclose(sums.total[0], 3 * expected, rtol=1e-9, atol=1e-13)
    last = 1 - np.exp(-500 * 2e-3 * (1 - np.exp(-(10e-3 - 1.2e-3) / 2e-3)))
    assert float(synapses.g[0]) == pytest.approx(last, rel=1e-10)
    assert float(cells.total[0]) == pytest.approx(3 * last, rel=1e-10)


def test_a_cell_sees_the_sum_of_its_gates_at_every_instant():
    """Linear gates: u is the convolution of two exponentials, for every spike and weight."""
    source = SpikeGeneratorGroup(2, [0, 1, 0], [1.03, 2.5, 4.44] * ms)
    cells = NeuronGroup(2, CELL)
    model = "dg/dt = -g/(5*ms) : 1 (clock-driven)\nw : 1\ntotal_post = w*g : 1 (summed)"
    synapses = connected(source, cells, model, on_pre="g += 1")
    synapses.w = "1 + i + 3*j"
    run(12 * ms)

    def response(at):
        since = 12 - at
        return (np.exp(-since / 10) - np.exp(-since / 5)) * 5 / (10 - 5)

    first, other = response(1.03) + response(4.44), response(2.5)
    assert np.allclose(cells.u, [first + 2 * other, 4 * first + 5 * other], rtol=1e-10)


def test_equations_read_both_ends_at_every_instant():
    source, cells = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1\nq : 1"), NeuronGroup(1, "dv/dt = 1/second : 1")
    synapses = connected(source, cells, "dw/dt = (q_pre*v_pre + v_post)/second : 1 (clock-driven)")
    source.v, source.q = [1, 2], [1, 3]
    network = Network(source, cells, synapses)
    links = {each.variable: each for each in network.describe().links}
    assert sorted(links) == ["v_post", "v_pre"]
    assert {each.expression.text for each in links.values()} == {"v_pre"}
    network.run(20 * ms)
    area = 0.01 * (1 - np.exp(-2))
    assert np.allclose(synapses.w, np.array([1, 6]) * area + 0.02**2 / 2, rtol=1e-10)
    source.q = [0, 0]
    network.run(20 * ms)
    assert np.allclose(synapses.w, np.array([1, 6]) * area + 0.04**2 / 2, rtol=1e-10)


def test_a_bare_name_of_the_target_is_read_too():
    source, cells = spikes_at(1), NeuronGroup(1, "dv/dt = 1/second : 1")
    synapses = connected(source, cells, "dw/dt = v*v/second : 1")
    run(0.03 * second)
    assert float(synapses.w[0]) == pytest.approx(0.03**3 / 3, rel=1e-10)


@pytest.mark.parametrize("flag", ["(clock-driven)", "", "(event-driven)"])
def test_linear_equations_of_a_synapse_alone_need_no_steps(flag: str):
    source, cells = spikes_at(1.03, 7.7), NeuronGroup(1, "v : 1")
    synapses = connected(
        source, cells, f"dx/dt = -x/tau : 1 {flag}", on_pre="x += 1; v_post += x", namespace={"tau": 5 * ms}
    )
    network = Network(source, cells, synapses)
    assert [each.name for each in network.describe().populations] == [cells.name]
    network.run(10 * ms)
    assert float(cells.v[0]) == pytest.approx(2 + np.exp(-6.67 / 5), rel=1e-13)
    assert float(synapses.x[0]) == pytest.approx(np.exp(-2.3 / 5) * (1 + np.exp(-6.67 / 5)), rel=1e-13)


def test_equations_that_are_not_linear_are_integrated_also_alone():
    source, cells = spikes_at(1), NeuronGroup(1, "v : 1")
    synapses = connected(source, cells, "dx/dt = -x*x/ms : 1", on_pre="x += 2")
    run(5 * ms)
    assert float(synapses.x[0]) == pytest.approx(2 / (1 + 2 * 4), rel=1e-10)


def test_code_of_both_ends_acts_on_integrated_variables():
    """A weight in a junction, raised at spikes of the source and halved at those of the target."""
    source = SpikeGeneratorGroup(1, [0, 0], [1, 3] * ms)
    cells = NeuronGroup(
        1, "dv/dt = 1/(2*ms) : 1\ndu/dt = total/second : 1\ntotal : 1", threshold="v > 1", reset="v = 0"
    )
    model = "w : 1\ndtrace/dt = -trace/(4*ms) : 1 (event-driven)\ntotal_post = w : 1 (summed)"
    synapses = connected(source, cells, model, on_pre="trace += 1; w += trace", on_post="w *= 0.5")
    network = Network(source, cells, synapses)
    described = network.describe()
    assert set(described.populations[1].model.states) == {"w", "trace"}
    assert [(each.source, each.target, each.trigger) for each in described.projections] == [
        (source.name, "synapses_states", "pre"),
        (cells.name, "synapses_states", "pre"),
    ]
    network.run(5 * ms)
    second_one = 0.5 + 1 + np.exp(-0.5)
    assert float(synapses.w[0]) == pytest.approx(second_one / 2, rel=1e-10)
    assert float(cells.u[0]) == pytest.approx(1e-3 * (1 + 0.5 + second_one + second_one / 2), rel=1e-9)


def test_code_on_neurons_and_on_gates_is_parted():
    source, cells = spikes_at(1, 2), NeuronGroup(1, CELL + "\nv : 1")
    synapses = connected(
        source, cells, GATE + "k : 1", on_pre="h = w*2; x += h; v_post += h; k += 1; v_post += k"
    )
    synapses.w = 2
    described = Network(source, cells, synapses).describe()
    assert [each.target for each in described.projections] == [cells.name, "synapses_states"]
    assert [each.target for each in described.projections[0].code] == ["h", "v", "k", "v"]
    assert [each.target for each in described.projections[1].code] == ["h", "x"]
    run(1.5 * ms)
    assert float(cells.v[0]) == 4 + 1
    assert float(synapses.x[0]) == pytest.approx(4 * np.exp(-0.25), rel=1e-10)


def test_values_may_be_set_between_runs():
    source, cells = spikes_at(99), NeuronGroup(1, CELL)
    synapses = connected(source, cells, GATE, on_pre="x += 1")
    synapses.w = 1
    synapses.x = 1
    run(2 * ms)
    assert float(synapses.x[0]) == pytest.approx(np.exp(-1), rel=1e-10)
    synapses.x = "x + 1"
    synapses.w = 5
    assert float(cells.total[0]) == 0
    run(2 * ms)
    assert float(synapses.x[0]) == pytest.approx(np.exp(-1) * (1 + np.exp(-1)), rel=1e-10)


def test_gates_are_stored_and_restored():
    source, cells = spikes_at(1, 4.5), NeuronGroup(1, CELL)
    synapses = connected(source, cells, GATE, on_pre="x += 1")
    synapses.w, synapses.a = 2, 300 * Hz
    network = Network(source, cells, synapses)
    network.run(3 * ms)
    network.store()
    network.run(5 * ms)
    after = np.array(synapses.g), np.array(cells.u)
    network.restore()
    network.run(5 * ms)
    assert np.array_equal(synapses.g, after[0])
    assert np.array_equal(cells.u, after[1])


def test_synapses_that_leave_keep_their_values_and_may_come_back():
    source, cells = spikes_at(99), NeuronGroup(1, CELL)
    synapses = connected(source, cells, GATE, on_pre="x += 1")
    synapses.x, synapses.w, synapses.g = 1, 1, 0.5
    network = Network(source, cells, synapses)
    network.run(2 * ms)
    network.remove(synapses)
    left, at = float(synapses.x[0]), float(cells.u[0])
    network.run(3 * ms)
    assert float(synapses.x[0]) == left
    assert float(cells.u[0]) == pytest.approx(at * np.exp(-0.3), rel=1e-10)
    network.add(synapses)
    network.run(2 * ms)
    assert float(synapses.x[0]) == pytest.approx(left * np.exp(-1), rel=1e-10)


def test_spikes_that_arrive_at_once_join_their_source():
    """A cell drives gates without delay; both are integrated together, and its spikes are where they were."""
    source = NeuronGroup(1, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    cells = NeuronGroup(1, CELL)
    synapses = connected(source, cells, GATE, on_pre="x += 1")
    spikes = SpikeMonitor(source)
    run(10 * ms)
    assert np.allclose(spikes.t_, [0.01 * np.log(2)], rtol=1e-10)
    assert float(synapses.x[0]) == pytest.approx(np.exp(-(10 - 10 * np.log(2)) / 2), rel=1e-8)


def test_without_synapses_there_are_no_gates():
    source, cells = spikes_at(1), NeuronGroup(1, CELL)
    synapses = Synapses(source, cells, GATE, on_pre="x += 1")
    synapses.connect(i=[], j=[])
    monitor = StateMonitor(synapses, "g", record=True)
    cells.u = 1
    network = Network(source, cells, synapses, monitor)
    network.run(10 * ms)
    assert float(cells.u[0]) == pytest.approx(np.exp(-1), rel=1e-10)
    assert float(cells.total[0]) == 0
    assert monitor.g.shape == (0, 100)


def test_equations_may_call_functions_of_time():
    source, cells = spikes_at(99), NeuronGroup(1, "v : 1")
    wave = TimedArray([1, 3], dt=2 * ms)
    synapses = connected(source, cells, "dg/dt = wave(t)/ms : 1", namespace={"wave": wave})
    run(5 * ms)
    assert float(synapses.g[0]) == pytest.approx(2 + 9, rel=1e-12)


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_pre": "g_post += 1"}, r"g_post is no variable of the synapse or of its target"),
        ({"model": "dg/dt = missing*v_post/ms : 1"}, r"missing is not defined"),
        ({"model": "dg/dt = v_post/ms : volt"}, r"right-hand side of dg/dt must be in"),
        ({"model": "dg/dt = total_post/ms : 1"}, r"total_post is itself what other neurons add up"),
        ({"model": "dg/dt = lastspike_post/ms/second : 1"}, r"lastspike_post is the time of the last spike"),
        ({"model": "dg/dt = -g*g/ms : 1", "method": "exact"}, r"not linear"),
        ({"model": "dg/dt = -g*g/ms : 1 (event-driven)"}, r"is not linear.*\(clock-driven\) integrates"),
    ],
)
def test_what_cannot_be_integrated_is_refused(options: dict, message: str) -> None:
    source = spikes_at(1)
    cells = NeuronGroup(1, CELL + "\ndv/dt = -v/ms : 1", name="cells")
    loop = Synapses(cells, cells, "total_post = u_pre : 1 (summed)")
    model = GATE.replace("total_post = w*g : 1 (summed)", "")
    synapses = Synapses(source, cells, **{"model": model, **options}, name="s")
    for each in (loop, synapses):
        each.connect()
    with pytest.raises(EvsimError, match=message):
        Network(source, cells, loop, synapses).run(1 * ms)


def test_methods_that_do_not_exist_are_refused():
    cells = NeuronGroup(1, CELL)
    with pytest.raises(EvsimError, match="there is no method 'rk5'"):
        Synapses(cells, cells, GATE, method="rk5")


def test_noisy_neurons_that_act_at_once_on_coupled_ones_are_refused_with_the_remedy():
    source = NeuronGroup(1, "dv/dt = -v/ms + xi*ms**-0.5 : 1", threshold="v > 1", reset="v = 0", name="noisy")
    cells = NeuronGroup(2, CELL)
    loop = connected(cells, cells, "total_post = u_pre : 1 (summed)")
    synapses = connected(source, cells, on_pre="u_post += 1", name="soon")
    with pytest.raises(EvsimError, match="soon: the delay 0 ms is shorter than"):
        Network(source, cells, loop, synapses).run(1 * ms)
