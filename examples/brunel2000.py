"""Four states of one network: synchronous or asynchronous, regular or irregular, by inhibition g and drive.

Source: Brunel 2000, J Comput Neurosci 8:183, figure 8: 10000 excitatory and 2500 inhibitory cells, each with
1000 excitatory and 250 inhibitory inputs; g is the ratio of inhibition to excitation, the drive is that of external
inputs relative to what brings a cell to threshold.
"""

from evsim.brian import *

STATES = {
    "A: synchronous, regular": (3.0, 2.0),
    "B: fast oscillation": (6.0, 4.0),
    "C: asynchronous, irregular": (5.0, 2.0),
    "D: slow oscillation": (4.5, 0.9),
}


def main(duration=300*ms, scale=0.4):
    tau, V_th, V_reset, t_ref, J, delay = 20*ms, 20*mV, 10*mV, 2*ms, 0.1*mV/scale, 1.5*ms
    n_e, n_i, p = int(10000*scale), int(2500*scale), 0.1
    inputs = int(p*n_e)
    threshold_rate = V_th/(J*inputs*tau)

    figure, axes = plt.subplots(4, 2, sharex="col", figsize=(11, 12), width_ratios=[3, 1], layout="constrained")
    for (name, (g, drive)), (raster, single) in zip(STATES.items(), axes):
        cells = NeuronGroup(n_e + n_i, "dv/dt = -v/tau : volt (unless refractory)", threshold="v > V_th",
                            reset="v = V_reset", refractory=t_ref, method="exact")
        cells.v = "rand()*V_th"
        external = PoissonInput(cells, "v", inputs, drive*threshold_rate, weight=J)
        exc = Synapses(cells[:n_e], cells, on_pre="v += J", delay=delay)
        inh = Synapses(cells[n_e:], cells, on_pre="v -= g*J", delay=delay)
        exc.connect(p=p)
        inh.connect(p=p)
        spikes = SpikeMonitor(cells[:n_e])
        rate = PopulationRateMonitor(cells)
        Network(cells, external, exc, inh, spikes, rate).run(duration)

        shown = spikes.i < 50
        raster.plot(spikes.t[shown]/ms, spikes.i[shown], ".k", markersize=2)
        raster.set(title=f"{name}: g = {g}, drive {drive}", ylabel="50 cells")
        single.plot(rate.t/ms, rate.smooth_rate(width=0.5*ms)/Hz, linewidth=0.7)
        single.set(title="population rate (spikes/s)")
    for ax in axes[-1]:
        ax.set(xlabel="time (ms)", xlim=(duration/ms/3, duration/ms))
    return figure


if __name__ == "__main__":
    main().savefig("brunel2000.png", dpi=100, bbox_inches="tight")
