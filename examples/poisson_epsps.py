"""Excitatory potentials of a Poisson input add up to shot noise, with the mean and deviation of Campbell's theorem.

Source: Campbell 1909, Proc Camb Phil Soc 15:117; see Tuckwell 1988, Introduction to Theoretical Neurobiology.
"""

from evsim.brian import *


def main(duration=1*second, cells=200):
    tau_m, tau_s, w = 10*ms, 2*ms, 1*mV
    rates = [5, 50, 500]*Hz
    sources = PoissonGroup(3*cells, rates=np.repeat(rates/Hz, cells)*Hz)
    group = NeuronGroup(3*cells, """dv/dt = -v/tau_m + g/tau_s : volt
                                    dg/dt = -g/tau_s : volt""", method="exact")
    synapses = Synapses(sources, group, on_pre="g += w")
    synapses.connect(j="i")
    trace = StateMonitor(group, "v", record=True, dt=0.5*ms)
    run(duration)

    figure, axes = plt.subplots(3, 1, sharex=True, figsize=(9, 7), layout="constrained")
    settled = trace.t > 0.1*second
    for k, (ax, rate) in enumerate(zip(axes, rates)):
        v = trace.v[k*cells:(k + 1)*cells]/mV
        mean = rate*tau_m*w/mV
        deviation = np.sqrt(rate*tau_m**2/(2*(tau_m + tau_s)))*w/mV
        ax.plot(trace.t/ms, v[0])
        ax.axhspan(mean - deviation, mean + deviation, color="tab:orange", alpha=0.3)
        ax.set(ylabel="v (mV)", title=f"{rate}: mean {v[:, settled].mean():.3f} mV (theory {mean:.3f}), "
               f"deviation {v[:, settled].std():.3f} mV (theory {deviation:.3f})")
    axes[-1].set(xlabel="time (ms)")
    return figure


if __name__ == "__main__":
    main().savefig("poisson_epsps.png", dpi=100, bbox_inches="tight")
