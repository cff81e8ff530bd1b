"""The monitors: spikes, states and rates, as arrays with units during and after runs."""

from __future__ import annotations

from evsim.words.monitored import HasMonitor
from evsim.words.monitors.rates import PopulationRateMonitor
from evsim.words.monitors.spikes import EventMonitor, SpikeMonitor
from evsim.words.monitors.states import StateMonitor
from evsim.words.monitors.synapse_states import SynapseMonitor
from evsim.words.monitors.synapse_variables import SynapseVariables

HasMonitor._make_monitor = StateMonitor

__all__ = [
    "EventMonitor",
    "PopulationRateMonitor",
    "SpikeMonitor",
    "StateMonitor",
    "SynapseMonitor",
    "SynapseVariables",
]
