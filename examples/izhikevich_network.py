"""A thousand Izhikevich cells with random weights and noisy input show rhythms in the alpha and gamma range.

Source: Izhikevich 2003, IEEE Trans Neural Netw 14:1569, figure 3.
"""

from evsim.brian import *


def main(duration=1*second, cells=1000):
    exc = int(0.8*cells)
    eqs = """dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
             du/dt = a*(b*v - u)/ms : 1
             I : 1
             strength : 1 (constant)
             a : 1 (constant)
             b : 1 (constant)
             c : 1 (constant)
             d : 1 (constant)"""
    group = NeuronGroup(cells, eqs, threshold="v > 30", reset="v = c; u += d")
    r = np.random.default_rng(1).random(cells)
    is_exc = np.arange(cells) < exc
    group.a = np.where(is_exc, 0.02, 0.02 + 0.08*r)
    group.b = np.where(is_exc, 0.2, 0.25 - 0.05*r)
    group.c = np.where(is_exc, -65 + 15*r**2, -65)
    group.d = np.where(is_exc, 8 - 6*r**2, 2)
    group.strength = np.where(is_exc, 5, 2)
    group.v = -65
    group.u = "b*v"
    group.run_regularly("I = strength*randn()", dt=1*ms)

    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", delay=1*ms)
    synapses.connect()
    synapses.w["i < exc"] = "0.5*rand()*1000/N_pre"
    synapses.w["i >= exc"] = "-rand()*1000/N_pre"

    spikes = SpikeMonitor(group)
    rate = PopulationRateMonitor(group)
    run(duration)

    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(8, 7), height_ratios=[3, 1])
    top.plot(spikes.t/ms, spikes.i, ".k", markersize=1.5)
    top.axhline(exc, color="gray")
    top.set(ylabel="cell")
    bottom.plot(rate.t/ms, rate.smooth_rate(width=2*ms)/Hz)
    bottom.set(xlabel="time (ms)", ylabel="rate (spikes/s)")
    return figure


if __name__ == "__main__":
    main().savefig("izhikevich_network.png", dpi=100, bbox_inches="tight")
