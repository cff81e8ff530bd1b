"""How a model is tried for its figure: with which partners, spikes, duration and weight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from evsim.plot.scales import Floats
from evsim.plugin import Gate, Model, Neuron, Output
from evsim.units import Quantity
from evsim.units.field import in_field_units
from evsim.words.clocks import defaultclock, in_seconds

SAMPLES = 2000  # of each trace, at least
FINEST = 2e-3  # seconds; the shape of a spike is seen in long runs, too


@dataclass(frozen=True)
class Trial:
    """A model, the models it is joined to, and what happens; None leaves a choice to the kind of model.

    Times are in seconds. `port` is the input of the neuron that receives a current, or the parameter of it that a
    modulation moves.
    """

    model: Model
    gate: Gate | None = None
    output: Output | None = None
    neuron: Neuron | None = None
    spikes: Floats | None = None
    duration: float | None = None
    weight: Any = None
    current: Any = None
    port: str = ""

    @property
    def settings(self) -> str:
        """What the user has changed of the model, in words."""
        return changes(self.model)


def changes(model: Model) -> str:
    """What a copy of a model has changed, in words; empty for the model itself."""
    values = [f"{name} = {in_field_units(value)}" for name, value in model.values.items()]
    return ", ".join([*values, *(f"{name} = {option}" for name, option in model.chosen.items())])


def titled(model: Model) -> str:
    """A model and its changes: conductance (E = -80 mV)."""
    text = changes(model)
    return f"{model.name} ({text})" if text else model.name


def sampling(duration: float) -> Quantity:
    """The step between samples of a trace."""
    return in_seconds(min(duration / SAMPLES, FINEST))


def rounded(value: float, digits: int = 1) -> float:
    """A value as a person would choose it: with one or two digits."""
    return float(f"{value:.{digits - 1}e}") if value and np.isfinite(value) else value


@contextmanager
def usual_clock() -> Iterator[None]:
    """Run with the usual step of the default clock, whatever the user has set."""
    before = defaultclock.dt
    defaultclock.dt = in_seconds(1e-4)
    try:
        yield
    finally:
        defaultclock.dt = before
