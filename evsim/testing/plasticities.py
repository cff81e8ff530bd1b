"""Checks of plasticities: what they declare, with gates of each kind, and what they do in short runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import contribution, plasticity_equations, treatment_of_plasticity
from evsim.composition.declared import neuron_equations
from evsim.equations.statements import parse_statements
from evsim.models import ampa, conductance, current, exponential, gaba_b, lif, nmda, voltage_jump
from evsim.plugin import Plasticity
from evsim.units import ms, mV
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses

COMBINATIONS = [
    (voltage_jump, None),
    (exponential, current),
    (ampa, conductance),
    (nmda, current),
    (gaba_b, current),
]
"""Gates of each treatment, with outputs."""


def check_plasticity(model: Plasticity) -> Iterator[str]:
    """Yield what is wrong in its declaration; equations that have no closed form between events raise."""
    treatment_of_plasticity(model)
    own, parameters = plasticity_equations(model), {each.name for each in model.parameters}
    for name in model.initial:
        if name not in own.of_kind("differential") and name not in own.of_kind("parameter"):
            yield f"it starts {name!r}, which is no variable of its equations"
    for name in model.bounds or ():
        if name not in parameters:
            yield f"its bound {name!r} is none of its parameters"
    made = contribution(exponential, current, neuron_equations(lif), "synapses", plasticity=[model])
    changed = {each.target for code in (made.on_pre, made.on_post) for each in parse_statements(code, "code")}
    if not changed & {"w", *(each.name for each in made.rules.own)}:
        yield "spikes change nothing; say in on_pre or on_post what they do to w or to its variables"
    if not model.release and "w" not in changed:
        yield "it has no release and changes no weight, so that it does nothing"


def run_plasticity(model: Plasticity) -> Iterator[str]:
    """Yield where variables after spikes at real times depend on how a run is cut, or are no numbers."""
    for gate, output in COMBINATIONS:
        whole = _variables(model, gate, output, [40 * ms])
        parts = _variables(model, gate, output, [7.77 * ms, 13.31 * ms, 18.92 * ms])
        for name, values in whole.items():
            if not np.all(np.isfinite(values)):
                yield f"{name} of a synapse with gate {gate.name} becomes {values[0]}"
            elif not np.array_equal(values, parts[name]):
                yield f"{name} of a synapse with gate {gate.name} depends on pauses: {values[0]} and {parts[name][0]}"


def _variables(
    model: Plasticity, gate: Any, output: Any, durations: Sequence[Any]
) -> dict[str, NDArray[np.float64]]:
    source = SpikeGeneratorGroup(2, [0, 1, 0, 1, 0, 0], [1.03, 5.7, 9.41, 11.2, 14.83, 30.09] * ms)
    cell = NeuronGroup(1, lif(V_reset=-70 * mV))
    kick = Synapses(source, cell, on_pre="V_post += 30*mV")
    kick.connect(i=1, j=0)
    synapses = Synapses(source, cell, gate, output=output, plasticity=model, delay={"pre": 0.37 * ms})
    synapses.connect(i=0, j=0)
    network = Network(source, cell, kick, synapses)
    for duration in durations:
        network.run(duration)
    names = [name for name, each in synapses._equations.items() if each.kind != "subexpression"]
    return {name: np.array(synapses._present(name)).reshape(-1) for name in names}


__all__ = ["check_plasticity", "run_plasticity"]
