"""The monitors: spikes, states and rates, as arrays with units during and after runs."""

from __future__ import annotations

from evsim.rate_monitor import PopulationRateMonitor
from evsim.spike_monitor import SpikeMonitor
from evsim.state_monitor import Rows, StateMonitor

__all__ = ["PopulationRateMonitor", "Rows", "SpikeMonitor", "StateMonitor"]
