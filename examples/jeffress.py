"""Delay lines turn the time difference between two ears into a place: cells fire most where the delays cancel it.

Source: Jeffress 1948, J Comp Physiol Psychol 41:35. Each detector hears the left ear through one delay and the
right ear through another; the delays are real numbers of microseconds.
"""

from evsim.brian import *


def main(duration=400*ms, detectors=41):
    differences = [-300, 0, 150]  # time difference between the ears (us), one experiment each
    n = len(differences)
    rng = np.random.default_rng(7)
    sound = TimedArray(rng.standard_normal(int(duration/(50*us)) + 100), dt=50*us)

    ears = NeuronGroup(2*n, """dx/dt = (3.5*sound(t - lag) - x)/(0.5*ms) : 1 (unless refractory)
                               lag : second (constant)""",
                       threshold="x > 1", reset="x = 0", refractory=2.5*ms)
    ears.lag = np.concatenate([np.full(n, 1000), 1000 + np.array(differences)])*us

    best = np.linspace(-500, 500, detectors)
    cells = NeuronGroup(n*detectors, "dv/dt = -v/(0.1*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    wires = Synapses(ears, cells, on_pre="v += 0.6")
    wires.connect("i % n == j // detectors")
    shift = best[np.asarray(wires.j) % detectors]*us
    wires.delay = 500*us + np.where(np.asarray(wires.i) < n, 1, -1)*shift/2

    spikes = SpikeMonitor(cells)
    run(duration)

    figure, ax = plt.subplots(layout="constrained")
    for difference, counts in zip(differences, np.reshape(spikes.count, (n, detectors))):
        line, = ax.plot(best, counts/(duration/second), label=f"{difference} us")
        ax.axvline(difference, color=line.get_color(), linestyle=":")
    ax.set(xlabel="difference of the two delays (us)", ylabel="detector rate (spikes/s)")
    ax.legend(title="between the ears")
    return figure


if __name__ == "__main__":
    main().savefig("jeffress.png", dpi=100, bbox_inches="tight")
