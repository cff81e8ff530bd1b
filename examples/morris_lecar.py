"""Two onsets of firing in Morris-Lecar cells: from zero frequency, or with a jump.

Source: Rinzel and Ermentrout 1998, in Koch and Segev, Methods in Neuronal Modeling, chapter 7: saddle-node and Hopf
parameters of the cell of Morris and Lecar 1981, Biophys J 35:193.
"""

from evsim.brian import *

EQUATIONS = """
dv/dt = (I - g_Ca*(1 + tanh((v + 1.2)/18))/2*(v - 120) - 8*w*(v + 84) - 2*(v + 60))/(20*ms) : 1
dw/dt = phi*((1 + tanh((v - v_3)/v_4))/2 - w)*cosh((v - v_3)/(2*v_4))/ms : 1
I : 1 (constant)
"""


def main(duration=4*second, points=40):
    kinds = {
        "saddle-node on a circle": (dict(g_Ca=4.0, phi=0.067, v_3=12.0, v_4=17.4), np.linspace(36, 50, points)),
        "Hopf": (dict(g_Ca=4.4, phi=0.04, v_3=2.0, v_4=30.0), np.linspace(80, 120, points)),
    }
    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(11, 4), layout="constrained")
    for ax, (name, (parameters, currents)) in zip(axes, kinds.items()):
        cells = NeuronGroup(points, EQUATIONS, threshold="v > 5", refractory="v > -10",
                            namespace=parameters)
        cells.I = currents
        cells.v, cells.w = 10, 0
        spikes = SpikeMonitor(cells)
        net = Network(cells, spikes)
        net.run(duration/2)
        early = np.array(spikes.count)
        net.run(duration/2)
        ax.plot(currents, (np.array(spikes.count) - early)/(duration/2), ".")
        ax.set(title=name, xlabel="current (uA/cm2)")
    axes[0].set(ylabel="rate (spikes/s)")
    return figure


if __name__ == "__main__":
    main().savefig("morris_lecar.png", dpi=100, bbox_inches="tight")
