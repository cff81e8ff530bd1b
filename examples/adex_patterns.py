"""Eight firing patterns of the adaptive exponential cell under one current step.

Source: Naud, Marcille, Clopath and Gerstner 2008, Biol Cybern 99:335, table 1 and figure 4.
"""

from evsim.brian import *

PATTERNS = {  # C (pF), g_L (nS), E_L (mV), tau_w (ms), a (nS), b (pA), V_r (mV), I (pA)
    "tonic spiking": (200, 10, -70, 30, 2, 0, -58, 500),
    "adaptation": (200, 12, -70, 300, 2, 60, -58, 500),
    "initial burst": (130, 18, -58, 150, 4, 120, -50, 400),
    "regular bursting": (200, 10, -58, 120, 2, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, 300, -10, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, 90, -10, 30, -47, 110),
    "transient spiking": (100, 10, -65, 90, 10, 100, -47, 180),
    "irregular spiking": (100, 12, -60, 130, -11, 30, -48, 160),
}


def main(duration=500*ms):
    V_T, Delta_T = -50*mV, 2*mV
    eqs = """dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) - w + I)/C_m : volt
             dw/dt = (a*(v - E_L) - w)/tau_w : amp
             C_m : farad (constant)
             g_L : siemens (constant)
             E_L : volt (constant)
             tau_w : second (constant)
             a : siemens (constant)
             b : amp (constant)
             V_r : volt (constant)
             I : amp (constant)"""
    cells = NeuronGroup(len(PATTERNS), eqs, threshold="v > 0*mV", reset="v = V_r; w += b")
    columns = np.array(list(PATTERNS.values()), dtype=float).T
    cells.C_m, cells.g_L, cells.E_L, cells.tau_w = columns[0]*pF, columns[1]*nS, columns[2]*mV, columns[3]*ms
    cells.a, cells.b, cells.V_r, cells.I = columns[4]*nS, columns[5]*pA, columns[6]*mV, columns[7]*pA
    cells.v = "E_L"
    trace = StateMonitor(cells, "v", record=True)
    spikes = SpikeMonitor(cells)
    run(duration)

    figure, axes = plt.subplots(4, 2, sharex=True, sharey=True, figsize=(11, 9), layout="constrained")
    for k, (ax, name) in enumerate(zip(axes.T.flat, PATTERNS)):
        ax.plot(trace.t/ms, trace.v[k]/mV, linewidth=0.7)
        ax.vlines(spikes.t[spikes.i == k]/ms, -50, 0, linewidth=0.7)
        ax.set(title=name, ylim=(-80, 5))
    for ax in axes[-1]:
        ax.set(xlabel="time (ms)")
    return figure


if __name__ == "__main__":
    main().savefig("adex_patterns.png", dpi=100, bbox_inches="tight")
