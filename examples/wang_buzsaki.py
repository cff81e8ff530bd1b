"""Interneurons that inhibit each other fall into a common gamma rhythm, even with different drives.

Source: Wang and Buzsaki 1996, J Neurosci 16:6402: 100 cells, all to all, graded synaptic activation by the
presynaptic potential.
"""

from evsim.brian import *

EQUATIONS = """
dv/dt = (0.1*(-65 - v) + 35*m_inf**3*h*(55 - v) + 9*n**4*(-90 - v) + g_syn*total*(-75 - v) + I)/ms : 1
m_inf = a_m/(a_m + 4*exp(-(v + 60)/18)) : 1
a_m = 1/exprel(-(v + 35)/10) : 1
dh/dt = 5*(0.07*exp(-(v + 58)/20)*(1 - h) - h/(1 + exp(-(v + 28)/10)))/ms : 1
dn/dt = 5*(0.1/exprel(-(v + 34)/10)*(1 - n) - 0.125*exp(-(v + 44)/80)*n)/ms : 1
ds/dt = (12/(1 + exp(-v/2))*(1 - s) - 0.1*s)/ms : 1
total : 1
I : 1 (constant)
"""


def main(duration=400*ms, n=100):
    g_syn = 0.1
    cells = NeuronGroup(n, EQUATIONS, threshold="v > 0", refractory="v > 0")
    cells.v = "-70 + 20*rand()"
    cells.h, cells.n, cells.s = 0.8, 0.1, 0
    cells.I = "1.2 + 0.02*randn()"
    synapses = Synapses(cells, cells, "total_post = s_pre/N_pre : 1 (summed)")
    synapses.connect()
    spikes = SpikeMonitor(cells)
    trace = StateMonitor(cells, "v", record=[0, 1])
    run(duration)

    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(9, 6), layout="constrained")
    top.plot(spikes.t/ms, spikes.i, ".k", markersize=2)
    top.set(ylabel="cell")
    bottom.plot(trace.t/ms, trace.v.T)
    bottom.set(xlabel="time (ms)", ylabel="v (mV)")
    return figure


if __name__ == "__main__":
    main().savefig("wang_buzsaki.png", dpi=100, bbox_inches="tight")
