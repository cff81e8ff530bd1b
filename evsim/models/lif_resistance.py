"""Leaky integrate-and-fire neuron with membrane resistance and time constant.

Rests at 0 mV and gets no current by default: more than 20 nA, or synapses, make it fire.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import Mohm, ms, mV, nA

lif_resistance = Neuron(
    equations="""
    dV/dt = (E_L - V + R*(I_syn + I_stim))/tau_m : volt {while_refractory}
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("R", 1 * Mohm, "membrane resistance"),
        Parameter("tau_m", 10 * ms, "membrane time constant"),
        Parameter("E_L", 0 * mV, "resting potential"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", 20 * mV, "threshold: the cell spikes when V reaches it"),
        Parameter("V_reset", -5 * mV, "potential after a spike"),
        Parameter("t_ref", 1 * ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"V": "E_L"},
    threshold="V >= V_th",
    reset="V = V_reset",
    refractory="t_ref",
    references=["Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, section 1.3"],
)
