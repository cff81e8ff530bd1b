"""Exponential integrate-and-fire neuron: the spike starts as an exponential rise beyond V_T.

For studies of how spikes begin. It rests below V_T and gets no current by default: more than 0.162 nA makes it fire.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import Mohm, ms, mV, nA

eif = Neuron(
    equations="""
    dV/dt = (V_rest - V + D*exp((V - V_T)/D) + R*(I_syn + I_stim))/tau : volt {while_refractory}
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("tau", 10 * ms, "membrane time constant"),
        Parameter("R", 10 * Mohm, "membrane resistance"),
        Parameter("V_rest", -65 * mV, "resting potential"),
        Parameter("V_T", -59.9 * mV, "potential from which the spike rises"),
        Parameter("D", 3.48 * mV, "sharpness of the rise: small is sharp"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", -30 * mV, "threshold: the cell spikes when V reaches it"),
        Parameter("V_reset", -68 * mV, "potential after a spike"),
        Parameter("t_ref", 1.7 * ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"V": "V_rest"},
    threshold="V >= V_th",
    reset="V = V_reset",
    refractory="t_ref",
    references=["Fourcaud-Trocmé, Hansel, van Vreeswijk, Brunel 2003, Journal of Neuroscience 23:11628"],
)
