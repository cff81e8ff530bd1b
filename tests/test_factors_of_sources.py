"""Sums over synapses whose factor of the source names parameters of the source: one value, or one for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.engine.parted import parted
from evsim.models import current, gaba_b_desensitising, lif


def saturating(K: Any) -> tuple[NeuronGroup, NeuronGroup, Synapses]:
    """Three decaying elements, and what two others sum of them: weights times x/(x + K)."""
    first = NeuronGroup(3, "dx/dt = -x/(10*ms) : 1\nK : 1" + (" (shared)" if np.ndim(K) == 0 else ""))
    first.x, first.K = [1, 2, 4], K
    cells = NeuronGroup(2, "dy/dt = (s - y)/(5*ms) : 1\ns : 1")
    sums = Synapses(first, cells, "w : 1\ns_post = w*x_pre/(x_pre + K_pre) : 1 (summed)", name="sums")
    sums.connect()
    sums.w = "1 + i + 10*j"
    return first, cells, sums


@pytest.mark.parametrize("K", [0.5, [0.5, 1, 2]])
def test_a_factor_of_the_source_names_its_parameters(K: Any) -> None:
    first, cells, sums = saturating(K)
    network = Network(first, cells, sums)
    trace = StateMonitor(cells, "s", record=True, dt=0.5 * ms)
    network.add(trace)
    network.run(2 * ms)
    part = parted(network.describe(), is_held=False).parts[0][0]
    assert part.weight is not None
    assert part.weight.text == "w"
    assert part.factor.text == "x_pre/(x_pre + K_of_source)"
    first.K = np.multiply(K, 3)
    network.run(2 * ms)
    x = np.array([[1.0], [2.0], [4.0]]) * np.exp(-trace.t / (10 * ms))
    now = np.where(trace.t < 2 * ms, 1, 3) * np.broadcast_to(K, 3)[:, np.newaxis]
    weights = np.array([[1, 2, 3], [11, 12, 13]])
    assert trace.s == pytest.approx(weights @ (x / (x + now)), rel=1e-11)


def test_a_gate_that_does_not_add_up_is_evaluated_once_for_each_source() -> None:
    """And not for each pair: its formula names parameters, and units such as uM."""
    source, cells = PoissonGroup(4, 50 * Hz), NeuronGroup(6, lif)
    synapses = Synapses(source, cells, gaba_b_desensitising, output=current)
    synapses.connect()
    network = Network(source, cells, synapses)
    network.run(0 * ms)
    (part,) = parted(network.describe(), is_held=False).parts[0]
    assert part.weight is not None
    assert part.weight.text == "w"
    assert part.factor.names == {"G_pre", "K_d_of_source"}
