"""GABA_B receptor with desensitisation: active receptors R may fall into a state D that binds nothing.

The G-protein G that they produce opens channels, four at a time, slowly and for hundreds of ms.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter, Pulse
from evsim.units import mM, ms, uM

gaba_b_desensitising = Gate(
    equations="""
    s = G**4/(G**4 + K_d) : 1
    dR/dt = k1*T*(1 - R - D) - k2*R + k3*D : 1
    dD/dt = k4*R - k3*D : 1
    dG/dt = k5*R - k6*G : mM
    """,
    parameters=[
        Parameter("k1", 0.66 / (mM * ms), "activation of receptors by transmitter"),
        Parameter("k2", 0.02 / ms, "deactivation of receptors"),
        Parameter("k3", 0.0053 / ms, "return from desensitisation"),
        Parameter("k4", 0.017 / ms, "desensitisation of active receptors"),
        Parameter("k5", 8.3e-5 * mM / ms, "production of G by active receptors"),
        Parameter("k6", 7.9e-3 / ms, "decay of G"),
        Parameter("K_d", 100 * uM**4, "fourth power of G that opens half of the channels"),
        Parameter("T_max", 0.5 * mM, "concentration of transmitter in the pulse"),
        Parameter("T_duration", 0.5 * ms, "length of the pulse"),
    ],
    on_pre=Pulse("T", height="T_max", duration="T_duration"),
    references=["Destexhe, Sejnowski 1995, PNAS 92:9515"],
)
