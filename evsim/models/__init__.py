"""The models that come with evsim, by name; models of plugins are found under their names here too.

They enter through the hook that every plugin uses.
"""

from __future__ import annotations

import sys
from typing import Any

from evsim.errors import EvsimAttributeError
from evsim.models.alpha import alpha
from evsim.models.current import current
from evsim.models.dual_exponential import dual_exponential
from evsim.models.exponential import exponential
from evsim.models.lif import lif
from evsim.models.lif_dimensionless import lif_dimensionless
from evsim.models.lif_resistance import lif_resistance
from evsim.models.voltage_jump import voltage_jump
from evsim.plugin import Model
from evsim.plugin.hookspecs import hookimpl

__all__ = [
    "alpha",
    "current",
    "dual_exponential",
    "exponential",
    "lif",
    "lif_dimensionless",
    "lif_resistance",
    "voltage_jump",
]


@hookimpl
def evsim_models() -> list[Model]:
    """Return the models that come with evsim."""
    return [
        lif,
        lif_dimensionless,
        lif_resistance,
        voltage_jump,
        exponential,
        dual_exponential,
        alpha,
        current,
    ]


def __getattr__(name: str) -> Any:
    """Look a name up among the models of all plugins."""
    if name.startswith("_"):
        raise AttributeError(f"module 'evsim.models' has no attribute {name!r}")
    from evsim.plugin.registry import ModelError, find_model

    try:
        return find_model(name)
    except ModelError as error:
        # `from evsim.models import x` would replace an AttributeError by a message that says less.
        if sys._getframe(1).f_code.co_name == "_handle_fromlist":
            raise
        raise EvsimAttributeError(str(error)) from error
