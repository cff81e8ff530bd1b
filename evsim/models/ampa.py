"""AMPA receptor: two-state kinetics, opened while transmitter is present.

The fast excitatory receptor. A spike releases transmitter for T_duration; a spike within a pulse starts it anew.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter, Pulse
from evsim.units import mM, ms

ampa = Gate(
    equations="ds/dt = alpha*T*(1 - s) - beta*s : 1",
    parameters=[
        Parameter("alpha", 0.98 / (mM * ms), "binding rate"),
        Parameter("beta", 0.18 / ms, "unbinding rate"),
        Parameter("T_max", 0.5 * mM, "concentration of transmitter in the pulse"),
        Parameter("T_duration", 0.5 * ms, "length of the pulse"),
    ],
    on_pre=Pulse("T", height="T_max", duration="T_duration"),
    references=["Destexhe, Mainen, Sejnowski 1994, Neural Computation 6:14"],
)
