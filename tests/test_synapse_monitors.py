"""Monitors of single synapses: what event code and equations make of their variables, at every sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import evsim.engine
import evsim.reference
from evsim import *
from evsim.description import (
    Assignment,
    LinearForm,
    LinearModel,
    Population,
    Projection,
    SpikeTrainSource,
    StateRecord,
)
from evsim.description import Network as Description
from evsim.equations.expression import Expression

GROWING = """w : 1
             k : 1
             tau : second
             twice = 2*w + v_post : 1
             slope = w/tau : Hz"""


def growing(delay: Any = 0.5 * ms) -> tuple[Synapses, NeuronGroup, SpikeGeneratorGroup]:
    """Two trains on three leaky elements; each arrival adds w to v and k to w."""
    source = SpikeGeneratorGroup(2, [0, 1, 0, 0], [1.05, 2, 3.33, 4] * ms)
    group = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1")
    synapses = Synapses(source, group, GROWING, on_pre="v_post += w; w += k", delay=delay)
    synapses.connect()
    synapses.w, synapses.k, synapses.tau = "i + 1", "0.5*(j + 1)", 4 * ms
    return synapses, group, source


def test_weights_change_at_their_arrivals_and_a_sample_comes_after_those_of_its_instant() -> None:
    synapses, *_ = growing()
    trace = StateMonitor(synapses, "w", record=True)
    run(6 * ms)
    t = np.arange(60) * 0.1
    first = 1 + 0.5 * np.sum([t >= at - 1e-9 for at in (1.55, 3.83, 4.5)], axis=0)
    last = 2 + 1.5 * (t >= 2.5 - 1e-9)
    assert trace.N == 60
    assert np.array_equal(trace.w[0], first)
    assert np.array_equal(trace.w[5], last)
    assert trace.t / ms == pytest.approx(t, abs=1e-12)


def test_synapses_are_chosen_by_number_by_their_ends_and_by_text() -> None:
    synapses, *_ = growing()
    whole = StateMonitor(synapses, "w", record=True)
    chosen = {
        (0, 5): StateMonitor(synapses, "w", record=[0, 5]),
        (4,): StateMonitor(synapses, "w", record=4),
        (0, 1, 2): StateMonitor(synapses, "w", record=synapses[0, :]),
        (1, 4): StateMonitor(synapses, "w", record="j == 1"),
        (1, 2, 3): StateMonitor(synapses, "w", record=slice(1, 4)),
    }
    run(6 * ms)
    for numbers, monitor in chosen.items():
        assert tuple(monitor.record) == numbers
        assert np.array_equal(monitor.w, whole.w[list(numbers)])
    part = chosen[0, 1, 2]
    assert np.array_equal(part[1].w, whole.w[1])
    assert np.array_equal(part[synapses[0, 2]].w[0], whole.w[2])
    assert np.array_equal(whole["i == 1"].w, whole.w[3:])
    assert np.array_equal(whole[1, 2].w[0], whole.w[5])
    with pytest.raises(EvsimError, match=r"does not record synapse 4; it records 0, 1, 2"):
        part[4]


def test_subexpressions_parameters_and_variables_of_both_ends_are_recorded() -> None:
    synapses, group, _ = growing()
    names = ["w", "twice", "k", "slope", "v_post", "delay"]
    trace = StateMonitor(synapses, names, record=[5, 0, 1])
    cells = StateMonitor(group, "v", record=True)
    run(3.05 * ms)
    synapses.tau = 2 * ms
    run(2.95 * ms)
    assert trace.twice.shape == (3, 60)
    assert np.array_equal(trace.v_post, cells.v[[2, 0, 1]])
    assert np.array_equal(trace.twice, 2 * trace.w + trace.v_post)
    assert np.array_equal(trace.k, np.repeat([[1.5], [0.5], [1.0]], 60, axis=1))
    tau = np.where(np.arange(60) <= 30, 4e-3, 2e-3)
    assert trace.slope.dimension == Hz.dimension
    assert trace.slope / Hz == pytest.approx(trace.w / tau, rel=1e-15)
    assert np.all(trace.delay == 0.5 * ms)


def test_a_monitor_of_synapses_may_have_its_own_step() -> None:
    synapses, *_ = growing()
    odd = StateMonitor(synapses, "w", record=[0], dt=0.37 * ms)
    run(6 * ms)
    t = np.arange(17) * 0.37
    assert odd.t / ms == pytest.approx(t, rel=1e-13)
    assert np.array_equal(odd.w[0], 1 + 0.5 * np.sum([t >= at for at in (1.55, 3.83, 4.5)], axis=0))


def plastic(threads: int, pieces: list[float], record: Any) -> tuple[Any, SpikeMonitor]:
    """A recurrent network whose weights shrink with every use, on short and long delays."""
    start_scope()
    seed(3)
    group = NeuronGroup(60, "dv/dt = (1.3 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    group.v = "i/60.0"
    synapses = Synapses(group, group, "w : 1\nuses : 1", on_pre="v_post += w; w *= 0.9; uses += 1")
    synapses.connect(p=0.2)
    synapses.w, synapses.delay = "0.02*rand()", "0.3*ms + 3*ms*rand()"
    spikes = SpikeMonitor(group)
    trace = None if record is None else StateMonitor(synapses, ["w", "uses"], record=record)
    for piece in pieces:
        run(piece * ms, threads=threads)
    return trace, spikes


def test_a_monitor_leaves_no_trace_and_gives_the_same_bits_on_any_threads() -> None:
    trace, spikes = plastic(1, [40], True)
    _, bare = plastic(1, [40], None)
    assert spikes.N > 60
    assert np.array_equal(bare.t_, spikes.t_)
    assert np.array_equal(bare.i, spikes.i)
    assert trace.uses[:, -1].sum() > 500
    assert trace.w == pytest.approx(trace.w[:, :1] * 0.9**trace.uses, rel=1e-13)
    for threads, pieces in ((3, [40]), (2, [13.33, 0.04, 26.63]), (4, [7.77, 32.23])):
        again, repeated = plastic(threads, pieces, True)
        assert np.array_equal(repeated.t_, spikes.t_)
        assert np.array_equal(again.w, trace.w)
        assert np.array_equal(again.uses, trace.uses)
    few, _ = plastic(1, [40], [5, 77])
    assert np.array_equal(few.w, trace.w[[5, 77]])


def test_zero_delays_change_weights_at_once() -> None:
    group = NeuronGroup(3, "dv/dt = I : 1\nI : Hz", threshold="v > 1", reset="v = 0")
    group.I = [100, 0, 0] * Hz
    chain = Synapses(group, group, "w : 1", on_pre="v_post += w; w += 0.25")
    chain.connect(i=[0, 1], j=[1, 2])
    chain.w = 1.25
    trace = StateMonitor(chain, "w", record=True)
    run(25 * ms)
    crossings = np.sum([trace.t / ms >= at - 1e-9 for at in (10, 20)], axis=0)
    inside = np.abs(trace.t / ms % 10) > 0.05  # whether 10 ms itself is before or after is rounding
    assert np.array_equal(trace.w[0][inside], (1.25 + 0.25 * crossings)[inside])
    assert np.array_equal(trace.w[1], trace.w[0])


def test_on_the_grid_samples_show_the_weights_before_the_step() -> None:
    """As in Brian: the spike of 1.05 ms belongs to step 10, its delivery to step 15, and sample 16 shows it."""
    synapses, *_ = growing()
    trace = StateMonitor(synapses, "w", record=[0])
    run(3 * ms, timing="grid")
    assert trace.w[0].tolist() == [1.0] * 16 + [1.5] * 14


def test_without_a_run_there_are_empty_arrays_and_what_is_wrong_is_named() -> None:
    synapses, *_ = growing()
    trace = StateMonitor(synapses, ["w", "slope"], record=[1, 2])
    assert trace.w.shape == trace.slope.shape == (2, 0)
    assert trace.slope.dimension == Hz.dimension
    with pytest.raises(EvsimError, match=r"has no variable 'ww' \(did you mean w\?\)"):
        StateMonitor(synapses, "ww", record=True)
    with pytest.raises(EvsimError, match=r"give True for all synapses, indices, S\[0, :\] or a condition"):
        StateMonitor(synapses, "w")
    with pytest.raises(EvsimError, match=r"record of statemonitor"):
        StateMonitor(synapses, "w", record=[6])
    other, *_ = growing()
    with pytest.raises(EvsimError, match=r"are not synapses of"):
        StateMonitor(synapses, "w", record=other[0, :])


def test_weights_of_gates_are_recorded_too() -> None:
    from evsim.models import current, exponential

    source = SpikeGeneratorGroup(1, [0], [1 * ms])
    group = NeuronGroup(2, "dv/dt = (I - v)/(10*ms) : 1\nI : 1 (input)")
    synapses = Synapses(source, group, exponential, output=current)
    synapses.connect()
    synapses.w = [0.5, 0.25]
    trace = StateMonitor(synapses, "w", record=True)
    run(1 * ms)
    assert trace.w[:, 3].tolist() == [0.5, 0.25]


def test_some_synapses_show_and_take_values() -> None:
    synapses, *_ = growing()
    some = synapses[0, 1:]
    assert len(some) == some.N == 2
    assert some.numbers.tolist() == [1, 2]
    assert some.j.tolist() == [1, 2]
    some.w = [7, 8]
    assert synapses.w[:].tolist() == [1, 7, 8, 2, 2, 2]
    assert synapses["k > 1"].w.tolist() == [8, 2]
    assert synapses[3].i.tolist() == [1]


def test_values_follow_functions_of_time_and_what_is_changed_inside_a_run() -> None:
    functions = {"stimulus": TimedArray([0.0, 1.0, 2.0, 3.0], dt=1 * ms)}
    source = SpikeGeneratorGroup(1, [0, 0], [0.55, 2.55] * ms)
    group = NeuronGroup(
        1, "dv/dt = (2 - v)/(5*ms) : 1\nI = stimulus(t)*k : 1\nk : 1",
        threshold="v > 1", reset="v = 0", namespace=functions,
    )  # fmt: skip
    group.k = 2
    group.run_regularly("k += 1", dt=2 * ms)
    synapses = Synapses(
        source, group, "w : 1\nq = w*stimulus(t) : 1\nu : 1", on_pre="w += 1", namespace=functions
    )
    synapses.connect()
    synapses.run_regularly("u += 1", dt=1 * ms)
    trace = StateMonitor(synapses, ["q", "u", "I_post"], record=True)
    spikes = SpikeMonitor(group, ["I", "k"])
    run(8 * ms)
    step = np.minimum(np.arange(80) // 10, 3)
    uses = (np.arange(80) > 5.5).astype(int) + (np.arange(80) > 25.5)
    assert np.array_equal(trace.q[0], uses * step)
    assert np.array_equal(trace.u[0], np.arange(80) // 10 + 1)
    assert np.array_equal(trace.I_post[0], step * (3 + np.arange(80) // 20))
    assert spikes.t / ms == pytest.approx(5 * np.log(2) * np.array([1, 2]), rel=1e-10)
    assert spikes.k.tolist() == [4, 6]
    assert spikes.I.tolist() == [12, 18]


# ---- equations of synapses, between events and at both ends ----

TAU, UP, DOWN = 20e-3, 0.01, 0.012


def expression(text: str) -> Expression:
    return Expression.parse(text, "test")


def pair_rule() -> Description:
    """Pair STDP on one synapse: the train spikes at given times, the cell when a strong input arrives."""
    pre = np.array([1.05e-3, 7.31e-3, 20.003e-3])
    kicks = np.array([4.4e-3, 16.2e-3])
    dt = 1e-4

    def train(name: str, seconds: np.ndarray[Any, Any]) -> SpikeTrainSource:
        ticks = np.floor(seconds / dt).astype(np.int64)
        return SpikeTrainSource(name, 1, np.zeros(seconds.size, np.int64), ticks, seconds - ticks * dt)

    def change(target: str, operation: Any, text: str, where: Any = "synapse") -> Assignment:
        return Assignment(target, where, operation, expression(text))

    still = LinearForm({"v": expression("-100")}, expression("0"))
    model = LinearModel(
        ("v",), {"v": still}, frozenset(), LinearForm({"v": expression("1")}, expression("-1")), True,
        (Assignment("v", "neuron", "set", expression("0")),), (),
    )  # fmt: skip
    cell = Population("cell", 1, model, {"v": np.zeros(1)}, {}, 0.0)
    zero = np.zeros(1, np.int64)
    rates = {name: LinearForm({name: expression("-1/tau")}, expression("0")) for name in ("apre", "apost")}
    variables: dict[str, Any] = {"apre": np.zeros(1), "apost": np.zeros(1), "w": np.array([0.5])}
    variables |= {"tau": TAU, "up": UP, "down": -DOWN}
    on_pre = (change("apre", "add", "up"), change("w", "add", "apost"))
    on_post = (change("apost", "add", "down"), change("w", "add", "apre"))
    kick = (change("v", "add", "2", "neuron"),)
    return Description(
        dt, 1, [cell], [train("pre", pre), train("kicks", kicks)],
        [
            Projection("kick", "kicks", "cell", zero, zero, 0.0, kick, {}),
            Projection("s", "pre", "cell", zero, zero, 0.7e-3, on_pre, variables, equations=rates),
            Projection("s_post", "pre", "cell", zero, zero, 0.0, on_post, variables, trigger="post", shares="s",
                       equations=rates),
        ],
        state_records=[StateRecord("w", "s", ("apost", "apre", "w"), zero, 1e-4)],
    )  # fmt: skip


def closed_form(t: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The traces after the arrivals and spikes up to t, and the weight of all pairs."""
    pre, post = np.array([1.75e-3, 8.01e-3, 20.703e-3]), np.array([4.4e-3, 16.2e-3])

    def trace(at: np.ndarray[Any, Any], jump: float, now: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        since = now[:, np.newaxis] - at
        return np.sum(np.where(since >= -1e-12, jump * np.exp(-np.maximum(since, 0) / TAU), 0), axis=1)

    w = 0.5 + np.sum((t[:, np.newaxis] >= post - 1e-12) * trace(pre, UP, post), axis=1)
    w += np.sum((t[:, np.newaxis] >= pre - 1e-12) * trace(post, -DOWN, pre), axis=1)
    return {"apre": trace(pre, UP, t), "apost": trace(post, -DOWN, t), "w": w}


@pytest.mark.parametrize("engine", [evsim.engine.Simulation, evsim.reference.Simulation])
def test_variables_with_equations_have_the_value_of_the_sample_not_of_their_last_update(
    engine: Callable[[Description], Any],
) -> None:
    simulation = engine(pair_rule())
    simulation.run(12.34e-3)
    simulation.run(12.66e-3)
    numbers, found = simulation.samples("w")
    expected = closed_form(numbers * 1e-4)
    assert numbers.tolist() == list(range(250))
    for name in ("apre", "apost", "w"):
        assert found[name][0] == pytest.approx(expected[name], rel=1e-13, abs=1e-16), name


def test_traces_of_plasticity_are_recorded_with_what_follows_from_them() -> None:
    source = SpikeGeneratorGroup(2, [0, 1, 0], [1.05, 3, 7.31] * ms)
    group = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1")
    namespace = {"tau_pre": 20 * ms, "jump": 0.01}
    synapses = Synapses(
        source,
        group,
        """w : 1
           dtrace/dt = -trace/tau_pre : 1 (event-driven)
           ratio = trace/jump + v_post : 1""",
        on_pre="trace += jump; w += trace; v_post += w",
        namespace=namespace,
        delay=0.7 * ms,
    )
    synapses.connect()
    trace = StateMonitor(synapses, ["trace", "w", "ratio"], record=True)
    cells = StateMonitor(group, "v", record=True)
    run(12 * ms)
    since = trace.t_[:, np.newaxis] - np.array([1.75e-3, 8.01e-3])
    expected = np.sum(np.where(since >= 0, 0.01 * np.exp(-np.maximum(since, 0) / 20e-3), 0), axis=1)
    assert trace.trace[0] == pytest.approx(expected, rel=1e-13, abs=1e-18)
    second_jump = 0.02 + 0.01 * np.exp(-6.26 / 20)
    assert np.unique(trace.w[0]) == pytest.approx([0, 0.01, second_jump], rel=1e-13)
    assert trace.ratio == pytest.approx(trace.trace / 0.01 + cells.v, rel=1e-13)


def test_variables_with_equations_are_shown_on_the_grid() -> None:
    simulation = evsim.engine.Simulation(pair_rule())
    simulation.run(25e-3, timing="grid")
    _, found = simulation.samples("w")
    steps = np.array([10 + 7, 73 + 7, 200 + 7])
    jumps = np.arange(250)[:, np.newaxis] - steps
    expected = np.sum(np.where(jumps > 0, UP * np.exp(-np.maximum(jumps, 0) * 1e-4 / TAU), 0), axis=1)
    assert found["apre"][0] == pytest.approx(expected, rel=1e-12, abs=1e-16)
