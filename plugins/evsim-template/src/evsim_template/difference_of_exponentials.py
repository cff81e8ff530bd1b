"""Difference of two exponentials: a gate that rises with one time constant, falls with another, and peaks at one.

The gate carries both exponentials as variables of their own; the rise must be faster than the decay.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter
from evsim.units import ms

difference_of_exponentials = Gate(
    equations="""
    s = falling - rising : 1
    dfalling/dt = -falling/tau_decay : 1
    drising/dt = -rising/tau_rise : 1
    q = tau_rise/tau_decay : 1
    size = 1/(q**(q/(1 - q)) - q**(1/(1 - q))) : 1
    """,
    parameters=[
        Parameter("tau_rise", 0.5 * ms, "time constant of the rise"),
        Parameter("tau_decay", 5 * ms, "time constant of the decay"),
    ],
    on_pre="""
    falling += size
    rising += size
    """,
    references=[
        "Roth, van Rossum 2009, Modeling synapses; Computational Modeling Methods for Neuroscientists"
    ],
)
