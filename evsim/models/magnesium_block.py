"""Conductance output that magnesium blocks at rest: NMDA receptors pass current where the cell is depolarised.

The block depends on the potential at the time of action, so a delay shifts the gate and not the block.
"""

from __future__ import annotations

from evsim.plugin import Output, Parameter
from evsim.units import mM, mV, uS

magnesium_block = Output(
    equations="""
    B = 1/(1 + c_Mg/beta*exp(-alpha*V)) : 1
    g = w*g_max*s*B : siemens
    I = g*(V - E) : amp
    """,
    current="-I",
    parameters=[
        Parameter("g_max", 0.15 * uS, "conductance at s = 1, weight 1 and without block"),
        Parameter("E", 0 * mV, "reversal potential"),
        Parameter("c_Mg", 1.2 * mM, "concentration of magnesium outside the cell"),
        Parameter("alpha", 0.062 / mV, "how steeply the block yields to the potential"),
        Parameter("beta", 3.57 * mM, "concentration that blocks half at 0 mV"),
    ],
    references=["Jahr, Stevens 1990, Journal of Neuroscience 10:3178"],
)
