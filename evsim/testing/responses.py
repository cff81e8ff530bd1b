"""What gates do when spikes arrive: one helper for every gate, also for those of plugins."""

from __future__ import annotations

from typing import Any

import numpy as np

from evsim.composition import PULSE_END, gate_alone
from evsim.composition.declared import own_equations
from evsim.plugin import Gate
from evsim.plugin.registry import find_model
from evsim.units import si
from evsim.words.gate_arrivals import gate_arrivals
from evsim.words.monitors import StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup


def gate_response(gate: Gate | str, spikes: Any, duration: Any, dt: Any = None) -> StateMonitor:
    """Run a gate, or the registered one of that name, through spikes; return what its variables did.

    Parameters
    ----------
    spikes
        Times at which spikes arrive, in any order.
    dt
        How often to sample; the step of the default clock unless given.
    """
    model = find_model(gate) if isinstance(gate, str) else gate
    assert isinstance(model, Gate)
    alone = gate_alone(model)
    cells = NeuronGroup(1, alone.equations)
    for name, value in alone.parameters.items():
        setattr(cells, name, value)
    source = SpikeGeneratorGroup(1, np.zeros(np.size(si(spikes)), dtype=int), spikes)
    lags = {PULSE_END: model.value(alone.lag)} if alone.lag else None
    arrivals = gate_arrivals(alone, source, cells, 0, 0, delay=lags)
    trace = StateMonitor(cells, list(own_equations(model)), record=True, dt=dt)
    Network(cells, source, arrivals, trace).run(duration)
    return trace
