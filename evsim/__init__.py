"""evsim: networks of spiking neurons with exact spike times."""

from __future__ import annotations

from evsim import units as _units
from evsim.clocks import Clock, defaultclock
from evsim.equations.declaration import Equations
from evsim.errors import EvsimError
from evsim.magic import magic_network, run, start_scope
from evsim.monitors import PopulationRateMonitor, SpikeMonitor, StateMonitor
from evsim.network import Network
from evsim.neurons import NeuronGroup
from evsim.preferences import prefs
from evsim.randomness import seed
from evsim.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.synapses import Synapses
from evsim.units import *
from evsim.verify import verify

__all__ = [
    "Clock", "Equations", "EvsimError", "Network", "NeuronGroup", "PoissonGroup", "PoissonInput",
    "PopulationRateMonitor", "SpikeGeneratorGroup", "SpikeMonitor", "StateMonitor", "Synapses", "defaultclock",
    "magic_network", "prefs", "run", "seed", "start_scope", "verify",
    *_units.__all__,
]  # fmt: skip
