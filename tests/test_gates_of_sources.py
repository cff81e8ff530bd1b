"""Gates that do not add up: one for each source and delay, linked to the targets at every instant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import evsim
from evsim import *
from evsim.errors import EvsimError
from evsim.models import conductance, current, gaba_b, lif, magnesium_block, nmda
from evsim.plugin import Gate
from evsim.testing import gate_response

TIMES = [2.03, 5.0, 9.1]
SILENT = lif(I_stim=0 * nA)


def synapses_of(gate: Any, output: Any, cell: Any = SILENT, cells: int = 3) -> Synapses:
    """Source 0 spikes twice, source 1 once; all to all."""
    source = SpikeGeneratorGroup(2, [0, 1, 0], TIMES * ms)
    synapses = Synapses(source, NeuronGroup(cells, cell), gate, output=output, name="inputs")
    synapses.connect()
    return synapses


def test_the_sum_on_a_target_is_that_of_single_gates_with_weights_and_delays() -> None:
    synapses = synapses_of(nmda, current)
    synapses.w = "(1 + i + 2*j)*nA"
    synapses.delay = "1.3*ms + 0.5*ms*j"
    sums = StateMonitor(synapses.target, "s_inputs", record=True)
    run(30 * ms)
    for j in range(3):
        late = np.array(TIMES) + 1.3 + 0.5 * j
        start_scope()
        first, second = (gate_response(nmda, times * ms, 30 * ms).s[0] for times in (late[[0, 2]], late[[1]]))
        expected = (1 + 2 * j) * first + (2 + 2 * j) * second
        assert np.max(expected) > 1
        assert sums.s_inputs[j] / nA == pytest.approx(expected, abs=1e-9)


def test_synapses_of_one_source_and_delay_share_a_gate() -> None:
    synapses = synapses_of(nmda, current, cells=50)
    network = Network(collect())
    network.run(1 * ms)
    assert len(network["inputs_gates"]) == 2
    synapses.delay = 2 * ms
    network.run(1 * ms)
    assert len(network["inputs_gates"]) == 2
    with pytest.raises(EvsimError, match="delays that were equal have become different after the first run"):
        synapses.delay = "j*ms"
        network.run(1 * ms)


def test_single_synapses_show_gate_conductance_and_current() -> None:
    synapses = synapses_of(nmda, magnesium_block(g_max=5 * nS))
    synapses.delay = "1.3*ms + 0.5*ms*j"
    synapses.w = "1 + j"
    trace = StateMonitor(synapses, ["s", "x", "g", "I", "B"], record=[0, 2])
    potential = StateMonitor(synapses.target, "V", record=[0, 2])
    run(30 * ms)
    V = potential.V / mV
    start_scope()
    alone = gate_response(nmda, [2.03, 9.1] * ms, 30 * ms)
    later = gate_response(nmda, np.array([4.33, 11.4]) * ms, 30 * ms)
    assert np.max(np.abs(trace.s[0] - alone.s[0])) < 1e-12
    assert np.max(np.abs(trace.x[0] - alone.x[0])) < 1e-12
    assert np.max(np.abs(trace.g[1] / nS - 15 * later.s[0] * trace.B[1])) < 1e-9
    assert np.max(np.abs(trace.B - 1 / (1 + 1.2 / 3.57 * np.exp(-0.062 * V)))) < 1e-14
    assert np.array_equal(trace.I_, trace.g_ * potential.V_)
    assert np.ptp(V) > 0.1


WHOLE = """dV/dt = (20*nS*(-70*mV - V) - 30*nS*s*(V - 0*mV)/(1 + 1.2/3.57*exp(-0.062/mV*V)) + 0.6*nA)/(0.4*nF) : volt
           ds/dt = -s/(100*ms) + 0.5/ms*x*(1 - s) : 1
           dx/dt = -x/(2*ms) : 1"""


def test_spikes_agree_with_thirty_digits_of_the_same_gate_inside_the_cell() -> None:
    """A gate belongs to its source; with one synapse it may as well belong to the target, as one system."""
    source = SpikeGeneratorGroup(1, [0, 0], [2.03, 9.1] * ms)
    cell = NeuronGroup(1, lif(I_stim=0.6 * nA))
    synapses = Synapses(source, cell, nmda, output=magnesium_block(g_max=30 * nS), delay=1.234567 * ms)
    synapses.connect()
    spikes = SpikeMonitor(cell)
    run(60 * ms)
    start_scope()
    source = SpikeGeneratorGroup(1, [0, 0], [2.03, 9.1] * ms)
    whole = NeuronGroup(1, WHOLE, threshold="V > -50*mV", reset="V = -90*mV")
    whole.V = -70 * mV
    arrivals = Synapses(source, whole, on_pre="x += 1", delay=1.234567 * ms)
    arrivals.connect()
    result = evsim.verify(Network(source, whole, arrivals, SpikeMonitor(whole)), 60 * ms)
    of_source = [pair for pair in result.pairs if str(pair.neuron).startswith(whole.name)]
    assert result.largest_difference < 1e-8
    assert spikes.N == len(of_source) >= 2
    assert spikes.t / ms == pytest.approx([pair.time for pair in of_source], abs=1e-8)


def test_parameters_and_weights_may_change_between_runs() -> None:
    synapses = synapses_of(nmda, current)
    sums = StateMonitor(synapses.target, "s_inputs", record=True)
    run(20 * ms)
    synapses.tau_d = 5 * ms
    synapses.w = 2 * nA
    run(20 * ms)
    s = sums.s_inputs[0] / nA
    assert s[200] == pytest.approx(2 * s[199], rel=0.05)
    assert s[-1] / s[300] == pytest.approx(np.exp(-9.9 / 5), rel=0.05)
    synapses.tau_d = [5, 6, 7] * ms
    with pytest.raises(EvsimError, match="a gate that all targets of a source share has one"):
        run(1 * ms)


def test_a_gate_of_a_plugin_that_is_set_instead_of_raised() -> None:
    gate = Gate(name="sets", equations="ds/dt = -s/(5*ms) : 1", on_pre="s = 1")
    synapses = synapses_of(gate, current)
    sums = StateMonitor(synapses.target, "s_inputs", record=True)
    run(12 * ms)
    t = sums.t / ms
    first = np.where(t < 9.1, np.where(t < 2.03, 0, np.exp(-(t - 2.03) / 5)), np.exp(-(t - 9.1) / 5))
    second = np.where(t < 5, 0, np.exp(-(t - 5) / 5))
    assert sums.s_inputs[0] / nA == pytest.approx(first + second, abs=1e-9)


def test_115_gaba_b_inhibits_and_nmda_excites_a_cell_at_minus_70() -> None:
    potentials = []
    for gate, output in (
        (nmda, magnesium_block(g_max=5 * nS)),
        (gaba_b, conductance(E=-95 * mV, g_max=1 * msiemens)),
    ):
        start_scope()
        synapses = synapses_of(gate, output)
        run(60 * ms)
        potentials.append(synapses.target.V[0] / mV + 70)
    assert potentials[0] > 0.1
    assert potentials[1] < -0.1
