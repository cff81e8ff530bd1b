"""Short runs that show whether a model does what every model promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import treatment_of
from evsim.composition.attachment import GATE
from evsim.composition.treatment import EACH_SOURCE
from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.models import current, lif
from evsim.plugin import Gate, Model, Neuron, Plasticity
from evsim.testing.plasticities import run_plasticity
from evsim.testing.responses import gate_response
from evsim.units import ms, quantity, si, volt
from evsim.words.clocks import defaultclock
from evsim.words.monitors import SpikeMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses


def check_behaviour(model: Model) -> Iterator[str]:
    """Yield what short runs show to be wrong."""
    if isinstance(model, Neuron) and model.threshold:
        yield from _run_neuron(model)
    elif isinstance(model, Gate) and model.equations.strip():
        yield from _run_gate(model)
    elif isinstance(model, Plasticity):
        with _step(0.1 * ms):
            yield from run_plasticity(model)


def _run_neuron(model: Neuron) -> Iterator[str]:
    """One cell starts above its threshold: the same spikes at every step of the clock, in one run and in three."""
    whole = _spikes_of(model, 0.1 * ms, [50 * ms])
    pieces = _spikes_of(model, 1 * ms, [0.7 * ms, 13.33 * ms, 35.97 * ms])
    if not whole.size:
        yield "a cell that starts above its threshold does not spike"
    if whole.size != pieces.size or np.any(np.abs(whole - pieces) > 1e-12):
        yield f"its spikes depend on the step of the clock or on pauses: {whole} s in one run, {pieces} s in pieces"


def _spikes_of(model: Neuron, dt: Any, durations: Sequence[Any]) -> NDArray[np.float64]:
    with _step(dt):
        cell = NeuronGroup(1, model)
        setattr(cell, model.membrane, _above_threshold(cell, model))
        spikes = SpikeMonitor(cell)
        network = Network(cell, spikes)
        for duration in durations:
            network.run(duration)
        return np.array(spikes.t_)


def _above_threshold(cell: NeuronGroup, model: Neuron) -> Any:
    """A potential above the threshold, 1, 2, 4 ... mV above the start (as plain numbers 1/8, 1/4, ...)."""
    condition = Expression.parse(model.threshold, "threshold")
    names = [name for name in condition.names if name in cell.equations]
    known = {
        name: (float(np.ravel(si(getattr(cell, name)[:]))[0]), cell.equations[name].dimension)
        for name in names
    }
    start, dimension = known[model.membrane]
    for power in range(20):
        value = start + 2.0**power * (1e-3 if dimension == volt.dimension else 0.125)
        known[model.membrane] = value, dimension
        if evaluate_text(condition, known, None, "threshold")[0]:
            return quantity(value, dimension)
    return quantity(start, dimension)


def _run_gate(model: Gate) -> Iterator[str]:
    """Spikes open a gate, and nothing else does; where gates are summed, the sum is that of single ones."""
    with _step(0.1 * ms):
        alone = gate_response(model, [1, 3.3] * ms, 20 * ms)
        s = np.asarray(si(getattr(alone, GATE)))[0]
    if np.any(s[:10] != 0):
        yield "the gate opens without a spike"
    if not np.all(np.isfinite(s)) or not np.any(s):
        yield "a spike does not open the gate"
    if treatment_of(model).name != EACH_SOURCE:
        yield from _run_sums(model)


def _run_sums(model: Gate) -> Iterator[str]:
    """Three cells with a synapse of one train, of another, and with both."""
    with _step(0.1 * ms):
        cells = NeuronGroup(3, lif(t_ref=0 * ms))
        source = SpikeGeneratorGroup(2, [0, 1, 1], [1, 1.2, 3.3] * ms)
        synapses = Synapses(source, cells, model, output=current)
        synapses.connect(i=[0, 1, 0, 1], j=[0, 1, 2, 2])
        trace = StateMonitor(cells, f"{GATE}_{synapses.name}", record=True, dt=1 * ms)
        Network(cells, source, synapses, trace).run(20 * ms)
        s = np.asarray(si(getattr(trace, f"{GATE}_{synapses.name}")))
    scale = np.max(np.abs(s), initial=1e-300)
    if np.max(np.abs(s[2] - s[0] - s[1])) > 1e-9 * scale:
        yield "two synapses do not add up"


@contextmanager
def _step(dt: Any) -> Iterator[None]:
    before = defaultclock.dt
    defaultclock.dt = dt
    try:
        yield
    finally:
        defaultclock.dt = before
