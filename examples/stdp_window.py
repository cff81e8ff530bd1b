"""The window of spike-timing-dependent plasticity, and how axonal and dendritic delays shift it.

Source: Bi and Poo 1998, J Neurosci 18:10464 (the window); Morrison, Diesmann and Gerstner 2008, Biol Cybern 98:459
(delays). A spike meets the synapse after the axonal delay, the spike of the target after the dendritic delay.
"""

from evsim.brian import *


def main(pairs=81):
    tau_plus, tau_minus, A_plus, A_minus = 17*ms, 34*ms, 1.0, -0.5
    lags = np.linspace(-80, 80, pairs)  # post minus pre (ms)
    figure, ax = plt.subplots(layout="constrained")
    for axonal, dendritic in [(0*ms, 0*ms), (15*ms, 0*ms), (0*ms, 15*ms)]:
        pre = SpikeGeneratorGroup(pairs, np.arange(pairs), np.full(pairs, 100)*ms)
        given = SpikeGeneratorGroup(pairs, np.arange(pairs), (100 + lags)*ms)
        post = NeuronGroup(pairs, "v : 1", threshold="v > 0", reset="v = 0")
        relay = Synapses(given, post, on_pre="v_post = 1")
        relay.connect(j="i")
        synapses = Synapses(pre, post,
                            """w : 1
                               dp/dt = -p/tau_plus : 1 (event-driven)
                               dq/dt = -q/tau_minus : 1 (event-driven)""",
                            on_pre="""p += A_plus
                                      w += q""",
                            on_post="""q += A_minus
                                       w += p""",
                            delay={"pre": axonal, "post": dendritic})
        synapses.connect(j="i")
        Network(pre, given, post, relay, synapses).run(250*ms)
        ax.plot(lags, synapses.w, ".-", label=f"axonal {axonal/ms:.0f} ms, dendritic {dendritic/ms:.0f} ms")
    ax.axhline(0, color="gray", linewidth=0.5)
    ax.set(xlabel="t_post - t_pre (ms)", ylabel="change of the weight")
    ax.legend()
    return figure


if __name__ == "__main__":
    main().savefig("stdp_window.png", dpi=100, bbox_inches="tight")
