"""The kernels that come with the package: of every shipped neuron, alone and with the usual synapses on it.

The build calls `build`; whoever then runs a network of this kind needs no compiler. Models that differ only in names
and numbers share one kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evsim import demo, description, models
from evsim.codegen import shipped
from evsim.engine.texts import texts_of
from evsim.network import Network
from evsim.neurons import NeuronGroup
from evsim.plugin import Gate, Neuron
from evsim.synapses import Synapses

# What may differ between the cells of a group: their input (b), their time constants as well (A).
WAYS_TO_DIFFER: dict[int, list[tuple[str, ...]]] = {0: [(), ("b",), ("A", "b")], 1: [(), ("b",)], 2: [()]}


def build(folder: Path) -> None:
    """Compile the kernels into the folder."""
    shipped.build(folder, texts())


def texts() -> dict[str, str]:
    """Return the C texts, each with a word on what it is."""
    found = texts_of(demo.network()[0].describe(namespace=vars(demo)))
    for n_synapses, network in networks():
        for each in WAYS_TO_DIFFER[n_synapses]:
            found |= texts_of(network, each)
    return found


def networks() -> Iterator[tuple[int, description.Network]]:
    """Yield every neuron alone, with each gate, and with each gate twice: exciting and inhibiting."""
    offered = models.evsim_models()
    for neuron in (model for model in offered if isinstance(model, Neuron)):
        yield 0, described(neuron)
        for gate in (model for model in offered if isinstance(model, Gate)):
            yield 1, described(neuron, gate)
            yield 2, described(neuron, gate, gate)


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
