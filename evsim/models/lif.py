"""Leaky integrate-and-fire neuron with capacitance and leak conductance.

The usual cell of network studies: with the default current it fires by itself every 60.9 ms.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms, mV, nA, nF, nS

lif = Neuron(
    equations="""
    dV/dt = (g_L*(E_L - V) + I_syn + I_stim)/C_m : volt {while_refractory}
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("C_m", 0.4 * nF, "membrane capacitance"),
        Parameter("g_L", 20 * nS, "leak conductance"),
        Parameter("E_L", -70 * mV, "leak reversal potential, where the cell rests"),
        Parameter("I_stim", 0.44 * nA, "constant current into the cell"),
        Parameter("V_th", -50 * mV, "threshold: the cell spikes when V exceeds it"),
        Parameter("V_reset", -90 * mV, "potential after a spike"),
        Parameter("t_ref", 0 * ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"V": "E_L"},
    threshold="V > V_th",
    reset="V = V_reset",
    refractory="t_ref",
    references=[
        "Lapicque 1907, Journal de Physiologie et de Pathologie Générale 9:620",
        "Abbott 1999, Brain Research Bulletin 50:303",
    ],
)
