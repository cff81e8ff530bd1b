"""Adaptive exponential integrate-and-fire neuron: an exponential spike, and a current that adapts.

One cell for many patterns of firing, by four numbers: a, b, tau_w and V_r. It gets no current by default.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms, mV, nA, nS, pA, pF

adex = Neuron(
    equations="""
    dV/dt = (g_L*(E_L - V) + g_L*D*exp((V - V_T)/D) - w + I_syn + I_stim)/C : volt {while_refractory}
    dw/dt = (a*(V - E_L) - w)/tau_w : amp
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("C", 281 * pF, "membrane capacitance"),
        Parameter("g_L", 30 * nS, "leak conductance"),
        Parameter("E_L", -70.6 * mV, "leak reversal potential, where the cell rests"),
        Parameter("V_T", -50.4 * mV, "potential from which the spike rises"),
        Parameter("D", 2 * mV, "sharpness of the rise: small is sharp"),
        Parameter("a", 4 * nS, "adaptation that follows the potential"),
        Parameter("b", 80.5 * pA, "adaptation that a spike adds"),
        Parameter("tau_w", 144 * ms, "time constant of the adaptation"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_cut", -40.4 * mV, "the cell spikes when V exceeds it: some D beyond V_T"),
        Parameter("V_r", -70.6 * mV, "potential after a spike"),
        Parameter("t_ref", 0 * ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"V": "E_L"},
    threshold="V > V_cut",
    reset="V = V_r; w += b",
    refractory="t_ref",
    references=["Brette, Gerstner 2005, Journal of Neurophysiology 94:3637"],
)
