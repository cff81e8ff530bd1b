"""Release that residual calcium facilitates, from sites that recover faster while calcium is there.

A spike that arrives releases the share F*ready: F rises from F_1 towards 1 with calcium_F, what earlier spikes have
left of the calcium that binds to the site of release, and `ready` is the share of sites that are not empty. Sites
recover at a rate between k_0 and k_max, which calcium_D sets. Calcium is counted in what one spike brings in. The
released share adds to s, which decays with tau.

Where the second of two spikes in quick succession releases F_2 from its sites, K_F is (1 - F_1)/(F_2 - F_1) - 1.
The recovery between two spikes has a closed form although it is not linear; it is evaluated in C.
"""

from __future__ import annotations

from evsim.plugin import Gate, InC, Parameter
from evsim.units import Hz, ms

residual_calcium = Gate(
    equations="ds/dt = -s/tau : 1",
    parameters=[
        Parameter("tau", 2 * ms, "time constant of the decay"),
        Parameter("F_1", 0.24, "share of the ready sites that a spike at rest releases from"),
        Parameter("K_F", 0.67, "calcium at which facilitation is half"),
        Parameter("tau_F", 100 * ms, "time constant of the calcium that facilitates"),
        Parameter("K_D", 2.0, "calcium at which recovery is half way between k_0 and k_max"),
        Parameter("tau_D", 50 * ms, "time constant of the calcium that speeds up recovery"),
        Parameter("k_0", 2 * Hz, "rate of recovery without calcium"),
        Parameter("k_max", 30 * Hz, "rate of recovery with much calcium"),
    ],
    on_pre=InC(
        "evsim_residual_calcium._gates",
        keeps=[
            Parameter("calcium_F", 0.0, "calcium that facilitates, after the latest spike"),
            Parameter("calcium_D", 0.0, "calcium that speeds up recovery, after the latest spike"),
            Parameter("ready", 1.0, "share of sites that are ready, after the latest spike"),
        ],
    ),
    references=["Dittman, Kreitzer, Regehr 2000, Journal of Neuroscience 20:1374"],
)
