"""What a user expects of gates by name and of the same gates as text: one test for each row of the list of features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *
from evsim.models import alpha, current, dual_exponential, exponential, lif, voltage_jump

Floats = NDArray[np.float64]
TWO_STAGES = """ds/dt = x : second
                dx/dt = -x*(tau1 + tau2)/(tau1*tau2) - s/(tau1*tau2) : 1"""


def gate_of(model: Any, times: Any) -> tuple[Floats, Floats]:
    """The gate of one synapse with spikes at these times: sample times (ms) and SI values."""
    start_scope()
    source, target = SpikeGeneratorGroup(1, [0] * len(times), times * ms), NeuronGroup(1, lif(I_stim=0 * nA))
    synapses = Synapses(source, target, model, output=current)
    synapses.connect()
    trace = StateMonitor(synapses, "s", record=True, dt=0.05 * ms)
    run(40 * ms)
    return trace.t / ms, np.asarray(trace.s[0])


def two_stages(text: str) -> tuple[Floats, Floats]:
    """The same from equations with `x += 1` at 1 ms; s in ms."""
    start_scope()
    source, target = SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, text)
    synapses = Synapses(source, target, on_pre="x += 1")
    synapses.connect()
    trace = StateMonitor(target, "s", record=True, dt=0.05 * ms)
    tau1, tau2, tau = 2 * ms, 3 * ms, 3 * ms
    run(40 * ms)
    assert tau1 < tau2 == tau
    return trace.t / ms, trace.s[0] / ms


def after(t: Floats, start: float, shape: Callable[[Floats], Floats]) -> Floats:
    """The shape from `start` on, zero before."""
    return np.where(t >= start, shape(np.maximum(t - start, 0)), 0.0)


def cell_with_input(rest: float) -> tuple[SpikeGeneratorGroup, NeuronGroup]:
    start_scope()
    target = NeuronGroup(1, lif(I_stim=0 * nA, E_L=rest * mV))
    target.V = rest * mV
    return SpikeGeneratorGroup(1, [0], [5] * ms), target


def test_111_the_sign_of_the_weight_selects_excitation_or_inhibition_at_any_potential() -> None:
    effects = {}
    for w in (0.1, -0.1):
        for rest in (-70, -60):
            source, target = cell_with_input(rest)
            synapses = Synapses(source, target, exponential, output=current)
            synapses.connect()
            synapses.w = w * nA
            trace = StateMonitor(target, "V", record=True)
            run(20 * ms)
            effects[w, rest] = trace.V[0] / mV - rest
    assert effects[0.1, -70][51:].min() > 0
    assert effects[-0.1, -70][51:].max() < 0
    assert np.allclose(effects[0.1, -70], effects[0.1, -60], rtol=0, atol=1e-12)
    assert np.allclose(effects[0.1, -70], -effects[-0.1, -70], rtol=0, atol=1e-12)


def test_112_the_delay_shifts_the_current_and_not_the_gate() -> None:
    source, target = cell_with_input(-70)
    synapses = Synapses(source, target, exponential(tau=8 * ms), output=current, delay=2 * ms)
    synapses.connect()
    synapses.w = 0.1 * nA
    trace = StateMonitor(synapses, ["s", "I"], record=True)
    run(20 * ms)
    t = trace.t / ms
    assert np.allclose(trace.s[0], after(t, 5, lambda x: np.exp(-x / 8)), rtol=0, atol=1e-13)
    assert np.allclose(trace.I[0] / nA, 0.1 * after(t, 7, lambda x: np.exp(-x / 8)), rtol=0, atol=1e-14)


def test_117_a_dual_exponential_with_unit_jump_peaks_at_0_889() -> None:
    t, s = gate_of(dual_exponential(tau1=2 * ms, tau2=3 * ms, normalisation="raw"), [1])
    assert s.max() * 1e3 == pytest.approx(0.889, abs=5e-4)  # s is in seconds
    assert t[s.argmax()] - 1 == pytest.approx(6 * np.log(3 / 2), abs=0.03)


def test_118_two_equations_give_the_trace_of_the_closed_form() -> None:
    t, s = two_stages(TWO_STAGES)
    closed = after(t, 1, lambda x: 6 * (np.exp(-x / 3) - np.exp(-x / 2)))
    assert np.max(np.abs(s - closed)) < 1e-14
    _, by_name = gate_of(dual_exponential(tau1=2 * ms, tau2=3 * ms, normalisation="raw"), [1])
    assert np.max(np.abs(by_name * 1e3 - s)) < 1e-13


def test_119_alpha_in_closed_form_peaks_at_1_over_e_at_tau() -> None:
    t, s = gate_of(alpha(tau=3 * ms, normalisation="closed_form"), [1])
    assert s.max() == pytest.approx(1 / np.e, rel=1e-13)
    assert t[s.argmax()] - 1 == pytest.approx(3, abs=1e-9)


def test_120_alpha_as_equations_with_unit_jump_peaks_at_tau_over_e() -> None:
    _, s = two_stages("ds/dt = x : second\ndx/dt = -2*x/tau - s/tau**2 : 1")
    assert s.max() == pytest.approx(3 / np.e, rel=1e-13)
    assert round(s.max(), 2) == 1.10
    with pytest.raises(EvsimError, match="peak, closed_form, area, raw"):
        alpha(normalisation="usual")


@pytest.mark.parametrize("gap", [0, 1e-13, 1e-9])
def test_121_equal_constants_make_a_dual_exponential_an_alpha(gap: float) -> None:
    _, dual = gate_of(dual_exponential(tau1=3 * ms, tau2=(3 + gap) * ms), [1])
    _, expected = gate_of(alpha(tau=3 * ms), [1])
    assert np.max(np.abs(dual - expected)) < 1e-12 + gap


def test_122_a_single_exponential_adds_up() -> None:
    t, s = gate_of(exponential(tau=8 * ms), [1, 11.8])
    assert s[np.searchsorted(t, 1 - 1e-9)] == pytest.approx(1.0, rel=1e-13)
    assert round(s[np.searchsorted(t, 11.8 - 1e-9)], 3) == 1.259


def test_123_a_voltage_jump_has_no_state() -> None:
    source, target = cell_with_input(-70)
    synapses = Synapses(source, target, voltage_jump)
    synapses.connect()
    synapses.w = 3 * mV
    names = set(target.equations)
    trace = StateMonitor(target, "V", record=True)
    run(20 * ms)
    t = trace.t / ms
    assert np.allclose(trace.V[0] / mV + 70, after(t, 5, lambda x: 3 * np.exp(-x / 20)), rtol=0, atol=1e-12)
    assert names == set(NeuronGroup(1, lif).equations)
