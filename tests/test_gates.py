"""Gates and the current output against their closed forms, in networks as users write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError
from evsim.models import alpha, current, dual_exponential, exponential, lif, lif_dimensionless, voltage_jump
from evsim.plugin import Gate, Output

Floats = NDArray[np.float64]

PASSIVE = "dV/dt = (10*nS*(-70*mV - V) + I_syn)/(200*pF) : volt\nI_syn : amp (input)"


@pytest.fixture(autouse=True)
def own_scope() -> Iterator[None]:
    """Give every test a scope and a clock of its own."""
    start_scope()
    defaultclock.dt = 0.1 * ms
    yield
    start_scope()
    defaultclock.dt = 0.1 * ms


def response(gate: Gate, spikes: Any, duration: Any = 30 * ms, dt: Any = 0.5 * ms) -> tuple[Floats, Floats]:
    """Sample times (ms), and the current (nA) of a synapse of weight 1, which is the gate in units of 1, ms or 1/ms."""
    source = SpikeGeneratorGroup(1, np.zeros(len(spikes), dtype=int), spikes)
    target = NeuronGroup(1, PASSIVE)
    synapses = Synapses(source, target, gate, output=current)
    synapses.connect()
    trace = StateMonitor(target, "I_syn", record=True, dt=dt)
    run(duration)
    return np.asarray(trace.t / ms), np.asarray(trace.I_syn[0] / nA)


def after(t: Floats, start: float, shape: Callable[[Floats], Floats]) -> Floats:
    """The shape from `start` on, zero before."""
    return np.where(t >= start, shape(np.maximum(t - start, 0)), 0.0)


def test_a_single_exponential_is_one_after_a_spike_and_adds_up_with_the_next() -> None:
    t, s = response(exponential, [2, 12.8] * ms, dt=0.1 * ms)
    expected = after(t, 2, lambda x: np.exp(-x / 8)) + after(t, 12.8, lambda x: np.exp(-x / 8))
    assert np.max(np.abs(s - expected)) < 1e-13
    assert s[20] == pytest.approx(1.0, abs=1e-13)
    assert s[128] == pytest.approx(1.0 + np.exp(-10.8 / 8), abs=1e-13)
    assert s[128] == pytest.approx(1.259, abs=5e-4)


def difference(tau1: float, tau2: float) -> Callable[[Floats], Floats]:
    """The dual exponential for a unit jump of x, in ms."""
    return lambda t: tau1 * tau2 / (tau1 - tau2) * (np.exp(-t / tau1) - np.exp(-t / tau2))


def test_a_raw_dual_exponential_equals_its_closed_form_and_peaks_at_0_889() -> None:
    gate = dual_exponential(tau1=2 * ms, tau2=3 * ms, normalisation="raw")
    t, s = response(gate, [1.25] * ms, dt=0.05 * ms)
    expected = after(t, 1.25, difference(2, 3))
    assert np.max(np.abs(s - expected)) < 1e-12
    assert np.max(s) == pytest.approx(8 / 9, abs=1e-3)


@pytest.mark.parametrize(("tau1", "tau2"), [(1, 3), (3, 1), (2, 3), (0.2, 50)])
def test_a_dual_exponential_of_unit_peak_peaks_at_one(tau1: float, tau2: float) -> None:
    peak = tau1 * tau2 / (tau1 - tau2) * np.log(tau1 / tau2)
    highest = difference(tau1, tau2)(np.array(peak))
    t, s = response(dual_exponential(tau1=tau1 * ms, tau2=tau2 * ms), [1] * ms)
    assert np.max(np.abs(s - after(t, 1, difference(tau1, tau2)) / highest)) < 1e-12
    assert np.max(s) <= 1 + 1e-13


def test_a_dual_exponential_of_unit_area_has_integral_one() -> None:
    t, s = response(dual_exponential(tau1=1 * ms, tau2=3 * ms, normalisation="area"), [1] * ms)
    assert (
        np.max(np.abs(s - after(t, 1, difference(1, 3)) / 3)) < 1e-12
    )  # in 1/ms; the integral of the form is 3 ms


def test_alpha_in_its_closed_form_peaks_at_1_over_e_at_tau() -> None:
    t, s = response(alpha(normalisation="closed_form"), [1] * ms, dt=0.25 * ms)
    assert np.max(np.abs(s - after(t, 1, lambda x: x / 3 * np.exp(-x / 3)))) < 1e-13
    assert t[np.argmax(s)] == 4
    assert np.max(s) == pytest.approx(1 / np.e, abs=1e-13)


def test_alpha_with_a_unit_jump_peaks_at_tau_over_e() -> None:
    t, s = response(alpha(normalisation="raw"), [1] * ms, dt=0.25 * ms)
    assert np.max(np.abs(s - after(t, 1, lambda x: x * np.exp(-x / 3)))) < 1e-12
    assert np.max(s) == pytest.approx(3 / np.e, abs=1e-12)  # ms: 1.10


def test_alpha_peaks_at_one_unless_told_otherwise() -> None:
    t, s = response(alpha, [1] * ms, dt=0.25 * ms)
    assert (t[np.argmax(s)], np.max(s)) == (4, pytest.approx(1.0, abs=1e-13))


def test_alpha_of_unit_area_has_integral_one() -> None:
    t, s = response(alpha(normalisation="area"), [1] * ms)
    assert np.max(np.abs(s - after(t, 1, lambda x: x / 9 * np.exp(-x / 3)))) < 1e-12  # in 1/ms


@pytest.mark.parametrize("difference", [0, 1e-12, 1e-9, 1e-6])
@pytest.mark.parametrize("normalisation", ["peak", "area", "raw"])
def test_alpha_is_the_dual_exponential_with_equal_constants_and_the_limit_is_smooth(
    normalisation: str, difference: float
) -> None:
    dual = dual_exponential(tau1=3 * ms, tau2=3 * (1 + difference) * ms, normalisation=normalisation)
    _, s = response(dual, [1] * ms)
    start_scope()
    _, expected = response(alpha(tau=3 * ms, normalisation=normalisation), [1] * ms)
    assert np.max(np.abs(s - expected)) < 1e-12 + 2 * difference


def test_a_voltage_jump_changes_the_potential_by_the_weight_and_nothing_else() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1.03, 2.5] * ms)
    target = NeuronGroup(3, "dV/dt = 0*volt/second : volt\nU : 1")
    synapses = Synapses(source, target, voltage_jump, delay=0.4 * ms)
    synapses.connect(j=[0, 2], i=0)
    synapses.w = [3, -2] * mV
    trace = StateMonitor(target, "V", record=True, dt=0.1 * ms)
    run(5 * ms)
    t = np.asarray(trace.t / ms)
    arrived = (t >= 1.43).astype(float) + (t >= 2.9 - 1e-9)
    assert np.max(np.abs(trace.V[0] / mV - 3 * arrived)) < 1e-15
    assert np.all(trace.V[1] / mV == 0)
    assert np.max(np.abs(trace.V[2] / mV + 2 * arrived)) < 1e-15
    assert np.all(target.U[:] == 0)


def test_a_voltage_jump_has_the_unit_of_the_potential_and_the_usual_size() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    volts = Synapses(source, NeuronGroup(1, lif), voltage_jump)
    volts.connect()
    assert volts.w[0] == 1 * mV
    plain = Synapses(source, NeuronGroup(1, lif_dimensionless), voltage_jump)
    plain.connect()
    assert plain.w[0] == 1
    with pytest.raises(DimensionMismatchError):
        plain.w = 1 * mV


def test_a_current_excites_with_a_positive_and_inhibits_with_a_negative_weight_at_any_potential() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(4, PASSIVE)
    target.V = [-90, -90, -40, -40] * mV
    silent = NeuronGroup(2, PASSIVE)
    silent.V = [-90, -40] * mV
    synapses = Synapses(source, target, exponential(tau=5 * ms), output=current)
    synapses.connect()
    synapses.w = [0.1, -0.1, 0.1, -0.1] * nA
    trace = StateMonitor(target, "V", record=True)
    without = StateMonitor(silent, "V", record=True)
    run(20 * ms)
    effect = np.asarray((trace.V - without.V[[0, 0, 1, 1]]) / mV)
    assert np.all(effect[:, :11] == 0)
    assert np.all(effect[[0, 2], 12:] > 0)
    assert np.max(np.abs(effect[[0, 2]] + effect[[1, 3]])) < 1e-12
    assert np.max(np.abs(effect[0] - effect[2])) < 1e-12
    # V = w/(C_m (1/tau - 1/tau_m)) (exp(-t/tau_m) - exp(-t/tau)) with tau_m = 20 ms
    since = np.maximum(np.asarray(trace.t / ms) - 1, 0)
    closed = 0.1 / 0.2 / (1 / 5 - 1 / 20) * (np.exp(-since / 20) - np.exp(-since / 5))
    assert np.max(np.abs(effect[0] - closed)) < 1e-11


def test_the_delay_shifts_the_current_and_not_the_gate() -> None:
    source = SpikeGeneratorGroup(2, [0, 1, 0], [1, 2, 2.5] * ms)
    target = NeuronGroup(3, PASSIVE)
    synapses = Synapses(source, target, alpha(tau=2 * ms), output=current, delay=1.3 * ms)
    synapses.connect()
    synapses.w = "(0.1 + 0.01*j)*nA"
    trace = StateMonitor(synapses, ["s", "I"], record=[0, 4], dt=0.25 * ms)
    run(10 * ms)
    t = np.asarray(trace.t / ms)

    def shape(x: Floats) -> Floats:
        return x / 2 * np.exp(1 - x / 2)

    assert trace.s.shape == trace.I.shape == (2, 40)
    assert np.max(np.abs(trace.s[0] - after(t, 1, shape) - after(t, 2.5, shape))) < 1e-13
    assert np.max(np.abs(trace.I[0] / nA - 0.1 * (after(t, 2.3, shape) + after(t, 3.8, shape)))) < 1e-13
    assert np.max(np.abs(trace[4].s - after(t, 2, shape))) < 1e-13
    assert np.max(np.abs(trace[4].I / nA - 0.11 * after(t, 3.3, shape))) < 1e-13


def test_a_monitor_of_synapses_follows_what_is_changed_between_runs() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1, 11] * ms)
    target = NeuronGroup(1, PASSIVE)
    synapses = Synapses(source, target, exponential(tau=2 * ms), output=current, name="syn")
    trace = StateMonitor(synapses, ["s", "I"], record=True, dt=1 * ms)
    synapses.connect()
    run(10 * ms)
    target.tau_syn = 4 * ms
    synapses.w = 2 * nA
    synapses.delay = 3 * ms
    run(10 * ms)
    t = np.asarray(trace.t / ms)
    late = np.exp(-9 / 2)
    expected = np.where(t <= 10, after(t, 1, lambda x: np.exp(-x / 2)), late * np.exp(-(t - 10) / 4))
    expected_s = expected + after(t, 11, lambda x: np.exp(-x / 4))
    expected_I = expected + 2 * after(t, 14, lambda x: np.exp(-x / 4))
    assert np.max(np.abs(trace.s[0] - expected_s)) < 1e-13
    assert np.max(np.abs(trace.I[0] / nA - expected_I)) < 1e-13


def test_several_synapse_objects_onto_one_input_add_up() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(1, PASSIVE)
    fast = Synapses(source, target, exponential(tau=2 * ms), output=current)
    slow = Synapses(source, target, alpha(tau=3 * ms), output=current, target="I_syn")
    fast.connect()
    slow.connect()
    slow.w = -2 * nA
    trace = StateMonitor(target, "I_syn", record=True, dt=1 * ms)
    run(9 * ms)
    t = np.asarray(trace.t / ms)
    parts = after(t, 1, lambda x: np.exp(-x / 2)), after(t, 1, lambda x: x / 3 * np.exp(1 - x / 3))
    assert np.max(np.abs(trace.I_syn[0] / nA - parts[0] + 2 * parts[1])) < 1e-13


def test_gate_parameters_may_differ_between_targets() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(2, PASSIVE)
    synapses = Synapses(source, target, exponential(tau=[2, 4] * ms), output=current)
    synapses.connect()
    trace = StateMonitor(target, "I_syn", record=True, dt=1 * ms)
    run(6 * ms)
    assert np.max(np.abs(trace.I_syn[0] / nA - np.exp(-np.arange(-1, 5) / 2) * (np.arange(6) >= 1))) < 1e-14
    assert np.max(np.abs(trace.I_syn[1] / nA - np.exp(-np.arange(-1, 5) / 4) * (np.arange(6) >= 1))) < 1e-14


@pytest.mark.parametrize(
    ("gate", "options", "error", "text"),
    [
        (exponential, {}, EvsimTypeError, "a gate needs an output; give one, as in output=current"),
        (voltage_jump, {"output": current}, EvsimTypeError, "acts at once on the target and takes no output"),
        (
            exponential,
            {"output": current, "target": "I_sin"},
            EvsimNameError,
            "no input 'I_sin' (did you mean I_syn?)",
        ),
        (
            exponential,
            {"output": exponential},
            EvsimTypeError,
            "the output must be an output such as current",
        ),
        (lif, {"output": current}, EvsimTypeError, "goes with a gate as model"),
        (
            exponential,
            {"output": Output(name="squared", current="w*s*s", weighs_in_port_unit=True)},
            EvsimError,
            "the current of output squared, w*s*s, is not proportional to s",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(
    gate: Any, options: dict[str, Any], error: type[EvsimError], text: str
) -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(1, PASSIVE)
    with pytest.raises(error) as refused:
        Synapses(source, target, gate, **options)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_target_without_input_is_told_how_to_declare_one() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(1, "dV/dt = -V/(5*ms) : volt")
    with pytest.raises(EvsimNameError, match="declare one in its equations, as in 'I_syn : amp"):
        Synapses(source, target, exponential, output=current)
