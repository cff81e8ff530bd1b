"""A threshold that rises with each spike makes firing adapt, and makes long intervals follow short ones.

Source: Chacron, Pakdaman and Longtin 2003, Neural Comput 15:253 (threshold fatigue, negative correlation of
successive intervals).
"""

from evsim.brian import *


def main(duration=5*second, cells=100):
    tau, tau_th, sigma = 10*ms, 50*ms, 1.0*mV
    group = NeuronGroup(cells, """dv/dt = (16*mV - v)/tau + sigma*sqrt(2/tau)*xi : volt
                                  dtheta/dt = (10*mV - theta)/tau_th : volt""",
                        threshold="v > theta", reset="v = 0*mV; theta += 4*mV")
    group.theta = 10*mV
    trace = StateMonitor(group, ["v", "theta"], record=0)
    spikes = SpikeMonitor(group)
    run(duration)

    intervals = [np.diff(train/ms)[5:] for train in spikes.spike_trains().values()]
    this, following = (np.concatenate([x[part] for x in intervals]) for part in (slice(-1), slice(1, None)))
    correlation = np.corrcoef(this, following)[0, 1]

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=[2, 1], layout="constrained")
    left.plot(trace.t/ms, trace.v[0]/mV, label="v")
    left.plot(trace.t/ms, trace.theta[0]/mV, label="threshold")
    left.set(xlabel="time (ms)", ylabel="mV", xlim=(0, 400))
    left.legend()
    right.plot(this, following, ".", markersize=1)
    right.set(xlabel="interval (ms)", ylabel="next interval (ms)", title=f"correlation {correlation:.2f}")
    return figure


if __name__ == "__main__":
    main().savefig("adaptive_threshold.png", dpi=100, bbox_inches="tight")
