"""What a user expects of recording and plotting: one test for each row of the list of features."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from evsim import *
from evsim.models import current, exponential, lif

CELL = """dV/dt = (E_L - V + 22*mV)/(20*ms) : volt
          dI_syn/dt = -I_syn/(5*ms) : amp"""
E_L = -70 * mV


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def cells(n: int = 3) -> NeuronGroup:
    group = NeuronGroup(n, CELL, threshold="V > -50*mV", reset="V = -90*mV")
    group.V = "E_L + 5*mV*i"
    group.I_syn = 1 * nA
    return group


def test_70_all_cells_are_recorded() -> None:
    group = cells(5)
    mon = StateMonitor(group, "V", record=True)
    run(10 * ms)
    assert mon.V.shape == (5, 100)
    assert mon.t.shape == (100,)
    assert mon.V[0].shape == (100,)
    assert np.allclose(mon.V[:, 0] / mV, [-70, -65, -60, -55, -50], rtol=1e-14, atol=0)


def test_71_several_variables_are_recorded_at_the_same_times() -> None:
    group = cells()
    mon = StateMonitor(group, ["V", "I_syn"], record=True)
    run(5 * ms)
    assert mon.V.shape == mon.I_syn.shape == (3, 50)
    assert np.allclose(mon.I_syn[1] / nA, np.exp(-mon.t / ms / 5), rtol=1e-13, atol=0)


def test_72_two_monitors_of_one_group_are_both_filled() -> None:
    group = cells()
    first, second_ = StateMonitor(group, "V", record=True), StateMonitor(group, "I_syn", record=[2])
    run(1 * ms)
    assert (first.V.shape, second_.I_syn.shape) == ((3, 10), (1, 10))
    assert np.allclose(second_.I_syn[0] / nA, np.exp(-second_.t / ms / 5), rtol=1e-13, atol=0)
    assert np.allclose(first.V[1] / mV, -48 - 17 * np.exp(-first.t / ms / 20), rtol=1e-13, atol=0)


def test_73_a_recorded_variable_is_a_matrix() -> None:
    group = cells()
    mon = StateMonitor(group, "V", record=True)
    run(1 * ms)
    assert (mon.V.T / mV).shape == (10, 3)
    lines = plt.plot(mon.t / ms, mon.V.T / mV)
    assert len(lines) == 3


def test_74_a_spike_monitor_has_times_indices_and_counts() -> None:
    group = cells()
    mon = SpikeMonitor(group)
    assert (len(mon.t), len(mon.i), mon.num_spikes, mon.count.tolist()) == (0, 0, 0, [0, 0, 0])
    assert mon.t.dimension == second.dimension
    run(100 * ms)
    assert len(mon.t) == len(mon.i) == mon.num_spikes == mon.count.sum() > 3
    assert mon.count.shape == (3,)
    assert np.bincount(mon.i, minlength=3).tolist() == mon.count.tolist()
    assert np.all(np.diff(mon.t) >= 0 * ms)
    assert np.allclose(np.diff(mon.t[mon.i == 0] / ms), 20 * np.log(21), rtol=1e-13, atol=0)


def test_74_a_cell_that_is_silent_gives_empty_arrays_with_units() -> None:
    group = cells()
    mon = SpikeMonitor(group[:1])
    run(10 * ms)
    assert (mon.t.size, mon.i.size, mon.count.tolist(), mon.num_spikes) == (0, 0, [0], 0)
    assert (mon.t / ms).tolist() == []
    assert have_same_dimensions(np.diff(mon.t), second)
    assert have_same_dimensions(mon.spike_trains()[0], second)


def test_70_rows_are_found_by_the_index_of_the_cell() -> None:
    group = cells(5)
    mon = StateMonitor(group, "V", record=[1, 3])
    run(1 * ms)
    assert np.array_equal(mon[3].V, mon.V[1])
    with pytest.raises(EvsimError, match="does not record neuron 0; it records 1, 3"):
        _ = mon[0].V
    with pytest.raises(EvsimError, match="give the index of a neuron"):
        mon["V > 0*mV"]


def test_75_a_spike_monitor_works_on_a_poisson_group() -> None:
    source = PoissonGroup(10, 100 * Hz)
    mon = SpikeMonitor(source)
    run(500 * ms)
    assert abs(mon.num_spikes - 500) < 5 * np.sqrt(500)
    assert mon.count.shape == (10,)


def test_76_a_trace_is_plotted_with_its_spikes_as_lines() -> None:
    group = cells(1)
    trace, spikes = StateMonitor(group, "V", record=True), SpikeMonitor(group)
    run(200 * ms)
    figure, axes = plt.subplots()
    axes.plot(trace.t / ms, trace.V[0] / mV)
    for t in spikes.t:
        axes.axvline(t / ms, ls="--")
    axes.vlines(spikes.t / ms, -50, 0)
    figure.canvas.draw()
    assert len(axes.lines) == 1 + spikes.num_spikes > 2


def test_77_a_raster_is_plotted_from_times_and_indices() -> None:
    group = cells(20)
    spikes = SpikeMonitor(group)
    run(100 * ms)
    figure, axes = plt.subplots()
    (marks,) = axes.plot(spikes.t / ms, spikes.i, "|k")
    figure.canvas.draw()
    assert marks.get_xydata().shape == (spikes.num_spikes, 2)


def test_78_a_user_may_cut_times_and_cells() -> None:
    group = cells(20)
    spikes = SpikeMonitor(group)
    run(300 * ms)
    kept = (spikes.t < 200 * ms) & (spikes.i < 10)
    assert 0 < kept.sum() < spikes.num_spikes
    assert (spikes.t[kept] / ms).max() < 200
    assert spikes.i[kept].max() == 9
    figure, axes = plt.subplots()
    axes.plot(spikes.t / ms, spikes.i, ".k")
    axes.set(xlim=(0, 200), ylim=(0, 100))
    figure.canvas.draw()
    assert axes.get_xlim() == (0, 200)


def test_79_two_panels_with_legends() -> None:
    group = cells(2)
    trace = StateMonitor(group, ["V", "I_syn"], record=True)
    run(20 * ms)
    figure, (top, bottom) = plt.subplots(2, 1, sharex=True)
    top.plot(trace.t / ms, trace.I_syn[0] / nA, label="s")
    bottom.plot(trace.t / ms, trace.V[0] / mV, label="V0")
    bottom.plot(trace.t / ms, trace.V[1] / mV, label="V1")
    for axes in (top, bottom):
        axes.legend()
    figure.canvas.draw()
    assert [text.get_text() for text in bottom.get_legend().get_texts()] == ["V0", "V1"]


def test_80_monitors_may_be_declared_with_a_group_or_synapses() -> None:
    group = NeuronGroup(3, CELL, threshold="V > -50*mV", reset="V = -90*mV", monitors=["V"])
    group.V = "E_L + 5*mV*i"
    same = StateMonitor(group, "V", record=True)
    source = SpikeGeneratorGroup(2, [0, 1], [1.05, 2] * ms)
    target = NeuronGroup(1, lif(I_stim=0 * nA))
    synapses = Synapses(source, target, exponential(tau=8 * ms), output=current, monitors=["s"])
    synapses.connect()
    run(5 * ms)
    assert group.mon.V.shape == (3, 50)
    assert np.array_equal(group.mon.V / mV, same.V / mV)
    assert np.array_equal(group.mon.t / ms, same.t / ms)
    t = synapses.mon.t / ms
    for row, start in zip(synapses.mon.s, (1.05, 2), strict=True):
        expected = np.where(t > start - 1e-9, np.exp(-(t - start) / 8), 0)
        assert np.allclose(row, expected, rtol=0, atol=1e-14)


def test_80_declared_monitors_belong_to_a_network_with_their_group() -> None:
    group = NeuronGroup(2, "dv/dt = 100*Hz : 1\nw : 1", monitors=["v", "w"])
    net = Network(group)
    net.run(1 * ms)
    assert group.mon.v[:, 5] == pytest.approx([0.05, 0.05], rel=1e-12)
    assert group.mon.w.shape == (2, 10)
    net.remove(group)
    assert list(net) == []
    with pytest.raises(EvsimError, match=r"made without monitors; .*monitors=\['V'\]"):
        _ = NeuronGroup(1, "v : 1").mon
    with pytest.raises(EvsimError, match="no variable 'u'"):
        NeuronGroup(1, "v : 1", monitors="u")


def test_80_a_group_made_anew_with_its_monitor_leaves_the_old_one_behind() -> None:
    for _ in range(2):
        group = NeuronGroup(1, "dv/dt = 100*Hz : 1", monitors="v")
        run(1 * ms)
        assert group.mon.t.size == 10
        assert group.t == 1 * ms
        del group


def test_81_the_times_of_a_run_are_an_axis() -> None:
    group = cells(1)
    net = Network(group)
    net.run(2 * ms)
    assert net.ts / ms == pytest.approx(np.arange(20) * 0.1, abs=1e-14)
