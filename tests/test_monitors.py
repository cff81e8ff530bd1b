"""Monitors: arrays with units, also when nothing happened, in slices, and over several runs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from evsim import *

DECAY = "dv/dt = -v/tau : 1\ntau : second\ndouble = 2*v : 1\nheat = v/tau : Hz"


def decaying(n: int = 3) -> NeuronGroup:
    group = NeuronGroup(n, DECAY)
    group.v = "i + 1.0"
    group.tau = "(i + 1)*10*ms"
    return group


def test_all_rows_of_several_variables_at_the_same_times() -> None:
    group = decaying()
    trace = StateMonitor(group, ["v", "tau"], record=True)
    run(20 * ms)
    assert trace.v.shape == trace.tau.shape == (3, 200)
    assert trace.t.shape == (200,)
    assert trace.t[0] == 0 * ms
    assert trace.t[-1] / ms == pytest.approx(19.9, rel=1e-14)
    k = np.arange(3)[:, np.newaxis] + 1
    assert np.allclose(trace.v, k * np.exp(-trace.t / ms / (10 * k)), rtol=1e-13, atol=0)
    assert np.allclose(trace.tau / ms, 10 * k, rtol=1e-14, atol=0)


def test_chosen_neurons_are_rows_in_the_order_given() -> None:
    group = decaying(10)
    trace = StateMonitor(group, "v", record=[7, 2])
    single = StateMonitor(group, "v", record=3)
    part = StateMonitor(group[4:], "v", record=slice(0, 2))
    run(1 * ms)
    assert trace.record.tolist() == [7, 2]
    assert trace.v[:, 0].tolist() == [8.0, 3.0]
    assert trace[2].v[0] == 3.0
    assert trace[[2, 7]].v[:, 0].tolist() == [3.0, 8.0]
    assert single.v.shape == (1, 10)
    assert part.v[:, 0].tolist() == [5.0, 6.0]
    assert np.array_equal(trace[7].t, trace.t)
    with pytest.raises(EvsimError, match=r"does not record neuron 1; it records 7, 2"):
        trace[1]


def test_subexpressions_and_parameters_are_recorded_with_the_values_of_their_time() -> None:
    group = decaying(2)
    trace = StateMonitor(group, ["double", "heat", "tau"], record=True)
    run(1 * ms)
    group.tau = 5 * ms
    run(1 * ms)
    plain = StateMonitor(group, "v", record=True)
    run(1 * ms)
    assert trace.double.shape == (2, 30)
    assert np.allclose(trace.double[:, 20:], 2 * plain.v, rtol=1e-15, atol=0)
    assert np.allclose(trace.tau[1, :10] / ms, 20, rtol=1e-14, atol=0)
    assert np.allclose(trace.tau[1, 10:] / ms, 5, rtol=1e-14, atol=0)
    assert trace.heat.dimension == Hz.dimension
    assert np.allclose(trace.heat[:, 20:] / Hz, plain.v * 200, rtol=1e-13, atol=0)
    assert plain.t / ms == pytest.approx(np.arange(20, 30) * 0.1, rel=1e-13)


def test_a_monitor_may_have_its_own_step() -> None:
    group = decaying(1)
    coarse = StateMonitor(group, "v", record=True, dt=0.5 * ms)
    fine = StateMonitor(group, "v", record=True, clock=Clock(0.05 * ms))
    odd = StateMonitor(group, "v", record=True, dt=0.13 * ms)
    run(2 * ms)
    assert coarse.t / ms == pytest.approx([0, 0.5, 1.0, 1.5], rel=1e-14)
    assert fine.N == 40
    assert odd.t / ms == pytest.approx(np.arange(16) * 0.13, rel=1e-13)
    for monitor in (coarse, fine, odd):
        assert np.allclose(monitor.v[0], np.exp(-monitor.t / ms / 10), rtol=1e-13, atol=0)


def test_groups_with_their_own_step_are_sampled_on_it() -> None:
    first = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", dt=0.5 * ms)
    second_ = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1")
    monitors = [StateMonitor(group, "v", record=True) for group in (first, second_)]
    run(2 * ms)
    assert [monitor.N for monitor in monitors] == [4, 20]


def test_two_monitors_on_one_group_are_both_filled() -> None:
    group = decaying()
    first, second_ = StateMonitor(group, "v", record=True), StateMonitor(group, "v", record=[1])
    run(1 * ms)
    assert np.array_equal(first.v[1], second_.v[0])


def test_values_are_plain_after_division_and_can_be_transposed() -> None:
    group = NeuronGroup(2, "dV/dt = -V/(10*ms) : volt")
    group.V = [1, 2] * mV
    trace = StateMonitor(group, "V", record=True)
    run(1 * ms)
    assert type(trace.t / ms) is np.ndarray
    assert type(trace.V[0] / mV) is np.ndarray
    assert (trace.V.T / mV).shape == (10, 2)
    assert str(np.mean(trace.V[0])).endswith("mV")
    assert trace.V_[0, 0] == 1e-3


def test_figures_take_the_arrays_as_they_are() -> None:
    group = NeuronGroup(2, "dv/dt = 1/(10*ms) : 1", threshold="v > 0.3", reset="v = 0")
    group.v = [0, 0.15]
    trace, spikes = StateMonitor(group, "v", record=True), SpikeMonitor(group)
    run(20 * ms)
    figure, (top, bottom) = plt.subplots(2, 1)
    top.plot(trace.t / ms, trace.v.T)
    top.vlines(spikes.t / ms, 0, 1)
    bottom.plot(spikes.t / ms, spikes.i, ".k")
    figure.canvas.draw()
    assert len(top.lines) == 2
    assert len(bottom.lines[0].get_xdata()) == spikes.num_spikes == 13
    plt.close(figure)


def test_spikes_have_times_indices_counts_and_trains() -> None:
    group = NeuronGroup(3, "dv/dt = r : 1\nr : Hz", threshold="v > 1", reset="v = 0")
    group.r = [0, 400, 150] * Hz
    spikes = SpikeMonitor(group)
    run(9 * ms)
    assert spikes.t / ms == pytest.approx([2.5, 5.0, 20 / 3, 7.5], rel=1e-12)
    assert spikes.i.tolist() == [1, 1, 2, 1]
    assert spikes.count.tolist() == [0, 3, 1]
    assert spikes.num_spikes == spikes.N == len(spikes.t) == 4
    trains = spikes.spike_trains()
    assert trains[0].shape == (0,)
    assert trains[1] / ms == pytest.approx([2.5, 5, 7.5], rel=1e-12)
    assert (spikes.tick * 0.1 + spikes.offset / ms) == pytest.approx(spikes.t / ms, rel=1e-15)


def test_no_spikes_give_empty_arrays_with_units() -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    spikes, trace = SpikeMonitor(group), StateMonitor(group, "v", record=True)
    for _ in range(2):
        assert spikes.t.shape == spikes.i.shape == (0,)
        assert spikes.t.dimension == second.dimension
        assert spikes.count.tolist() == [0, 0]
        assert type(spikes.t / ms) is np.ndarray
        run(1 * ms)
    assert trace.v.shape == (2, 20)


def test_a_monitor_may_keep_some_neurons_or_only_counts() -> None:
    group = NeuronGroup(3, "dv/dt = 400*Hz : 1", threshold="v > 1", reset="v = 0")
    counts, some = SpikeMonitor(group, record=False), SpikeMonitor(group, record=[0, 2])
    run(3 * ms)
    assert counts.count.tolist() == [1, 1, 1]
    assert some.i.tolist() == [0, 2]
    with pytest.raises(EvsimError, match="record=False"):
        counts.t  # noqa: B018


def test_monitors_record_from_their_creation_on() -> None:
    group = NeuronGroup(1, "dv/dt = 400*Hz : 1", threshold="v > 1", reset="v = 0")
    early = SpikeMonitor(group)
    run(3 * ms)
    late, trace = SpikeMonitor(group), StateMonitor(group, "v", record=True)
    run(3 * ms)
    assert early.num_spikes == 2
    assert late.t / ms == pytest.approx([5.0], rel=1e-12)
    assert trace.t[0] / ms == pytest.approx(3.0, rel=1e-14)
    assert trace.N == 30


def test_the_population_rate_counts_spikes_per_neuron_and_bin() -> None:
    source = SpikeGeneratorGroup(4, [0, 1, 2, 3], [0.02, 0.03, 0.1, 0.77] * ms)
    rate = PopulationRateMonitor(source)
    run(1 * ms)
    assert rate.t / ms == pytest.approx(np.arange(10) * 0.1, abs=1e-13)
    assert rate.rate / Hz == pytest.approx([5000, 2500, 0, 0, 0, 0, 0, 2500, 0, 0], rel=1e-12)
    flat = rate.smooth_rate(window="flat", width=0.3 * ms)
    assert flat / Hz == pytest.approx([2500, 2500, 2500 / 3, 0, 0, 0, *[2500 / 3] * 3, 0], rel=1e-12)
    gaussian = rate.smooth_rate(window="gaussian", width=0.05 * ms)
    assert gaussian.dimension == Hz.dimension
    assert gaussian[7] / Hz == pytest.approx(2500 / (1 + 2 * np.exp(-2)), rel=1e-12)
    assert rate.smooth_rate(window=[1, 1, 1]) / Hz == pytest.approx(flat / Hz, rel=1e-12)
    with pytest.raises(EvsimError, match="window is 'square'"):
        rate.smooth_rate(window="square", width=1 * ms)
    with pytest.raises(EvsimError, match="width"):
        rate.smooth_rate(window="flat")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"variables": "u"}, "no variable 'u'"),
        ({"variables": "v", "record": [5]}, "record of statemonitor holds 5"),
        ({"variables": "v", "record": None}, "record=True"),
        ({"variables": "v", "record": True, "dt": 0.1}, "statemonitor"),
        ({"variables": "v", "record": True, "dt": -1 * ms}, "above zero"),
    ],
)
def test_wrong_recording_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(EvsimError, match=words):
        StateMonitor(decaying(), **options)


def test_monitors_need_groups() -> None:
    with pytest.raises(EvsimError, match="source of statemonitor"):
        StateMonitor(PoissonGroup(1, 1 * Hz), "rates", record=True)
    with pytest.raises(EvsimError, match="source of spikemonitor"):
        SpikeMonitor(3)


def test_an_unrecorded_name_is_refused_with_a_guess() -> None:
    trace = StateMonitor(decaying(), "v", record=True)
    with pytest.raises(AttributeError, match="does not record 'tau'; it records v"):
        trace.tau  # noqa: B018


def test_monitors_show_themselves() -> None:
    group = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    trace, spikes = StateMonitor(group, "v", record=True), SpikeMonitor(group[:1])
    run(1 * ms)
    assert repr(trace) == "<StateMonitor 'statemonitor' of v of neurongroup: 2 x 10>"
    assert repr(spikes) == "<SpikeMonitor 'spikemonitor' of neurongroup[0:1]: 0 spikes>"
