"""Several kinds of synapses on one cell and on one input: their sums, weights of every form, what a delay delays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.errors import EvsimError
from evsim.models import (
    alpha,
    ampa,
    conductance,
    current,
    exponential,
    gaba_a,
    gaba_b,
    lif,
    magnesium_block,
    nmda,
    voltage_jump,
)  # fmt: skip

KINDS = {
    "exciting": (ampa, conductance(g_max=8 * nS)),
    "slow": (nmda, magnesium_block(g_max=6 * nS)),
    "inhibiting": (gaba_a, conductance(g_max=5 * nS, E=-80 * mV)),
    "injecting": (exponential, current),
    "late": (gaba_b(T_max=50 * mM), conductance(g_max=300 * nS, E=-95 * mV)),
}


def trains() -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(3, [0, 1, 2, 0, 1], [1.03, 2.2, 2.41, 4.7, 9.05] * ms)


def all_kinds(cells: NeuronGroup) -> dict[str, Synapses]:
    source, made = trains(), {}
    for k, (name, (gate, output)) in enumerate(KINDS.items()):
        made[name] = Synapses(source, cells, gate, output=output, delay=(0.4 + 0.31 * k) * ms, name=name)
        made[name].connect()
        made[name].w = "(1 + i + 3*j)*0.1" + ("*nA" if name == "injecting" else "")
    return made


def test_sums_per_neuron_are_sums_over_single_synapses() -> None:
    cells = NeuronGroup(2, lif(I_stim=0 * nA))
    made = all_kinds(cells)
    names = {name: [f"{each}_{name}" for each in ("s", "g", "I")] for name in made if name != "injecting"}
    sums = StateMonitor(
        cells,
        ["I_syn", "V", "s_injecting", *(each for three in names.values() for each in three)],
        record=True,
    )
    single = {name: StateMonitor(each, ["w", "s", "g", "I"] if name != "injecting" else ["w", "s", "I"], record=True)
              for name, each in made.items()}  # fmt: skip
    run(15 * ms)

    def summed(name: str, values: Any) -> Any:
        return np.array([values[made[name].j == j].sum(axis=0) for j in range(2)])

    for name, columns in names.items():
        trace, E = single[name], float(made[name].E[0] / volt)
        for each, column in zip(("g", "I"), columns[1:], strict=True):
            expected, found = summed(name, getattr(trace, f"{each}_")), getattr(sums, f"{column}_")
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.max(np.abs(expected))), column
            assert np.max(np.abs(expected)) > 0, column
        g, current_ = getattr(sums, f"g_{name}_"), getattr(sums, f"I_{name}_")
        assert np.array_equal(current_, g * (sums.V_ - E)), name
        assert np.array_equal(trace.I_, trace.g_ * (sums.V_[made[name].j] - E)), name
    injected = summed("injecting", single["injecting"].I_)
    assert sums.s_injecting_ == pytest.approx(injected, rel=1e-11, abs=1e-22)
    total = sums.s_injecting_ - sum(getattr(sums, f"I_{name}_") for name in names)
    assert sums.I_syn_ == pytest.approx(total, rel=1e-12, abs=1e-22)


def test_several_inputs_take_what_is_aimed_at_them() -> None:
    """Two inputs, each with its own kinds; without target= the choice is asked for."""
    cells = NeuronGroup(
        1,
        """dV/dt = (10*nS*(-65*mV - V) + I_near + 0.5*I_far)/(0.2*nF) : volt
           I_near : amp (input)
           I_far : amp (input)""",
    )
    cells.V = -65 * mV
    near = Synapses(trains(), cells, exponential, output=current, target="I_near", name="near")
    far = Synapses(trains(), cells, nmda, output=conductance(g_max=2 * nS), target="I_far", name="far")
    other = Synapses(trains(), cells, alpha, output=current, target="I_far", name="other")
    jumps = Synapses(trains(), cells, voltage_jump)
    with pytest.raises(EvsimError, match="name the input of the target with target=; it has I_near, I_far"):
        Synapses(trains(), cells, alpha, output=current)
    for each in (near, far, other, jumps):
        each.connect()
    trace = StateMonitor(cells, ["I_near", "I_far", "s_near", "g_far", "s_other", "V"], record=True)
    run(8 * ms)
    assert np.array_equal(trace.I_near_, trace.s_near_)
    assert trace.I_far_ == pytest.approx(trace.s_other_ - trace.g_far_ * trace.V_, rel=1e-12)
    assert np.max(trace.g_far_) > 0


@pytest.mark.parametrize("gate", [exponential, ampa, nmda], ids=lambda gate: gate.name)
def test_the_gate_and_the_conductance_are_delayed_and_the_potential_is_taken_when_they_act(gate: Any) -> None:
    """The potential moves by 20 mV meanwhile; with the potential of the source's spike the current were another."""
    shapes = []
    for delay in (0, 3.2):
        start_scope()
        cells = NeuronGroup(1, "dV/dt = (10*mV + 0*Gohm*I - V)/(3*ms) : volt\nI : amp (input)")
        cells.V = -60 * mV
        source = SpikeGeneratorGroup(1, [0, 0], [1.03, 2.2] * ms)
        synapses = Synapses(source, cells, gate, output=magnesium_block(g_max=8 * nS), delay=delay * ms)
        synapses.connect()
        trace = StateMonitor(synapses, ["s", "g", "I", "B"], record=True, dt=0.1 * ms)
        potential = StateMonitor(cells, "V", record=True, dt=0.1 * ms)
        run(12 * ms)
        V = potential.V_[0]
        assert np.max(np.abs(V - 0.01 + 0.07 * np.exp(-trace.t_ / 3e-3))) < 1e-12
        B = 1 / (1 + 1.2 / 3.57 * np.exp(-62 * V))
        assert trace.B[0] == pytest.approx(B, rel=1e-12)
        assert np.array_equal(trace.I_[0], trace.g_[0] * V)
        assert np.max(np.abs(trace.I_)) > 0
        shapes.append((trace.s[0], trace.g_[0] / B))
    (s, opened), (s_late, opened_late) = shapes
    assert np.array_equal(s, s_late)
    assert np.all(opened_late[:42] == 0)
    assert opened[50] != 0
    assert opened_late[32:] == pytest.approx(opened[:-32], abs=1e-10 * np.max(opened))
    assert np.max(np.abs(opened_late - opened)) > 0.2 * np.max(opened)


WEIGHTS: dict[str, Callable[[Synapses], None]] = {
    "scalar": lambda synapses: setattr(synapses, "w", 2.0),
    "array": lambda synapses: setattr(synapses, "w", [2.0] * 6),
    "text": lambda synapses: setattr(synapses, "w", "1 + 1*(j >= 0)"),
    "one by one": lambda synapses: [synapses.w.__setitem__(k, 2.0) for k in range(6)],  # type: ignore[func-returns-value]
}


@pytest.mark.parametrize("gate", [exponential, gaba_a, nmda], ids=lambda gate: gate.name)
def test_a_weight_is_the_same_as_a_number_an_array_or_text(gate: Any) -> None:
    found = {}
    for name, give in WEIGHTS.items():
        start_scope()
        cells = NeuronGroup(2, lif(I_stim=0 * nA))
        synapses = Synapses(trains(), cells, gate, output=conductance(g_max=5 * nS), delay=0.7 * ms)
        synapses.connect()
        give(synapses)
        trace = StateMonitor(cells, "V", record=True)
        run(8 * ms)
        found[name] = trace.V_
    scalar = found.pop("scalar")
    assert np.ptp(scalar) > 1e-4
    for name, V in found.items():
        assert np.max(np.abs(V - scalar)) < 1e-15, name
