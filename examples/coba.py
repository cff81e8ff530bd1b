"""COBA: 4000 integrate-and-fire cells with synaptic conductances keep themselves active, without any drive.

Source: Vogels and Abbott 2005, J Neurosci 25:10786, with the numbers of benchmark 1 in Brette et al. 2007,
J Comput Neurosci 23:349. A few random conductances at the start light the activity.
"""

from evsim.brian import *


def main(duration=500*ms, cells=4000):
    C_m, g_L = 200*pF, 10*nS
    E_L, E_e, E_i = -60*mV, 0*mV, -80*mV
    V_th, V_reset = -50*mV, -60*mV
    tau_e, tau_i = 5*ms, 10*ms
    eqs = """dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v))/C_m : volt (unless refractory)
             dg_e/dt = -g_e/tau_e : siemens
             dg_i/dt = -g_i/tau_i : siemens"""
    group = NeuronGroup(cells, eqs, threshold="v > V_th", reset="v = V_reset", refractory=5*ms)
    group.v = "E_L + (5*randn() - 5)*mV"
    group.g_e = "clip(4 + 1.5*randn(), 0, 10)*g_L"
    group.g_i = "clip(20 + 12*randn(), 0, 60)*g_L"

    n_exc = int(0.8*cells)
    w_e, w_i = 6*nS, 67*nS
    excitation = Synapses(group[:n_exc], group, on_pre="g_e += w_e")
    inhibition = Synapses(group[n_exc:], group, on_pre="g_i += w_i")
    excitation.connect(p=80/cells)
    inhibition.connect(p=80/cells)

    spikes = SpikeMonitor(group)
    trace = StateMonitor(group, ["v", "g_e", "g_i"], record=0)
    run(duration)

    figure, (top, middle, bottom) = plt.subplots(3, 1, sharex=True, figsize=(9, 7), height_ratios=[2, 1, 1])
    top.plot(spikes.t/ms, spikes.i, ",k")
    top.set(ylabel="cell", title=f"{spikes.num_spikes/cells/(duration/second):.1f} spikes/s per cell")
    middle.plot(trace.t/ms, trace.v[0]/mV)
    middle.set(ylabel="v (mV)")
    bottom.plot(trace.t/ms, trace.g_e[0]/nS, label="excitation")
    bottom.plot(trace.t/ms, trace.g_i[0]/nS, label="inhibition")
    bottom.set(xlabel="time (ms)", ylabel="conductance (nS)")
    bottom.legend()
    return figure


if __name__ == "__main__":
    main().savefig("coba.png", dpi=100, bbox_inches="tight")
