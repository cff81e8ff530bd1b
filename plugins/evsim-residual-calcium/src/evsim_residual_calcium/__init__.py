"""A plugin of evsim: a gate whose answer to a spike is hand-written C, shipped compiled."""

from __future__ import annotations

from evsim.plugin import Model, hookimpl
from evsim_residual_calcium.residual_calcium import residual_calcium

__all__ = ["residual_calcium"]


@hookimpl
def evsim_models() -> list[Model]:
    """Return the models of this package."""
    return [residual_calcium]
