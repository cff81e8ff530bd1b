"""Noise in cells that are continuously coupled: stationary laws, crossings between steps, the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.models import gap_junction, lif_noisy


def pairs(n: int, w: Quantity, **changes: Any) -> tuple[NeuronGroup, Synapses]:
    """Pairs of cells with a junction each."""
    cells = NeuronGroup(n, lif_noisy(**changes))
    junctions = Synapses(cells, cells, gap_junction, symmetric=True)
    junctions.connect("j == i + 1 and i % 2 == 0")
    junctions.w = w
    return cells, junctions


def test_sum_and_difference_of_a_pair_have_their_stationary_laws() -> None:
    cells, junctions = pairs(500, 20 * nS, sigma=2 * mV, I_stim=0 * nA, V_th=100 * mV)
    cells.V = -70 * mV
    trace = StateMonitor(cells, "V", record=True, dt=40 * ms)
    Network(cells, junctions, trace).run(400 * ms)
    v = np.asarray(trace.V)[:, 3:].reshape(250, 2, -1) * 1e3 + 70  # 1750 samples, nearly independent
    together, apart = (v[:, 0] + v[:, 1]) / np.sqrt(2), (v[:, 0] - v[:, 1]) / np.sqrt(2)
    assert together.std() == pytest.approx(2, rel=0.05)
    assert apart.std() == pytest.approx(2 / np.sqrt(3), rel=0.05)  # its rate is (g_L + 2 w)/C
    assert abs(np.mean(together * apart)) < 0.15


def test_without_strength_the_cells_follow_their_modes() -> None:
    cells, junctions = pairs(2, 3 * nS, sigma=0 * mV, I_stim=0 * nA)
    cells.V = [-75, -60] * mV
    Network(cells, junctions).run(13.37 * ms)
    apart = 15 * np.exp(-26 / 0.4 * 13.37e-3)
    assert (cells.V[1] - cells.V[0]) / mV == pytest.approx(apart, rel=1e-9)


def test_junctions_without_weight_leave_the_rate_of_noisy_cells_as_it_is() -> None:
    def count(is_joined: bool) -> int:
        start_scope()
        seed(2)
        cells, junctions = pairs(60, 0 * nS, sigma=3 * mV, I_stim=0.38 * nA, V_reset=-60 * mV, t_ref=0 * ms)
        cells.V = "-70*mV + 20*mV*rand()"
        spikes = SpikeMonitor(cells)
        network = Network(cells, spikes)
        if is_joined:
            network.add(junctions)
        network.run(1 * second)
        return int(spikes.num_spikes)

    alone, joined = count(False), count(True)
    assert alone > 1100
    assert joined == pytest.approx(alone, rel=0.05)  # and half of the steps are cut by some spike


def test_noise_with_a_factor_that_changes_is_that_of_stratonovich() -> None:
    model = """dv/dt = v*xi/sqrt(second) + I/second : 1
               I : 1 (input)"""
    cells = NeuronGroup(2000, model)
    cells.v = 1
    junctions = Synapses(cells, cells, gap_junction, symmetric=True)
    junctions.connect("j == i + 1 and i % 2 == 0")
    junctions.w = 0
    Network(cells, junctions).run(100 * ms)
    logs = np.log(np.asarray(cells.v[:]))
    assert abs(logs.mean()) < 0.02  # with Ito's sense it is -0.05; the standard error is 0.007
    assert logs.std() == pytest.approx(np.sqrt(0.1), rel=0.05)


def trains(pieces: list[float], is_monitored: bool = False, threads: int = 1) -> tuple[Any, ...]:
    """Spikes of a coupled noisy ring with spikelets."""
    start_scope()
    seed(5)
    cells = NeuronGroup(8, lif_noisy(sigma=3 * mV, I_stim=0.42 * nA, t_ref=1.1 * ms))
    junctions = Synapses(cells, cells, gap_junction(k_spikelet=1 * mV / nS), symmetric=True)
    junctions.connect("j == (i + 1) % 8")
    junctions.w = 1 * nS
    spikes = SpikeMonitor(cells)
    network = Network(cells, junctions, spikes)
    if is_monitored:
        network.add(StateMonitor(cells, "V", record=True, dt=0.03 * ms))
    prefs.threads = threads
    for piece in pieces:
        network.run(piece * ms)
    return spikes.tick.tolist(), spikes.offset.tolist(), spikes.i[:].tolist(), cells.V[:].tolist()


def test_the_bits_do_not_depend_on_pieces_threads_or_monitors() -> None:
    whole = trains([150])
    assert len(whole[0]) > 10
    assert trains([10, 0.0123, 33.3, 150 - 43.3123])[:3] == whole[:3]
    assert trains([150], is_monitored=True) == whole
    assert trains([150], threads=2) == whole


def test_a_run_goes_on_from_what_was_stored() -> None:
    cells, junctions = pairs(4, 2 * nS, sigma=3 * mV, I_stim=0.45 * nA)
    spikes = SpikeMonitor(cells)
    network = Network(cells, junctions, spikes)
    network.run(31.4159 * ms)
    network.store()
    found = []
    for _ in range(2):
        network.run(70 * ms)
        found.append((spikes.tick.tolist(), spikes.offset.tolist()))
        network.restore()
    assert found[0] == found[1]
    assert len(found[0][0]) > 3
