"""Leaky integrate-and-fire neuron with white noise, which makes its spikes irregular.

Without spikes the potential wanders with standard deviation sigma around its rest, with the membrane's time constant.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms, mV, nA, nF, nS

lif_noisy = Neuron(
    equations="""
    dV/dt = (g_L*(E_L - V) + I_syn + I_stim)/C_m + sigma*sqrt(2*g_L/C_m)*xi : volt {while_refractory}
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("C_m", 0.4 * nF, "membrane capacitance"),
        Parameter("g_L", 20 * nS, "leak conductance"),
        Parameter("E_L", -70 * mV, "leak reversal potential, where the cell rests"),
        Parameter("sigma", 0.3 * mV, "standard deviation of V without threshold"),
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
        "Tuckwell 1988, Introduction to Theoretical Neurobiology, volume 2, section 9.5",
        "Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, section 8.1",
    ],
)
