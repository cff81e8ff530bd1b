"""Voltage jump: a spike changes the membrane potential by the weight, at once; nothing persists.

The delta synapse of network theory; it takes no output.
"""

from __future__ import annotations

from evsim.plugin import Gate

voltage_jump = Gate(
    on_pre="V_post += w",
    references=["Brunel 2000, Journal of Computational Neuroscience 8:183"],
)
