"""What a user expects of sources, slices, synapses and networks: one test for each row of the list of features."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

C_m, g_L, E_L, tau_syn = 0.4 * nF, 20 * nS, -70 * mV, 5 * ms
CURRENT_DRIVEN = """dV/dt = (g_L*(E_L - V) + I_syn)/C_m : volt
                    dI_syn/dt = -I_syn/tau_syn : amp"""
CONSTANT_AND_DRIVEN = """dV/dt = (g_L*(E_L - V) + I_syn + 0.44*nA)/C_m : volt
                         dI_syn/dt = -I_syn/tau_syn : amp"""


def one_spike(at: float = 1.0) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, [0], [at] * ms)


def intervals(spikes: SpikeMonitor) -> list[np.ndarray]:
    return [np.diff(train / ms) for train in spikes.spike_trains().values()]


# D. Sources and subgroups


def test_51_poisson_counts_have_mean_and_variance_of_the_rate() -> None:
    group = PoissonGroup(10000, 2 * Hz)
    spikes = SpikeMonitor(group)
    run(1 * second)
    assert abs(spikes.num_spikes - 20000) < 5 * np.sqrt(20000)
    assert abs(np.var(spikes.count) / 2 - 1) < 5 * np.sqrt((2 + 1 / 2) / 10000)
    assert PoissonGroup(1, 2 / second).rates[0] == 2 * Hz
    with pytest.raises(DimensionMismatchError, match="rates"):
        PoissonGroup(10, 2 * amp)
    with pytest.raises(EvsimError, match="2 values for 10 elements"):
        PoissonGroup(10, rates=[1, 2] * Hz)


def test_52_slices_of_a_poisson_group_are_sources_with_their_own_indices() -> None:
    group, target = PoissonGroup(10000, 2 * Hz), NeuronGroup(2, "n : 1")
    first = Synapses(group[0:8000], target[:1], on_pre="n_post += 1")
    second_ = Synapses(group[8000:10000], target[1:], on_pre="n_post += 1")
    for synapses in (first, second_):
        synapses.connect()
    spikes = SpikeMonitor(group)
    run(100 * ms)
    assert (len(first.source), len(second_.source)) == (8000, 2000)
    assert second_.i.max() == 1999
    assert target.n[:].tolist() == [np.sum(spikes.i < 8000), np.sum(spikes.i >= 8000)]
    assert target.n[0] > 1000


def test_53_slices_of_a_neuron_group_are_sources_and_targets() -> None:
    group = NeuronGroup(1000, "dv/dt = r : 1\nr : Hz\nn : 1", threshold="v > 1", reset="v = 0")
    assert (len(group[:800]), len(group[800:])) == (800, 200)
    group[800:].r = 100 * Hz
    synapses = Synapses(group[800:], group[:800], on_pre="n_post += 1")
    synapses.connect(i=0, j=[3, 4])
    run(11 * ms)
    assert np.flatnonzero(group.n[:]).tolist() == [3, 4]


def test_54_slices_emit_the_same_spikes_as_the_whole() -> None:
    group = PoissonGroup(100, 50 * Hz)
    whole, low, high = SpikeMonitor(group), SpikeMonitor(group[:60]), SpikeMonitor(group[60:])
    run(200 * ms)
    union = sorted([*zip(low.t_, low.i, strict=True), *zip(high.t_, high.i + 60, strict=True)])
    assert union == sorted(zip(whole.t_, whole.i, strict=True))
    assert whole.num_spikes > 500


# E. Synapses and connectivity


def test_55_code_runs_after_each_spike_of_the_source_only() -> None:
    source, target = SpikeGeneratorGroup(1, [0, 0], [1, 3] * ms), NeuronGroup(2, "v : 1")
    synapses = Synapses(source, target, on_pre="v_post += 1")
    synapses.connect(i=0, j=0)
    trace = StateMonitor(target, "v", record=True, dt=0.5 * ms)
    run(4 * ms)
    assert trace.v.tolist() == [[0, 0, 1, 1, 1, 1, 2, 2], [0] * 8]


@pytest.mark.parametrize("code", ["I_syn += 1*nA", "I_syn_post += 1*nA", "I_syn_post = I_syn_post + 1*nA"])
def test_56_all_spellings_act_on_the_target(code: str) -> None:
    source, target = one_spike(), NeuronGroup(1, CURRENT_DRIVEN)
    target.V = E_L
    synapses = Synapses(source, target, on_pre=code)
    synapses.connect()
    run(6 * ms)
    assert target.I_syn[0] / nA == pytest.approx(np.exp(-1), rel=1e-13)


@pytest.mark.parametrize("code", ["v_post += w", "v += w"])
def test_56_the_weight_of_the_synapse_acts_on_the_target(code: str) -> None:
    source, target = one_spike(), NeuronGroup(2, "v : 1")
    synapses = Synapses(source, target, "w : 1", on_pre=code)
    synapses.connect()
    synapses.w = [0.2, 0.3]
    run(2 * ms)
    assert target.v[:].tolist() == [0.2, 0.3]


def test_57_an_inhibitory_spike_lowers_the_current() -> None:
    source, target = one_spike(), NeuronGroup(1, CURRENT_DRIVEN)
    target.V = E_L
    synapses = Synapses(source, target, on_pre="I_syn -= 0.0625*nA")
    synapses.connect()
    trace = StateMonitor(target, "I_syn", record=True)
    run(2 * ms)
    assert trace.I_syn[0, 9] == 0 * nA
    assert trace.I_syn[0, 10] / nA == pytest.approx(-0.0625, rel=1e-14)


def test_58_synapses_have_variables_of_their_own() -> None:
    group = NeuronGroup(2, "v : 1\nV : volt")
    plain = Synapses(group, group, "w : 1", on_pre="v_post += w")
    volts = Synapses(group, group, "w : volt", on_pre="V_post += w")
    for synapses in (plain, volts):
        synapses.connect()
    plain.w = 0.2
    plain.w[2] = 7
    volts.w = 0.2 * mV
    assert plain.w[:].tolist() == [0.2, 0.2, 7, 0.2]
    assert np.allclose(volts.w / mV, 0.2, rtol=1e-14, atol=0)
    plain.w[0, 1], plain.w["i == j"] = 5, "10*(i + 1)"
    assert plain.w[:].tolist() == [10, 5, 7, 20]
    assert (plain.w[0, 1].tolist(), plain.w[1, :].tolist()) == ([5], [7, 20])
    with pytest.raises(EvsimError, match="index 7 is out of range"):
        plain.w[0, 7]


def test_59_without_an_assignment_there_is_no_effect() -> None:
    source, target = one_spike(), NeuronGroup(1, "v : 1")
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w")
    synapses.connect()
    run(2 * ms)
    assert target.v[0] == synapses.w[0] == 0


@pytest.mark.parametrize("delay", [1, 1.2345678, 0])
def test_60_the_effect_comes_exactly_one_delay_later(delay: float) -> None:
    source = one_spike()
    target = NeuronGroup(1, "v : 1", threshold="v > 0.5", reset="v = 0")
    synapses = Synapses(source, target, on_pre="v_post += 1", delay=delay * ms)
    synapses.connect()
    spikes = SpikeMonitor(target)
    run(3 * ms)
    assert spikes.t / ms == pytest.approx([1 + delay], rel=1e-15)


def test_61_connect_makes_all_pairs() -> None:
    source, target = PoissonGroup(30, 1 * Hz), NeuronGroup(20, "v : 1")
    synapses = Synapses(source, target, on_pre="v_post += 1")
    synapses.connect()
    assert synapses.N == 600


def test_62_connect_takes_indices_and_checks_them() -> None:
    group = NeuronGroup(3, "v : 1")
    synapses = Synapses(group, group, on_pre="v_post += 1")
    synapses.connect(i=0, j=1)
    assert (synapses.i.tolist(), synapses.j.tolist()) == ([0], [1])
    more = Synapses(group, group, on_pre="v_post += 1")
    more.connect(i=0, j=[1, 2])
    assert (more.i.tolist(), more.j.tolist()) == ([0, 0], [1, 2])
    with pytest.raises(EvsimError, match="out of range"):
        more.connect(i=0, j=3)


def test_63_connect_takes_a_condition() -> None:
    group = NeuronGroup(50, "v : 1")
    synapses = Synapses(group, group, on_pre="v_post += 1")
    synapses.connect(condition="i != j")
    assert synapses.N == len(synapses) == 50 * 49
    assert set(zip(synapses.i, synapses.j, strict=True)) == {
        (i, j) for i in range(50) for j in range(50) if i != j
    }
    thinned = Synapses(group, group, on_pre="v_post += 1")
    thinned.connect(condition="i != j", p=0.1)
    assert abs(thinned.N - 245) < 5 * np.sqrt(245 * 0.9)
    assert np.all(thinned.i != thinned.j)


def test_64_connect_takes_a_probability() -> None:
    group = NeuronGroup(1000, "v : 1")
    excitatory = Synapses(group[:800], group, on_pre="v_post += 1")
    inhibitory = Synapses(group[800:], group, on_pre="v_post -= 1")
    excitatory.connect(p=0.02)
    inhibitory.connect(p=0.02)
    assert abs(excitatory.N - 16000) < 5 * 125
    assert abs(inhibitory.N - 4000) < 5 * 63
    assert np.sum(excitatory.i == excitatory.j) > 0
    degree = excitatory.N_incoming_post
    assert abs(degree.mean() - 16) < 0.7
    assert abs(degree.var() / (800 * 0.02 * 0.98) - 1) < 0.25
    assert abs(inhibitory.N_incoming_post.mean() - 4) < 0.35
    weighted = Synapses(group[:5], group[:3], "w : 1", on_pre="v_post += w")
    weighted.connect("i >= j")
    weighted.w = "1.0/N_incoming"
    assert (weighted.N_pre, weighted.N_post) == (5, 3)
    assert np.bincount(weighted.j, weights=weighted.w[:]) == pytest.approx([1, 1, 1], rel=1e-15)
    assert weighted.N_outgoing.tolist() == weighted.N_outgoing_pre[weighted.i].tolist()


def test_65_connections_may_depend_on_distance() -> None:
    group = NeuronGroup(100, "x : meter\nv : 1")
    group.x = "i*10*um"
    near = Synapses(group, group, on_pre="v_post += 1")
    near.connect("abs(x_pre - x_post) < 25*um and i != j")
    assert near.N == 2 * 99 + 2 * 98
    fading = Synapses(group, group, on_pre="v_post += 1")
    fading.connect(p="exp(-abs(x_pre - x_post)/(50*um))")
    assert np.abs(fading.i - fading.j).mean() < 10


def test_66_several_synapses_add_up_in_one_variable() -> None:
    source, target = one_spike(), NeuronGroup(1, CURRENT_DRIVEN)
    target.V = E_L
    both = [Synapses(source, target, on_pre=f"I_syn += {w}*nA") for w in (1, 2)]
    for synapses in both:
        synapses.connect()
    trace = StateMonitor(target, "I_syn", record=True)
    run(2 * ms)
    assert trace.I_syn[0, 10] / nA == pytest.approx(3, rel=1e-14)


def test_67_a_group_may_be_connected_to_itself() -> None:
    group = NeuronGroup(10, "dv/dt = (1.1 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    group.v = "i/10.0"
    synapses = Synapses(group, group, on_pre="v_post -= 0.01", delay=0.7 * ms)
    synapses.connect(p=0.5)
    spikes = SpikeMonitor(group)
    run(100 * ms)
    assert np.all(spikes.count >= 3)
    assert np.all(spikes.count <= 5)


def test_68_a_synaptic_current_jumps_and_decays() -> None:
    source, target = one_spike(1.05), NeuronGroup(1, CURRENT_DRIVEN)
    target.V = E_L
    synapses = Synapses(source, target, on_pre="I_syn += 0.01*nA")
    synapses.connect()
    trace = StateMonitor(target, "I_syn", record=True)
    run(20 * ms)
    t = trace.t / ms
    expected = np.where(t > 1.05, 0.01 * np.exp(-(t - 1.05) / 5), 0)
    assert np.allclose(trace.I_syn[0] / nA, expected, rtol=1e-13, atol=0)


def test_69_a_synapse_may_have_equations_of_its_own() -> None:
    source, target = SpikeGeneratorGroup(2, [0, 1, 0], [1.05, 2, 4.43] * ms), NeuronGroup(1, "v : 1")
    synapses = Synapses(source, target, "dg/dt = -g/(5*ms) : 1 (event-driven)", on_pre="g += 1\nv_post += g")
    synapses.connect()
    trace = StateMonitor(synapses, "g", record=True)
    run(10 * ms)
    t = trace.t / ms
    first, third = (np.where(t > at, np.exp(-(t - at) / 5), 0) for at in (1.05, 4.43))
    assert np.allclose(trace.g[0], first + third, rtol=1e-13, atol=0)
    assert target.v[0] == pytest.approx(1 + 1 + (1 + np.exp(-3.38 / 5)), rel=1e-13)


def test_69_equations_of_synapses_may_drive_the_neurons_at_every_instant() -> None:
    source = SpikeGeneratorGroup(2, [0, 1], [1.05, 2] * ms)
    target = NeuronGroup(1, "dv/dt = (g - v)/(10*ms) : 1\ng : 1")
    synapses = Synapses(
        source,
        target,
        """dx/dt = -x/(2*ms) : 1 (clock-driven)
           dy/dt = (x*(1 - y) - y)/(5*ms) : 1 (clock-driven)
           g_post = 3*y : 1 (summed)""",
        on_pre="x += 1",
    )
    synapses.connect()
    run(10 * ms)

    def slope(values: np.ndarray) -> np.ndarray:
        x1, y1, x2, y2, v = values
        return np.array(
            [-x1 / 2, (x1 * (1 - y1) - y1) / 5, -x2 / 2, (x2 * (1 - y2) - y2) / 5, (3 * (y1 + y2) - v) / 10]
        )

    values = np.zeros(5)
    for jump, length in ((0, 0.95), (2, 8.0)):
        values[jump] += 1
        h = length / 10_000 if jump else length / 1000
        for _ in range(round(length / h)):
            k1 = slope(values)
            k2 = slope(values + h / 2 * k1)
            k3 = slope(values + h / 2 * k2)
            values = values + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(values + h * k3))
    assert target.v[0] == pytest.approx(values[4], rel=1e-7)


# G. Known results of driven cells and networks


def driven_cell(reset: str, weights: list[tuple[int, int, str]]) -> np.ndarray:
    """Mean current (nA), spikes and interval CV of a cell behind slices of 10000 Poisson processes, means of 20 s."""
    found = []
    for number in range(20):
        start_scope()
        seed(number)
        source = PoissonGroup(10000, rates=2 * Hz)
        cell = NeuronGroup(1, CURRENT_DRIVEN, threshold="V > -50*mV", reset=reset)
        cell.V = E_L
        connections = [Synapses(source[a:b], cell, on_pre=f"I_syn += {weight}") for a, b, weight in weights]
        for synapses in connections:
            synapses.connect()
        trace, spikes = StateMonitor(cell, "I_syn", record=True), SpikeMonitor(cell)
        run(1 * second)
        (gaps,) = intervals(spikes)
        found.append((np.mean(trace.I_syn[0]) / nA, spikes.num_spikes, gaps.std() / gaps.mean()))
    return np.mean(found, axis=0)


def test_89_a_mean_driven_cell_fires_regularly() -> None:
    current, rate, cv = driven_cell("V = -90*mV", [(0, 10000, "0.01*nA")])
    assert current == pytest.approx(0.995, abs=3 * 0.007 / np.sqrt(20))
    assert rate == pytest.approx(58.5, abs=3 * 0.6 / np.sqrt(20))
    assert cv == pytest.approx(0.051, abs=0.005)


def test_90_a_fluctuation_driven_cell_fires_irregularly() -> None:
    current, rate, cv = driven_cell("V = E_L", [(0, 8000, "0.02*nA"), (8000, 10000, "-0.0625*nA")])
    assert current == pytest.approx(0.348, abs=3 * 0.023 / np.sqrt(20))
    assert rate == pytest.approx(12.8, abs=3 * 2.7 / np.sqrt(20))
    assert cv == pytest.approx(0.67, abs=3 * 0.17 / np.sqrt(20))


def test_91_uncoupled_cells_above_threshold_fire_at_one_rate() -> None:
    cells = NeuronGroup(20, CONSTANT_AND_DRIVEN, threshold="V > -50*mV", reset="V = -90*mV")
    cells.V = "E_L + rand()*20*mV"
    spikes = SpikeMonitor(cells)
    run(1 * second)
    for gaps in intervals(spikes):
        assert 1000 / gaps.mean() == pytest.approx(16.42, abs=0.005)
        assert gaps.std() / gaps.mean() < 1e-13


def test_92_a_random_start_avoids_artificial_synchrony() -> None:
    distinct = []
    for start in ("E_L", "E_L + rand()*20*mV"):
        start_scope()
        cells = NeuronGroup(20, CONSTANT_AND_DRIVEN, threshold="V > -50*mV", reset="V = -90*mV")
        cells.V = start
        spikes = SpikeMonitor(cells)
        run(100 * ms)
        counts = spikes.num_spikes, len(set(spikes.t_.tolist()))
        assert counts[0] >= 20
        distinct.append(counts[1] == (counts[0] if "rand" in start else counts[0] / 20))
    assert distinct == [True, True]


def test_93_the_recurrent_network_fires_asynchronously_and_regularly() -> None:
    rates, variations = [], []
    for number in (1, 2, 3):
        start_scope()
        seed(number)
        cells = NeuronGroup(1000, CONSTANT_AND_DRIVEN, threshold="V > -50*mV", reset="V = -90*mV")
        cells.V = "E_L + rand()*20*mV"
        excitatory = Synapses(cells[:800], cells, on_pre="I_syn += 100*pA")
        inhibitory = Synapses(cells[800:], cells, on_pre="I_syn -= 200*pA")
        for synapses in (excitatory, inhibitory):
            synapses.connect(p=0.02)
        spikes = SpikeMonitor(cells)
        run(1 * second)
        cv = [gaps.std() / gaps.mean() for gaps in intervals(spikes) if gaps.size > 2]
        rates.append(spikes.num_spikes / 1000)
        variations.append(np.mean(cv))
    assert rates == [pytest.approx(26.2, abs=1.2)] * 3
    assert np.mean(rates) == pytest.approx(26.2, abs=0.7)  # of one network 26.2 +- 0.4
    assert np.mean(variations) == pytest.approx(0.090, abs=0.005)
