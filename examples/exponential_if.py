"""The exponential integrate-and-fire cell has the f-I curve of the conductance-based cell it was fitted to.

Source: Fourcaud-Trocme, Hansel, van Vreeswijk and Brunel 2003, J Neurosci 23:11628, figure 1; the
conductance-based cell is that of Wang and Buzsaki 1996, J Neurosci 16:6402.
"""

from evsim.brian import *

WANG_BUZSAKI = """
dv/dt = (0.1*(-65 - v) + 35*m_inf**3*h*(55 - v) + 9*n**4*(-90 - v) + I)/ms : 1
m_inf = a_m/(a_m + 4*exp(-(v + 60)/18)) : 1
a_m = 1/exprel(-(v + 35)/10) : 1
dh/dt = 5*(0.07*exp(-(v + 58)/20)*(1 - h) - h/(1 + exp(-(v + 28)/10)))/ms : 1
dn/dt = 5*(0.1/exprel(-(v + 34)/10)*(1 - n) - 0.125*exp(-(v + 44)/80)*n)/ms : 1
I : 1 (constant)
"""


def main(duration=1*second, points=25):
    I = np.linspace(0, 3, points)  # uA/cm2
    tau, Delta_T, V_T, E_L, V_reset = 10*ms, 3.48*mV, -59.9*mV, -65*mV, -68*mV
    eif = NeuronGroup(points, """dv/dt = (E_L - v + Delta_T*exp((v - V_T)/Delta_T) + RI)/tau : volt (unless refractory)
                                 RI : volt (constant)""",
                      threshold="v > -30*mV", reset="v = V_reset", refractory=1.7*ms)
    eif.v, eif.RI = E_L, I*10*mV
    wb = NeuronGroup(points, WANG_BUZSAKI, threshold="v > -20", refractory="v > -20")
    wb.v, wb.h, wb.n, wb.I = -65, 0.78, 0.09, I
    eif_spikes, wb_spikes = SpikeMonitor(eif), SpikeMonitor(wb)
    run(duration)

    figure, ax = plt.subplots(layout="constrained")
    ax.plot(I, wb_spikes.count/duration, "-", label="Wang-Buzsaki")
    ax.plot(I, eif_spikes.count/duration, "o", label="exponential integrate-and-fire")
    ax.set(xlabel="current (uA/cm2)", ylabel="rate (spikes/s)")
    ax.legend()
    return figure


if __name__ == "__main__":
    main().savefig("exponential_if.png", dpi=100, bbox_inches="tight")
