"""Event code and conditions on all that is integrated: variables of synapses, states of neurons, sums."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    second,
    seed,
)
from evsim.errors import EvsimError

FALLING = "ds/dt = -s*s/(10*ms) : 1 (clock-driven)"
DECAYING = "dv/dt = -v/(10*ms) : 1"


def fallen(s: float, span: float) -> float:
    """What FALLING makes of s in `span` ms."""
    return s / (1 + s * span / 10)


def given(*times: float) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, [0] * len(times), np.array(times) * ms)


def onto(source: object, target: object, model: str, delay: float = 0.3, **more: object) -> Synapses:
    synapses = Synapses(source, target, model, name="s", delay=delay * ms, **more)
    synapses.connect()
    return synapses


def test_an_arrival_hands_over_what_the_synapse_has_then() -> None:
    source, cells = given(1.03, 5.5), NeuronGroup(2, DECAYING)
    s = onto(source, cells, FALLING, on_pre="v_post += s")
    s.s, cells.v = [1, 2], [0.1, 0.2]
    Network(source, cells, s).run(10 * ms)
    for k in (0, 1):
        v = (0.1 + 0.1 * k) * exp(-0.133) + fallen(1 + k, 1.33)
        v = v * exp(-0.447) + fallen(1 + k, 5.8)
        assert cells.v[k] == pytest.approx(v * exp(-0.42), rel=1e-10)
        assert s.s[k] == pytest.approx(fallen(1 + k, 10), rel=1e-10)


def test_an_arrival_takes_on_what_the_target_has_then() -> None:
    source, cells = given(1.03, 5.5), NeuronGroup(2, DECAYING)
    s = onto(source, cells, FALLING, on_pre="s += v_post")
    s.s, cells.v = 1, [0.1, 0.2]
    Network(source, cells, s).run(10 * ms)
    for k, v in enumerate((0.1, 0.2)):
        first = fallen(1, 1.33) + v * exp(-0.133)
        second_ = fallen(first, 4.47) + v * exp(-0.58)
        assert s.s[k] == pytest.approx(fallen(second_, 4.2), rel=1e-10)


def test_statements_act_one_after_the_other_on_synapse_target_and_source() -> None:
    """All three are halved, summed and handed on in the order of the text."""
    source = NeuronGroup(1, "dv/dt = 1/(10*ms) : 1\nx : 1", threshold="v > 1", reset="v = 0")
    cells = NeuronGroup(1, "u : 1")
    code = "s += 2*x_pre; u_post += s; x_pre = u_post/2; h = u_post; s = h - x_pre"
    s = onto(source, cells, FALLING, 2.5, on_pre=code)
    source.x, cells.u, s.s = 3, 1, 0.8
    Network(source, cells, s).run(15 * ms)
    u = 1 + fallen(0.8, 12.5) + 6
    assert cells.u[0] == pytest.approx(u, rel=1e-10)
    assert source.x[0] == pytest.approx(u / 2, rel=1e-10)
    assert s.s[0] == pytest.approx(fallen(u / 2, 2.5), rel=1e-10)


def test_a_spike_of_the_target_hands_over_too() -> None:
    """The target spikes at 10 ms and adds, after its reset, what its synapse has; so it spikes again, at 19 ms."""
    source = given()
    cells = NeuronGroup(1, "dv/dt = 1/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    s = Synapses(source, cells, FALLING, on_post="v_post += 0.2*s; s += v_post")
    s.connect()
    s.s = 1
    spikes = SpikeMonitor(cells)
    Network(source, cells, s, spikes).run(19.5 * ms)
    assert np.allclose(spikes.t / ms, [10, 19], rtol=1e-11, atol=0)
    second_ = fallen(0.6, 9)
    assert s.s[0] == pytest.approx(fallen(1.2 * second_, 0.5), rel=1e-10)


def test_the_last_spike_of_the_target_reaches_an_integrated_variable() -> None:
    cells = NeuronGroup(1, "dv/dt = 1/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    source = given(14.5)
    s = onto(source, cells, FALLING, 0.25, on_pre="s += (t - lastspike_post)/ms")
    s.s = 1
    Network(source, cells, s).run(16 * ms)
    assert s.s[0] == pytest.approx(fallen(fallen(1, 14.75) + 4.75, 1.25), rel=1e-10)


def test_one_draw_serves_a_neuron_and_an_integrated_variable() -> None:
    seed(3)
    source, cells = given(1.0), NeuronGroup(3, "u : 1")
    s = onto(source, cells, FALLING, on_pre="h = rand(); s += h; u_post += h")
    Network(source, cells, s).run(2 * ms)
    assert len(set(cells.u[:])) == 3
    assert np.allclose(s.s, [fallen(each, 0.7) for each in cells.u[:]], rtol=1e-10, atol=0)


def test_what_is_handed_over_makes_a_spike_at_its_instant() -> None:
    source = given(1.03)
    cells = NeuronGroup(1, DECAYING, threshold="v > 0.8", reset="v = 0")
    s = onto(source, cells, FALLING, on_pre="v_post += s")
    s.s = 1
    spikes = SpikeMonitor(cells)
    Network(source, cells, s, spikes).run(5 * ms)
    assert (spikes.t / ms).tolist() == pytest.approx([1.33], abs=1e-12)


def test_synapses_without_members_do_nothing() -> None:
    source, cells = given(1.03), NeuronGroup(1, "u : 1")
    s = Synapses(source, cells, FALLING, on_pre="u_post += s", name="s")
    s.connect(False)
    Network(source, cells, s).run(2 * ms)
    assert cells.u[0] == 0


def test_a_source_of_spikes_takes_nothing_on() -> None:
    source = NeuronGroup(1, "dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0")
    target = given(2.0)
    s = onto(source, target, FALLING, on_pre="v_pre = s")
    with pytest.raises(
        EvsimError, match="v is changed by s, which is integrated at every instant, and the target"
    ):
        Network(source, target, s).run(2 * ms)


# Sums with both


def test_a_gate_times_the_difference_of_potentials() -> None:
    """Two passive cells, joined by conductances that decay: their difference follows a closed form."""
    cells = NeuronGroup(2, "dv/dt = I/(10*ms) : 1\nI : 1")
    s = Synapses(cells, cells, FALLING + "\nI_post = s*(v_pre - v_post) : 1 (summed)", name="s")
    s.connect("i != j")
    s.s, cells.v = 1, [1, 0]
    trace = StateMonitor(cells, "I", record=True, dt=0.37 * ms)
    Network(cells, s, trace).run(10 * ms)
    # d'/d = -2 s/10 ms with s = 1/(1 + t/10 ms), so d = (1 + t/10 ms)**-2
    assert cells.v[0] - cells.v[1] == pytest.approx(0.25, rel=1e-10)
    at = 1 + trace.t / (10 * ms)
    assert np.allclose(trace.I[0], -(at**-3), rtol=1e-9, atol=0)


# Sums in conditions and in code


def summing(threshold: str, reset: str, code: str = "", **more: object) -> tuple[Network, Sequence[object]]:
    """v relaxes to 1.5; I is 0.6*exp(-t/5 ms) and 0.3*exp(-t/5 ms) for the two neurons."""
    model = "dv/dt = (1.5 - v + I)/(10*ms) : 1\nI : 1"
    cells = NeuronGroup(2, model, threshold=threshold, reset=reset, **more)
    driving = NeuronGroup(2, "dx/dt = -x/(5*ms) : 1")
    driving.x = [2, 1]
    s = Synapses(driving, cells, "I_post = 0.3*x_pre : 1 (summed)")
    s.connect(j="i")
    spikes = SpikeMonitor(cells)
    parts = [cells, driving, s, spikes]
    if code:
        back = Synapses(cells, driving, on_pre=code)
        back.connect(j="i")
        parts.append(back)
    return Network(*parts), parts


def test_a_sum_in_a_threshold_is_met_at_its_instant() -> None:
    """v + I = 1.5 - (1.5 - a)*exp(-t/10 ms) for I = a*exp(-t/5 ms)."""
    network, (_cells, _driving, _s, spikes) = summing("v + I > 1", "v = -10")
    network.run(10 * ms)
    assert np.allclose(spikes.t / ms, [10 * log(1.8), 10 * log(2.4)], rtol=1e-11, atol=0)


def test_a_reset_takes_a_sum_as_it_is_then() -> None:
    network, (cells, _driving, _s, spikes) = summing("v > 1", "v = -5 + I", refractory="1*second")
    monitored = StateMonitor(cells, "I", record=True, dt=1 * ms)
    network.add(monitored)
    network.run(20 * ms)
    # v = 1.5 (1 - exp(-t/10)) + a (exp(-t/10) - exp(-t/5)); with y = exp(-t/10): a y^2 + (1.5 - a) y - 0.5 = 0
    assert sorted(spikes.i[:]) == [0, 1]
    for neuron, a in ((0, 0.6), (1, 0.3)):
        y = (-(1.5 - a) + np.sqrt((1.5 - a) ** 2 + 2 * a)) / (2 * a)
        at = -10 * log(y)
        assert float((spikes.t / ms)[list(spikes.i[:]).index(neuron)]) == pytest.approx(at, rel=1e-11)
        since = 20 - at
        v = (-5 + a * y * y) * exp(-since / 10) + 1.5 * (1 - exp(-since / 10))
        v += a * y * y * (exp(-since / 10) - exp(-since / 5))
        assert cells.v[neuron] == pytest.approx(v, rel=1e-10)


def test_code_reads_the_sums_of_both_ends() -> None:
    network, (_cells, driving, _s, spikes, *_) = summing("v + I > 1", "v = -10", "x_post += 0.5*I_pre")
    network.run(10 * ms)
    for neuron, a in ((0, 0.6), (1, 0.3)):
        y = 0.5 / (1.5 - a)  # exp(-t/10 ms) at its spike
        x = a / 0.3 * y * y + 0.5 * a * y * y
        assert driving.x[neuron] == pytest.approx(x * (exp(-1) / y) ** 2, rel=1e-10)
    assert spikes.count[:].tolist() == [1, 1]


def test_a_sum_that_jumps_makes_a_spike_at_once() -> None:
    """Nothing arrives at the cell itself: what it sums jumps at 3.21 ms."""
    source, driving = given(3.0), NeuronGroup(1, "x : 1")
    cells = NeuronGroup(1, "I : 1\nv : 1", threshold="I + v > 0.5", reset="v -= 1")
    s = Synapses(driving, cells, "I_post = x_pre : 1 (summed)")
    s.connect()
    arriving = onto(source, driving, "", 0.21, on_pre="x_post += 0.7")
    spikes = SpikeMonitor(cells)
    Network(source, driving, cells, s, arriving, spikes).run(5 * ms)
    assert (spikes.t / ms).tolist() == pytest.approx([3.21], abs=1e-12)


def test_a_sum_holds_a_neuron_refractory_until_it_has_fallen() -> None:
    """After its spike at 10 ms it rests until x = 3*exp(-t/5 ms) is 0.3, at 11.51 ms, and v is over 1 again."""
    cells = NeuronGroup(
        1, "dv/dt = 1/(10*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0.95", refractory="I > 0.3"
    )
    driving = NeuronGroup(1, "dx/dt = -x/(5*ms) : 1")
    driving.x = 3
    s = Synapses(driving, cells, "I_post = x_pre : 1 (summed)")
    s.connect()
    spikes = SpikeMonitor(cells)
    Network(cells, driving, s, spikes).run(11.7 * ms)
    assert np.allclose(spikes.t / ms, [10, 5 * log(10)], rtol=1e-11, atol=0)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bits_in_pieces_and_for_any_number_of_threads(threads: int) -> None:
    def end(*pieces: float) -> list[float]:
        network, (cells, driving, _s, spikes, *_) = summing("v + I > 1", "v = 0.2*I", "x_post += 0.5*I_pre")
        for each in pieces:
            network.run(each * ms, threads=threads)
        return [*cells.v[:], *driving.x[:], *spikes.t[:]]

    assert end(20) == end(3.3, 0.05, 16.65)


def test_on_the_grid_sums_are_those_at_the_start_of_the_step() -> None:
    """Threshold and reset take x as it was before the step of 0.1 ms, as all of the step does."""
    cells = NeuronGroup(1, "I : 1\nv : 1", threshold="I < 0.5", reset="v = I", refractory=10 * second)
    driving = NeuronGroup(1, "dx/dt = -x/(5*ms) : 1", method="exact")
    driving.x = 1
    s = Synapses(driving, cells, "I_post = x_pre : 1 (summed)")
    s.connect()
    spikes = SpikeMonitor(cells)
    Network(cells, driving, s, spikes).run(5 * ms, timing="grid")
    step = int(np.ceil(5 * log(2) / 0.1))
    assert (spikes.t / ms).tolist() == pytest.approx([0.1 * step])
    assert cells.v[0] == pytest.approx(exp(-0.1 * step / 5), rel=1e-10)
