"""CUBA: 4000 integrate-and-fire cells with exponential synaptic currents fire asynchronously and irregularly.

Source: Vogels and Abbott 2005, J Neurosci 25:10786, with the numbers of benchmark 2 in Brette et al. 2007,
J Comput Neurosci 23:349.
"""

from evsim.brian import *


def main(duration=500*ms, cells=4000):
    tau_m, tau_e, tau_i = 20*ms, 5*ms, 10*ms
    V_rest, V_th, V_reset = -49*mV, -50*mV, -60*mV
    eqs = """dv/dt = (V_rest - v + g_e + g_i)/tau_m : volt (unless refractory)
             dg_e/dt = -g_e/tau_e : volt
             dg_i/dt = -g_i/tau_i : volt"""
    group = NeuronGroup(cells, eqs, threshold="v > V_th", reset="v = V_reset", refractory=5*ms, method="exact")
    group.v = "V_reset + rand()*(V_th - V_reset)"

    n_exc = int(0.8*cells)
    w_e, w_i = 1.62*mV, -9*mV
    excitation = Synapses(group[:n_exc], group, on_pre="g_e += w_e")
    inhibition = Synapses(group[n_exc:], group, on_pre="g_i += w_i")
    excitation.connect(p=80/cells)
    inhibition.connect(p=80/cells)

    spikes = SpikeMonitor(group)
    trace = StateMonitor(group, "v", record=[0, 1])
    run(duration)

    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(9, 6), height_ratios=[2, 1])
    top.plot(spikes.t/ms, spikes.i, ",k")
    top.set(ylabel="cell", title=f"{spikes.num_spikes/cells/(duration/second):.1f} spikes/s per cell")
    bottom.plot(trace.t/ms, trace.v.T/mV)
    bottom.set(xlabel="time (ms)", ylabel="v (mV)")
    return figure


if __name__ == "__main__":
    main().savefig("cuba.png", dpi=100, bbox_inches="tight")
