"""Coupled phase oscillators fall into step when the coupling passes a critical value.

Source: Kuramoto 1984, Chemical Oscillations, Waves, and Turbulence; Strogatz 2000, Physica D 143:1. Natural
frequencies are Lorentzian with half width gamma; then r = sqrt(1 - K_c/K) with K_c = 2 gamma.
"""

from evsim.brian import *


def main(duration=20*ms, oscillators=40, couplings=9):
    gamma = 0.5
    K = np.linspace(0, 3, couplings)
    group = NeuronGroup(couplings*oscillators, """dtheta/dt = (omega + K*pull)/ms : 1
                                                  pull : 1
                                                  omega : 1 (constant)
                                                  K : 1 (constant)""")
    group.omega = np.tile(gamma*np.tan(np.pi*((np.arange(oscillators) + 0.5)/oscillators - 0.5)), couplings)
    group.K = np.repeat(K, oscillators)
    group.theta = "2*pi*rand()"
    links = Synapses(group, group, "pull_post = sin(theta_pre - theta_post)/oscillators : 1 (summed)")
    links.connect("i // oscillators == j // oscillators")
    monitor = StateMonitor(group, "theta", record=True, dt=0.1*ms)
    run(duration)

    r = abs(np.exp(1j*np.reshape(monitor.theta, (couplings, oscillators, -1))).mean(axis=1))
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for k in (couplings//6, couplings//2, couplings - 1):
        left.plot(monitor.t/ms, r[k], label=f"K = {K[k]:.2f}")
    left.set(xlabel="time", ylabel="r", ylim=(0, 1))
    left.legend()
    right.plot(K, r[:, r.shape[1]//2:].mean(axis=1), "o")
    fine = np.linspace(2*gamma, 3, 100)
    right.plot(fine, np.sqrt(1 - 2*gamma/fine))
    right.set(xlabel="coupling K", ylabel="order parameter r", ylim=(0, 1))
    return figure


if __name__ == "__main__":
    main().savefig("kuramoto.png", dpi=100, bbox_inches="tight")
