"""Coloured noise: the spread and the memory of an Ornstein-Uhlenbeck process, for three time constants.

Source: Uhlenbeck and Ornstein 1930, Phys Rev 36:823. The variance does not depend on the time constant; the
autocorrelation decays with it.
"""

from evsim.brian import *


def main(duration=2*second, trials=50):
    taus, sigma = [2, 10, 50]*ms, 1*nA
    group = NeuronGroup(3*trials, """dx/dt = -x/tau + sigma*sqrt(2/tau)*xi : amp
                                     tau : second (constant)""")
    group.tau = np.repeat(taus/ms, trials)*ms
    group.x = "sigma*randn()"
    monitor = StateMonitor(group, "x", record=True, dt=0.5*ms)
    run(duration)

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    lags = np.arange(0, 200)
    for tau, x in zip(taus, np.reshape(monitor.x/nA, (3, trials, -1))):
        left.plot(monitor.t/ms, x[0], label=str(tau), linewidth=0.8)
        bars, edges = np.histogram(x, 40, range=(-4, 4), density=True)
        middle.plot((edges[1:] + edges[:-1])/2, bars)
        right.plot(lags*0.5, [np.mean(x[:, k:]*x[:, :x.shape[1] - k]) for k in lags])
        right.plot(lags*0.5, np.exp(-lags*0.5*ms/tau), ":", color="black")
    grid = np.linspace(-4, 4, 100)
    middle.plot(grid, np.exp(-grid**2/2)/np.sqrt(2*np.pi), ":k")
    left.set(xlabel="time (ms)", ylabel="x (nA)", xlim=(0, 200))
    left.legend()
    middle.set(xlabel="x (nA)", ylabel="density")
    right.set(xlabel="lag (ms)", ylabel="autocorrelation")
    return figure


if __name__ == "__main__":
    main().savefig("ornstein_uhlenbeck.png", dpi=100, bbox_inches="tight")
