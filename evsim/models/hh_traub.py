"""Hodgkin-Huxley neuron of Traub and Miles: a hippocampal pyramidal cell in one compartment.

The cell of the network benchmark COBAHH, which spreads 200 pF over 20000 um2. A spike is an upward crossing of V_th;
there is no reset.
"""

from __future__ import annotations

from evsim.plugin import Neuron, Parameter
from evsim.units import cm2, mS, mV, nA, uF, um2

hh_traub = Neuron(
    equations="""
    dV/dt = (I_ion + (I_syn + I_stim)/area)/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    I_ion = g_L*(E_L - V) - g_Na*m**3*h*(V - E_Na) - g_K*n**4*(V - E_K) : amp/meter**2
    alpha_m = 1.28/ms/exprel((V_T + 13*mV - V)/(4*mV)) : hertz
    beta_m = 1.4/ms/exprel((V - V_T - 40*mV)/(5*mV)) : hertz
    alpha_h = 0.128/ms*exp((V_T + 17*mV - V)/(18*mV)) : hertz
    beta_h = 4/ms/(1 + exp((V_T + 40*mV - V)/(5*mV))) : hertz
    alpha_n = 0.16/ms/exprel((V_T + 15*mV - V)/(5*mV)) : hertz
    beta_n = 0.5/ms*exp((V_T + 10*mV - V)/(40*mV)) : hertz
    I_syn : amp (input)
    """,
    parameters=[
        Parameter("C", 1 * uF / cm2, "membrane capacitance per area"),
        Parameter("g_Na", 100 * mS / cm2, "largest sodium conductance per area"),
        Parameter("g_K", 30 * mS / cm2, "largest potassium conductance per area"),
        Parameter("g_L", 0.05 * mS / cm2, "leak conductance per area"),
        Parameter("E_Na", 50 * mV, "sodium reversal potential"),
        Parameter("E_K", -90 * mV, "potassium reversal potential"),
        Parameter("E_L", -60 * mV, "leak reversal potential"),
        Parameter(
            "V_T", -63 * mV, "shifts the channels along the potential, and with them the firing threshold"
        ),
        Parameter("area", 20000 * um2, "area of the membrane, over which currents into the cell spread"),
        Parameter("I_stim", 0 * nA, "constant current into the cell"),
        Parameter("V_th", -20 * mV, "threshold: the cell spikes when V rises through it"),
    ],
    initial={
        "V": "E_L",
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    threshold="V > V_th",
    refractory="V > V_th",
    references=[
        "Traub, Miles 1991, Neuronal Networks of the Hippocampus",
        "Brette et al. 2007, Journal of Computational Neuroscience 23:349",
    ],
)
