"""Noisy neurons and neurons with custom events may read others at every instant, as long as nobody reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.models import conductance, current, lif, lif_noisy, magnesium_block, nmda
from evsim.plugin import Output


def potentials(cell: Any, output: Output, n: int, timing: str = "exact") -> Any:
    """Cells that read NMDA gates (mV), sampled every 0.1 ms for 10 ms."""
    start_scope()
    seed(3)
    source = SpikeGeneratorGroup(1, [0, 0], [2.03, 4.1] * ms)
    cells = NeuronGroup(n, cell(I_stim=0 * nA, V_th=100 * mV))
    synapses = Synapses(source, cells, nmda, output=output, delay=1.3 * ms)
    synapses.connect()
    trace = StateMonitor(cells, "V", record=True)
    run(10 * ms, timing=timing)
    return trace.V / mV


@pytest.mark.parametrize(
    "output",
    [current, conductance(g_max=20 * nS), magnesium_block(g_max=200 * nS)],
    ids=lambda each: each.name,
)
def test_noise_is_added_to_what_gates_of_sources_do(output: Output) -> None:
    without = potentials(lif, output, 1)[0]
    assert np.ptp(without) > 3
    faint = potentials(lif_noisy(sigma=1e-7 * mV), output, 1)[0]
    assert np.max(np.abs(faint - without)) < 1e-3  # the steps of the clock, second order
    noisy = potentials(lif_noisy(sigma=0.5 * mV), output, 300)
    assert noisy.mean(axis=0) == pytest.approx(without, abs=0.1)
    if output is current:
        assert noisy[:, -1].std() == pytest.approx(0.5 * np.sqrt(1 - np.exp(-1)), rel=0.15)
    held = potentials(lif_noisy(sigma=1e-7 * mV), output, 1, timing="grid")[0]
    assert np.max(np.abs(held - without)) < 0.5


def recurrent(delay: Any) -> SpikeMonitor:
    start_scope()
    seed(7)
    cells = NeuronGroup(5, lif_noisy(I_stim=0.5 * nA, sigma=0.5 * mV))
    synapses = Synapses(cells, cells, nmda, output=conductance(g_max=5 * nS), delay=delay)
    synapses.connect()
    spikes = SpikeMonitor(cells)
    run(60 * ms)
    return spikes


@pytest.mark.parametrize("delay", [1.5 * ms, 0 * ms], ids=["later", "at_once"])
def test_a_recurrent_network_of_noisy_cells_gives_the_same_bits_again(delay: Quantity) -> None:
    first, again = recurrent(delay), recurrent(delay)
    assert first.N >= 5
    assert np.array_equal(first.t_, again.t_)


def test_noisy_cells_that_read_each_other_stay_together() -> None:
    cells = NeuronGroup(2, "dv/dt = (40*g - v)/(10*ms) + 0.1*xi/sqrt(ms) : 1\ng : 1")
    gaps = Synapses(cells, cells, "g_post = v_pre - v_post : 1 (summed)")
    gaps.connect("i != j")
    trace = StateMonitor(cells, "v", record=True)
    run(100 * ms)
    apart, together = trace.v[0] - trace.v[1], trace.v[0] + trace.v[1]
    assert 0 < np.std(apart) < 0.3 * np.std(together)  # rates of 81 and 1 in 10 ms


def test_custom_events_happen_where_sums_carry_a_neuron_past_their_condition() -> None:
    first = NeuronGroup(1, "dx/dt = 1/(10*ms) : 1")
    second = NeuronGroup(1, "dy/dt = s/(10*ms) : 1\ns : 1", events={"half": "y > 0.5"})
    sums = Synapses(first, second, "s_post = x_pre : 1 (summed)")
    sums.connect()
    half = EventMonitor(second, "half")
    run(12 * ms)
    assert half.t / ms == pytest.approx([10], abs=1e-9)  # y = (t/10 ms)**2/2
