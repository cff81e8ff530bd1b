"""What a user expects of receptors and conductances by name: one test for each row of the list of features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *
from evsim.composition import treatment_of
from evsim.models import (
    ampa,
    conductance,
    current,
    evsim_models,
    exponential,
    gaba_a,
    gaba_b,
    lif,
    magnesium_block,
    nmda,
)  # fmt: skip
from evsim.plugin import Gate, Output
from evsim.plugin.registry import find_model
from evsim.testing import gate_response

Floats = NDArray[np.float64]


def cell_at(rest: float) -> NeuronGroup:
    return NeuronGroup(1, lif(I_stim=0 * nA, E_L=rest * mV, V_th=0 * mV))


def one_spike(gate: Gate, output: Output, rest: float, **options: Any) -> tuple[Floats, Synapses]:
    """The potential of a cell (mV from rest) with a synapse whose spike comes at 2.05 ms."""
    start_scope()
    source, cells = SpikeGeneratorGroup(1, [0], [2.05] * ms), cell_at(rest)
    synapses = Synapses(source, cells, gate, output=output, **options)
    synapses.connect()
    trace = StateMonitor(cells, "V", record=True)
    run(20 * ms)
    return trace.V[0] / mV - rest, synapses


def test_99_the_documentation_tells_the_biology() -> None:
    page = " ".join((Path(__file__).resolve().parents[1] / "docs" / "synapses.md").read_text().split())
    for word in ("release", "receptors", "post-synaptic potential", "ionotropic", "metabotropic"):
        assert f"**{word}**" in page, word
    for model in evsim_models():
        assert not isinstance(model, Gate) or f"`{model.name}`" in page, model.name


def test_100_the_gate_of_a_kinetic_model_is_a_share_of_open_channels() -> None:
    times = np.sort(np.random.default_rng(3).uniform(0, 40, 60)) * ms
    for name in ("ampa", "gaba_a", "nmda", "gaba_b", "gaba_b_desensitising"):
        trace = gate_response(name, times, 60 * ms)
        assert np.all((trace.s[0] >= 0) & (trace.s[0] <= 1)), name
        assert np.max(trace.s[0]) > 0, name


def test_101_ampa_rises_in_the_pulse_towards_its_limit_and_decays_after_it() -> None:
    trace = gate_response(ampa(T_duration=3 * ms), [1.0] * ms, 20 * ms)
    t, s = trace.t / ms, trace.s[0]
    limit = 0.49 / 0.67
    rise, peak = limit * (1 - np.exp(-0.67 * (t - 1))), limit * (1 - np.exp(-0.67 * 3))
    assert peak == pytest.approx(0.633, abs=5e-4)
    during, after = (t > 1) & (t < 4), t > 4
    assert s[during] == pytest.approx(rise[during], abs=1e-10)
    assert s[after] == pytest.approx(peak * np.exp(-0.18 * (t[after] - 4)), abs=1e-10)


def test_102_s_rises_and_decays_after_each_spike() -> None:
    source, cells = SpikeGeneratorGroup(1, [0, 0], [1.05, 11.05] * ms), cell_at(-70)
    synapses = Synapses(source, cells, ampa, output=current)
    synapses.connect()
    trace = StateMonitor(synapses, "s", record=True)
    run(20 * ms)
    falls = np.diff(trace.s[0]) < 0
    assert not falls[:15].any()
    assert falls[16:110].all()
    assert not falls[111:115].any()
    assert falls[116:].all()


def test_103_a_synapse_needs_its_derivative_and_its_update_and_starts_at_rest() -> None:
    gate = Gate(
        name="saturating",
        equations="ds/dt = -s/(4*ms) + (1 - s)*x : 1\ndx/dt = -x/ms : hertz",
        on_pre="x += 100/second",
    )
    trace = gate_response(gate, [1, 5] * ms, 10 * ms)
    assert trace.s[0, 0] == 0
    assert 0.05 < np.max(trace.s[0]) < 0.2


def test_104_one_helper_runs_any_registered_gate_by_name() -> None:
    names = [model.name for model in evsim_models() if isinstance(model, Gate) and model.equations]
    assert len(names) == 8
    for name in names:
        trace = gate_response(name, [1, 5] * ms, 20 * ms)
        assert np.all(trace.s[0, :10] == 0)
        assert np.max(trace.s[0]) > 0


def test_105_nmda_peaks_at_0_592_and_after_a_second_spike_at_0_803() -> None:
    trace = gate_response("nmda", [8, 18.8] * ms, 30 * ms, dt=0.01 * ms)
    t, s = trace.t / ms, trace.s[0]
    assert np.max(s[t < 18.8]) == pytest.approx(0.592, abs=5e-4)
    assert np.max(s) == pytest.approx(0.803, abs=5e-4)


def test_106_the_magnesium_block_yields_to_the_potential_and_grows_with_magnesium() -> None:
    def block(rest: float, magnesium: float) -> float:
        start_scope()
        cells = NeuronGroup(1, lif(E_L=rest * mV, I_stim=0 * nA, V_th=50 * mV))
        synapses = Synapses(SpikeGeneratorGroup(1, [], [] * ms), cells, exponential, output=magnesium_block)
        synapses.connect()
        synapses.c_Mg = magnesium * mM
        trace = StateMonitor(synapses, "B", record=True)
        run(0.5 * ms)
        return float(trace.B[0, 0])

    assert block(-70, 1.2) == pytest.approx(0.037, abs=5e-4)
    assert block(0, 1.2) == pytest.approx(0.748, abs=5e-4)
    potentials = [block(rest, 1.2) for rest in (-90, -70, -50, -30, 0)]
    assert potentials == sorted(potentials)
    concentrations = [block(-50, magnesium) for magnesium in (0.1, 1, 5)]
    assert concentrations == sorted(concentrations, reverse=True)


def test_107_the_decay_of_nmda_is_barely_visible_within_30_ms() -> None:
    trace = gate_response("nmda", [8, 18.8] * ms, 30.1 * ms)
    assert np.max(trace.s[0]) == pytest.approx(0.803, abs=5e-4)
    assert trace.s[0, -1] == pytest.approx(0.77, abs=5e-4)


def test_108_gaba_a_is_there_with_its_defaults_documented() -> None:
    model = find_model("gaba_a")
    assert "inhibitory" in model.doc
    assert "ionotropic" in model.doc
    assert model.value("alpha") == 0.53 / (mM * ms)
    assert all(parameter.meaning for parameter in model.parameters)


def test_109_110_gaba_b_peaks_after_a_tenth_of_a_second_and_lasts_for_hundreds_of_ms() -> None:
    trace = gate_response("gaba_b", [16.0] * ms, 500.2 * ms)
    t, s = trace.t / ms, trace.s[0]
    assert np.max(s) == pytest.approx(1.56e-7, rel=3e-3)
    assert t[np.argmax(s)] == pytest.approx(118, abs=1)
    assert s[t >= 500][0] / np.max(s) == pytest.approx(0.18, abs=0.01)


def test_113_the_sign_of_a_conductance_current_flips_at_its_reversal_potential() -> None:
    for gate in (exponential, gaba_a):
        excited, _ = one_spike(gate, conductance(E=0 * mV, g_max=5 * nS), -65)
        inhibited, _ = one_spike(gate, conductance(E=-75 * mV, g_max=5 * nS), -65)
        silent, _ = one_spike(gate, conductance(E=-65 * mV, g_max=5 * nS), -65)
        assert np.max(excited) > 0.5
        assert np.min(inhibited) < -0.1
        assert np.min(excited) >= 0
        assert np.max(inhibited) <= 0
        assert np.max(np.abs(silent)) < 1e-9
    start_scope()
    cells = NeuronGroup(2, lif(I_stim=0 * nA, g_L=[1e-6, 1e-6] * nS))
    cells.V = [-79, -71] * mV
    synapses = Synapses(
        SpikeGeneratorGroup(1, [0], [1] * ms),
        cells,
        exponential,
        output=conductance(E=-75 * mV, g_max=0.1 * nS),
    )
    synapses.connect()
    trace = StateMonitor(synapses, "I", record=True)
    run(5 * ms)
    assert np.all(trace.I[0, 11:] < 0)
    assert np.all(trace.I[1, 11:] > 0)


def test_114_the_delay_shifts_the_conductance() -> None:
    traces = []
    for delay in (0, 2.5):
        start_scope()
        source, cells = SpikeGeneratorGroup(1, [0, 0], [2.05, 4.4] * ms), cell_at(-70)
        synapses = Synapses(source, cells, ampa, output=conductance, delay=delay * ms)
        synapses.connect()
        trace = StateMonitor(synapses, ["g", "s"], record=True)
        run(15 * ms)
        traces.append((trace.g[0] / nS, trace.s[0]))
    (g, s), (late_g, late_s) = traces
    assert np.max(g) > 10
    assert np.max(np.abs(late_g[25:] - g[:-25])) < 1e-9 * np.max(g)
    assert np.all(late_g[:46] == 0)
    assert np.array_equal(late_s, s)


@pytest.mark.parametrize("gate", [exponential, ampa, gaba_a], ids=lambda gate: gate.name)
def test_115_a_reversal_potential_of_0_excites_and_of_minus_95_inhibits_a_cell_at_minus_70(
    gate: Gate,
) -> None:
    """The gates nmda and gaba_b themselves: test_gates_of_sources."""
    excited, _ = one_spike(gate, magnesium_block(E=0 * mV, g_max=20 * nS), -70)
    inhibited, _ = one_spike(gate, conductance(E=-95 * mV, g_max=20 * nS), -70)
    assert np.max(excited) > 0.05
    assert np.min(inhibited) < -0.5


def test_116_abstract_gates_drive_currents_and_conductances() -> None:
    """All pairs are in test_gates_times_outputs; here by name, as a user asks for them."""
    for name in ("exponential", "dual_exponential", "alpha"):
        for output in ("current", "conductance", "magnesium_block"):
            effect, _ = one_spike(find_model(name), find_model(output), -70)  # type: ignore[arg-type]
            assert np.max(effect) > 0.5, (name, output)


def test_139_the_list_of_models_shows_all_synapses_with_their_defaults() -> None:
    from evsim.commands.listing import model_table
    from evsim.plugin.registry import registry

    table = " ".join(model_table(registry()).split())
    for model in evsim_models():
        assert f" {model.name} " in table
        for parameter in model.parameters:
            assert f"{parameter.name} = " in table
    assert treatment_of(nmda).name == treatment_of(gaba_b).name
