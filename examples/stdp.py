"""Spike-timing-dependent plasticity makes the synapses of one cell compete: weights end near zero or near the maximum.

Source: Song, Miller and Abbott 2000, Nat Neurosci 3:919; 1000 Poisson inputs, additive rule with depression
slightly stronger than potentiation.
"""

from evsim.brian import *


def main(duration=100*second, inputs=1000):
    tau_m, tau_e, tau_pre, tau_post = 10*ms, 5*ms, 20*ms, 20*ms
    E_L, E_e, V_th, V_reset = -74*mV, 0*mV, -54*mV, -60*mV
    w_max = 0.01*1000/inputs
    A_pre = 0.01
    A_post = -A_pre*tau_pre/tau_post*1.05

    poisson = PoissonGroup(inputs, rates=15*Hz)
    cell = NeuronGroup(1, """dv/dt = (E_L - v + g_e*(E_e - v))/tau_m : volt
                             dg_e/dt = -g_e/tau_e : 1""", threshold="v > V_th", reset="v = V_reset")
    cell.v = V_reset
    synapses = Synapses(poisson, cell,
                        """w : 1
                           dp/dt = -p/tau_pre : 1 (event-driven)
                           dq/dt = -q/tau_post : 1 (event-driven)""",
                        on_pre="""g_e_post += w
                                  p += A_pre
                                  w = clip(w + q*w_max, 0, w_max)""",
                        on_post="""q += A_post
                                   w = clip(w + p*w_max, 0, w_max)""")
    synapses.connect()
    synapses.w = "rand()*w_max"

    some = StateMonitor(synapses, "w", record=[0, 1, 2], dt=duration/500)
    spikes = SpikeMonitor(cell)
    run(duration, report="text")

    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(7, 8), layout="constrained")
    counts, edges = np.histogram(spikes.t/second, 50, range=(0, duration/second))
    top.stairs(counts/(edges[1] - edges[0]), edges)
    top.set(xlabel="time (s)", ylabel="rate (spikes/s)")
    middle.plot(some.t/second, some.w.T/w_max)
    middle.set(xlabel="time (s)", ylabel="w/w_max")
    bottom.hist(synapses.w/w_max, 20, range=(0, 1))
    bottom.set(xlabel="w/w_max", ylabel="synapses")
    return figure


if __name__ == "__main__":
    main().savefig("stdp.png", dpi=100, bbox_inches="tight")
