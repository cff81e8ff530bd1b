"""What `from brian2 import *` brings, as far as point neurons go: units, groups, functions, numpy and the plots.

A script written for Brian runs after a change of its import line to `from evsim.brian import *`; docs/brian.md says
what is different on purpose.
"""

from __future__ import annotations

import datetime
import logging
from typing import Any

import matplotlib.pylab as _pylab

import evsim as _evsim
from evsim import units as units
from evsim.brian import numpy_ as _numpy
from evsim.brian.absent import ACCIDENTAL, REFUSED, Absent
from evsim.brian.devices import all_devices, device, get_device, set_device
from evsim.brian.logger import BrianLogger, get_logger
from evsim.brian.plotting import draw_in_si as _draw_in_si
from evsim.brian.preferences import BrianPreferences
from evsim.brian.scope import MagicNetworkOfScope, restore_initial_state, seed
from evsim.brian.typing import declare_types, get_or_create_dimension, is_scalar_type
from evsim.errors import EvsimError
from evsim.units.named import Unit
from evsim.words.clocks import Clock
from evsim.words.magic import MagicNetwork
from evsim.words.slices import Subgroup

np = numpy = _numpy
prefs = brian_prefs = BrianPreferences()
logger = get_logger("evsim.brian")
magic_network = MagicNetworkOfScope()
MagicError = BrianObjectException = PreferenceError = EvsimError

_METHODS = "exact linear euler exponential_euler rk2 rk4 heun milstein".split()
_LITRES = [prefix + stem for stem in ("liter", "litre") for prefix in ("", *"pnumkMGT")]
_OWN: dict[str, Any] = {
    "BrianLogger": BrianLogger,
    "BrianObjectException": BrianObjectException,
    "Clock": Clock,
    "MagicError": MagicError,
    "MagicNetwork": MagicNetwork,
    "PreferenceError": PreferenceError,
    "Subgroup": Subgroup,
    "Unit": Unit,
    "all_devices": all_devices,
    "brian_prefs": brian_prefs,
    "datetime": datetime,
    "declare_types": declare_types,
    "device": device,
    "get_device": get_device,
    "get_logger": get_logger,
    "get_or_create_dimension": get_or_create_dimension,
    "is_scalar_type": is_scalar_type,
    "logger": logger,
    "logging": logging,
    "magic_network": magic_network,
    "np": np,
    "numpy": numpy,
    "prefs": prefs,
    "restore_initial_state": restore_initial_state,
    "seed": seed,
    "set_device": set_device,
    "units": units,
}


def _namespace() -> dict[str, Any]:
    """Every name, the ones that count most last."""
    names = {name: value for name, value in vars(_pylab).items() if not name.startswith("_")}
    names |= {name: getattr(_numpy, name) for name in _numpy.__all__ if name not in _pylab_builtins(names)}
    names |= {name: Absent(name, why) for name, why in REFUSED.items()}
    names |= {name: getattr(units, name) for name in _LITRES}
    names |= {name: name for name in _METHODS}  # method=euler as well as method="euler"
    names |= {name: getattr(_evsim, name) for name in _evsim.__all__}
    return {name: value for name, value in (names | _OWN).items() if name not in ACCIDENTAL}


def _pylab_builtins(names: dict[str, Any]) -> set[str]:
    """Names that pylab leaves to Python: max of a list is not max of numpy."""
    return {name for name in "abs bool bytes max min pow round".split() if name in names}


_draw_in_si()
globals().update(_namespace())
__all__: list[str] = sorted(_namespace())
