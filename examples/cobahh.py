"""COBAHH: a thousand Hodgkin-Huxley cells with synaptic conductances, in self-sustained irregular activity.

Source: benchmark 3 in Brette et al. 2007, J Comput Neurosci 23:349; the cells are those of Traub and Miles
1991, the network that of Vogels and Abbott 2005, J Neurosci 25:10786.
"""

from evsim.brian import *

EQUATIONS = """
dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I_Na + I_K)/C_m : volt
I_Na = g_Na*m**3*h*(E_Na - v) : amp
I_K = g_K*n**4*(E_K - v) : amp
dm/dt = a_m*(1 - m) - b_m*m : 1
dh/dt = a_h*(1 - h) - b_h*h : 1
dn/dt = a_n*(1 - n) - b_n*n : 1
a_m = 0.32*4/exprel((13*mV - u)/(4*mV))/ms : Hz
b_m = 0.28*5/exprel((u - 40*mV)/(5*mV))/ms : Hz
a_h = 0.128*exp((17*mV - u)/(18*mV))/ms : Hz
b_h = 4/(1 + exp((40*mV - u)/(5*mV)))/ms : Hz
a_n = 0.032*5/exprel((15*mV - u)/(5*mV))/ms : Hz
b_n = 0.5*exp((10*mV - u)/(40*mV))/ms : Hz
u = v - V_T : volt
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
"""


def main(duration=100*ms, cells=1000):
    area = 20000*umetre**2
    C_m, g_L = 1*uF/cm**2*area, 5e-5*siemens/cm**2*area
    g_Na, g_K = 100*msiemens/cm**2*area, 30*msiemens/cm**2*area
    E_L, E_Na, E_K, E_e, E_i, V_T = -60*mV, 50*mV, -90*mV, 0*mV, -80*mV, -63*mV
    tau_e, tau_i = 5*ms, 10*ms

    group = NeuronGroup(cells, EQUATIONS, threshold="v > -20*mV", refractory="v > -20*mV")
    group.v = "E_L + (5*randn() - 5)*mV"
    group.g_e = "clip(4 + 1.5*randn(), 0, 10)*10*nS"
    group.g_i = "clip(20 + 12*randn(), 0, 60)*10*nS"

    n_exc = int(0.8*cells)
    w_e, w_i = 6*nS, 67*nS
    excitation = Synapses(group[:n_exc], group, on_pre="g_e += w_e")
    inhibition = Synapses(group[n_exc:], group, on_pre="g_i += w_i")
    excitation.connect(p=80/cells)
    inhibition.connect(p=80/cells)

    spikes = SpikeMonitor(group)
    trace = StateMonitor(group, "v", record=[1, 10, 100])
    run(duration)

    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(9, 6), height_ratios=[2, 1])
    top.plot(spikes.t/ms, spikes.i, ",k")
    top.set(ylabel="cell", title=f"{spikes.num_spikes/cells/(duration/second):.1f} spikes/s per cell")
    bottom.plot(trace.t/ms, trace.v.T/mV)
    bottom.set(xlabel="time (ms)", ylabel="v (mV)")
    return figure


if __name__ == "__main__":
    main().savefig("cobahh.png", dpi=100, bbox_inches="tight")
