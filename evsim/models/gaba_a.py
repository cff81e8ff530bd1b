"""GABA_A receptor: two-state kinetics, opened while transmitter is present.

The fast inhibitory receptor, ionotropic: it opens a chloride channel, with a reversal potential of about -80 mV.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter, Pulse
from evsim.units import mM, ms

gaba_a = Gate(
    equations="ds/dt = alpha*T*(1 - s) - beta*s : 1",
    parameters=[
        Parameter("alpha", 0.53 / (mM * ms), "binding rate"),
        Parameter("beta", 0.18 / ms, "unbinding rate"),
        Parameter("T_max", 1 * mM, "concentration of transmitter in the pulse"),
        Parameter("T_duration", 1 * ms, "length of the pulse"),
    ],
    on_pre=Pulse("T", height="T_max", duration="T_duration"),
    references=["Destexhe, Mainen, Sejnowski 1994, Neural Computation 6:14"],
)
