"""Plots: spikes, traces and connections on given axes, and the response of any registered model as a figure.

Nothing here loads Matplotlib before it draws. Quantities go in as they are; axes carry their units.
"""

from __future__ import annotations

from evsim.plot.connections import connectivity, weights
from evsim.plot.courses import traces
from evsim.plot.response import response
from evsim.plot.spikes import raster

__all__ = ["connectivity", "raster", "response", "traces", "weights"]
