"""The models that come with evsim, by name; models of plugins are found under their names here too.

They enter through the hook that every plugin uses.
"""

from __future__ import annotations

import sys
from typing import Any

from evsim.errors import EvsimAttributeError
from evsim.models.adex import adex
from evsim.models.alpha import alpha
from evsim.models.ampa import ampa
from evsim.models.conductance import conductance
from evsim.models.current import current
from evsim.models.dual_exponential import dual_exponential
from evsim.models.eif import eif
from evsim.models.exponential import exponential
from evsim.models.gaba_a import gaba_a
from evsim.models.gaba_b import gaba_b
from evsim.models.gaba_b_desensitising import gaba_b_desensitising
from evsim.models.gap_junction import gap_junction
from evsim.models.hh import hh
from evsim.models.hh_traub import hh_traub
from evsim.models.izhikevich import izhikevich
from evsim.models.lif import lif
from evsim.models.lif_dimensionless import lif_dimensionless
from evsim.models.lif_noisy import lif_noisy
from evsim.models.lif_resistance import lif_resistance
from evsim.models.magnesium_block import magnesium_block
from evsim.models.nmda import nmda
from evsim.models.qif import qif
from evsim.models.voltage_jump import voltage_jump
from evsim.plugin import Model
from evsim.plugin.hookspecs import hookimpl

__all__ = [
    "adex",
    "alpha",
    "ampa",
    "conductance",
    "current",
    "dual_exponential",
    "eif",
    "exponential",
    "gaba_a",
    "gaba_b",
    "gaba_b_desensitising",
    "gap_junction",
    "hh",
    "hh_traub",
    "izhikevich",
    "lif",
    "lif_dimensionless",
    "lif_noisy",
    "lif_resistance",
    "magnesium_block",
    "nmda",
    "qif",
    "voltage_jump",
]


@hookimpl
def evsim_models() -> list[Model]:
    """Return the models that come with evsim."""
    return [
        lif,
        lif_dimensionless,
        lif_resistance,
        lif_noisy,
        eif,
        adex,
        qif,
        izhikevich,
        hh,
        hh_traub,
        voltage_jump,
        exponential,
        dual_exponential,
        alpha,
        ampa,
        gaba_a,
        nmda,
        gaba_b,
        gaba_b_desensitising,
        current,
        conductance,
        magnesium_block,
        gap_junction,
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
