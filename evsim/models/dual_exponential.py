"""Dual exponential gate: difference of two exponentials, with a rise time and a decay time.

One spike gives J*tau1*tau2/(tau1 - tau2)*(exp(-t/tau1) - exp(-t/tau2)). The time constants may be exchanged,
and may be equal; the normalisation names J.
"""

from __future__ import annotations

from evsim.plugin import Choice, Gate, Parameter
from evsim.units import ms

dual_exponential = Gate(
    equations="""
    ds/dt = x : {unit_of_s}
    dx/dt = -x*(1/tau1 + 1/tau2) - s/(tau1*tau2) : {unit_of_x}
    """,
    parameters=[
        Parameter("tau1", 1 * ms, "one time constant"),
        Parameter("tau2", 3 * ms, "the other time constant"),
    ],
    choices=[
        Choice(
            "normalisation",
            "peak",
            "one spike gives: 'peak' s peaks at 1; 'area' s has integral 1; 'raw' x jumps by 1, s is a time",
            {
                "peak": {
                    "J": "exp(tau2/tau1/exprel(log(tau2/tau1)))/tau2",
                    "unit_of_s": "1",
                    "unit_of_x": "hertz",
                },
                "area": {"J": "1/(tau1*tau2)", "unit_of_s": "hertz", "unit_of_x": "hertz**2"},
                "raw": {"J": "1", "unit_of_s": "second", "unit_of_x": "1"},
            },
        ),
    ],
    on_pre="x += {J}",
    references=[
        "Roth, van Rossum 2009, Modeling synapses; Computational Modeling Methods for Neuroscientists"
    ],
)
