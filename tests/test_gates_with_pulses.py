"""Gates that transmitter opens, against the piecewise closed form: exact times, overlapping pulses, sums per target."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

import evsim
from evsim import *
from evsim.composition import treatment_of
from evsim.models import ampa, conductance, current, gaba_a, gaba_b, lif, nmda
from evsim.plugin import Gate, Parameter, Pulse

Floats = NDArray[np.float64]
RATES = {
    "ampa": (0.98, 0.18, 0.5, 0.5),
    "gaba_a": (0.53, 0.18, 1.0, 1.0),
}  # alpha, beta, T, duration; mM and ms


def closed_form(arrivals: Any, at: Any, name: str) -> Floats:
    """The gate at each time (ms): towards alpha T/(alpha T + beta) in pulses, towards 0 between them; 30 digits."""
    with mpmath.workdps(30):
        alpha, beta, height, duration = map(mpmath.mpf, RATES[name])
        fast = alpha * height + beta
        pieces: list[list[Any]] = []
        for start in sorted(mpmath.mpf(float(x)) for x in arrivals):
            if pieces and start <= pieces[-1][1]:
                pieces[-1][1] = start + duration
            else:
                pieces.append([start, start + duration])

        def gate(t: Any) -> Any:
            s, now = mpmath.mpf(0), mpmath.mpf(0)
            for start, end in pieces:
                if t <= start:
                    break
                s *= mpmath.exp(-beta * (start - now))
                now, target = min(end, t), alpha * height / fast
                s = target + (s - target) * mpmath.exp(-fast * (now - start))
            return s * mpmath.exp(-beta * (t - now)) if t > now else s

        return np.array([float(gate(mpmath.mpf(float(t)))) for t in at])


def off_grid(count: int, until: float, number: int = 1) -> Floats:
    return np.sort(np.random.default_rng(number).uniform(0.3, until, count))


def synapses_of(gate: Any, times: Any, output: Any = current, **options: Any) -> Synapses:
    source = SpikeGeneratorGroup(1, np.zeros(len(times), dtype=int), times * ms)
    synapses = Synapses(source, NeuronGroup(1, lif(I_stim=0 * nA)), gate, output=output, **options)
    synapses.connect()
    return synapses


@pytest.mark.parametrize("gate", [ampa, gaba_a], ids=lambda gate: gate.name)
def test_a_train_with_overlapping_pulses_gives_the_closed_form_to_the_last_digits(gate: Any) -> None:
    times = off_grid(40, 25)
    assert np.sum(np.diff(times) < RATES[gate.name][3]) > 10
    synapses = synapses_of(gate, times, delay=1.2345678 * ms)
    trace = StateMonitor(synapses, ["s", "I"], record=True)
    run(30 * ms)
    t = trace.t / ms
    assert np.max(np.abs(trace.s[0] - closed_form(times, t, gate.name))) < 4e-15
    assert np.max(np.abs(trace.I[0] / nA - closed_form(times + 1.2345678, t, gate.name))) < 4e-15
    assert np.max(trace.s[0]) > 0.6
    assert np.min(trace.s[0]) >= 0


def test_spikes_are_not_moved_to_the_grid() -> None:
    times = np.array([1.05, 4.149, 9.05])
    synapses = synapses_of(ampa, times)
    trace = StateMonitor(synapses, "s", record=True)
    run(12 * ms)
    exact = closed_form(times, trace.t / ms, "ampa")
    moved = closed_form(np.round(times, 1), trace.t / ms, "ampa")
    assert np.max(np.abs(moved - exact)) > 0.02
    assert np.max(np.abs(trace.s[0] - exact)) < 4e-15


def test_a_spike_at_the_very_end_of_a_pulse_goes_on_with_it() -> None:
    synapses = synapses_of(gaba_a, np.array([1.0, 2.0, 3.0]))
    trace = StateMonitor(synapses, "s", record=True)
    run(6 * ms)
    assert np.max(np.abs(trace.s[0] - closed_form([1, 2, 3], trace.t / ms, "gaba_a"))) < 4e-15


@pytest.mark.parametrize(
    ("output", "unit", "largest"), [(current, 1e-9, 1e-13), (conductance(g_max=1 * nS), 1.0, 1e-10)]
)
def test_many_synapses_with_weights_and_delays_add_up_on_their_target(
    output: Any, unit: float, largest: float
) -> None:
    """Exactly where the cell is linear; with a conductance to the tolerance of the integration."""
    random = np.random.default_rng(4)
    count, trains = 30, [off_grid(12, 30, number) for number in range(30)]
    source = SpikeGeneratorGroup(count, np.repeat(np.arange(count), 12), np.concatenate(trains) * ms)
    target = NeuronGroup(2, lif(I_stim=0 * nA))
    synapses = Synapses(source, target, ampa, output=output, name="inputs")
    synapses.connect()
    weights, delays = random.uniform(0.1, 2, 2 * count), random.uniform(0, 3, 2 * count)
    synapses.w_ = weights * unit
    synapses.delay = delays * ms
    trace = StateMonitor(target, "s_inputs", record=True, dt=0.5 * ms)
    run(35 * ms)
    expected = np.zeros_like(trace.s_inputs_)
    for k, (i, j) in enumerate(zip(synapses.i, synapses.j, strict=True)):
        expected[j] += weights[k] * closed_form(trains[i] + delays[k], trace.t / ms, "ampa")
    assert np.max(expected) > 3
    assert np.max(np.abs(trace.s_inputs_ / unit - expected)) < largest


def test_a_synapse_shows_its_own_gate_after_the_delay() -> None:
    synapses = synapses_of(ampa, np.array([1.03, 1.2, 5.5]), delay=0.7 * ms)
    run(6.4 * ms)
    assert synapses.s[0] == pytest.approx(closed_form([1.73, 1.9, 6.2], [6.4], "ampa")[0], abs=4e-15)
    assert synapses.pulses[0] == 1
    run(1 * ms)
    assert synapses.pulses[0] == 0


def test_what_is_changed_between_runs_holds_from_the_next_spike_on() -> None:
    synapses = synapses_of(gaba_a, np.array([1.0, 1.6, 8.0]))
    trace = StateMonitor(synapses._target, f"s_{synapses.name}", record=True)
    run(1.8 * ms)  # inside a pulse
    synapses.w = 2 * nA
    run(3.2 * ms)
    run(5 * ms)
    s = closed_form([1.0, 1.6, 8.0], trace.t / ms, "gaba_a")
    weighted = np.where(trace.t / ms < 8, s, 2 * s)
    assert np.max(np.abs(np.asarray(getattr(trace, f"s_{synapses.name}")[0] / nA) - weighted)) < 1e-14


def test_a_longer_pulse_between_runs() -> None:
    synapses = synapses_of(gaba_a, np.array([1.0, 8.0]))
    trace = StateMonitor(synapses, "s", record=True)
    run(5 * ms)
    synapses.T_duration = 3 * ms
    run(10 * ms)
    peak = 0.53 / 0.71 * (1 - np.exp(-0.71 * 3)) + np.exp(-0.71 * 3) * closed_form([1.0], [8.0], "gaba_a")[0]
    assert np.max(trace.s[0]) == pytest.approx(peak, abs=1e-14)
    assert trace.t[np.argmax(trace.s[0])] / ms == pytest.approx(11)


def network(threads: int, pieces: list[float]) -> tuple[SpikeMonitor, Any]:
    start_scope()
    seed(2)
    cells = NeuronGroup(40, lif(I_stim=0.6 * nA, t_ref=1 * ms))
    cells.V = "-70*mV + 19*mV*rand()"
    exciting = Synapses(cells[:30], cells, ampa, output=conductance(g_max=1 * nS))
    exciting.connect(p=0.3)
    exciting.delay = "0.3*ms + 2*ms*rand()"
    inhibiting = Synapses(
        cells[30:], cells, gaba_a, output=conductance(g_max=2 * nS, E=-80 * mV), delay=0.8 * ms
    )
    inhibiting.connect(p=0.5)
    spikes = SpikeMonitor(cells)
    for piece in pieces:
        run(piece * ms, threads=threads)
    return spikes, np.array(exciting.s)


def test_the_same_bits_for_any_threads_and_pieces() -> None:
    spikes, s = network(1, [80])
    assert spikes.N > 60
    again, s_again = network(3, [13.37, 0.21, 66.42])
    assert np.array_equal(spikes.i, again.i)
    assert np.array_equal(spikes.tick, again.tick)
    assert np.array_equal(spikes.offset, again.offset)
    assert np.array_equal(s, s_again)


def test_spikes_of_a_small_network_agree_with_thirty_digits() -> None:
    start_scope()
    cells = NeuronGroup(3, lif(I_stim=[0.9, 0.5, 0.7] * nA))
    cells.V = [-60, -52, -58] * mV
    exciting = Synapses(cells, cells, ampa, output=conductance(g_max=20 * nS), delay=1.234567 * ms)
    exciting.connect("i != j")
    inhibiting = Synapses(cells, cells, gaba_a, output=current, delay=0.4 * ms)
    inhibiting.connect(i=0, j=2)
    inhibiting.w = -0.1 * nA
    spikes = SpikeMonitor(cells)
    result = evsim.verify(Network(cells, exciting, inhibiting, spikes), 30 * ms)
    assert result.n_spikes >= 4
    assert result.missing == result.extra == ()
    assert result.largest_difference < 1e-8


TWO_STEPS = Gate(
    name="two_steps",
    doc="A receptor that desensitises.",
    equations="""
    ds/dt = a*C*(1 - s - D) - b*s + r*D : 1
    dD/dt = d*s - r*D : 1
    """,
    parameters=[
        Parameter("a", 1.2 / (mM * ms), "binding"),
        Parameter("b", 0.3 / ms, "unbinding"),
        Parameter("d", 0.2 / ms, "desensitisation"),
        Parameter("r", 0.05 / ms, "recovery"),
        Parameter("height", 0.8 * mM, "transmitter"),
        Parameter("length", 0.7 * ms, "length of the pulse"),
    ],
    on_pre=Pulse("C", height="height", duration="length"),
    references=["none"],
)


def matrix_solution(arrivals: Floats, at: Floats) -> Floats:
    """s of TWO_STEPS at the times, by matrix exponentials in 30 digits."""
    with mpmath.workdps(30):
        on = mpmath.matrix([[-0.96 - 0.3, 0.05 - 0.96, 0.96], [0.2, -0.05, 0], [0, 0, 0]])
        off = mpmath.matrix([[-0.3, 0.05, 0], [0.2, -0.05, 0], [0, 0, 0]])
        edges = sorted([(t, 1) for t in arrivals] + [(t + 0.7, -1) for t in arrivals] + [(t, 0) for t in at])
        x, now, count, found = mpmath.matrix([0, 0, 1]), 0.0, 0, []
        for time, change in edges:
            if time > now:
                x, now = mpmath.expm((on if count else off) * (time - now)) * x, time
            count += change
            if change == 0:
                found.append(float(x[0]))
        return np.array(found)


def test_a_gate_of_a_plugin_with_two_coupled_variables_gets_the_same_treatment() -> None:
    assert treatment_of(TWO_STEPS).name == treatment_of(ampa).name == "two sums per target"
    times = np.array([1.03, 1.31, 4.77, 9.101])
    synapses = synapses_of(TWO_STEPS, times)
    trace = StateMonitor(synapses, ["s", "D"], record=True, dt=0.25 * ms)
    run(15 * ms)
    assert np.max(np.abs(trace.s[0] - matrix_solution(times, trace.t / ms))) < 1e-14
    assert np.max(trace.D[0]) > 0.1


def gates_at_the_end(trains: list[Floats], threads: int) -> Floats:
    start_scope()
    numbers = np.repeat(np.arange(len(trains)), [train.size for train in trains])
    source = SpikeGeneratorGroup(len(trains), numbers, np.concatenate(trains) * ms)
    synapses = Synapses(source, NeuronGroup(3, lif(I_stim=0 * nA)), TWO_STEPS, output=current, delay=0.4 * ms)
    synapses.connect()
    run(12 * ms, threads=threads)
    return np.asarray(synapses.s).reshape(len(trains), 3)


def test_sources_with_times_of_their_own_share_no_state() -> None:
    """Propagators that were made are kept for others with the same times: here there are far more than are kept."""
    trains = [off_grid(6, 11, number) for number in range(150)]
    s = gates_at_the_end(trains, 1)
    assert np.array_equal(s[:, 0], s[:, 1])
    assert np.array_equal(s, gates_at_the_end(trains, 3))
    for k in (0, 77, 149):
        assert s[k, 2] == pytest.approx(matrix_solution(trains[k] + 0.4, np.array([12.0]))[0], abs=4e-15)


def test_gates_that_do_not_add_up_are_told_apart_with_the_reason() -> None:
    for gate, reason in ((nmda, "a*x*(1 - s)"), (gaba_b, "s = G**4/(G**4 + K_d)")):
        found = treatment_of(gate)
        assert found.name == "one state per source and delay"
        assert reason in found.reason
    leaky = Gate(
        name="leaky", equations="ds/dt = (T - s + 0.1)/ms : 1", on_pre=Pulse("T", height="1", duration="ms")
    )
    assert "does not rest at 0 without T" in treatment_of(leaky).reason
