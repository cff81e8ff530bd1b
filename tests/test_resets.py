"""Resets and code of custom events: local values, time, random numbers, truth values."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import evsim
from evsim import (
    EvsimError,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    run,
    seed,
    start_scope,
)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    start_scope()
    seed(4)
    defaultclock.dt = 0.1 * ms


LINEAR = """dv/dt = 1/tau : 1
            left : 1
            kept : 1
            flag : boolean
            at : second
            before : second"""


def ramps(reset: str, n: int = 1, method: str | None = "exact", **options: Any) -> Any:
    """Neurons that reach 1 after 10 ms, and every 10 ms if the reset begins at 0."""
    return NeuronGroup(
        n, LINEAR, threshold="v >= 1", reset=reset, method=method, namespace={"tau": 10 * ms, **options}
    )


@pytest.mark.parametrize("method", ["exact", None, "rk4"])
def test_a_name_set_first_is_a_value_for_the_statements_after_it(method: str | None) -> None:
    cells = ramps("over = v - 0.75; over *= 2; over += 1; v = over - 1.5; left = over", method=method)
    spikes = SpikeMonitor(cells)
    run(35 * ms)
    assert cells.left[0] == pytest.approx(1.5, abs=1e-12)
    np.testing.assert_allclose(spikes.t / ms, [10, 20, 30], rtol=0, atol=1e-9)


def test_a_local_value_may_have_the_name_of_a_constant_outside() -> None:
    a = 7
    cells = NeuronGroup(
        1, "v : 1\nq = 2*a : 1\nw : 1\nu : 1", threshold="v >= 1", reset="w = a; a = v + 2; u = q + a; v = 0"
    )
    cells.v = 1
    run(1 * ms)
    assert cells.w[0] == 7  # read before it is set: the constant
    assert cells.u[0] == 17  # in the formula of q it stays the constant, after that it is the local value


def test_linear_equations_stay_exact_with_local_values_and_chance() -> None:
    cells = ramps("low = 0.5*rand(); v = low; at = t")
    net = Network(cells, SpikeMonitor(cells))
    net.run(1 * ms)
    model = net.describe().populations[0].model
    assert type(model).__name__ == "LinearModel"
    assert model.parameters == ("tau",)


@pytest.mark.parametrize("method", ["exact", "rk4"])
def test_time_and_last_spike_are_those_of_the_spike(method: str) -> None:
    cells = ramps("before = at; at = t; left = (lastspike - t)/second; v = 0.25", method=method)
    run(24 * ms)
    assert cells.at[0] / ms == pytest.approx(17.5, abs=1e-9)
    assert cells.before[0] / ms == pytest.approx(10, abs=1e-9)
    assert cells.left[0] == 0


@pytest.mark.parametrize("method", ["exact", "rk4"])
def test_random_numbers_of_resets_are_spread_as_they_should_be(method: str) -> None:
    cells = ramps("v = 0; left = rand(); kept = randn()", 2000, method=method)
    spikes = SpikeMonitor(cells, ["left", "kept"])
    run(55 * ms)
    assert spikes.num_spikes == 10000
    uniform, normal = (
        np.array(each)[2000:] for each in (spikes.left, spikes.kept)
    )  # those of the reset before
    assert uniform.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * 8000))
    assert uniform.var() == pytest.approx(1 / 12, abs=5 * np.sqrt(1 / 180 / 8000))
    assert normal.mean() == pytest.approx(0, abs=5 / np.sqrt(8000))
    assert normal.var() == pytest.approx(1, abs=5 * np.sqrt(2 / 8000))
    assert abs(np.corrcoef(uniform, normal)[0, 1]) < 5 / np.sqrt(8000)
    assert np.unique(uniform).size == 8000


def test_calls_in_one_code_and_events_draw_their_own_numbers() -> None:
    cells = NeuronGroup(
        500,
        "v : 1\na : 1\nb : 1\nc : 1",
        threshold="v > 1",
        reset="v = 0; a = rand(); b = rand()",
        events={"high": "v > 1"},
    )
    cells.run_on_event("high", "c = rand()")
    cells.v = 2
    run(1 * ms)
    drawn = np.array([cells.a[:], cells.b[:], cells.c[:]])
    assert np.unique(drawn).size == 1500
    assert np.abs(np.corrcoef(drawn) - np.eye(3)).max() < 5 / np.sqrt(500)


def test_poisson_counts_have_their_mean() -> None:
    cells = ramps("v = 0; left += poisson(3 + kept)", 1000)
    cells.kept = 1
    run(55 * ms)
    assert np.array(cells.left).mean() == pytest.approx(20, abs=5 * np.sqrt(20 / 1000))


def wandering(method: str, pieces: int = 1, monitored: bool = False, threads: int = 1) -> Any:
    start_scope()
    seed(11)
    cells = NeuronGroup(
        40,
        "dv/dt = (2 - v)/(10*ms) : 1\nu : 1",
        threshold="v > 1",
        reset="low = 0.8*rand(); v = low + 0.01*i/N; u = randn()",
        method=method,
    )
    cells.v = "i/N"
    chain = Synapses(cells, cells, on_pre="v += 0.05*u_pre*rand()", delay=1.3 * ms)
    chain.connect("j == (i + 1) % 40")
    spikes = SpikeMonitor(cells)
    net = Network(cells, chain, spikes)
    if monitored:
        net.add(StateMonitor(cells, ["v", "u"], record=True, dt=0.17 * ms), SpikeMonitor(cells, "v"))
    for _ in range(pieces):
        net.run(60.03 * ms / pieces, threads=threads)
    return np.array(spikes.i), np.array(spikes.t_), np.array(cells.u), np.array(cells.v)


@pytest.mark.parametrize("method", ["exact", "rk4"])
def test_pieces_threads_and_monitors_change_no_bit(method: str) -> None:
    whole = wandering(method)
    assert whole[0].size > 150
    for options in ({"pieces": 7}, {"monitored": True}, {"threads": 2}, {"pieces": 3, "monitored": True}):
        again = wandering(method, **options)
        for mine, theirs in zip(whole[:3], again[:3], strict=True):
            np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_allclose(whole[3], again[3], rtol=0, atol=1e-12)


def test_another_seed_draws_other_numbers_also_after_a_restore() -> None:
    cells = ramps("v = 0; left = rand()", 50)
    net = Network(cells)
    net.run(5 * ms)
    net.store()
    found = []
    for number in (1, 1, 2):
        seed(number)
        net.restore(restore_random_state=False)
        net.run(10 * ms)
        found.append(np.array(cells.left))
    assert np.unique(found[0]).size == 50
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.any(found[0] == found[2])


def test_grid_timing_runs_the_same_code() -> None:
    cells = ramps("low = rand()/2; v = low; left = low; flag = low > 0.25; at = t", 200)
    run(10.5 * ms, timing="grid")
    left = np.array(cells.left)
    assert np.unique(left).size == 200
    assert left.mean() == pytest.approx(0.25, abs=2.5 / np.sqrt(12 * 200))
    np.testing.assert_array_equal(cells.flag, left > 0.25)


# ---- truth values ----


@pytest.mark.parametrize("method", ["exact", "rk4"])
def test_conditions_go_to_boolean_variables_in_resets(method: str) -> None:
    cells = ramps("flag = i >= 2 and not flag; v = int(i > 0)*0.5; kept = int(flag)*2", 4, method)
    run(11 * ms)
    np.testing.assert_array_equal(cells.flag, [False, False, True, True])
    np.testing.assert_array_equal(cells.kept, [0, 0, 2, 2])
    np.testing.assert_allclose(cells.v, [0.1, 0.6, 0.6, 0.6], rtol=0, atol=1e-9)
    run(10 * ms)  # the last three have spiked again after 5 ms, the first has after 10 ms
    np.testing.assert_array_equal(cells.flag, [False, False, True, True])


def test_conditions_go_to_boolean_variables_in_other_code() -> None:
    source = SpikeGeneratorGroup(2, [0, 1], [1, 2] * ms)
    cells = NeuronGroup(2, "v : 1\nflag : boolean\nhigh : boolean\nseen : boolean", events={"up": "v > 0.5"})
    cells.run_on_event("up", "was = v > 0.75; seen = was")
    synapses = Synapses(
        source, cells, "w : 1\nstrong : boolean", on_pre="v += w; strong = w > 1; flag = v >= 2"
    )
    synapses.connect(j="i")
    synapses.w = [0.6, 3]
    cells.run_regularly("high = t > 2.5*ms and i == 1", dt=1 * ms)
    run(2.9 * ms)
    np.testing.assert_array_equal(synapses.strong, [False, True])
    np.testing.assert_array_equal(cells.flag, [False, True])
    np.testing.assert_array_equal(cells.seen, [False, True])
    np.testing.assert_array_equal(cells.high, [False, False])
    run(0.2 * ms)
    np.testing.assert_array_equal(cells.high, [False, True])


@pytest.mark.parametrize("code", ["v = v > 1", "flag += v > 1", "v = True"])
def test_conditions_are_no_numbers(code: str) -> None:
    cells = ramps(code)
    with pytest.raises(
        EvsimError, match=r"the right-hand side is a condition, and \w+ is a number; write int"
    ):
        run(1 * ms)
    with pytest.raises(EvsimError, match=r"the right-hand side is a condition"):
        ramps("v = 0").run_regularly(code)


# ---- what is refused, and the reference ----


@pytest.mark.parametrize(
    ("reset", "message"),
    [
        ("v = 0; lft = 3", "lft cannot be changed, it is not declared in the equations; did you mean left;"),
        ("x += 1; v = x", "x cannot be changed, it is not declared"),
        ("v = x; x = 1", "x is not defined"),
        ("t = 1*ms; v = 0", "t is not declared"),
        ("x = 3*ms; v = x", "v is in 1 .*, but 'x' is in s"),
        ("x = 3*volt; v = x*left", "v is in 1"),
    ],
)
def test_resets_that_mean_nothing_are_refused(reset: str, message: str) -> None:
    cells = ramps(reset)
    with pytest.raises(EvsimError, match=message):
        run(1 * ms)


@pytest.mark.parametrize("method", ["exact", None])
def test_the_reference_runs_local_values_time_and_conditions_too(method: str | None) -> None:
    cells = ramps("low = v - 0.8; flag = low > 0.1; v = low + int(flag)*0.1 + t/second; at = t", 3, method)
    cells.v = [0, 0.2, 0.4]
    net = Network(cells, SpikeMonitor(cells))
    found = evsim.verify(net, 40 * ms)
    assert found.is_right and found.n_spikes == 15
    assert found.largest_difference < 1e-11
    net.run(40 * ms)
    assert np.all(np.array(cells.at_) > 0.01)


def test_the_reference_refuses_chance_by_name() -> None:
    cells = ramps("v = rand()")
    with pytest.raises(EvsimError, match=r"deterministic: neurongroup\[0\] has random numbers \(rand\(\)\)"):
        evsim.verify(Network(cells), 1 * ms)
