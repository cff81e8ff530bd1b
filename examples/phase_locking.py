"""A leaky cell with a periodic current locks to it: spikes per period form a staircase over the mean current.

Source: Keener, Hoppensteadt and Rinzel 1981, SIAM J Appl Math 41:503 (integrate-and-fire cells under an
oscillating current).
"""

from evsim.brian import *


def main(duration=2*second, cells=400):
    tau, f, b = 20*ms, 20*Hz, 0.5
    group = NeuronGroup(cells, """dv/dt = (a + b*sin(2*pi*f*t) - v)/tau : 1
                                  a : 1 (constant)""", threshold="v > 1", reset="v = 0")
    group.a = np.linspace(0.7, 2.2, cells)
    spikes = SpikeMonitor(group)
    run(duration/2)  # until it has settled
    before = np.array(spikes.count)
    run(duration/2)
    turns = (np.array(spikes.count) - before)/(f*duration/2)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    settled = spikes.t > duration/2
    left.plot((spikes.t[settled]*f) % 1, group.a[spikes.i[settled]], ",k")
    left.set(xlabel="phase of the spikes", ylabel="mean current a")
    right.plot(group.a, turns, ".")
    right.set(xlabel="mean current a", ylabel="spikes per period")
    right.grid()
    return figure


if __name__ == "__main__":
    main().savefig("phase_locking.png", dpi=100, bbox_inches="tight")
