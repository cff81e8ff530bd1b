"""evsim: networks of spiking neurons with exact spike times."""

from __future__ import annotations

from typing import Any

from evsim import units as _units
from evsim.equations.declaration import Equations
from evsim.equations.timed_array import TimedArray
from evsim.equations.user_functions import Function, implementation
from evsim.errors import EvsimError
from evsim.units import *
from evsim.verify import verify
from evsim.words.actions import NetworkOperation, network_operation, stop
from evsim.words.clocks import Clock, defaultclock
from evsim.words.exports import export_c, read_export
from evsim.words.magic import (
    collect,
    magic_network,
    profiling_summary,
    restore,
    run,
    scheduling_summary,
    start_scope,
    store,
)
from evsim.words.monitors import EventMonitor, PopulationRateMonitor, SpikeMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.preferences import prefs
from evsim.words.protocols import constant_input
from evsim.words.randomness import seed
from evsim.words.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.words.synapses import Synapses
from evsim.words.variables.linked import linked_var

__all__ = [
    "Clock", "Equations", "EventMonitor", "EvsimError", "Function", "Network", "NetworkOperation", "NeuronGroup",
    "PoissonGroup", "PoissonInput", "PopulationRateMonitor", "SpikeGeneratorGroup", "SpikeMonitor",
    "StateMonitor", "Synapses", "TimedArray", "collect", "constant_input", "defaultclock", "export_c",
    "implementation", "linked_var", "magic_network", "network_operation", "prefs", "profiling_summary", "read_export",
    "restore", "run", "scheduling_summary", "seed", "start_scope", "stop", "store", "verify",
    *_units.__all__,
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load the plots when they are asked for."""
    if name != "plot":
        raise AttributeError(f"module 'evsim' has no attribute {name!r}")
    import importlib

    return importlib.import_module("evsim.plot")
