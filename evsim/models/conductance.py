"""Conductance output: the gate opens a conductance; its current drives the cell towards the reversal potential.

E above the threshold excites, E below the resting potential inhibits. g_max is for weight 1, in the unit of the
reciprocal membrane resistance of the cell.
"""

from __future__ import annotations

from evsim.plugin import Output, Parameter
from evsim.units import mV, uS

conductance = Output(
    equations="""
    g = w*g_max*s : siemens
    I = g*(V - E) : amp
    """,
    current="-I",
    parameters=[
        Parameter("g_max", 0.1 * uS, "conductance at s = 1 and weight 1"),
        Parameter("E", 0 * mV, "reversal potential"),
    ],
    references=["Dayan, Abbott 2001, Theoretical Neuroscience, section 5.8"],
)
