"""Registered models in a user's script: neurons, gates with an output, monitors of single synapses."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.models import current, exponential, lif, voltage_jump


def test_a_neuron_model_brings_parameters_start_and_events() -> None:
    cell = NeuronGroup(2, lif(C_m=0.4 * nF, g_L=20 * nS, I_stim=0.44 * nA, V_reset=-90 * mV, t_ref=0 * ms))
    assert cell.C_m / nF == pytest.approx(0.4, rel=1e-15)
    assert np.allclose(cell.V / mV, -70, rtol=1e-14, atol=0)
    spikes = SpikeMonitor(cell)
    run(500 * ms)
    assert spikes.count.tolist() == [8, 8]
    assert spikes.t[0] / ms == pytest.approx(20 * np.log(11), rel=1e-12)


def test_parameters_of_a_model_may_differ_between_neurons() -> None:
    cell = NeuronGroup(3, lif)
    cell.I_stim = [0, 1, 2] * nA
    cell[1:].g_L = 5 * nS
    assert np.allclose(cell.I_stim / nA, [0, 1, 2], rtol=1e-14, atol=0)
    assert cell.g_L[0] != cell.g_L[1] == cell.g_L[2] == 5 * nS
    with pytest.raises(EvsimError, match="2 values for 3 elements"):
        cell.C_m = [1, 2] * nF
    assert np.ndim(cell.C_m) == 0


@pytest.mark.parametrize("first", [0, 1])
def test_different_values_count_before_the_first_run_and_after_it(first: int) -> None:
    cell = NeuronGroup(2, lif(I_stim=0 * nA))
    run(first * 10 * ms)
    cell.I_stim, cell.g_L = [0.2, 0.4] * nA, [20, 40] * nS
    run(20 * ms)
    assert (cell.I_stim / nA).tolist() == pytest.approx([0.2, 0.4], rel=1e-14)
    expected = -70 + 10 * (1 - np.exp([-1, -2]))
    assert cell.V / mV == pytest.approx(expected, rel=1e-13)


def test_a_gate_with_an_output_drives_the_input_of_its_target() -> None:
    source = SpikeGeneratorGroup(2, [0, 1], [1.03, 2.55] * ms)
    cell = NeuronGroup(3, lif)
    synapses = Synapses(source, cell, exponential, output=current, delay=1.3 * ms)
    synapses.connect(i=[0, 1], j=[0, 0])
    assert np.allclose(synapses.w / nA, 1, rtol=1e-14, atol=0)
    synapses.w = [1, -2] * nA
    synapses.tau = 5 * ms
    trace = StateMonitor(cell, "I_syn", record=True)
    single = StateMonitor(synapses, ["s", "I"], record=[0, 1])
    run(8 * ms)
    t = trace.t / ms

    def gate(start: float) -> np.ndarray:
        return np.where(t > start, np.exp(-(t - start) / 5), 0)

    assert np.allclose(trace.I_syn[0] / nA, gate(2.33) - 2 * gate(3.85), rtol=1e-12, atol=1e-15)
    assert np.all(trace.I_syn[1] == 0 * nA)
    assert np.allclose(single.s[0], gate(1.03), rtol=1e-12, atol=0)
    assert np.allclose(single.I[1] / nA, -2 * gate(3.85), rtol=1e-12, atol=0)


def test_several_synapses_share_one_input() -> None:
    source, cell = SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif)
    both = [Synapses(source, cell, exponential(tau=tau), output=current) for tau in (2 * ms, 4 * ms)]
    for synapses in both:
        synapses.connect()
    run(3 * ms)
    assert cell.I_syn[0] / nA == pytest.approx(np.exp(-1) + np.exp(-0.5), rel=1e-13)


def test_a_voltage_jump_moves_the_membrane_at_once() -> None:
    source, cell = SpikeGeneratorGroup(1, [0], [1.234] * ms), NeuronGroup(1, "v : volt")
    jump = Synapses(source, cell, voltage_jump)
    jump.connect()
    jump.w = 3 * mV
    run(2 * ms)
    assert cell.v[0] / mV == pytest.approx(3, rel=1e-14)


def test_the_input_is_chosen_by_name() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    cell = NeuronGroup(1, "dv/dt = (a + b)/ms : 1\na : 1 (input)\nb : 1 (input)")
    with pytest.raises(EvsimError, match="target="):
        Synapses(source, cell, exponential, output=current)
    with pytest.raises(EvsimError, match="sums what synapses deliver"):
        cell.a = 3
    named = Synapses(source, cell, exponential, output=current, target="b")
    named.connect()
    trace = StateMonitor(cell, ["a", "b"], record=True)
    run(2 * ms)
    assert np.all(trace.a == 0)
    assert trace.b.max() > 0.9


@pytest.mark.parametrize(
    "options",
    [
        {"output": current},
        {"model": exponential},
        {"model": exponential, "output": current, "on_pre": "v += 1"},
    ],
)
def test_models_that_do_not_fit_are_refused(options: dict[str, object]) -> None:
    source, cell = SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif)
    with pytest.raises(EvsimError, match="synapses"):
        Synapses(source, cell, **options)


def test_new_synapses_of_a_model_after_a_run_are_refused() -> None:
    source, cell = SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif)
    run(1 * ms)
    late = Synapses(source, cell, exponential, output=current)
    late.connect()
    with pytest.raises(EvsimError, match="make all synapses before the first run"):
        run(1 * ms)


def bits_of_a_run(pieces: list[float], watched: str = "") -> tuple[bytes, bytes, bytes, int]:
    """Ticks, offsets and indices of the spikes of driven cells, while some of the model is watched."""
    start_scope()
    seed(8)
    source = PoissonGroup(200, 40 * Hz)
    cells = NeuronGroup(50, lif(I_stim=0.3 * nA))
    cells.V = "-70*mV + rand()*15*mV"
    synapses = Synapses(source, cells, exponential, output=current, delay=0.73 * ms)
    synapses.connect(p=0.2)
    synapses.w = "rand()*0.1*nA"
    monitors = {
        "states": lambda: StateMonitor(cells, ["V", "I_syn"], record=True),
        "spikes": lambda: [SpikeMonitor(source), PopulationRateMonitor(cells)],
        "synapses": lambda: StateMonitor(synapses, ["s", "I"], record=[0, 5]),
    }
    kept = [monitors[watched]()] if watched else []
    spikes = SpikeMonitor(cells)
    for piece in pieces:
        run(piece * ms)
    assert len(kept) == bool(watched)
    return spikes.tick.tobytes(), spikes.offset.tobytes(), spikes.i.tobytes(), spikes.num_spikes


@pytest.mark.parametrize("watched", ["spikes", "states", "synapses"])
def test_monitors_change_no_bit(watched: str) -> None:
    plain = bits_of_a_run([60])
    assert plain[3] > 20
    assert bits_of_a_run([60], watched) == plain


def test_pieces_of_whole_steps_change_no_bit() -> None:
    assert bits_of_a_run([10, 20.1, 0, 29.9]) == bits_of_a_run([60])
