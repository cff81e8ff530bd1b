"""Izhikevich neuron: two equations and four numbers that give the firing patterns of cortical cells.

In its usual units of mV and ms; with C = 1 nF, currents in nA are the numbers of the literature. It gets no current
by default and rests at -70 mV; 10 nA make it fire regularly.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms, mV, nA, nF

izhikevich = Neuron(
    equations="""
    dv/dt = k*v**2 + k_1*v + k_0 - u + (I_syn + I_stim)/C : volt {while_refractory}
    du/dt = a*(b*v - u) : volt/second
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("a", 0.02 / ms, "rate of the recovery u"),
        Parameter("b", 0.2 / ms, "how much u follows v"),
        Parameter("c", -65 * mV, "potential after a spike"),
        Parameter("d", 8 * mV / ms, "what a spike adds to u"),
        Parameter("k", 0.04 / (mV * ms), "coefficient of the square of v"),
        Parameter("k_1", 5 / ms, "coefficient of v"),
        Parameter("k_0", 140 * mV / ms, "constant term"),
        Parameter("C", 1 * nF, "membrane capacitance"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", 30 * mV, "peak: the cell spikes when v reaches it"),
        Parameter("t_ref", 0 * ms, "refractory period"),
    ],
    choices=[refractory],
    membrane="v",
    initial={"v": -65 * mV, "u": "b*v"},
    threshold="v >= V_th",
    reset="v = c; u += d",
    refractory="t_ref",
    references=["Izhikevich 2003, IEEE Transactions on Neural Networks 14:1569"],
)
