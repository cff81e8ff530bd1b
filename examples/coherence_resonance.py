"""Coherence resonance: an excitable FitzHugh-Nagumo unit fires most regularly at a middle level of noise.

Source: Pikovsky and Kurths 1997, Phys Rev Lett 78:775, figure 1 and 2.
"""

from evsim.brian import *


def main(duration=400*ms, trials=10, levels=12):
    defaultclock.dt = 2*us
    a, eps = 1.05, 0.01
    D = np.geomspace(0.02, 0.3, levels)
    units = NeuronGroup(levels*trials, """dx/dt = (x - x**3/3 - y)/(eps*ms) : 1
                                          dy/dt = (x + a)/ms + strength*xi/sqrt(ms) : 1
                                          strength : 1 (constant)""",
                        threshold="x > 1", refractory="x > -1", method="heun")
    units.strength = np.repeat(D, trials)
    units.x, units.y = -a, -a + a**3/3
    spikes = SpikeMonitor(units)
    shown = [0, trials*(levels//2), trials*(levels - 1)]
    trace = StateMonitor(units, "y", record=shown, dt=0.02*ms)
    run(duration)

    trains = spikes.spike_trains()
    cv = []
    for level in range(levels):
        intervals = np.concatenate([np.diff(trains[level*trials + k]/ms) for k in range(trials)])
        cv.append(np.std(intervals)/np.mean(intervals) if len(intervals) > 5 else np.nan)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for row, k in enumerate(shown):
        left.plot(trace.t/ms, trace.y[row] + 3*row, label=f"D = {D[k//trials]:.2f}", linewidth=0.8)
    left.set(xlabel="time", ylabel="y, shifted", xlim=(0, 60))
    left.legend(loc="upper right")
    right.semilogx(D, cv, "o-")
    right.set(xlabel="noise D", ylabel="variation of the intervals")
    return figure


if __name__ == "__main__":
    main().savefig("coherence_resonance.png", dpi=100, bbox_inches="tight")
