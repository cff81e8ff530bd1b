"""The shorter a current pulse, the stronger it must be: strength and duration by bisection with store and restore.

Source: Lapicque 1907, J Physiol Pathol Gen 9:620. For a leaky cell the law is 1/(1 - exp(-T/tau)).
"""

from evsim.brian import *


def main(lengths=(0.5, 1, 2, 5, 10, 20, 50, 100), rounds=20):
    tau = 10*ms
    cell = NeuronGroup(1, """dv/dt = (I - v)/tau : 1
                             I : 1""", threshold="v > 1", reset="v = 0", method="exact")
    spikes = SpikeMonitor(cell)
    net = Network(cell, spikes)
    net.store()
    found = []
    for length in lengths:
        low, high = 0.5, 100.0
        for _ in range(rounds):
            net.restore()
            cell.I = (low + high)/2
            net.run(length*ms)
            if spikes.num_spikes:
                high = (low + high)/2
            else:
                low = (low + high)/2
        found.append(high)

    figure, ax = plt.subplots(layout="constrained")
    fine = np.geomspace(min(lengths), max(lengths), 200)
    ax.loglog(fine, 1/(1 - np.exp(-fine*ms/tau)), label="Lapicque's law")
    ax.loglog(lengths, found, "o", label="bisection")
    ax.set(xlabel="length of the pulse (ms)", ylabel="least current (rheobase 1)")
    ax.legend()
    return figure


if __name__ == "__main__":
    main().savefig("strength_duration.png", dpi=100, bbox_inches="tight")
