"""Sparsely connected inhibitory cells: the population oscillates fast while single cells fire rarely.

Source: Brunel and Hakim 1999, Neural Comput 11:1621. 5000 cells, 1000 random inputs each, delays of 2 ms.
"""

from evsim.brian import *


def main(duration=200*ms, cells=5000):
    tau, V_reset, V_th, t_ref, delay = 20*ms, 10*mV, 20*mV, 2*ms, 2*ms
    J, mu, sigma = 0.1*mV*5000/cells, 25*mV, 1*mV
    group = NeuronGroup(cells, "dv/dt = (mu - v)/tau + sigma*xi/sqrt(tau) : volt (unless refractory)",
                        threshold="v > V_th", reset="v = V_reset", refractory=t_ref)
    group.v = V_reset
    synapses = Synapses(group, group, on_pre="v -= J", delay=delay)
    synapses.connect(p=0.2)
    spikes = SpikeMonitor(group)
    rate = PopulationRateMonitor(group)
    run(duration)

    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(8, 6), layout="constrained")
    shown = spikes.i < 50
    top.plot(spikes.t[shown]/ms, spikes.i[shown], ".k", markersize=3)
    top.set(ylabel="50 cells", title=f"{spikes.num_spikes/cells/(duration/second):.1f} spikes/s per cell")
    bottom.plot(rate.t/ms, rate.smooth_rate(width=0.5*ms)/Hz)
    bottom.set(xlabel="time (ms)", ylabel="rate (spikes/s)", xlim=(max(0, duration/ms - 150), duration/ms))
    return figure


if __name__ == "__main__":
    main().savefig("brunel_hakim.png", dpi=100, bbox_inches="tight")
