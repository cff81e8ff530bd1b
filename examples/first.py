"""A recurrent network of a thousand cells, with exact spike times and its picture."""

from evsim import *

seed(1)
tau_syn, C_m, E_L, g_L, I_stim = 5*ms, 0.4*nF, -70*mV, 20*nS, 0.44*nA
eqs = """dV/dt = (g_L*(E_L - V) + I_syn + I_stim)/C_m : volt
         dI_syn/dt = -I_syn/tau_syn : amp"""
cells = NeuronGroup(1000, eqs, threshold="V > -50*mV", reset="V = -90*mV", method="exact")
cells.V = "E_L + rand()*20*mV"

exc = Synapses(cells[:800], cells, on_pre="I_syn_post += 100*pA", delay=1.37*ms)
inh = Synapses(cells[800:], cells, on_pre="I_syn_post -= 200*pA", delay=0.8*ms)
exc.connect(p=0.02)
inh.connect(p=0.02)

spikes = SpikeMonitor(cells)
trace = StateMonitor(cells, "V", record=[0])
run(500*ms, report="text")

import matplotlib.pyplot as plt

figure, (top, bottom) = plt.subplots(2, 1, sharex=True, height_ratios=[3, 1], figsize=(9, 6))
top.plot(spikes.t/ms, spikes.i, ",k")
top.set(ylabel="cell")
bottom.plot(trace.t/ms, trace.V[0]/mV)
bottom.set(xlabel="time (ms)", ylabel="V of cell 0 (mV)")
figure.savefig("first.png", dpi=100, bbox_inches="tight")
print(spikes.num_spikes, "spikes; the last one at", spikes.t[-1])
