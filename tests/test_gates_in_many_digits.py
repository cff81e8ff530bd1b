"""Every gate with every output against closed forms and thirty digits: trains off the grid, pulses that overlap.

The truth is written down once more in benchmarks/accuracy/kinetics.py: matrix exponentials where a gate is linear,
extrapolation elsewhere. EVSIM_LONG_TESTS=1 makes trains ten times as long, and follows them with 25 digits.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *
from evsim.models import lif
from evsim.plugin import Gate, Output
from evsim.plugin.registry import find_model, registry

Floats = NDArray[np.float64]
IS_LONG = os.environ.get("EVSIM_LONG_TESTS") == "1"
_path = Path(__file__).resolve().parents[1] / "benchmarks" / "accuracy" / "kinetics.py"
_spec = importlib.util.spec_from_file_location("evsim_kinetics", _path)
assert _spec is not None and _spec.loader is not None
kinetics = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(kinetics)

DURATION = 250 if IS_LONG else 25  # ms
SPIKES = DURATION * 4 // 5
DELAY = 1.2345678
OUTPUTS = ("current", "conductance", "magnesium_block")
FEW = ("exponential", "ampa", "nmda")  # with the magnesium block, in the short form
PAIRS = [
    (name, output)
    for output in OUTPUTS
    for name in kinetics.KINETICS
    if output != OUTPUTS[2] or name in FEW or IS_LONG
]
# nA and uS at which the cell below spikes several times; a short train opens few GABA_B channels, a long one many.
SIZES = {
    "exponential": (0.1, 0.02),
    "dual_exponential": (0.2, 0.03),
    "alpha": (0.15, 0.02),
    "ampa": (1.5, 0.1),
    "gaba_a": (1.5, 0.1),
    "nmda": (1, 0.05),
    "gaba_b": (2, 0.2) if IS_LONG else (2000, 200),
    "gaba_b_desensitising": (2, 0.2) if IS_LONG else (60, 6),
}
IN_MS = {"alpha": ("x",), "dual_exponential": ("x",)}  # variables in 1/ms
TRUST = {"current": (1e-9, 1e-9), "conductance": (1e-8, 1e-8), "magnesium_block": (1e-8, 1e-8)}  # mV, ms


def train(seed: int = 1) -> Floats:
    """Spikes off the grid, many of them closer than a pulse is long (ms)."""
    return np.sort(np.random.default_rng(seed).uniform(0.3, DURATION, SPIKES))


def sample_times() -> Floats:
    return np.arange(10 * (DURATION + 5)) * 0.1


@cache
def truth_of_gate(name: str, is_rounded: bool = False) -> Any:
    with mpmath.workdps(30):
        return kinetics.course(name, np.round(train(), 1) if is_rounded else train(), sample_times())


def one_synapse(name: str, output: Output, cells: NeuronGroup, delay: Any = 0 * ms) -> Synapses:
    source = SpikeGeneratorGroup(1, np.zeros(SPIKES, dtype=int), train() * ms)
    synapses = Synapses(source, cells, find_model(name), output=output, delay=delay)
    synapses.connect()
    return synapses


@cache
def recorded_gate(name: str) -> dict[str, Floats]:
    """What evsim makes of the gate's variables, in the units of the truth; the delay does not show in them."""
    cells = NeuronGroup(1, lif(I_stim=0 * nA))
    synapses = one_synapse(name, find_model("current"), cells, DELAY * ms)
    names = dict.fromkeys((*kinetics.KINETICS[name].names, "s"))
    trace = StateMonitor(synapses, list(names), record=True)
    run((DURATION + 5) * ms)
    units = {"G": 1 / uM, **dict.fromkeys(IN_MS.get(name, ()), ms)}
    return {each: np.asarray(getattr(trace, each)[0] * units.get(each, 1)) for each in names}


def test_every_gate_with_equations_has_its_truth() -> None:
    gates = [m for m, plugin in registry().models() if isinstance(m, Gate) and plugin.name == "evsim"]
    outputs = [
        m.name for m, plugin in registry().models() if isinstance(m, Output) and plugin.name == "evsim"
    ]
    assert [gate.name for gate in gates if gate.equations] == list(kinetics.KINETICS)
    assert [gate.name for gate in gates if not gate.equations] == ["voltage_jump"]
    assert outputs == list(OUTPUTS)
    assert set(SIZES) == set(kinetics.KINETICS)


@pytest.mark.parametrize("name", kinetics.KINETICS)
def test_a_gate_is_right_to_the_last_digits_where_it_has_a_closed_form(name: str) -> None:
    """To 4e-15 where values are below 1, to as many units in the last place where they are larger."""
    truth, found = truth_of_gate(name), recorded_gate(name)
    pulse = float(kinetics.KINETICS[name].pulse or 0)
    assert not pulse or np.sum(np.diff(train()) < pulse) > SPIKES / 10
    for each, values in found.items():
        exact = np.array(truth.of(each))
        bound = 4e-15 if kinetics.KINETICS[name].is_linear else 1e-11  # nmda: to the tolerance
        bound = 1e-14 if bound < 1e-14 and each == "x" else bound  # no part of an output
        assert np.max(np.abs(values - exact)) < bound * max(1, np.max(np.abs(exact))), each
        assert np.max(np.abs(exact)) > 1e-4, each


@pytest.mark.parametrize("name", kinetics.KINETICS)
def test_no_spike_is_moved_to_the_grid(name: str) -> None:
    exact, moved = (np.array(truth_of_gate(name, is_rounded).of("s")) for is_rounded in (False, True))
    found = recorded_gate(name)["s"]
    apart = np.max(np.abs(moved - exact))
    assert apart > 1e-3 * np.max(exact)
    assert np.max(np.abs(found - exact)) < 1e-7 * apart
    if name in ("exponential", "ampa", "gaba_a"):
        assert apart > 0.015


@pytest.mark.parametrize(("name", "output"), PAIRS)
def test_potentials_and_spikes_are_right_in_silent_and_in_spiking_cells(name: str, output: str) -> None:
    size = SIZES[name][0 if output == "current" else 1]
    cells = NeuronGroup(2, lif(I_stim=[0, 0.55] * nA, V_th=[1000, -50] * mV))
    kind = find_model(output)
    synapses = one_synapse(name, kind if output == "current" else kind(g_max=size * uS), cells, DELAY * ms)  # type: ignore[arg-type]
    if output == "current":
        synapses.w = size * nA
    trace, spikes = StateMonitor(cells, "V", record=True), SpikeMonitor(cells)
    run((DURATION + 5) * ms)
    of_potential, of_spikes = TRUST[output]
    number = mpmath.mpf if IS_LONG else float
    for k, (current, threshold) in enumerate((("0", 1000), ("0.55", -50))):
        cell = kinetics.Cell(output, repr(size), "0", current, threshold)
        with mpmath.workdps(25):
            truth = kinetics.course(name, train() + DELAY, sample_times(), cell, number)
        exact, times = np.array(truth.of("V")), np.array([float(time) for time in truth.spikes])
        found = spikes.t[spikes.i == k] / ms
        assert np.max(np.abs(trace.V[k] / mV - exact)) < of_potential
        assert np.ptp(exact) > 3
        assert found[found < sample_times()[-1]] == pytest.approx(times, abs=of_spikes)
        assert (times.size > 0) == (threshold == -50)


def test_floats_follow_the_truth_as_far_as_potentials_need() -> None:
    """The short form of the tests above has truths in floats; here is what they are worth."""
    cell = kinetics.Cell("magnesium_block", "0.03", "0", "0.55")
    at = np.arange(60) * 0.5
    fast = kinetics.course("nmda", train()[:20], at, cell, float)
    with mpmath.workdps(25):
        exact = kinetics.course("nmda", train()[:20], at, cell)
    assert np.array(fast.of("V")) == pytest.approx(exact.of("V"), abs=1e-11)
    assert [float(time) for time in fast.spikes] == pytest.approx(
        [float(time) for time in exact.spikes], abs=1e-11
    )
