"""Three Hindmarsh-Rose cells: quiet, bursting, tonic, by their current; the slow variable ends each burst.

Source: Hindmarsh and Rose 1984, Proc R Soc Lond B 221:87.
"""

from evsim.brian import *


def main(duration=1000*ms):
    cells = NeuronGroup(3, """dx/dt = (y - x**3 + 3*x**2 - z + I)/ms : 1
                              dy/dt = (1 - 5*x**2 - y)/ms : 1
                              dz/dt = 0.005*(4*(x + 1.6) - z)/ms : 1
                              I : 1 (constant)""", threshold="x > 1", refractory="x > 0")
    cells.I = [1, 2, 4]
    cells.x, cells.y, cells.z = -1.6, -11, [0, 1.8, 3]
    trace = StateMonitor(cells, ["x", "z"], record=True)
    spikes = SpikeMonitor(cells)
    run(duration)

    figure, axes = plt.subplots(3, 1, sharex=True, figsize=(9, 6), layout="constrained")
    for k, ax in enumerate(axes):
        ax.plot(trace.t/ms, trace.x[k], label="x", linewidth=0.8)
        ax.plot(trace.t/ms, trace.z[k], label="z")
        ax.set(title=f"I = {cells.I[k]:g}: {spikes.count[k]} spikes")
    axes[0].legend()
    axes[-1].set(xlabel="time")
    return figure


if __name__ == "__main__":
    main().savefig("hindmarsh_rose.png", dpi=100, bbox_inches="tight")
