"""Two cells with a gap junction: slow firing has two stable patterns, in phase and in antiphase, fast firing one.

Source: Chow and Kopell 2000, Neural Comput 12:1643; Lewis and Rinzel 2003, J Comput Neurosci 14:283. One symmetric
junction for each pair carries current both ways, and each spike passes through it as a small jump. The pairs are
linear, so every phase is exact.
"""

from evsim.brian import *
from evsim.models import gap_junction, lif_dimensionless


def main(duration=2*second, starts=24):
    tau, g, spikelet = 20*ms, 0.05, 0.03
    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(11, 4), layout="constrained")
    for ax, I, name in zip(axes, (1.05, 2.0), ("slow firing", "fast firing")):
        period = tau*np.log(I/(I - 1))
        phase = (np.arange(starts) + 0.5)/starts
        cells = NeuronGroup(2*starts, lif_dimensionless(tau_m=tau, I_stim=I, V_th=1, t_ref=0*ms))
        cells.v = np.concatenate([np.zeros(starts), I*(1 - np.exp(-phase*period/tau))])
        gaps = Synapses(cells, cells, gap_junction, symmetric=True)
        gaps.connect("j == i + starts")
        gaps.w, gaps.k_spikelet = g, spikelet/g
        spikes = SpikeMonitor(cells)
        Network(cells, gaps, spikes).run(duration)

        trains = spikes.spike_trains()
        for k in range(starts):
            one, two = trains[k]/ms, trains[k + starts]/ms
            at = np.searchsorted(two, one[1:-1])
            inside = (at > 0) & (at < len(two))
            one, at = one[1:-1][inside], at[inside]
            phases = (one - two[at - 1])/(two[at] - two[at - 1])
            ax.plot(one, phases, ".", markersize=1.5, color=plt.cm.viridis(phase[k]))
        ax.set(xlabel="time (ms)", title=name)
    axes[0].set(ylabel="phase of one cell in the other's cycle")
    return figure


if __name__ == "__main__":
    main().savefig("gap_junctions.png", dpi=100, bbox_inches="tight")
