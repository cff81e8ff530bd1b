"""Synapses whose target is a source of spikes, and variables of synapses that are called like a pathway."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import evsim
from evsim import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    run,
    seed,
    start_scope,
)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    start_scope()
    seed(2)


def ramp() -> NeuronGroup:
    """A neuron that spikes every 10 ms."""
    return NeuronGroup(1, "dv/dt = 0.1/ms : 1", threshold="v >= 1", reset="v = 0", method="exact")


def paired(pieces: int = 1) -> Any:
    """Weights that grow at given spikes of the target by what spikes of the neuron have left, which fades."""
    start_scope()
    cells = ramp()
    given = SpikeGeneratorGroup(3, [0, 1, 0, 2], [12.34, 15, 24.68, 41.5] * ms)
    synapses = Synapses(
        cells,
        given,
        """w : 1
           da/dt = -a/(5*ms) : 1 (event-driven)""",
        on_pre="a += 1",
        on_post="w += a",
    )
    synapses.connect()
    net = Network(cells, given, synapses, SpikeMonitor(given))
    for _ in range(pieces):
        net.run(39 * ms / pieces)
    return net, synapses


def test_spikes_of_a_target_that_is_given_run_on_post() -> None:
    _, synapses = paired()
    first, second = np.exp(-2.34 / 5), np.exp(-4.68 / 5) + np.exp(-14.68 / 5)
    np.testing.assert_allclose(synapses.w, [first + second, np.exp(-1), 0], rtol=1e-12)


def test_pieces_a_restored_network_and_the_reference_agree() -> None:
    net, synapses = paired()
    expected = np.array(synapses.w)
    _, again = paired(pieces=5)
    np.testing.assert_array_equal(again.w, expected)
    net, synapses = paired()
    net.store()
    net.run(20 * ms)
    last = np.array(synapses.w)
    net.restore()
    net.run(20 * ms)
    np.testing.assert_array_equal(synapses.w, last)
    assert last[2] == pytest.approx(sum(np.exp(-(41.5 - at) / 5) for at in (10, 20, 30, 40)), rel=1e-12)


def test_the_reference_runs_the_code_too() -> None:
    net, _ = paired()
    assert evsim.verify(net, 35 * ms).is_right


def test_poisson_targets_count_their_spikes_and_delays_shift_them() -> None:
    cells, noise = ramp(), PoissonGroup(4, 200 * Hz)
    synapses = Synapses(
        cells, noise[1:], "n : 1\nlast : second", on_pre="n += 1000", on_post="n += 1; last = t"
    )
    synapses.connect()
    synapses.post.delay = 0.37 * ms
    spikes = SpikeMonitor(noise)
    run(99 * ms)
    expected = [np.sum((spikes.i == k) & (spikes.t_ < 0.09863)) for k in (1, 2, 3)]
    np.testing.assert_array_equal(synapses.n, 9000 + np.array(expected))
    for k in (1, 2, 3):
        latest = spikes.t_[(spikes.i == k) & (spikes.t_ < 0.09863)][-1]
        assert synapses.last_[k - 1] == pytest.approx(latest + 0.37e-3, abs=1e-12)


def test_grid_timing_runs_on_post_of_given_spikes() -> None:
    given = SpikeGeneratorGroup(2, [0, 1, 1], [1, 2, 3] * ms)
    synapses = Synapses(ramp(), given, "w : 1", on_post="w += 1")
    synapses.connect()
    run(5 * ms, timing="grid")
    np.testing.assert_array_equal(synapses.w, [1, 2])


def test_variables_of_synapses_may_be_called_pre_and_post() -> None:
    cells = ramp()
    synapses = Synapses(cells, cells, "pre : 1\npost : 1", on_pre="pre += 1 + post", delay=1 * ms)
    synapses.connect()
    synapses.post = 3
    synapses.pre = 0.5
    trace = StateMonitor(synapses, "pre", record=True, dt=10 * ms)
    run(35 * ms)
    assert synapses.pre.delay[:] == 1 * ms  # the pathway, as in Brian
    np.testing.assert_array_equal(synapses.pre_, [12.5])
    np.testing.assert_array_equal(synapses.post, [3])
    np.testing.assert_array_equal(trace.pre[0], [0.5, 0.5, 4.5, 8.5])
    assert synapses.get_states(["pre"])["pre"] == 12.5


def test_milstein_without_noise_is_the_method_of_euler() -> None:
    for method in ("milstein", "euler"):
        start_scope()
        cells = NeuronGroup(1, "dv/dt = -v/ms : 1", method=method)
        cells.v = 1
        run(1 * ms)
        assert cells.v[0] == pytest.approx(0.9**10, rel=1e-13)
