"""Sources of spikes: Poisson processes, given spike trains, Poisson input to a variable."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *


def test_poisson_counts_have_the_mean_and_variance_of_the_rate() -> None:
    group = PoissonGroup(1000, 50 * Hz)
    spikes = SpikeMonitor(group)
    run(1 * second)
    assert abs(spikes.num_spikes - 50_000) < 5 * np.sqrt(50_000)
    assert abs(np.var(spikes.count) / 50 - 1) < 5 * np.sqrt(2 / 1000)
    assert np.all((spikes.t >= 0 * ms) & (spikes.t < 1 * second))
    assert np.all(np.diff(spikes.t / ms) >= 0)


def test_poisson_times_are_real_numbers() -> None:
    spikes = SpikeMonitor(PoissonGroup(100, 100 * Hz))
    source = spikes.source
    assert source.dt == 0.1 * ms
    run(200 * ms)
    offsets = spikes.offset / ms
    assert spikes.num_spikes > 1000
    assert len(set(offsets.tolist())) > 0.99 * spikes.num_spikes
    assert abs(offsets.mean() - 0.05) < 0.005


def test_every_element_may_have_its_own_rate() -> None:
    group = PoissonGroup(3, [0, 100, 1000] * Hz)
    text = PoissonGroup(3, "i*100*Hz")
    assert np.array_equal(group.rates / Hz, [0, 100, 1000])
    assert np.array_equal(text.rates / Hz, [0, 100, 200])
    spikes = SpikeMonitor(group)
    run(1 * second)
    assert spikes.count[0] == 0
    assert abs(spikes.count[1] - 100) < 60
    assert abs(spikes.count[2] - 1000) < 200


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (3 * amp, "rates"),
        (3, "rates"),
        (-1 * Hz, "0 or more"),
        ([1, 2] * Hz, "2 values for 3 elements"),
        (float("nan") * Hz, "nan"),
        ("3*mV", "rates"),
    ],
)
def test_wrong_rates_are_refused(rates: object, words: str) -> None:
    with pytest.raises(EvsimError, match=words):
        PoissonGroup(3, rates)


def test_rates_per_second_are_hertz() -> None:
    assert PoissonGroup(1, 2 / second).rates[0] == 2 * Hz


def test_slices_emit_the_spikes_of_the_whole() -> None:
    group = PoissonGroup(1000, 20 * Hz)
    first, second_, whole = SpikeMonitor(group[:800]), SpikeMonitor(group[800:]), SpikeMonitor(group)
    run(500 * ms)
    both = sorted([*zip(first.t_, first.i, strict=True), *zip(second_.t_, second_.i + 800, strict=True)])
    assert both == sorted(zip(whole.t_, whole.i, strict=True))
    assert whole.num_spikes > 5000
    assert first.count.size == 800
    assert second_.i.max() < 200


def test_the_seed_repeats_poisson_spikes_and_networks_differ() -> None:
    trains = []
    for repeat in (True, False, True):
        start_scope()
        if repeat:
            seed(5)
        spikes = SpikeMonitor(PoissonGroup(10, 100 * Hz))
        kept = spikes.source
        run(100 * ms)
        assert len(kept) == 10
        trains.append(spikes.t_.tolist())
    assert trains[0] == trains[2]
    assert trains[0] != trains[1]


def test_a_late_seed_is_refused_where_it_would_do_nothing() -> None:
    group = PoissonGroup(1, 10 * Hz)
    run(1 * ms)
    seed(3)
    with pytest.raises(EvsimError, match=r"seed\(\) was called after"):
        run(1 * ms)
    assert len(group) == 1


def test_given_spikes_keep_every_digit_and_may_come_unsorted() -> None:
    group = SpikeGeneratorGroup(3, [2, 0, 1], [3.14159265, 1.0, 2.000001] * ms)
    spikes = SpikeMonitor(group)
    run(5 * ms)
    assert spikes.i.tolist() == [0, 1, 2]
    assert spikes.t / ms == pytest.approx([1.0, 2.000001, 3.14159265], rel=1e-15)
    assert spikes.tick.tolist() == [10, 20, 31]
    assert spikes.offset / us == pytest.approx([0, 0.001, 41.59265], rel=1e-9)


def test_equal_times_leave_in_order_of_index() -> None:
    group = SpikeGeneratorGroup(3, [2, 0, 1], [1, 1, 1] * ms)
    spikes = SpikeMonitor(group)
    run(2 * ms)
    assert spikes.i.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("indices", "times", "options", "words"),
    [
        ([0, 1], [2, 1] * ms, {"sorted": True}, "not sorted, entry 1 "),
        ([0, 3], [1, 2] * ms, {}, "indices of spikegeneratorgroup holds 3"),
        ([0, 1], [1, 2, 3] * ms, {}, "2 indices and 3 times"),
        ([0], [-1] * ms, {}, "is past"),
        ([0], [float("nan")] * ms, {}, "nan"),
        ([0], [1], {}, "times of spikegeneratorgroup"),
        ([0, 0], [1, 1] * ms, {}, "spikes twice"),
        ([0.5], [1] * ms, {}, "whole numbers"),
        ([0], [4] * ms, {"period": 3 * ms}, "period"),
    ],
)
def test_wrong_spikes_are_refused(
    indices: list[float], times: object, options: dict[str, object], words: str
) -> None:
    with pytest.raises(EvsimError, match=words):
        SpikeGeneratorGroup(3, indices, times, **options)


def test_new_spikes_may_be_set_between_runs_but_not_in_the_past() -> None:
    group = SpikeGeneratorGroup(1, [0], [1] * ms)
    spikes = SpikeMonitor(group)
    run(2 * ms)
    with pytest.raises(EvsimError, match=r"past; the time is 0\.002 s"):
        group.set_spikes([0], [1.5] * ms)
    group.set_spikes([0, 0], [2, 3.5] * ms)
    run(2 * ms)
    assert spikes.t / ms == pytest.approx([1, 2, 3.5], rel=1e-15)


def test_an_empty_train_is_silent() -> None:
    spikes = SpikeMonitor(SpikeGeneratorGroup(2, [], [] * ms))
    kept = spikes.source
    run(1 * ms)
    assert spikes.num_spikes == 0
    assert len(kept) == 2


def test_poisson_input_gives_every_neuron_its_own_events() -> None:
    target = NeuronGroup(200, "dI/dt = -I/(5*ms) : amp")
    drive = PoissonInput(target, "I", N=1000, rate=10 * Hz, weight=2 * pA)
    trace = StateMonitor(target, "I", record=True, dt=1 * ms)
    run(300 * ms)
    late = trace.I[:, 50:] / pA
    assert abs(late.mean() - 1000 * 10 * 0.005 * 2) < 1.0
    assert abs(late.var() - 1000 * 10 * 0.005 * 4 / 2) < 8
    assert abs(np.corrcoef(late[0], late[1])[0, 1]) < 0.6
    assert "1000 processes of 10 Hz to neurongroup.I" in repr(drive)


def test_poisson_input_to_a_slice_leaves_the_rest_alone() -> None:
    target = NeuronGroup(4, "v : 1")
    step = 0.5
    drive = PoissonInput(target[1:3], "v", N=100, rate=100 * Hz, weight="2*step")
    run(10 * ms)
    assert target.v[0] == target.v[3] == 0
    assert np.all(target.v[1:3] > 100 * step)
    assert np.array_equal(target.v[:], np.rint(target.v[:]))
    assert drive.name == "poissoninput"


def test_a_weight_that_changes_between_runs_is_refused() -> None:
    target = NeuronGroup(1, "v : 1")
    step = 0.5
    drive = PoissonInput(target, "v", N=1, rate=100 * Hz, weight="step")
    run(1 * ms)
    step = 0.75
    with pytest.raises(
        EvsimError, match=r"poissoninput has run with the weight 0\.5 and would go on with 0\.75"
    ):
        run(1 * ms)
    assert drive.name == "poissoninput"
    assert step == 0.75


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 3}, "rate of"),
        ({"rate": -3 * Hz}, "0 or more"),
        ({"weight": 3 * volt}, "weight of"),
        ({"weight": [1, 2] * amp}, "2 values"),
        ({"target_var": "J"}, "no variable 'J'"),
        ({"N": 0}, "N is 0"),
    ],
)
def test_wrong_poisson_input_is_refused(change: dict[str, object], words: str) -> None:
    target = NeuronGroup(2, "dI/dt = -I/(5*ms) : amp")
    options = {"target_var": "I", "N": 10, "rate": 1 * Hz, "weight": 1 * pA, **change}
    with pytest.raises(EvsimError, match=words):
        PoissonInput(target, **options)
    with pytest.raises(EvsimError, match="target of poissoninput"):
        PoissonInput(PoissonGroup(1, 1 * Hz), "rates", 1, 1 * Hz, 1 * Hz)
