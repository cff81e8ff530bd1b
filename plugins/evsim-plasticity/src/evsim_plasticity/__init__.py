"""A plugin of evsim: plastic synapses, for short times (Tsodyks-Markram) and for long ones (pair STDP)."""

from __future__ import annotations

from evsim.plugin import Model, hookimpl
from evsim_plasticity.stdp_pair import stdp_pair
from evsim_plasticity.tsodyks_markram import tsodyks_markram

__all__ = ["stdp_pair", "tsodyks_markram"]


@hookimpl
def evsim_models() -> list[Model]:
    """Return the models of this package."""
    return [tsodyks_markram, stdp_pair]
