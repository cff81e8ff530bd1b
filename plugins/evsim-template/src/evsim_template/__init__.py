"""A plugin of evsim to start from: one neuron and one gate, made with equations."""

from __future__ import annotations

from evsim.plugin import Model, hookimpl
from evsim_template.difference_of_exponentials import difference_of_exponentials
from evsim_template.resonate_and_fire import resonate_and_fire

__all__ = ["difference_of_exponentials", "resonate_and_fire"]


@hookimpl
def evsim_models() -> list[Model]:
    """Return the models of this package."""
    return [resonate_and_fire, difference_of_exponentials]
