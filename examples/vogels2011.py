"""Plastic inhibition quiets an over-excited network until every cell fires at about the target rate.

Source: Vogels, Sprekeler, Zenke, Clopath and Gerstner 2011, Science 334:1569, figure 4.
"""

from evsim.brian import *


def main(before=500*ms, after=9.5*second, cells=2000, eta=0.1):
    n_e = int(0.8*cells)
    tau_e, tau_i, tau_stdp = 5*ms, 10*ms, 20*ms
    C_m, g_L, E_L, E_i, V_th, I_b = 200*pF, 10*nS, -60*mV, -80*mV, -50*mV, 200*pA
    target = 5*Hz
    bias = 2*target*tau_stdp
    w_max, p = 100, 200/cells  # every cell gets 160 excitatory and 40 inhibitory synapses

    group = NeuronGroup(cells, """dv/dt = (g_L*(E_L - v) + I_b - g_e*v + g_i*(E_i - v))/C_m : volt (unless refractory)
                                  dg_e/dt = -g_e/tau_e : siemens
                                  dg_i/dt = -g_i/tau_i : siemens""",
                        threshold="v > V_th", reset="v = E_L", refractory=5*ms)
    group.v = "E_L + rand()*10*mV"
    exc, inh = group[:n_e], group[n_e:]
    from_exc = Synapses(exc, group, on_pre="g_e += 0.3*nS")
    from_exc.connect(p=p)
    among_inh = Synapses(inh, inh, on_pre="g_i += 3*nS")
    among_inh.connect(p=p)
    plastic = Synapses(inh, exc,
                       """w : 1
                          dx/dt = -x/tau_stdp : 1 (event-driven)
                          dy/dt = -y/tau_stdp : 1 (event-driven)
                          eta_now : 1 (shared)""",
                       on_pre="""x += 1
                                 w = clip(w + (y - bias)*eta_now, 0, w_max)
                                 g_i_post += w*nS""",
                       on_post="""y += 1
                                  w = clip(w + x*eta_now, 0, w_max)""")
    plastic.connect(p=p)
    plastic.w = 1e-10
    spikes = SpikeMonitor(exc)

    plastic.eta_now = 0
    run(before)
    plastic.eta_now = eta
    run(after)

    total = before + after
    rates, edges = np.histogram(spikes.t/second, 100, range=(0, total/second))
    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(8, 9), layout="constrained")
    top.plot((edges[1:] + edges[:-1])/2, rates/n_e/(edges[1] - edges[0]))
    top.axvline(before/second, color="tab:orange")
    top.axhline(target/Hz, color="gray", linestyle=":")
    top.set(xlabel="time (s)", ylabel="rate (spikes/s)")
    for ax, start, name in [(middle, 0*second, "before"), (bottom, total - min(before, after), "after")]:
        shown = (spikes.i < 200) & (spikes.t >= start) & (spikes.t < start + before)
        ax.plot(spikes.t[shown]/second, spikes.i[shown], ".k", markersize=1.5)
        ax.set(xlabel="time (s)", ylabel="excitatory cell", title=f"{name} plasticity")
    return figure


if __name__ == "__main__":
    main().savefig("vogels2011.png", dpi=100, bbox_inches="tight")
