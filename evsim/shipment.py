"""The kernels that come with the package: of every shipped neuron, alone and with the usual synapses on it.

The build calls `build`; whoever then runs a network of this kind needs no compiler. Models that differ only in names
and numbers share one kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from evsim import description, models
from evsim.codegen import shipped
from evsim.commands import demo
from evsim.engine.texts import texts_of
from evsim.plugin import Gate, Neuron
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.synapses import Synapses

# What may differ between the cells of a group that has so many kinds of gates: nothing, their input (b), their time
# constants as well (A).
EQUAL: tuple[str, ...] = ()
WAYS_TO_DIFFER = {0: [EQUAL, ("b",), ("A", "b")], 1: [EQUAL, ("b",)], 2: [EQUAL]}


def build(folder: Path) -> None:
    """Compile the kernels into the folder."""
    shipped.build(folder, texts())


def texts() -> dict[str, str]:
    """Return the C texts, each with a word on what it is."""
    found = texts_of(demo.network()[0].describe(namespace=vars(demo)))
    for network, ways in networks():
        for each in ways:
            found |= texts_of(network, each)
    return found


def networks() -> Iterator[tuple[description.Network, list[tuple[str, ...]]]]:
    """Yield every neuron alone, and those with linear equations with each gate and with two, and what may differ."""
    offered = models.evsim_models()
    gates = [model for model in offered if isinstance(model, Gate)]
    for neuron in (model for model in offered if isinstance(model, Neuron)):
        alone = described(neuron)
        if not isinstance(alone.populations[0].model, description.LinearModel):
            yield alone, [EQUAL]
            continue
        for count in range(3):
            for chosen in product(gates, repeat=count):
                kinds = len(set(chosen))  # two of a kind: as usual as one
                yield described(neuron, *chosen), WAYS_TO_DIFFER[kinds]


def described(neuron: Neuron, *gates: Gate) -> description.Network:
    """Describe one cell of a model with a synapse of each gate on it."""
    cells = NeuronGroup(1, neuron)
    synapses = [Synapses(cells, cells, gate, **_output_of(gate)) for gate in gates]
    for each in synapses:
        each.connect()
    return Network([cells, *synapses]).describe()


def _output_of(gate: Gate) -> dict[str, Any]:
    """A jump of the potential needs no output."""
    return {} if gate is models.voltage_jump else {"output": models.current}
