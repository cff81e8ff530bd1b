"""Every gate that adds up, with every output, on every kind of neuron: finite, of the right sign, and I = g (V - E)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import evsim.reference
from evsim import *
from evsim.composition import treatment_of
from evsim.errors import EvsimError, EvsimNameError
from evsim.models import (
    adex,
    alpha,
    ampa,
    conductance,
    current,
    eif,
    evsim_models,
    exponential,
    gaba_a,
    hh,
    hh_traub,
    izhikevich,
    lif,
    lif_dimensionless,
    lif_noisy,
    lif_resistance,
    magnesium_block,
    qif,
    voltage_jump,
)  # fmt: skip
from evsim.plugin import Gate, Neuron, Output

GATES = [m for m in evsim_models() if isinstance(m, Gate) and treatment_of(m).name.endswith("per target")]
OF_SOURCES = [
    m for m in evsim_models() if isinstance(m, Gate) and treatment_of(m).name.endswith("source and delay")
]
OUTPUTS = [model for model in evsim_models() if isinstance(model, Output)]
CELLS = [
    lif(I_stim=0 * nA),
    lif_dimensionless(I_stim=0.0),
    lif_resistance(E_L=-65 * mV, V_th=-45 * mV),
    lif_noisy(sigma=1e-6 * mV),
    eif,
    adex,
    qif,
    izhikevich,
    hh,
    hh_traub,
]
ABOVE, BELOW = 0.0, -80.0  # mV: of cells that rest in between, and one rests at 0


def reversal_on(cell: Any, reversal: float) -> float:
    """A reversal potential (mV) on the same side of where the cell rests."""
    return 80.0 if cell.name == "lif_dimensionless" and reversal == ABOVE else reversal


def in_units_of(cell: Any, reversal: float) -> float:
    return reversal if cell.name == "lif_dimensionless" else reversal * 1e-3


def synapses_onto(cells: Any, gate: Gate, output: Output, **options: Any) -> Synapses:
    source = SpikeGeneratorGroup(1, [0, 0, 0], [2.03, 4.1, 9.1] * ms)
    return Synapses(source, cells, gate, output=output, delay=1.3 * ms, **options)


def test_the_loop_below_covers_the_registry() -> None:
    assert [gate.name for gate in GATES] == ["exponential", "dual_exponential", "alpha", "ampa", "gaba_a"]
    assert [gate.name for gate in OF_SOURCES] == ["nmda", "gaba_b", "gaba_b_desensitising"]
    assert [output.name for output in OUTPUTS] == ["current", "conductance", "magnesium_block"]
    assert {cell.name for cell in CELLS} == {m.name for m in evsim_models() if isinstance(m, Neuron)}


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_a_voltage_jump_acts_on(cell: Any) -> None:
    cells = NeuronGroup(3, cell)
    source = SpikeGeneratorGroup(1, [0], [2.03] * ms)
    synapses = Synapses(source, cells, voltage_jump, delay=1.3 * ms)
    synapses.connect(i=0, j=[0, 1])
    synapses.w_ = np.array([2, -2]) * (0.1 if cell.name == "lif_dimensionless" else 1e-3)
    trace = StateMonitor(cells, cell.membrane, record=True)
    run(3.5 * ms)
    V = np.asarray(getattr(trace, cell.membrane))
    effect = (V - V[2])[:2] / np.abs(synapses.w_[0])
    assert np.max(np.abs(effect[:, :34])) < 1e-5
    assert effect[0, 34:] == pytest.approx(1, rel=0.2)
    assert effect[1, 34:] == pytest.approx(-1, rel=0.2)


def responses(cell: Any, gates: list[Gate], until: float) -> Any:
    """Each gate with each output, and each conductance towards both sides, on a cell of its own; a cell without.

    Yields a title, the sign that the effect should have, the reversal potential, the monitor, and both potentials.
    """
    pairs = [(gate, output, ABOVE) for gate in gates for output in OUTPUTS]
    pairs += [(gate, output, BELOW) for gate in gates for output in OUTPUTS if output is not current]
    cells = NeuronGroup(len(pairs) + 1, cell)
    traces = []
    for k, (gate, output, side) in enumerate(pairs):
        E = reversal_on(cell, side)
        synapses = synapses_onto(
            cells, gate, output if output is current else output(E=E * mV, g_max=10 * nS)
        )
        synapses.connect(i=0, j=k)
        traces.append(StateMonitor(synapses, ["I"] if output is current else ["I", "g"], record=True))
    potential = StateMonitor(cells, cell.membrane, record=True)
    run(until * ms)
    V = np.asarray(getattr(potential, cell.membrane))
    assert np.all(np.isfinite(V))
    for k, ((gate, output, side), trace) in enumerate(zip(pairs, traces, strict=True)):
        E = in_units_of(cell, reversal_on(cell, side))
        yield f"{gate.name} x {output.name}, {side} mV", 1 if side == ABOVE else -1, E, trace, V[k], V[-1]


def check_response(title: str, E: float, trace: Any, V: Any) -> None:
    """Nothing before the spike arrives at 3.33 ms, and the current is the conductance times the driving force."""
    assert np.all(np.isfinite(trace.I_)), title
    assert np.all(trace.I_[0, :34] == 0), title
    assert np.any(trace.I_[0] != 0), title
    if "current" not in title:
        assert np.array_equal(trace.I_[0], trace.g_[0] * (V - E)), title
        assert np.max(trace.g_[0]) > 0, title
        assert np.all(trace.g_[0] >= 0), title


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_every_gate_with_every_output_runs_on(cell: Any) -> None:
    for title, sign, E, trace, V, without in responses(cell, GATES, 12):
        check_response(title, E, trace, V)
        assert (V[38] - without[38]) * sign > 0, title


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_gates_that_do_not_add_up_run_with_every_output_on(cell: Any) -> None:
    gates = [gate if gate.name == "nmda" else gate(T_max=50 * mM) for gate in OF_SOURCES]
    for title, sign, E, trace, V, without in responses(cell, gates, 8):
        check_response(title, E, trace, V)
        at = 38 if "nmda" in title else -1  # it opens at once, and may make the cell spike
        assert (V[at] - without[at]) * sign > 0, title


def test_several_kinds_of_synapses_share_one_input() -> None:
    cells = NeuronGroup(2, lif(I_stim=0 * nA))
    exciting = synapses_onto(cells, ampa, conductance(g_max=5 * nS), name="exciting")
    slow = synapses_onto(cells, alpha(tau=5 * ms), magnesium_block(g_max=5 * nS), name="slow")
    inhibiting = synapses_onto(cells, gaba_a, conductance(g_max=3 * nS, E=-80 * mV), name="inhibiting")
    injecting = synapses_onto(cells, exponential, current, name="injecting")
    kinds = [exciting, slow, inhibiting, injecting]
    for each in kinds:
        each.connect()
    injecting.w = 0.1 * nA
    exciting.w = [1, 2]
    names = ["I_syn", "I_exciting", "I_slow", "I_inhibiting", "s_injecting"]
    sums = StateMonitor(cells, names, record=True)
    single = [StateMonitor(each, "I", record=True) for each in kinds]
    run(15 * ms)
    total = sums.s_injecting - sums.I_exciting - sums.I_slow - sums.I_inhibiting
    assert np.max(np.abs(sums.I_syn - total)) < 1e-20 * amp
    assert np.min(np.max(np.abs(sums.I_syn), axis=1)) > 0.05 * nA
    for k, trace in enumerate(single[:3]):
        assert np.max(np.abs(trace.I_ - getattr(sums, names[k + 1] + "_"))) < 1e-19
    assert np.max(np.abs(single[3].I_ - sums.s_injecting_)) < 1e-19


def test_the_delay_acts_on_the_conductance_and_the_potential_is_that_of_the_moment() -> None:
    cells = NeuronGroup(1, lif)
    cells.V = -70 * mV
    synapses = synapses_onto(cells, exponential(tau=4 * ms), magnesium_block(g_max=2 * nS))
    synapses.connect()
    trace = StateMonitor(synapses, ["s", "g", "B", "I"], record=True)
    potential = StateMonitor(cells, "V", record=True)
    run(15 * ms)
    t, V = trace.t / ms, potential.V[0] / mV
    arrivals = np.array([2.03, 4.1, 9.1])[:, np.newaxis]
    gate = np.sum(np.where(t >= arrivals, np.exp(-(np.maximum(t - arrivals, 0)) / 4), 0), axis=0)
    late = np.sum(np.where(t >= arrivals + 1.3, np.exp(-(np.maximum(t - arrivals - 1.3, 0)) / 4), 0), axis=0)
    B = 1 / (1 + 1.2 / 3.57 * np.exp(-0.062 * V))
    assert np.ptp(V) > 5
    assert np.max(np.abs(trace.s[0] - gate)) < 1e-13
    assert np.max(np.abs(trace.B[0] - B)) < 1e-13
    assert np.max(np.abs(trace.g[0] / nS - 2 * late * B)) < 1e-12
    assert np.max(np.abs(trace.I[0] / pA - 2 * late * B * V)) < 1e-10


@pytest.mark.parametrize(
    ("gate", "output"),
    [(exponential, conductance(E=0 * mV)), (ampa, magnesium_block), (alpha, conductance(E=-80 * mV))],
    ids=["exponential", "ampa", "alpha"],
)
@pytest.mark.parametrize("cell", [lif, hh(I_stim=7 * nA), eif(I_stim=0.5 * nA)], ids=lambda cell: cell.name)
def test_potentials_and_spikes_agree_with_thirty_digits(cell: Any, gate: Any, output: Any) -> None:
    cells = NeuronGroup(1, cell)
    synapses = synapses_onto(cells, gate, output(g_max=20 * nS))
    synapses.connect()
    spikes = SpikeMonitor(cells)
    trace = StateMonitor(cells, "V", record=True, dt=1 * ms)
    network = Network(cells, synapses._source, synapses, spikes, trace)
    result = evsim.verify(network, 14 * ms)
    assert result.missing == result.extra == ()
    assert result.largest_difference < 1e-8
    exact = evsim.reference.Simulation(deepcopy(network.describe()))
    exact.run(14e-3)
    _, states = exact.samples(trace.name)
    network.run(14 * ms)
    assert np.max(np.abs(trace.V_[0] - np.asarray(states["V"], dtype=float)[0])) < 1e-11  # 1e-8 mV
    assert np.ptp(trace.V_[0]) > 1e-3


def test_text_neurons_take_part_through_their_input() -> None:
    cells = NeuronGroup(1, "dv/dt = (g_L*(E_r - v) + I)/C : volt\nI : amp (input)", namespace={
        "g_L": 10 * nS, "E_r": -65 * mV, "C": 100 * pF
    })  # fmt: skip
    cells.v = -65 * mV
    synapses = synapses_onto(cells, gaba_a, conductance(E=-80 * mV, g_max=2 * nS))
    synapses.connect()
    trace, potential = StateMonitor(synapses, ["g", "I"], record=True), StateMonitor(cells, "v", record=True)
    run(10 * ms)
    assert potential.v[0, -1] < -65.5 * mV
    assert np.array_equal(trace.I_[0], trace.g_[0] * (potential.v_[0] + 80e-3))


def test_on_cells_without_units_voltages_count_in_mV_and_conductances_in_uS() -> None:
    cells = NeuronGroup(2, lif_dimensionless(I_stim=0.0))
    synapses = synapses_onto(cells, exponential, conductance(E=5 * mV, g_max=0.2 * uS))
    synapses.connect(i=0, j=0)
    trace, potential = StateMonitor(synapses, ["g", "I"], record=True), StateMonitor(cells, "v", record=True)
    run(10 * ms)
    assert synapses.E[:] == 5
    assert trace.g[0, 34] == pytest.approx(0.2 * np.exp(-0.07 / 8), rel=1e-9)
    assert np.array_equal(trace.I[0], trace.g[0] * (potential.v[0] - 5))
    assert potential.v[0, -1] > 0.3
    assert potential.v[1, -1] == 0


def test_parameters_of_gate_and_output_with_one_name_are_told_apart() -> None:
    cells = NeuronGroup(1, lif(I_stim=0 * nA))
    synapses = synapses_onto(cells, ampa, magnesium_block(alpha=0.05 / mV))
    assert synapses.alpha[:] == 0.98 / (mM * ms)
    assert synapses.magnesium_block_alpha[:] == 0.05 / mV
    synapses.magnesium_block_beta = 2 * mM
    synapses.beta = 0.2 / ms
    assert synapses.magnesium_block_beta[:] == 2 * mM
    assert synapses.beta[:] == 0.2 / ms


@pytest.mark.parametrize(
    ("gate", "output", "target", "error", "text"),
    [
        (
            alpha(normalisation="raw"),
            conductance,
            lif,
            DimensionMismatchError,
            "g = w*g_max*s of output conductance does not fit gate alpha, whose s is in s",
        ),
        (exponential, conductance, "I : amp (input)", EvsimNameError, "the target has no membrane potential"),
        (
            exponential,
            conductance,
            "dV/dt = J/second : volt\nJ : volt (input)",
            EvsimError,
            "does not fit port J",
        ),
        (
            exponential,
            conductance,
            "dV/dt = (I + J)/nF : volt\nI : amp (input)\nJ : amp (input)",
            EvsimNameError,
            "name the input of the target with target=; it has I, J",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    gate: Any, output: Any, target: Any, error: type[EvsimError], text: str
) -> None:
    with pytest.raises(error) as refused:
        synapses_onto(NeuronGroup(1, target), gate, output)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)
