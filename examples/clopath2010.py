"""A plasticity rule that reads the voltage: pre-before-post pairs strengthen only at high rates.

Source: Clopath, Buesing, Vasilaki and Gerstner 2010, Nat Neurosci 13:344, figure 2 (pairing data of Sjoestrom,
Turrigiano and Nelson 2001, Neuron 32:1149). Sixty pairs, 10 ms apart, at each rate. A
spike of the target is drawn as 1 ms at 20 mV and leaves an after-depolarisation; the low-pass voltages do not see the
spike itself.
"""

from evsim.brian import *


def main(rates=(1, 10, 20, 30, 40, 50), pairs=60):
    A_LTD, A_LTP = 14e-5/mV, 8e-5/mV**2/ms
    theta_minus, theta_plus = -70.6*mV, -45.3*mV
    tau_x, tau_minus, tau_plus, tau_m, tau_z, E_L = 15*ms, 10*ms, 7*ms, 10*ms, 40*ms, -70.6*mV
    n = len(rates)

    starts = np.concatenate([20 + 1000*np.arange(pairs)/rate for rate in rates])
    which = np.repeat(np.arange(n), pairs)
    early, late = starts*ms, (starts + 10)*ms
    pre = SpikeGeneratorGroup(2*n, np.concatenate([which, which + n]), np.concatenate([early/ms, late/ms])*ms)
    forced = SpikeGeneratorGroup(2*n, np.concatenate([which, which + n]), np.concatenate([late/ms, early/ms])*ms)

    cells = NeuronGroup(2*n, """dv/dt = (E_L + z - v)/tau_m : volt
                                dz/dt = -z/tau_z : volt
                                du_minus/dt = (v - u_minus)/tau_minus : volt
                                du_plus/dt = (v - u_plus)/tau_plus : volt
                                spike : volt
                                trigger : 1""",
                        threshold="trigger > 0", reset="trigger = 0; z = 13.3*mV; spike = 90*mV")
    cells.v, cells.u_minus, cells.u_plus = E_L, E_L, E_L
    fire = Synapses(forced, cells, on_pre="trigger_post = 1")
    fire.connect(j="i")
    fall = Synapses(cells, cells, on_pre="spike_post = 0*mV", delay=1*ms)
    fall.connect(j="i")
    plastic = Synapses(pre, cells,
                       """dltp/dt = A_LTP*x*clip(v_post + spike_post - theta_plus, 0*mV, 1*volt)
                                    *clip(u_plus_post - theta_minus, 0*mV, 1*volt) : 1 (clock-driven)
                          dx/dt = -x/tau_x : 1 (clock-driven)
                          ltd : 1""",
                       on_pre="""ltd += A_LTD*clip(u_minus_post - theta_minus, 0*mV, 1*volt)
                                 x += 1""")
    plastic.connect(j="i")
    run((20 + 1000*pairs/min(rates) + 200)*ms)

    w = 1 + np.asarray(plastic.ltp) - np.asarray(plastic.ltd)
    figure, ax = plt.subplots(layout="constrained")
    ax.plot(rates, 100*w[:n], "o-", label="pre 10 ms before post")
    ax.plot(rates, 100*w[n:], "o-", label="post 10 ms before pre")
    ax.axhline(100, color="gray", linewidth=0.5)
    ax.set(xlabel="rate of the pairs (1/s)", ylabel="weight (%)")
    ax.legend()
    return figure


if __name__ == "__main__":
    main().savefig("clopath2010.png", dpi=100, bbox_inches="tight")
