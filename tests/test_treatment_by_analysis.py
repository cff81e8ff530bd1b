"""Which treatment a gate gets is read from its equations: copies under other names get the same, near misses do not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.commands.listing import model_page
from evsim.composition import treatment_of
from evsim.models import current, lif, magnesium_block
from evsim.plugin import Gate, Parameter, Pulse
from evsim.plugin.registry import find_model, registry

SHIPPED = {
    "voltage_jump": "acts at once",
    "exponential": "one sum per target",
    "dual_exponential": "one sum per target",
    "alpha": "one sum per target",
    "ampa": "two sums per target",
    "gaba_a": "two sums per target",
    "nmda": "one state per source and delay",
    "gaba_b": "one state per source and delay",
    "gaba_b_desensitising": "one state per source and delay",
}


def renamed(gate: Gate) -> Gate:
    """A gate as a stranger might write it: every name another one, s apart, which outputs take."""
    words = {parameter.name for parameter in gate.parameters} | set(re.findall(r"d(\w+)/dt", gate.equations))
    if isinstance(gate.on_pre, Pulse):
        words.add(gate.on_pre.variable)
    words -= {"s"}
    pattern = re.compile(
        rf"(?<![\w{{])(d?)({'|'.join(sorted(words, key=len, reverse=True)) or '-'})(?![\w}}])"
    )

    def changed(text: str) -> str:
        return pattern.sub(lambda found: f"{found.group(1)}my_{found.group(2)}", text)

    pulse = gate.on_pre
    on_pre: Any = (
        Pulse(*(changed(each) for each in (pulse.variable, pulse.height, pulse.duration)))
        if isinstance(pulse, Pulse)
        else changed(pulse)
    )
    choices = [
        replace(
            each,
            options={
                name: {word: changed(text) for word, text in meanings.items()}
                for name, meanings in each.options.items()
            },
        )
        for each in gate.choices
    ]
    return Gate(
        name="of_a_stranger",
        doc="A copy.",
        equations=changed(gate.equations),
        parameters=[replace(each, name=changed(each.name)) for each in gate.parameters],
        choices=choices,
        on_pre=on_pre,
        references=["none"],
    )


def effect(gate: Gate) -> Any:
    """The potential of a cell with two synapses of the gate, and how many variables the cell has."""
    start_scope()
    source, cells = (
        SpikeGeneratorGroup(2, [0, 1, 0], [1.03, 2.2, 2.41] * ms),
        NeuronGroup(1, lif(I_stim=0 * nA)),
    )
    options = {"output": magnesium_block(g_max=20 * nS)} if gate.equations else {}
    synapses = Synapses(source, cells, gate, delay=0.4321 * ms, name="inputs", **options)
    synapses.connect()
    trace = StateMonitor(cells, "V", record=True)
    run(8 * ms)
    return trace.V_[0]


def test_the_table_below_has_every_shipped_gate() -> None:
    shipped = [m.name for m, plugin in registry().models() if isinstance(m, Gate) and plugin.name == "evsim"]
    assert shipped == list(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_copy_with_other_names_gets_the_same_treatment_and_the_same_bits(name: str) -> None:
    gate = find_model(name)
    assert isinstance(gate, Gate)
    copy = renamed(gate)
    assert treatment_of(gate).name == treatment_of(copy).name == SHIPPED[name]
    assert not gate.parameters or copy.parameters[0].name == f"my_{gate.parameters[0].name}"
    assert np.array_equal(effect(gate), effect(copy))
    assert np.ptp(effect(copy)) > 0


def test_the_page_of_a_model_says_its_treatment_and_why() -> None:
    page = " ".join(model_page(find_model("gaba_b")).split())
    assert "treatment one state per source and delay: it does not add up, since" in page
    assert "s = G**4/(G**4 + K_d) is not proportional to" in page
    page = " ".join(model_page(renamed(find_model("ampa"))).split())  # type: ignore[arg-type]
    assert "treatment two sums per target: its equations are linear and my_T takes two values" in page


RATE = Parameter("k", 0.2 / ms, "rate")
LENGTH = Parameter("length", 0.5 * ms, "length of a pulse")
FIRST = Pulse("T", height="2", duration="length")


@pytest.mark.parametrize(
    ("equations", "on_pre", "treatment", "reason"),
    [
        # almost exponential
        ("ds/dt = -k*s*(1 + s) : 1", "s += 1", "one state per source and delay", "is not proportional to s"),
        ("ds/dt = -k*s**1.5 : 1", "s += 1", "one state per source and delay", "is not proportional to s"),
        ("ds/dt = -k*s + k/10 : 1", "s += 1", "one state per source and delay", "is not proportional to s"),
        ("ds/dt = -k*s : 1", "s += 1 - s", "one state per source and delay", "is more than an addition"),
        ("ds/dt = -k*s : 1", "s = 2*s + 0.5", "one state per source and delay", "is more than an addition"),
        ("ds/dt = -k*s : 1", "s -= 0.5", "one sum per target", "are proportional"),
        ("ds/dt = -k*(s - x) : 1\ndx/dt = -2*k*x : 1", "x += 1; s += 0.1", "one sum per target", "are proportional"),
        ("ds/dt = -k*(s - x) : 1\ndx/dt = -2*k*x*s : 1", "x += 1", "one state per source and delay", "is not propo"),
        # almost two-state kinetics
        ("ds/dt = k*T*(1 - s) - k*s : 1", FIRST, "two sums per target", "are linear and T takes two values"),
        ("ds/dt = k*T**2*(1 - s) - k*s : 1", FIRST, "two sums per target", "are linear and T takes two values"),
        ("ds/dt = -k*s + k*T*T*(3 - 2*s) : 1", FIRST, "two sums per target", "are linear and T takes two values"),
        ("ds/dt = k*T*(1 - s) - k*s*s : 1", FIRST, "one state per source and delay", "is not linear"),
        ("ds/dt = k*T*(1 - s)**2 - k*s : 1", FIRST, "one state per source and delay", "is not linear"),
        ("ds/dt = k*T*(1 - s) - k*(s - 0.1) : 1", FIRST, "one state per source and delay", "does not rest at 0"),
        ("ds/dt = k*(1 - T)*(0.5 - s) : 1", FIRST, "one state per source and delay", "does not rest at 0"),
        ("s = o**2 : 1\ndo/dt = k*T*(1 - o) - k*o : 1", FIRST, "one state per source and delay", "is not proportional"),
        ("s = 3*o : 1\ndo/dt = k*T*(1 - o) - k*o : 1", FIRST, "two sums per target", "are linear"),
    ],
)  # fmt: skip
def test_what_is_almost_of_a_kind_is_told_apart_and_gives_what_single_gates_give(
    equations: str, on_pre: Any, treatment: str, reason: str
) -> None:
    parameters = [RATE, LENGTH] if on_pre is FIRST else [RATE]
    gate = Gate(name="near", equations=equations, parameters=parameters, on_pre=on_pre)
    found = treatment_of(gate)
    assert found.name == treatment
    assert reason in found.reason
    source = SpikeGeneratorGroup(2, [0, 1, 0, 0], [1.03, 2.2, 2.41, 4.0] * ms)
    together, apart = NeuronGroup(1, lif(I_stim=0 * nA)), NeuronGroup(2, lif(I_stim=0 * nA))
    both = Synapses(source, together, gate, output=current, delay=0.4321 * ms, name="both")
    each = Synapses(source, apart, gate, output=current, delay=0.4321 * ms, name="each")
    both.connect()
    each.connect(j="i")
    both.w = each.w = [1, 3] * nA
    sums, parts = StateMonitor(together, "s_both", record=True), StateMonitor(apart, "s_each", record=True)
    run(8 * ms)
    assert sums.s_both[0] / nA == pytest.approx(np.sum(parts.s_each, axis=0) / nA, abs=1e-10)
    assert np.max(np.abs(parts.s_each / nA)) > 0.1


@pytest.mark.parametrize("on_pre", ["s += 1", "s = 1", FIRST])
def test_a_gate_that_reads_the_potential_of_its_target_is_refused(on_pre: Any) -> None:
    """What it depends on belongs to an output; a gate is one for all targets of a source."""
    rate = "T*k*(1 - s)" if on_pre is FIRST else "0*k"
    gate = Gate(
        name="reads_V",
        equations=f"ds/dt = {rate} - k*s*(1 + V/mV) : 1",
        parameters=[RATE, LENGTH],
        on_pre=on_pre,
    )
    with pytest.raises(EvsimError, match="V is not declared"):
        Synapses(SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif), gate, output=current)


def test_a_second_pulse_is_a_name_without_a_value() -> None:
    gate = Gate(
        name="two", equations="ds/dt = k*T*(1 - s) - k*s*U : 1", parameters=[RATE, LENGTH], on_pre=FIRST
    )
    with pytest.raises(EvsimError, match="U is not declared"):
        Synapses(SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif), gate, output=current)


def test_a_pulse_whose_length_is_no_parameter_is_refused_with_the_remedy() -> None:
    gate = Gate(
        name="short", equations="ds/dt = k*T - k*s : 1", parameters=[RATE], on_pre=Pulse("T", "1", "0.5*ms")
    )
    with pytest.raises(EvsimError, match=r"'0.5\*ms', is not one of its parameters \(k\); declare it"):
        Synapses(SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif), gate, output=current)
