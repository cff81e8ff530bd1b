"""A polychronous group: only the pattern of inputs that the delays undo makes spikes meet and the group fire.

Source: Izhikevich 2006, Neural Comput 18:245, figure 1. Cells b, c, d send to a and e with the delays of the source.
"""

from evsim.brian import *

DELAYS = {"b": (1, 8), "c": (5, 5), "d": (9, 1)}  # to a and to e, in ms
PATTERNS = {
    "all at once": {"b": 0, "c": 0, "d": 0},
    "d, c, b: cell a fires": {"d": 0, "c": 4, "b": 8},
    "b, c, d: cell e fires": {"b": 0, "c": 3, "d": 7},
}


def main(duration=25*ms):
    figure, axes = plt.subplots(1, 3, sharey=True, figsize=(12, 3), layout="constrained")
    for ax, (name, pattern) in zip(axes, PATTERNS.items()):
        given = SpikeGeneratorGroup(3, [0, 1, 2], np.array([pattern[cell] + 1.0 for cell in "bcd"])*ms)
        cells = NeuronGroup(2, """dv/dt = (g - v)/(5*ms) : 1
                                  dg/dt = -g/(1*ms) : 1""", threshold="v > 0.3", reset="v = 0; g = 0", method="exact")
        synapses = Synapses(given, cells, on_pre="g_post += 1")
        synapses.connect(i=[0, 0, 1, 1, 2, 2], j=[0, 1, 0, 1, 0, 1])
        synapses.delay = np.array([DELAYS[cell] for cell in "bcd"]).ravel()*ms
        spikes = SpikeMonitor(cells)
        Network(given, cells, synapses, spikes).run(duration)

        for row, cell in zip((1, 2, 3), "bcd"):
            sent = pattern[cell] + 1.0
            ax.plot(sent, row, "o", color="tab:blue")
            for target, delay in zip((0, 4), DELAYS[cell]):
                ax.plot([sent, sent + delay], [row, target], color="gray", linewidth=0.8)
        ax.plot(spikes.t/ms, 4*np.asarray(spikes.i), "o", color="tab:red")
        ax.set(title=name, xlabel="time (ms)", xlim=(0, duration/ms), ylim=(-0.5, 4.5))
        ax.set_yticks(range(5), ["a", "b", "c", "d", "e"])
    return figure


if __name__ == "__main__":
    main().savefig("polychronous.png", dpi=100, bbox_inches="tight")
