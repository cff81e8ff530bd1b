"""The f-I curve of the leaky cell, without noise and with three levels of it, beside theory.

Source: Siegert 1951, Phys Rev 81:617; Ricciardi 1977; see Tuckwell 1988, Introduction to Theoretical Neurobiology.
"""

from math import erfc

from evsim.brian import *


EQUATIONS = """
dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi : 1 (unless refractory)
mu : 1 (constant)
sigma : 1 (constant)
"""


def theory(mu, sigma, tau, t_ref):
    """Mean rate in 1/s: threshold 1, reset 0, stationary deviation sigma of the free potential."""
    if sigma == 0:
        return 1/(t_ref + tau*np.log(mu/(mu - 1))) if mu > 1 else 0.0
    y = np.linspace(-mu, 1 - mu, 2001)/(np.sqrt(2)*sigma)
    inner = np.exp(np.minimum(y**2, 600))*np.array([erfc(-value) for value in y])
    area = np.sum((inner[1:] + inner[:-1])/2)*(y[1] - y[0])
    return 1/(t_ref + tau*np.sqrt(np.pi)*area)


def main(duration=2*second, points=30, trials=5):
    tau, t_ref = 20*ms, 5*ms
    drives, noises = np.linspace(0.5, 2, points), [0, 0.1, 0.2, 0.5]
    cells = NeuronGroup(points*trials*len(noises), EQUATIONS, threshold="v > 1", reset="v = 0", refractory=t_ref)
    cells.mu = np.tile(np.repeat(drives, trials), len(noises))
    cells.sigma = np.repeat(noises, points*trials)
    spikes = SpikeMonitor(cells)
    run(duration)
    rates = np.reshape(spikes.count/duration, (len(noises), points, trials)).mean(axis=2)

    figure, ax = plt.subplots(layout="constrained")
    fine = np.linspace(0.5, 2, 200)
    for sigma, measured in zip(noises, rates):
        line, = ax.plot(drives, measured, "o", markersize=4, label=f"noise {sigma}")
        ax.plot(fine, [theory(mu, sigma, tau/second, t_ref/second) for mu in fine], color=line.get_color())
    ax.set(xlabel="drive (1 is the threshold)", ylabel="rate (spikes/s)")
    ax.legend()
    return figure


if __name__ == "__main__":
    main().savefig("lif_fi.png", dpi=100, bbox_inches="tight")
