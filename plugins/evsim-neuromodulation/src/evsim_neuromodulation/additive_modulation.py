"""Additive neuromodulation: a low-pass of the spike train moves a gain of the target up or down.

A spike adds `jump` to s, which has no unit: with the jump of 1, s counts the spikes of the last tau_s. (Read as a
filter of Dirac pulses the jump would be 1/tau_s; the curve is the same with beta multiplied by tau_s.) Without spikes
the gain is sigma(-theta), small but not zero. `sign` says whether the gain goes up or down; w is how far.
"""

from __future__ import annotations

from evsim.plugin import Choice, Modulation, Parameter
from evsim.units import ms

sign = Choice(
    "sign",
    "+",
    "'+' raises the gain of the target, '-' lowers it",
    {"+": {"direction": "1"}, "-": {"direction": "-1"}},
)

additive_modulation = Modulation(
    equations="""
    ds/dt = -s/tau_s : 1
    alpha_mod = {direction}/(1 + exp(theta - beta*s)) : 1
    """,
    parameters=[
        Parameter("tau_s", 500 * ms, "time constant of the low-pass"),
        Parameter("beta", 1.0, "how steeply the gain follows s"),
        Parameter("theta", 4.0, "where the gain is half: beta*s = theta"),
        Parameter("jump", 1.0, "what a spike adds to s"),
    ],
    choices=[sign],
    on_pre="s += jump",
    gain="alpha_mod",
    parameter="a_sp",
    references=["Marder 2012, Neuron 76:1"],
)
