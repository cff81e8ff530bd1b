"""Hodgkin-Huxley neuron: the squid giant axon, with its sodium and potassium channels.

A spike is an upward crossing of V_th; there is no reset. With the default area, 1 nA is 1 uA/cm2: 10 nA make it fire
at 68 Hz.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter
from evsim.units import cm2, mS, mV, nA, uF

hh = Neuron(
    equations="""
    dV/dt = (I_ion + (I_syn + I_stim)/area)/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    I_ion = g_L*(E_L - V) - g_Na*m**3*h*(V - E_Na) - g_K*n**4*(V - E_K) : amp/meter**2
    alpha_m = 1/ms/exprel(-(V + 40*mV)/(10*mV)) : hertz
    beta_m = 4/ms*exp(-(V + 65*mV)/(18*mV)) : hertz
    alpha_h = 0.07/ms*exp(-(V + 65*mV)/(20*mV)) : hertz
    beta_h = 1/ms/(1 + exp(-(V + 35*mV)/(10*mV))) : hertz
    alpha_n = 0.1/ms/exprel(-(V + 55*mV)/(10*mV)) : hertz
    beta_n = 0.125/ms*exp(-(V + 65*mV)/(80*mV)) : hertz
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("C", 1 * uF / cm2, "membrane capacitance per area"),
        Parameter("g_Na", 120 * mS / cm2, "largest sodium conductance per area"),
        Parameter("g_K", 36 * mS / cm2, "largest potassium conductance per area"),
        Parameter("g_L", 0.3 * mS / cm2, "leak conductance per area"),
        Parameter("E_Na", 50 * mV, "sodium reversal potential"),
        Parameter("E_K", -77 * mV, "potassium reversal potential"),
        Parameter("E_L", -54.387 * mV, "leak reversal potential"),
        Parameter("area", 1e-3 * cm2, "area of the membrane, over which currents into the cell spread"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", -20 * mV, "threshold: the cell spikes when V rises through it"),
    ],
    initial={
        "V": -65 * mV,
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    threshold="V > V_th",
    refractory="V > V_th",
    references=[
        "Hodgkin, Huxley 1952, Journal of Physiology 117:500",
        "Dayan, Abbott 2001, Theoretical Neuroscience, section 5.6",
    ],
)
