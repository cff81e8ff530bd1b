"""The same cell 25 times: spikes drift apart under a constant current, and stay aligned under a fluctuating one.

Source: Mainen and Sejnowski 1995, Science 268:1503, figure 1.
"""

from evsim.brian import *


def main(duration=500*ms, trials=25):
    tau, sigma, step = 20*ms, 0.3*mV, 0.5*ms
    rng = np.random.default_rng(4)
    kernel = np.exp(-np.arange(0, 15, 0.5)/3)
    noise = np.convolve(rng.standard_normal(int(duration/step)), kernel/np.sqrt(np.sum(kernel**2)), "same")
    stimulus = TimedArray(6*noise*mV, dt=step)

    figure, axes = plt.subplots(2, 2, sharex=True, figsize=(11, 5), height_ratios=[2, 1], layout="constrained")
    for column, share in zip(axes.T, (0, 1)):
        group = NeuronGroup(trials, """dv/dt = (-52*mV + drive - v)/tau + sigma*sqrt(2/tau)*xi : volt
                                       drive = 3.2*mV + share*stimulus(t) : volt""",
                            threshold="v > -50*mV", reset="v = -65*mV", refractory=2*ms)
        group.v = -65*mV
        spikes = SpikeMonitor(group)
        drive = StateMonitor(group, "drive", record=0)
        Network(group, spikes, drive).run(duration)
        column[0].plot(spikes.t/ms, spikes.i, "|k")
        column[0].set(ylabel="trial", title="fluctuating current" if share else "constant current")
        column[1].plot(drive.t/ms, drive.drive[0]/mV)
        column[1].set(xlabel="time (ms)", ylabel="drive (mV)", ylim=(-20, 26))
    return figure


if __name__ == "__main__":
    main().savefig("reliability.png", dpi=100, bbox_inches="tight")
