"""Quadratic integrate-and-fire neuron: the simplest cell whose spikes grow out of its own equation.

The normal form of cells that start to fire at any low rate. Rests at V_rest; V above V_c leads to a spike.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import Mohm, ms, mV, nA

qif = Neuron(
    equations="""
    dV/dt = (a_0*(V - V_rest)*(V - V_c) + R*(I_syn + I_stim))/tau : volt {while_refractory}
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("tau", 10 * ms, "membrane time constant"),
        Parameter("R", 1 * Mohm, "membrane resistance"),
        Parameter("a_0", 0.07 / mV, "curvature: how fast V rises beyond V_c"),
        Parameter("V_rest", -65 * mV, "resting potential"),
        Parameter("V_c", -50 * mV, "potential beyond which V rises by itself"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", -30 * mV, "threshold: the cell spikes when V reaches it"),
        Parameter("V_reset", -68 * mV, "potential after a spike"),
        Parameter("t_ref", 0 * ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"V": "V_rest"},
    threshold="V >= V_th",
    reset="V = V_reset",
    refractory="t_ref",
    references=[
        "Latham, Richmond, Nelson, Nirenberg 2000, Journal of Neurophysiology 83:808",
        "Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, section 5.3",
    ],
)
