"""Resonate-and-fire neuron: a leaky integrate-and-fire neuron with a slow current that opposes the potential.

Its modes are complex with the default parameters: after an input the potential rings at 19.5 Hz, so that the cell
prefers inputs that come at this rate.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms, mV, nA, nF, nS

resonate_and_fire = Neuron(
    equations="""
    dV/dt = (g_L*(E_L - V) - W + I_syn + I_stim)/C_m : volt {while_refractory}
    dW/dt = (g_W*(V - E_L) - W)/tau_W : amp
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("C_m", 0.2 * nF, "membrane capacitance"),
        Parameter("g_L", 10 * nS, "leak conductance"),
        Parameter("E_L", -70 * mV, "leak reversal potential, where the cell rests"),
        Parameter("g_W", 60 * nS, "conductance of the slow current"),
        Parameter("tau_W", 20 * ms, "time constant of the slow current"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", -50 * mV, "threshold: the cell spikes when V exceeds it"),
        Parameter("V_reset", -70 * mV, "potential after a spike"),
        Parameter("t_ref", 0 * ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"V": "E_L"},
    threshold="V > V_th",
    reset="V = V_reset",
    refractory="t_ref",
    references=[
        "Izhikevich 2001, Neural Networks 14:883",
        "Richardson, Brunel, Hakim 2003, Journal of Neurophysiology 89:2538",
    ],
)
