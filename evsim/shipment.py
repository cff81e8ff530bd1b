"""The kernels that come with the package: of every shipped neuron, alone and with the usual synapses on it.

The build calls `build`; whoever then runs a network of this kind needs no compiler. Models that differ only in names
and numbers share one kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from evsim import description, models
from evsim.codegen import shipped
from evsim.commands import demo
from evsim.composition import treatment_of
from evsim.composition.treatment import AT_ONCE, PULSED, SUMMED
from evsim.engine.texts import texts_of
from evsim.plugin import Gate, Neuron, Output
from evsim.words.monitors import StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.synapses import Synapses

# What may differ between the cells of a group that has so many kinds of gates: nothing, their input (b), their time
# constants as well (A).
EQUAL: tuple[str, ...] = ()
WAYS_TO_DIFFER = {0: [EQUAL, ("b",), ("A", "b")], 1: [EQUAL, ("b",)], 2: [EQUAL]}

# Systems that are not linear take longer to compile: neurons alone, and these with their synapses.
USUAL: tuple[tuple[Neuron, tuple[tuple[Gate, Output], ...]], ...] = (
    (models.lif, ((models.ampa, models.current),)),
    (models.lif, ((models.exponential, models.conductance),)),
    (models.lif, ((models.exponential, models.conductance), (models.exponential, models.conductance))),
    (models.lif, ((models.alpha, models.conductance),)),
    (models.lif, ((models.ampa, models.conductance),)),
    (models.lif, ((models.ampa, models.conductance), (models.gaba_a, models.conductance))),
    (models.hh_traub, ((models.exponential, models.conductance), (models.exponential, models.conductance))),
)


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
    """Yield every neuron alone, linear ones with gates that drive currents, and what else is usual."""
    for neuron in (model for model in models.evsim_models() if isinstance(model, Neuron)):
        alone = described(neuron)
        if isinstance(alone.populations[0].model, description.LinearModel):
            yield from _with_currents(neuron)
        else:
            yield alone, [EQUAL]
    for neuron, synapses in USUAL:
        yield described(neuron, *synapses), [EQUAL]
    for gate in models.evsim_models():
        if isinstance(gate, Gate) and treatment_of(gate).name in (SUMMED, PULSED):
            yield recorded(gate), [EQUAL]


def _with_currents(neuron: Neuron) -> Iterator[tuple[description.Network, list[tuple[str, ...]]]]:
    """Alone, with each gate that is one sum, and with two (exciting and inhibiting), and what may differ."""
    gates = [model for model in models.evsim_models() if isinstance(model, Gate)]
    summed = [gate for gate in gates if treatment_of(gate).name in (AT_ONCE, SUMMED)]
    for count in range(3):
        for chosen in product(summed, repeat=count):
            kinds = len(set(chosen))  # two of a kind: as usual as one
            pairs = [(gate, None if gate is models.voltage_jump else models.current) for gate in chosen]
            yield described(neuron, *pairs), WAYS_TO_DIFFER[kinds]


def described(neuron: Neuron, *synapses: tuple[Gate, Output | None]) -> description.Network:
    """Describe one cell of a model with a synapse of each gate and output on it."""
    cells = NeuronGroup(1, neuron)
    made = [Synapses(cells, cells, gate, output=output) for gate, output in synapses]
    for each in made:
        each.connect()
    return Network([cells, *made]).describe()


def recorded(gate: Gate) -> description.Network:
    """Describe a cell with a synapse of a gate on it whose gate and current are recorded."""
    cells = NeuronGroup(1, models.lif)
    made = Synapses(cells, cells, gate, output=models.current)
    made.connect()
    return Network(cells, made, StateMonitor(made, ["s", "I"], record=True)).describe()
