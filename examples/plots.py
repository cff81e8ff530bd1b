"""The plots of evsim.plot: spikes, traces with spikes, connections and their weights, for a network of 100 cells.

Source: plots of monitors and synapses as most packages of this field have them; here with units on every axis.
"""

from evsim import *
from evsim import plot
from evsim.models import current, exponential, lif


def main(duration=300*ms, cells=100):
    start_scope()
    seed(3)
    neurons = NeuronGroup(cells, lif(V_reset=-60*mV, I_stim=0.42*nA), name="neurons")
    neurons.V = "-60*mV + 10*mV*rand()"
    synapses = Synapses(neurons, neurons, exponential(tau=4*ms), output=current, delay=1.5*ms)
    synapses.connect("i != j", p=0.15)
    synapses.w = "(0.06 - 0.2*int(i >= 0.8*N_pre)*(0.5 + rand()))*nA"
    spikes = SpikeMonitor(neurons)
    trace = StateMonitor(neurons, "V", record=[0, 1])
    run(duration)

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
    plot.raster(spikes, ax=axes[0, 0])
    plot.traces(trace, ax=axes[0, 1], spikes=spikes)
    plot.connectivity(synapses, ax=axes[1, 0], color="tab:blue")
    plot.weights(synapses, ax=axes[1, 1])
    return figure


if __name__ == "__main__":
    main().savefig("plots.png", dpi=100)
