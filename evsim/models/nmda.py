"""NMDA receptor: a slow gate that saturates; with the output magnesium_block it needs a depolarised cell.

A spike adds one to the rise variable x, which opens the gate while it lasts.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter
from evsim.units import ms

nmda = Gate(
    equations="""
    ds/dt = -s/tau_d + a*x*(1 - s) : 1
    dx/dt = -x/tau_r : 1
    """,
    parameters=[
        Parameter("tau_d", 100 * ms, "time constant of the decay"),
        Parameter("tau_r", 2 * ms, "time constant of the rise"),
        Parameter("a", 0.5 / ms, "opening rate for x = 1"),
    ],
    on_pre="x += 1",
    references=["Wang 1999, Journal of Neuroscience 19:9587"],
)
