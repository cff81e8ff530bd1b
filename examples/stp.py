"""Short-term depression and facilitation: the same regular train, heard through two synapses.

Source: Tsodyks and Markram 1997, PNAS 94:719, figure 1, and Markram, Wang and Tsodyks 1998, PNAS 95:5323. On
the right the stationary response to trains of many rates: it falls as 1/rate when depressing, and has a peak when
facilitating. Lines are the closed forms.
"""

from evsim.brian import *


def stationary(rate, U, tau_rec, tau_facil):
    """Return u*x at the spikes of a train that has lasted for long."""
    kept_u = np.exp(-1/(rate*tau_facil)) if tau_facil else 0*rate
    kept_x = np.exp(-1/(rate*tau_rec))
    u = U/(1 - (1 - U)*kept_u)
    return u*(1 - kept_x)/(1 - (1 - u)*kept_x)


def main(duration=2*second, trains=20):
    tau_m, tau_syn = 30*ms, 3*ms
    rates = np.geomspace(2, 80, trains)
    n = (rates*float(duration/second)).astype(int)
    times = np.concatenate([(np.arange(k) + 0.1)/rate for k, rate in zip(n, rates)])
    given = SpikeGeneratorGroup(trains, np.repeat(np.arange(trains), n), times*second)

    cells = NeuronGroup(2*trains, """dv/dt = (I - v)/tau_m : 1
                                     dI/dt = -I/tau_syn : 1""", method="exact")
    synapses = Synapses(given, cells,
                        """U : 1
                           tau_rec : second
                           tau_facil : second
                           released : 1
                           du/dt = -u/tau_facil : 1 (event-driven)
                           dx/dt = (1 - x)/tau_rec : 1 (event-driven)""",
                        on_pre="""u += U*(1 - u)
                                  released = u*x
                                  x -= released
                                  I_post += 10*released""")
    synapses.connect("i == j % N_pre")
    synapses.x = 1
    synapses.U["j < trains"], synapses.U["j >= trains"] = 0.5, 0.03
    synapses.tau_rec["j < trains"], synapses.tau_rec["j >= trains"] = 800*ms, 130*ms
    synapses.tau_facil["j < trains"], synapses.tau_facil["j >= trains"] = 1*ms, 530*ms

    shown = int(np.argmin(abs(rates - 20)))
    trace = StateMonitor(cells, "v", record=[shown, shown + trains])
    run(duration)

    figure, axes = plt.subplots(2, 2, figsize=(11, 6), layout="constrained")
    for row, (name, U, tau_rec, tau_facil) in enumerate([("depressing", 0.5, 0.8, 0.001),
                                                         ("facilitating", 0.03, 0.13, 0.53)]):
        axes[row, 0].plot(trace.t/ms, trace.v[row])
        axes[row, 0].set(title=f"{name}, {rates[shown]:.0f} spikes/s", xlabel="time (ms)", ylabel="v")
        ours = synapses.released["j < trains" if row == 0 else "j >= trains"]
        axes[row, 1].plot(rates, stationary(rates, U, tau_rec, tau_facil))
        axes[row, 1].plot(rates, ours, "o")
        axes[row, 1].set(xlabel="rate (spikes/s)", ylabel="released at the last spike", xscale="log")
    return figure


if __name__ == "__main__":
    main().savefig("stp.png", dpi=100, bbox_inches="tight")
