"""What a plugin author writes: declarations of models, and the mark of a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evsim.plugin.model import (
    Choice,
    Gate,
    InC,
    Junction,
    Model,
    Modulation,
    Neuron,
    Output,
    Parameter,
    Plasticity,
    Pulse,
    refractory,
)

if TYPE_CHECKING:
    from evsim.plugin.hookspecs import hookimpl, hookspec

__all__ = [
    "Choice",
    "Gate",
    "InC",
    "Junction",
    "Model",
    "Modulation",
    "Neuron",
    "Output",
    "Parameter",
    "Plasticity",
    "Pulse",
    "hookimpl",
    "hookspec",
    "refractory",
]


def __getattr__(name: str) -> Any:
    """Give the hook markers when asked for: pluggy is loaded with the first plugin, not with evsim."""
    if name in ("hookimpl", "hookspec"):
        from evsim.plugin import hookspecs

        return getattr(hookspecs, name)
    raise AttributeError(f"module 'evsim.plugin' has no attribute {name!r}")
