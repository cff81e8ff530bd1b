"""A plugin of evsim: a neuron with feedback on three time scales, and synapses that modulate it."""

from __future__ import annotations

from evsim.plugin import Model, hookimpl
from evsim_neuromodulation.additive_modulation import additive_modulation
from evsim_neuromodulation.depressive_modulation import depressive_modulation
from evsim_neuromodulation.multiscale import multiscale

__all__ = ["additive_modulation", "depressive_modulation", "multiscale"]


@hookimpl
def evsim_models() -> list[Model]:
    """Return the models of this package."""
    return [multiscale, additive_modulation, depressive_modulation]
