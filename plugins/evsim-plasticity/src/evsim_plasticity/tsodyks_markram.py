"""Short-term plasticity: a spike releases a share of what a synapse has, u of the resources x that have recovered.

Each spike raises u (facilitation) and takes what it releases from x (depression). With the default release, "after", u
falls to 0 and the release takes u after its jump. With "before", u rests at U and the release takes u before its jump:
the same releases, spike for spike, with another u in between. With "mongillo", u rests at U and the release takes u
after its jump, so that the first spike releases U + U*(1 - U). x is always that before its update.

A release of r makes r of the change that a spike would make without plasticity: it multiplies a jump; of receptors
that a pulse of transmitter opens, the share r is in the pulse.
"""

from __future__ import annotations

from evsim.plugin import Choice, Parameter, Plasticity
from evsim.units import ms

tsodyks_markram = Plasticity(
    equations="""
    du/dt = {rate_of_u} : 1
    dx/dt = (1 - x)/tau_d : 1
    """,
    parameters=[
        Parameter("U", 0.15, "what a spike adds to u when u is 0"),
        Parameter("tau_f", 1500 * ms, "time constant with which u falls back: facilitation"),
        Parameter("tau_d", 200 * ms, "time constant with which x recovers: depression"),
    ],
    choices=[
        Choice(
            "release",
            "after",
            "'after' u falls to 0 and jumps, then releases; 'before' u falls to U, releases, then jumps; 'mongillo' u "
            "falls to U and jumps, then releases",
            {
                "after": {"rate_of_u": "-u/tau_f", "u_at_rest": "0", "first": "u += U*(1 - u)", "last": ""},
                "before": {
                    "rate_of_u": "(U - u)/tau_f",
                    "u_at_rest": "U",
                    "first": "",
                    "last": "u += U*(1 - u)",
                },
                "mongillo": {
                    "rate_of_u": "(U - u)/tau_f",
                    "u_at_rest": "U",
                    "first": "u += U*(1 - u)",
                    "last": "",
                },
            },
        )
    ],
    initial={"u": "{u_at_rest}", "x": 1},
    on_pre="""
    {first}
    r = u*x
    x -= r
    {last}
    """,
    release="r",
    references=[
        "Tsodyks, Markram 1997, PNAS 94:719",
        "Tsodyks, Pawelzik, Markram 1998, Neural Computation 10:821",
        "Mongillo, Barak, Tsodyks 2008, Science 319:1543",
    ],
)
