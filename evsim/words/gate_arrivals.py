"""Synapses onto gates that stand alone, one gate for each element: what spikes do to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evsim.composition import Contribution
from evsim.equations.declaration import Equations
from evsim.words.neurons import NeuronGroup
from evsim.words.synapses import Synapses


def gate_arrivals(
    alone: Contribution,
    source: Any,
    gates: NeuronGroup,
    i: Any,
    j: Any,
    name: str | None = None,
    delay: Any = None,
) -> Synapses:
    """Return synapses from the elements `i` of the source to the gates `j`, with what each keeps at its start."""
    own = Equations(alone.own.values(), f"model of {name}") if len(alone.own) else None
    namespace = dict(alone.functions) or None
    made = Synapses(source, gates, own, on_pre=alone.code, delay=delay, namespace=namespace, name=name)
    made._pathways = tuple(replace(each, compiled=alone.compiled) for each in made._pathways)
    made.connect(i=np.asarray(i), j=np.asarray(j))
    made._storage.expandable |= alone.rules.values.keys()
    for variable, value in alone.own_values.items():
        made._storage.arrays[variable][:] = value
    return made


__all__ = ["gate_arrivals"]
