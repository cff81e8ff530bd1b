"""Pair STDP: weights and traces after trains on no grid, bounds, delays of both ends, and spikes at one instant."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from evsim_plasticity import stdp_pair, tsodyks_markram

from evsim import (
    DimensionMismatchError,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    nA,
    nS,
    run,
    second,
    uS,
)
from evsim.errors import EvsimAttributeError, EvsimError, EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.models import ampa, conductance, current, exponential, lif, nmda, voltage_jump

RULES = list(itertools.product(["all_to_all", "nearest_neighbour"], ["additive", "multiplicative"]))
CELL = "dV/dt = -V/(2*ms) : volt\nI : amp (input)\nkick : 1"
NUMBERS = {"tau_pre": 16.8, "tau_post": 33.7, "dA_pre": 0.31, "dA_post": 0.17, "w_min": 0.25, "w_max": 7.5}


def off_grid(n: int, mean: float, seed: int) -> Any:
    """Times in ms that lie on no grid."""
    return np.cumsum(0.05 + np.random.default_rng(seed).exponential(mean, n))


def train(times: Any) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, np.zeros(np.size(times), int), times * ms)


def cell_that_spikes_at(times: Any) -> NeuronGroup:
    """A cell with these spikes (ms) and no others."""
    cell = NeuronGroup(1, CELL, threshold="kick > 0.5", reset="kick = 0")
    drive = Synapses(train(times), cell, on_pre="kick_post = 1", name="drive*")
    drive.connect()
    cell._kept_alive = drive, drive.source
    return cell


def rule(pairing: str, update: str, unit: Any = 1.0) -> Any:
    taus = {name: value * ms for name, value in NUMBERS.items() if name.startswith("tau")}
    weights = {name: value * unit for name, value in NUMBERS.items() if not name.startswith("tau")}
    return stdp_pair(pairing=pairing, update=update, **taus, **weights)


def exact(spikes: SpikeMonitor, delay: float) -> list[Any]:
    """The recorded times in ms, with every digit, later by a delay."""
    with mp.workdps(25):
        dt, late = mp.mpf(defaultclock.dt_), mp.mpf(delay * 1e-3)
        return [
            1000 * (int(tick) * dt + mp.mpf(float(offset)) + late)
            for tick, offset in zip(spikes.tick, spikes.offset / second, strict=True)
        ]


def followed(pre: list[Any], post: list[Any], pairing: str, update: str, w: float, end: Any) -> list[Any]:
    """w, A_pre and A_post at the end, with 25 digits."""
    with mp.workdps(25):
        n = {name: mp.mpf(value) for name, value in NUMBERS.items()}
        low, high = n["w_min"], n["w_max"]
        w, a_pre, a_post, last = mp.mpf(w), mp.mpf(0), mp.mpf(0), mp.mpf(0)
        events = [*sorted([(t, 0) for t in pre] + [(t, 1) for t in post]), (end, 2)]
        for t, kind in events:
            a_pre *= mp.exp(-(t - last) / n["tau_pre"])
            a_post *= mp.exp(-(t - last) / n["tau_post"])
            last = t
            if kind == 0:
                a_pre = n["dA_pre"] + (a_pre if pairing == "all_to_all" else 0)
                down = (w - low) / (high - low) if update == "multiplicative" else 1
                w = min(max(w - a_post * down, low), high)
            elif kind == 1:
                a_post = n["dA_post"] + (a_post if pairing == "all_to_all" else 0)
                up = (high - w) / (high - low) if update == "multiplicative" else 1
                w = min(max(w + a_pre * up, low), high)
        return [w, a_pre, a_post]


@pytest.mark.parametrize(
    ("pairing", "update", "axonal", "dendritic"),
    [(*each, 0.0, 0.0) for each in RULES] + [("all_to_all", "additive", 1.37, 2.61)],
)
def test_144_weights_and_traces_equal_their_closed_forms_after_ten_thousand_spikes_of_each_end(
    pairing: str, update: str, axonal: float, dendritic: float
) -> None:
    pre, post = off_grid(10_000, 11.1, 1), off_grid(10_000, 11.3, 2)
    cell = cell_that_spikes_at(post)
    delay = {"pre": axonal * ms, "post": dendritic * ms}
    synapses = Synapses(
        train(pre), cell, exponential, output=current, plasticity=rule(pairing, update, nA), delay=delay
    )
    synapses.connect()
    synapses.w = 2.5 * nA
    sources, targets = SpikeMonitor(synapses.source), SpikeMonitor(cell)
    end = int(min(pre[-1], post[-1]))
    run(end * ms)
    with mp.workdps(25):
        at = 10_000 * end * mp.mpf(defaultclock.dt_)
    arrived, acted = (
        [t for t in exact(*each) if t <= at] for each in ((sources, axonal), (targets, dendritic))
    )
    assert min(len(arrived), len(acted)) > 9700
    expected = followed(arrived, acted, pairing, update, 2.5, at)
    for name, value in zip(["w", "A_pre", "A_post"], expected, strict=True):
        found = mp.mpf(float(getattr(synapses, f"{name}_")[0])) * 10**9
        assert float(abs(found / value - 1)) < 1e-13, name
    assert 0.25 <= float(expected[0]) <= 7.5


def test_a_pair_counts_with_the_time_between_its_spikes() -> None:
    cell = cell_that_spikes_at([12.34])
    synapses = Synapses(train([10.01, 15.0]), cell, exponential, output=current, plasticity=stdp_pair)
    synapses.connect()
    run(12 * ms)
    assert synapses.A_pre_[0] == pytest.approx(0.5e-9 * np.exp(-1.99 / 10), rel=1e-13)
    run(2 * ms)
    assert synapses.w_[0] == pytest.approx(1e-9 + 0.5e-9 * np.exp(-2.33 / 10), rel=1e-13)
    run(2 * ms)
    up, down = 0.5e-9 * np.exp(-2.33 / 10), 0.5e-9 * np.exp(-2.66 / 10)
    assert synapses.w_[0] == pytest.approx(1e-9 + up - down, rel=1e-13)


@pytest.mark.parametrize("delay", [0.0, 0.73])
def test_at_one_instant_the_source_comes_first(delay: float) -> None:
    cell = cell_that_spikes_at([5.21, 5.21 + 2.0])
    late = {"pre": delay * ms, "post": delay * ms}
    synapses = Synapses(
        train([5.21 + 2.0]), cell, exponential, output=current, plasticity=stdp_pair, delay=late
    )
    synapses.connect()
    run(9 * ms)
    assert synapses.w_[0] == pytest.approx(1e-9 * (1 - 0.5 * np.exp(-0.2) + 0.5), rel=1e-13)


def test_a_spike_acts_with_the_weight_that_it_finds() -> None:
    cell = cell_that_spikes_at([5.21])
    synapses = Synapses(train([7.77, 10.0]), cell, voltage_jump, plasticity=stdp_pair)
    synapses.connect()
    trace = StateMonitor(cell, "V", record=True, dt=0.01 * ms)
    run(9 * ms)
    assert trace.V_[0].max() == pytest.approx(1e-3, rel=1e-9)
    found = 1e-3 * (1 - 0.5 * np.exp(-(7.77 - 5.21) / 10))
    assert synapses.w_[0] == pytest.approx(found, rel=1e-13)
    run(2 * ms)
    before = 1e-3 * np.exp(-(10.0 - 7.77) / 2)
    assert trace.V_[0][1000] == pytest.approx(before + found, rel=1e-9)


def test_weights_stay_within_bounds_of_their_own() -> None:
    pre, post = off_grid(300, 3.0, 3), off_grid(300, 3.0, 4)
    cells = NeuronGroup(2, CELL, threshold="kick > 0.5", reset="kick = 0")
    drive = Synapses(train(post), cells, on_pre="kick_post = 1")
    drive.connect()
    synapses = Synapses(train(pre), cells, exponential, output=current, plasticity=stdp_pair)
    synapses.connect()
    synapses.dA_pre = [5.0, 0.1] * nA
    synapses.dA_post = [0.1, 5.0] * nA
    synapses.w_max = [3.0, 2.0] * nA
    synapses.w_min = [0.5, 0.75] * nA
    trace = StateMonitor(synapses, "w", record=True)
    run(900 * ms)
    assert trace.w_[0].max() == 3.0 * 1e-9
    assert trace.w_[1].min() == 0.75 * 1e-9
    assert np.all((trace.w_[0] >= 0.5e-9) & (trace.w_[1] <= 2.0e-9))


@pytest.mark.parametrize(
    ("gate", "output"),
    [(exponential, current), (ampa, conductance(g_max=1e-3 * uS))],
    ids=["exponential", "ampa"],
)
def test_both_plasticities_work_on_one_synapse(gate: Any, output: Any) -> None:
    pre, post = off_grid(200, 7.0, 5), off_grid(200, 7.0, 6)
    one, both = [], []
    for found, plasticity in (
        (one, [tsodyks_markram]),
        (one, [stdp_pair]),
        (both, [tsodyks_markram, stdp_pair]),
        (both, [stdp_pair, tsodyks_markram]),
    ):
        cell = cell_that_spikes_at(post)
        synapses = Synapses(
            train(pre), cell, gate, output=output, plasticity=plasticity, delay=1.1 * ms, name="inputs*"
        )
        synapses.connect()
        spikes = SpikeMonitor(cell)
        sums = StateMonitor(cell, f"s_{synapses.name}", record=True)
        found.append((synapses, sums, spikes))
    run(1000 * ms)
    (short, *_), (long, *_) = one
    for synapses, _, _ in both:
        for other, names in ((short, ["u_", "x_"]), (long, ["w_", "A_pre_", "A_post_"])):
            for name in names:
                assert getattr(synapses, name)[0] == pytest.approx(getattr(other, name)[0], rel=1e-13)
    first, second_ = (each._values(each._variables[0])[0] for _, each, _ in both)
    assert np.max(first) > 0
    assert np.max(np.abs(first - second_)) < 1e-12 * np.max(first)


def releases(times: Any, U: float = 0.15, tau_f: float = 1500, tau_d: float = 200) -> list[float]:
    u, x, last, found = 0.0, 1.0, 0.0, []
    for t in times:
        u *= np.exp(-(t - last) / tau_f)
        x = 1 + (x - 1) * np.exp(-(t - last) / tau_d)
        u += U * (1 - u)
        found.append(u * x)
        x, last = x - u * x, t
    return found


def test_the_sum_is_that_of_weights_times_releases_at_each_spike() -> None:
    pre, post = off_grid(80, 6.0, 7), off_grid(80, 6.0, 8)
    cell = cell_that_spikes_at(post)
    plasticity = [tsodyks_markram, rule("all_to_all", "additive", nA)]
    synapses = Synapses(
        train(pre), cell, exponential(tau=3 * ms), output=current, plasticity=plasticity, name="inputs"
    )
    synapses.connect()
    total = StateMonitor(cell, "s_inputs", record=True)
    single = StateMonitor(synapses, ["s", "I"], record=True)
    end = int(min(pre[-1], post[-1]))
    run(end * ms)
    pre, post, t = pre[pre < end], post[post < end], total.t / ms
    open_, carried = np.zeros(t.size), np.zeros(t.size)
    for k, (at, release) in enumerate(zip(pre, releases(pre), strict=True)):
        found = followed(list(pre[:k]), list(post[post < at]), "all_to_all", "additive", 1.0, at)[0]
        shape = np.where(t >= at, np.exp(-np.maximum(t - at, 0) / 3), 0)
        open_ += release * shape
        carried += float(found) * release * shape
    assert len(pre) > 60
    assert np.max(np.abs(total.s_inputs_[0] / 1e-9 - carried)) < 1e-12 * np.max(carried)
    assert np.max(np.abs(single.I_[0] / 1e-9 - carried)) < 1e-12 * np.max(carried)
    assert np.max(np.abs(single.s_[0] - open_)) < 1e-12 * np.max(open_)


def test_gates_that_do_not_add_up_are_one_per_synapse_to_the_tolerance() -> None:
    pre, post = off_grid(300, 5.0, 9), off_grid(300, 5.0, 10)
    found = []
    for gate, output in ((nmda, conductance(g_max=1 * nS)), (voltage_jump, None)):
        cell = cell_that_spikes_at(post)
        unit = mV if output is None else 1
        synapses = Synapses(
            train(pre),
            cell,
            gate,
            output=output,
            plasticity=rule("all_to_all", "additive", unit),
            name="inputs*",
        )
        synapses.connect()
        found.append((synapses, cell))
    run(1000 * ms)
    (slow, _), (plain, _) = found
    assert plain.A_pre_[0] > 0
    for name in ("w_", "A_pre_", "A_post_"):
        assert getattr(slow, name)[0] == pytest.approx(getattr(plain, name)[0] * 1000, rel=1e-9)
    assert 0 < slow.s[0] < 1
    assert slow.counted[0] > 0


# Mistakes


def ends() -> tuple[SpikeGeneratorGroup, NeuronGroup]:
    return train([1.0]), NeuronGroup(2, lif)


def test_a_weight_outside_its_bounds_is_refused() -> None:
    synapses = Synapses(
        *ends(), exponential, output=conductance, plasticity=stdp_pair(w_max=0.5), name="inputs"
    )
    synapses.connect()
    message = r"inputs: w of synapse 0 is 1 and not between w_min = 0 and w_max = 0.5; set inputs.w, or other bounds"
    with pytest.raises(EvsimValueError, match=message):
        run(1 * ms)
    synapses.w = 0.5
    synapses.w_min = 0.6
    with pytest.raises(EvsimValueError, match="w_min of synapse 0 is above w_max"):
        run(1 * ms)
    synapses.w_min = 0
    run(1 * ms)
    synapses.w[1] = -0.1
    with pytest.raises(EvsimValueError, match=r"w of synapse 1 is -0.1 and not between"):
        run(1 * ms)


def test_a_bound_has_the_unit_of_the_weight() -> None:
    with pytest.raises(DimensionMismatchError, match="w_max of stdp_pair, which has the unit of the weight"):
        Synapses(*ends(), exponential, output=current, plasticity=stdp_pair(w_max=5 * mV))
    with pytest.raises(DimensionMismatchError, match="dA_pre of stdp_pair"):
        Synapses(*ends(), exponential, output=current, plasticity=stdp_pair(dA_pre=0.1))
    with pytest.raises(DimensionMismatchError, match="tau_pre of model stdp_pair"):
        stdp_pair(tau_pre=5 * mV)


def test_an_unknown_variant_is_answered_with_the_nearest() -> None:
    with pytest.raises(EvsimValueError, match=r"pairing of model stdp_pair .*did you mean nearest_neighbour"):
        stdp_pair(pairing="nearest_neighbor")
    with pytest.raises(EvsimValueError, match=r"release of model tsodyks_markram .*did you mean before"):
        tsodyks_markram(release="befor")
    with pytest.raises(EvsimNameError, match=r"stdp_pair has no parameter 'tau_per' .*did you mean tau_pre"):
        stdp_pair(tau_per=5 * ms)


def test_plasticity_needs_a_weight_to_change() -> None:
    with pytest.raises(
        EvsimTypeError, match="plasticity=stdp_pair goes with a gate as model, whose weight it changes"
    ):
        Synapses(*ends(), on_pre="V_post += 1*mV", plasticity=stdp_pair)
    with pytest.raises(EvsimTypeError, match="plasticity is a model such as stdp_pair, or a list"):
        Synapses(*ends(), exponential, output=current, plasticity="stdp_pair")
    with pytest.raises(EvsimTypeError, match="plasticity is a model such as stdp_pair, or a list"):
        Synapses(*ends(), exponential, output=current, plasticity=exponential)
    with pytest.raises(EvsimValueError, match="the plasticity stdp_pair is given twice"):
        Synapses(*ends(), exponential, output=current, plasticity=[stdp_pair, stdp_pair(w_max=3 * nA)])


def test_targets_that_never_spike_are_refused() -> None:
    cell = NeuronGroup(1, "dV/dt = -V/ms : volt", name="cell")
    synapses = Synapses(train([1.0]), cell, voltage_jump, plasticity=stdp_pair, name="inputs")
    synapses.connect()
    with pytest.raises(EvsimValueError, match="target of inputs: cell has no threshold and never spikes"):
        run(1 * ms)


def test_arrays_of_parameters_are_set_after_connecting() -> None:
    with pytest.raises(EvsimTypeError, match="tau_pre of stdp_pair is an array; give one value here"):
        Synapses(*ends(), exponential, output=current, plasticity=stdp_pair(tau_pre=[1, 2] * ms))
    synapses = Synapses(*ends(), exponential, output=current, plasticity=stdp_pair)
    with pytest.raises(EvsimAttributeError, match="no variable 'tau_prae'"):
        synapses.tau_prae = 3 * ms


def test_gates_of_single_synapses_are_recorded_from_the_first_run_on() -> None:
    synapses = Synapses(*ends(), exponential, output=current, plasticity=stdp_pair, name="inputs")
    synapses.connect()
    run(1 * ms)
    with pytest.raises(
        EvsimError, match=r"inputs has run already, .* make the StateMonitor before the first run"
    ):
        StateMonitor(synapses, ["s", "w"], record=True)
    StateMonitor(synapses, ["w", "A_pre"], record=True)


@pytest.mark.parametrize("gate", [exponential, ampa, nmda], ids=lambda gate: gate.name)
@pytest.mark.parametrize("plasticity", [tsodyks_markram, stdp_pair], ids=lambda model: model.name)
def test_there_may_be_no_synapses(gate: Any, plasticity: Any) -> None:
    synapses = Synapses(*ends(), gate, output=conductance, plasticity=plasticity)
    synapses.connect(p=0)
    run(3 * ms)
    assert len(synapses) == 0
