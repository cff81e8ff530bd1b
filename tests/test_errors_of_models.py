"""What a user of models may get wrong: each message names the object, what it got, and a repair, in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evsim import NeuronGroup, SpikeGeneratorGroup, Synapses, ms
from evsim.errors import EvsimError
from evsim.models import alpha, ampa, conductance, current, exponential, lif
from evsim.plugin import Output
from evsim.plugin.registry import find_model
from evsim.units import mV

NO_PORT = "dV/dt = -V/(10*ms) : volt"
TWO_PORTS = "dV/dt = (I_near + I_far)/(1*nF) : volt\nI_near : amp (input)\nI_far : amp (input)"
ODD = Output(name="odd", doc="A current of no use.", current="w*s*V", references=["nobody"])


def onto(cells: Any, model: Any = exponential, output: Any = current, **options: Any) -> Synapses:
    """Make synapses from one source onto a neuron."""
    source, group = SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, cells)
    return Synapses(source, group, model, output=output, **options)


MISTAKES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "unknown model": (
        lambda: find_model("gaba_aa"),
        LookupError,
        "no model is named 'gaba_aa' (did you mean gaba_a or gaba_b?); there are ",
    ),
    "name of a model as text": (
        lambda: NeuronGroup(1, "lif"),
        ValueError,
        "model of neurongroup: 'lif' is no equation; give the model of that name, from evsim.models, or "
        "text such as 'dV/dt = -V/tau : volt'",
    ),
    "output that does not fit the gate's unit": (
        lambda: onto(lif, alpha(normalisation="area"), conductance),
        TypeError,
        "synapses synapses (alpha x conductance): g = w*g_max*s of output conductance does not fit gate alpha, whose "
        "s is in Hz; take one whose s is a plain number, as another normalisation= may give, or an output that makes "
        "S of it (units: S/s and S)",
    ),
    "output that does not fit the port": (
        lambda: onto(lif, exponential, ODD),
        TypeError,
        "synapses synapses (exponential x odd): the current of output odd does not fit port I_syn; its formula 'w*s*V' "
        "must come to A, or target= name another input (units: V and A)",
    ),
    "missing port": (
        lambda: onto(NO_PORT),
        NameError,
        "synapses synapses (exponential x current): the target has no input for the current; declare one in its "
        "equations, as in 'I_syn : amp (input)'",
    ),
    "two ports and no target": (
        lambda: onto(TWO_PORTS),
        NameError,
        "synapses synapses (exponential x current): name the input of the target with target=; it has I_near, I_far, "
        "as in target='I_near'",
    ),
    "two ports and a wrong target": (
        lambda: onto(TWO_PORTS, target="I_fer"),
        NameError,
        "synapses synapses (exponential x current): the target has no input 'I_fer' (did you mean I_far or I_near?); "
        "it has I_near, I_far",
    ),
    "parameter of the wrong unit": (
        lambda: exponential(tau=3 * mV),
        TypeError,
        "parameter tau of model exponential must be in s, got 3. mV; give a quantity like 8. ms (units: V and s)",
    ),
    "parameter without unit": (
        lambda: exponential(tau=3),
        TypeError,
        "parameter tau of model exponential must be in s, got 3; give a quantity like 8. ms (units: 1, a plain number "
        "and s)",
    ),
    "gate as output": (
        lambda: onto(lif, exponential, ampa),
        TypeError,
        "synapses synapses (exponential x ampa): the output must be an output such as current, got ampa()",
    ),
    "no output": (
        lambda: onto(lif, exponential, None),
        TypeError,
        "synapses synapses (exponential): a gate needs an output; give one, as in output=current",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_last_line_names_object_value_and_repair(mistake: str) -> None:
    make, kind, text = MISTAKES[mistake]
    with pytest.raises(EvsimError) as refused:
        make()
    assert isinstance(refused.value, kind)
    said = str(refused.value)
    assert said.startswith(text) if mistake == "unknown model" else said == text
    assert "\n" not in said


def test_a_mistake_leaves_no_trace_on_the_target() -> None:
    source, cells = SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif)
    for output in (ODD, None):
        with pytest.raises(EvsimError):
            Synapses(source, cells, exponential, output=output)
    Synapses(source, cells, exponential, output=current, name="synapses")
    assert cells.equations is not None
