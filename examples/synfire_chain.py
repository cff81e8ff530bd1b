"""A synfire chain passes on a volley of spikes if enough cells take part, and sharpens it; a weaker one dies out.

Source: Diesmann, Gewaltig and Aertsen 1999, Nature 402:529. Every cell has 20000 background synapses (0.14 mV
each) and gets input from all 100 cells of the group before it.
"""

from evsim.brian import *


def main(duration=100*ms, groups=10, size=100):
    tau_m, tau_psp, V_rest, V_th = 10*ms, 0.325*ms, -70*mV, -55*mV
    jump = 4.86*mV*100/size  # makes a potential of 0.14 mV
    eqs = """dv/dt = (V_rest - v + x)/tau_m : volt (unless refractory)
             dx/dt = (y - x)/tau_psp : volt
             dy/dt = -y/tau_psp : volt"""
    n = groups*size
    chains = NeuronGroup(2*n, eqs, threshold="v > V_th", reset="v = V_rest", refractory=1*ms, method="exact")
    chains.v = "V_rest + rand()*10*mV"
    exc = PoissonInput(chains, "y", 17600, 2*Hz, weight=4.86*mV)
    inh = PoissonInput(chains, "y", 2400, 12.6*Hz, weight=-4.86*mV)

    links = Synapses(chains, chains, on_pre="y_post += jump", delay=5*ms)
    links.connect(f"j // {size} == i // {size} + 1 and i // {n} == j // {n}")

    rng = np.random.default_rng(2)
    volleys = [(0, size), (n, 45*size//100)]  # first cell, number of spikes
    first = np.concatenate([start + np.arange(size) for start, _ in volleys])
    source = np.concatenate([np.arange(spikes) + k*size for k, (_, spikes) in enumerate(volleys)])
    volley = SpikeGeneratorGroup(2*size, source, (15 + 1.0*rng.standard_normal(source.size))*ms)
    feed = Synapses(volley, chains, on_pre="y_post += jump", delay=5*ms)
    feed.connect(f"i // {size} == j // {n} and j % {n} < {size}")

    spikes = SpikeMonitor(chains)
    run(duration)

    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(11, 5), layout="constrained")
    for ax, (start, sent) in zip(axes, volleys):
        mine = (spikes.i >= start) & (spikes.i < start + n)
        ax.plot(spikes.t[mine]/ms, (spikes.i[mine] - start)/size, ".", markersize=2)
        ax.set(title=f"a volley of {sent} spikes", xlabel="time (ms)", ylabel="group")
    return figure


if __name__ == "__main__":
    main().savefig("synfire_chain.png", dpi=100, bbox_inches="tight")
