"""Period doubling, chaos and longer and longer bursts in the adaptive exponential cell as its reset potential goes up.

Source: Touboul and Brette 2008, Biol Cybern 99:319, on the bifurcations of its reset map. Each dot is the
adaptation current at a spike, after the transient.
"""

from evsim.brian import *


def main(duration=4*second, points=300):
    C_m, g_L, E_L, V_T, Delta_T = 281*pF, 30*nS, -70.6*mV, -50.4*mV, 2*mV
    tau_w, a, b, I = 40*ms, 4*nS, 80.5*pA, 800*pA
    cells = NeuronGroup(points, """dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) + I - w)/C_m : volt
                                   dw/dt = (a*(v - E_L) - w)/tau_w : amp
                                   V_r : volt (constant)""",
                        threshold="v > -40*mV", reset="v = V_r; w += b")
    cells.V_r = np.linspace(-49.5, -46.5, points)*mV
    cells.v = E_L
    spikes = SpikeMonitor(cells, variables="w")
    run(duration)

    figure, ax = plt.subplots(layout="constrained")
    settled = spikes.t > duration/2
    ax.plot(cells.V_r[spikes.i[settled]]/mV, spikes.w[settled]/nA, ",k")
    ax.set(xlabel="reset potential (mV)", ylabel="w at the spikes (nA)")
    return figure


if __name__ == "__main__":
    main().savefig("adex_chaos.png", dpi=100, bbox_inches="tight")
