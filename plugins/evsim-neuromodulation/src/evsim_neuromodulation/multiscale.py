"""Multi-scale neuron: four currents of the form a*tanh(V - d) give it fast, slow and ultraslow feedback.

Potentials and currents are plain numbers; time counts in ms, so that the fast time constant is 1 ms. Currents enter
with a minus sign: the elements of negative conductance, f and s-, need negative gains. With the defaults the cell
fires bursts of seven spikes every 2494 ms. I_app below about -2.2 makes it silent, from -2 to -1 it bursts, from -0.5
to 0.5 it fires tonically, and from 1 on it is silent in a high state; a_sp of 1.5 makes it silent, of 2 to 2.5 it
bursts, of 4 it fires tonically.

There is no reset: a spike is V rising through V_th, and the next one needs V to fall below V_rearm first. Where all
four variables are equal to I_app the cell rests, with a_sp = 2, on an equilibrium which may be unstable; so V_u starts
apart from the others.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter
from evsim.units import ms

multiscale = Neuron(
    equations="""
    dV/dt = (-V - I_f - I_sp - I_sm - I_up + I_app + I_syn)/tau : 1
    dV_sm/dt = (V - V_sm)/tau_s : 1
    dV_sp/dt = (V - V_sp)/tau_s : 1
    dV_u/dt = (V - V_u)/tau_u : 1
    I_f = a_f*tanh(V - d_f) : 1
    I_sm = a_sm*tanh(V_sm - d_sm) : 1
    I_sp = a_sp*tanh(V_sp - d_sp) : 1
    I_up = a_up*tanh(V_u - d_up) : 1
    I_syn : 1 (input)
    """,
    parameters=[
        Parameter("tau", 1 * ms, "time constant of the potential"),
        Parameter("tau_s", 50 * ms, "time constant of slow feedback"),
        Parameter("tau_u", 2500 * ms, "time constant of ultraslow feedback"),
        Parameter("a_f", -2.0, "gain of the fast current, negative conductance"),
        Parameter("d_f", 0.0, "where the fast current turns"),
        Parameter("a_sp", 2.0, "gain of the slow positive current, which synapses may modulate"),
        Parameter("d_sp", 0.0, "where the slow positive current turns"),
        Parameter("a_sm", -1.5, "gain of the slow negative current"),
        Parameter("d_sm", -1.5, "where the slow negative current turns"),
        Parameter("a_up", 1.5, "gain of the ultraslow positive current"),
        Parameter("d_up", -1.5, "where the ultraslow positive current turns"),
        Parameter("I_app", -2.0, "constant current into the cell"),
        Parameter("V_th", 0.0, "the cell spikes when V rises through it"),
        Parameter("V_rearm", -0.3, "V has to fall below it before the next spike"),
    ],
    initial={"V": -1.0, "V_sm": -1.0, "V_sp": -1.0, "V_u": -1.5},
    threshold="V > V_th",
    refractory="V > V_rearm",
    references=[
        "Ribar, Sepulchre 2019, IEEE Transactions on Circuits and Systems I, doi 10.1109/TCSI.2019.2907113",
        "Marder, O'Leary, Shruti 2014, Annual Review of Neuroscience 37:329",
    ],
)
