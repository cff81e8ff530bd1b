"""Single exponential gate: a spike adds one, then the gate decays.

The usual choice for fast synapses: tau is about 2 ms for AMPA and 6 ms for GABA_A receptors.
"""

from __future__ import annotations

from evsim.plugin import Gate, Parameter
from evsim.units import ms

exponential = Gate(
    equations="ds/dt = -s/tau : 1",
    parameters=[
        Parameter("tau", 8 * ms, "time constant of the decay"),
    ],
    on_pre="s += 1",
    references=["Dayan, Abbott 2001, Theoretical Neuroscience, section 5.8"],
)
