"""What a user expects of electrical synapses by name: one test for each row of the list of features."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.models import gap_junction, lif, lif_resistance

PASSIVE = lif(I_stim=0 * nA)


def apart(cells: NeuronGroup) -> float:
    """How far the potentials of two cells are from each other, in volt."""
    return float((cells.V[1] - cells.V[0]) / volt)


# Row 124


def test_two_passive_cells_approach_each_other_at_the_rate_of_leak_and_both_directions() -> None:
    cells = NeuronGroup(2, PASSIVE)
    cells.V = [-75, -60] * mV
    junction = Synapses(cells, cells, gap_junction, symmetric=True)
    junction.connect(i=0, j=1)
    junction.w = 3 * nS
    run(13.37 * ms)
    rate = (20e-9 + 2 * 3e-9) / 0.4e-9
    assert apart(cells) == pytest.approx(15e-3 * np.exp(-rate * 13.37e-3), rel=1e-12)
    mean = -70e-3 + 2.5e-3 * np.exp(-20e-9 / 0.4e-9 * 13.37e-3)
    assert np.mean(cells.V / volt) == pytest.approx(mean, rel=1e-12)


def test_one_direction_alone_leaves_the_source_as_it_is() -> None:
    cells = NeuronGroup(2, PASSIVE)
    cells.V = [-75, -60] * mV
    junction = Synapses(cells, cells, gap_junction)
    junction.connect(i=0, j=1)
    junction.w = 3 * nS
    run(13.37 * ms)
    alone = -70e-3 - 5e-3 * np.exp(-20e-9 / 0.4e-9 * 13.37e-3)
    assert cells.V[0] / volt == pytest.approx(alone, rel=1e-13)
    assert apart(cells) == pytest.approx(15e-3 * np.exp(-23e-9 / 0.4e-9 * 13.37e-3), rel=1e-12)


# Row 125


def test_current_flows_at_every_instant_not_only_at_spikes() -> None:
    cells = NeuronGroup(2, PASSIVE)
    cells.V = [-75, -60] * mV
    junction = Synapses(cells, cells, gap_junction, symmetric=True)
    junction.connect(i=0, j=1)
    junction.w = 3 * nS
    trace, spikes = StateMonitor(junction, "I", record=True), SpikeMonitor(cells)
    run(20 * ms)
    t = np.asarray(trace.t)
    expected = -3e-9 * 15e-3 * np.exp(-26e-9 / 0.4e-9 * t)
    assert spikes.num_spikes == 0
    assert np.abs(np.asarray(trace.I[0]) - expected).max() < 1e-24
    assert np.all(np.diff(trace.I[0]) > 0)


# Row 126


def test_a_spike_of_one_cell_moves_the_other_by_weight_times_k_at_that_instant() -> None:
    cells = NeuronGroup(2, lif_resistance(E_L=0 * mV, I_stim=[0, 0] * nA, t_ref=0 * ms))
    kick = SpikeGeneratorGroup(1, [0], [3.21] * ms)
    push = Synapses(kick, cells, on_pre="V_post += 100*mV")
    push.connect(i=0, j=0)
    junction = Synapses(cells, cells, gap_junction(k_spikelet=5 * mV / uS), symmetric=True)
    junction.connect(i=0, j=1)
    junction.w = 0.5 * uS
    run(3.21 * ms)
    assert cells.V[1] == 0 * mV  # what is due at the end belongs to the next run
    run(1e-12 * ms)
    assert cells.V[1] / mV == pytest.approx(2.5, rel=1e-12)


# Row 127


def test_the_example_of_the_course_has_its_spike_times() -> None:
    model = lif_resistance(
        E_L=0 * mV, V_reset=-5 * mV, V_th=20 * mV, R=1 * Mohm, tau_m=10 * ms, t_ref=0 * ms,
        I_stim=[30, 0] * nA,
    )  # fmt: skip
    cells = NeuronGroup(2, model)
    cells.V = -10 * mV
    junction = Synapses(cells, cells, gap_junction(k_spikelet=5 * mV / uS))
    junction.connect(i=0, j=1)
    junction.w = 0.5 * uS
    spikes, trace = SpikeMonitor(cells), StateMonitor(cells, "V", record=True, dt=0.01 * ms)
    run(100 * ms)
    times = spikes.t / ms
    assert set(spikes.i) == {0}
    assert (f"{times[0]:.2f}", {f"{each:.2f}" for each in np.diff(times)}) == ("13.86", {"12.53"})
    assert times[0] == pytest.approx(10 * np.log(4), rel=1e-13)
    assert np.diff(times) == pytest.approx(10 * np.log(3.5), rel=1e-12)
    second = trace.V[1] / mV
    jumps = np.diff(second)[np.searchsorted(trace.t / ms, times) - 1]
    assert second.max() < 20
    assert jumps == pytest.approx(2.5, abs=0.02)  # what flows in 0.01 ms comes on top


# Row 128


def test_weights_are_set_per_synapse_after_construction_and_between_runs() -> None:
    cells = NeuronGroup(3, PASSIVE)
    cells.V = [-75, -60, -65] * mV
    junctions = Synapses(cells, cells, gap_junction, symmetric=True)
    junctions.connect("i < j")
    junctions.w = 0 * nS
    junctions.w[0, 1] = 3 * nS
    assert (junctions.w[:] / nS).tolist() == pytest.approx([3, 0, 0], rel=1e-15)
    run(5 * ms)
    assert apart(cells) == pytest.approx(15e-3 * np.exp(-26 / 0.4 * 5e-3), rel=1e-12)
    junctions.w = [0, 5, 0] * nS
    between = cells.V[0] - cells.V[2]
    run(5 * ms)
    assert (cells.V[0] - cells.V[2]) / between == pytest.approx(np.exp(-30 / 0.4 * 5e-3), rel=1e-11)
