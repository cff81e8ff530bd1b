"""GABA_B receptor: metabotropic; transmitter activates receptors R, these a G-protein G, four of which open a channel.

Slow and inhibitory, for hundreds of ms. One short pulse opens about 1e-7 of the channels: trains are needed.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter, Pulse
from evsim.units import mM, ms, uM

gaba_b = Gate(
    equations="""
    s = G**4/(G**4 + K_d) : 1
    dR/dt = k3*T*(1 - R) - k4*R : 1
    dG/dt = k1*R - k2*G : mM
    """,
    parameters=[
        Parameter("k1", 0.18 * uM / ms, "production of G by active receptors"),
        Parameter("k2", 0.034 / ms, "decay of G"),
        Parameter("k3", 0.09 / (mM * ms), "activation of receptors by transmitter"),
        Parameter("k4", 0.0012 / ms, "deactivation of receptors"),
        Parameter("K_d", 100 * uM**4, "fourth power of G that opens half of the channels"),
        Parameter("T_max", 0.5 * mM, "concentration of transmitter in the pulse"),
        Parameter("T_duration", 0.3 * ms, "length of the pulse"),
    ],
    on_pre=Pulse("T", height="T_max", duration="T_duration"),
    references=["Destexhe, Bal, McCormick, Sejnowski 1996, Journal of Neurophysiology 76:2049"],
)
