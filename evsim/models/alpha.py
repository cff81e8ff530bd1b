"""Alpha gate: a spike lets the gate rise and fall with one time constant.

One spike gives J*t*exp(-t/tau), which peaks at tau; the normalisation names J.
"""

from __future__ import annotations

from evsim.plugin import Choice, Gate, Parameter
from evsim.units import ms

alpha = Gate(
    equations="""
    ds/dt = x : {unit_of_s}
    dx/dt = -2*x/tau - s/tau**2 : {unit_of_x}
    """,
    parameters=[
        Parameter("tau", 3 * ms, "time constant, and time of the peak"),
    ],
    choices=[
        Choice(
            "normalisation",
            "peak",
            "one spike gives: 'peak' s peaks at 1; 'closed_form' s = t/tau*exp(-t/tau); 'area' its"
            " integral is 1; 'raw' x jumps by 1, s is a time",
            {
                "peak": {"J": "exp(1)/tau", "unit_of_s": "1", "unit_of_x": "hertz"},
                "closed_form": {"J": "1/tau", "unit_of_s": "1", "unit_of_x": "hertz"},
                "area": {"J": "1/tau**2", "unit_of_s": "hertz", "unit_of_x": "hertz**2"},
                "raw": {"J": "1", "unit_of_s": "second", "unit_of_x": "1"},
            },
        ),
    ],
    on_pre="x += {J}",
    references=["Rall 1967, Journal of Neurophysiology 30:1138"],
)
