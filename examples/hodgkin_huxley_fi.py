"""The squid axon starts to fire at some 50 spikes/s: the f-I curve of Hodgkin-Huxley cells, one per current.

Source: Hodgkin and Huxley 1952, J Physiol 117:500; class 2 excitability after Hodgkin 1948, J Physiol 107:165.
"""

from evsim.brian import *

EQUATIONS = """
dv/dt = (120*m**3*h*(50 - v) + 36*n**4*(-77 - v) + 0.3*(-54.387 - v) + I)/ms : 1
dm/dt = ((1 - m)/exprel(-(v + 40)/10) - 4*exp(-(v + 65)/18)*m)/ms : 1
dh/dt = (0.07*exp(-(v + 65)/20)*(1 - h) - h/(1 + exp(-(v + 35)/10)))/ms : 1
dn/dt = (0.1*(1 - n)/exprel(-(v + 55)/10) - 0.125*exp(-(v + 65)/80)*n)/ms : 1
I : 1 (constant)  # uA/cm2; v in mV
"""


def main(duration=1*second, points=100):
    cells = NeuronGroup(points, EQUATIONS, threshold="v > -20", refractory="v > -20",
                        dt=0.02*ms)
    cells.I = np.linspace(0, 30, points)
    cells.v, cells.m, cells.h, cells.n = -65, 0.053, 0.596, 0.318
    spikes = SpikeMonitor(cells)
    trace = StateMonitor(cells, "v", record=[points//6, points//3, points - 1])
    run(duration/2)
    early = np.array(spikes.count)
    run(duration/2)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for k, I in enumerate(cells.I[trace.record]):
        left.plot(trace.t/ms, trace.v[k] - 130*k, label=f"I = {I:.1f}")
    left.set(xlabel="time (ms)", ylabel="v (mV), shifted", xlim=(0, 100))
    left.legend(loc="upper right")
    right.plot(cells.I, (np.array(spikes.count) - early)/(duration/2), ".")
    right.set(xlabel="current (uA/cm2)", ylabel="rate (spikes/s)")
    return figure


if __name__ == "__main__":
    main().savefig("hodgkin_huxley_fi.png", dpi=100, bbox_inches="tight")
