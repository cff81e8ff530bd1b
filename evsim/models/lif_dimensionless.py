"""Leaky integrate-and-fire neuron without units: potential and current are plain numbers.

For teaching and for theory; with the default current it fires every 21.1 ms.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms

lif_dimensionless = Neuron(
    equations="""
    dv/dt = (-v + R*(I_syn + I_stim))/tau_m : 1 {while_refractory}
    I_syn : 1 (input)
    """,
    parameters=[
        Parameter("tau_m", 10 * ms, "membrane time constant"),
        Parameter("R", 1.0, "membrane resistance"),
        Parameter("I_stim", 1.0, "constant current into the cell"),
        Parameter("V_th", 0.8, "threshold: the cell spikes when v exceeds it"),
        Parameter("V_reset", 0.0, "potential after a spike"),
        Parameter("t_ref", 5 * ms, "refractory period"),
    ],
    choices=[refractory],
    membrane="v",
    initial={"v": 0.0},
    threshold="v > V_th",
    reset="v = V_reset",
    refractory="t_ref",
    references=["Gerstner, Kistler 2002, Spiking Neuron Models, section 4.1"],
)
