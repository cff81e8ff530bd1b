"""Two pulses run along a line of diffusively coupled FitzHugh-Nagumo units and wipe each other out where they meet.

Source: FitzHugh 1961, Biophys J 1:445; Nagumo, Arimoto and Yoshizawa 1962, Proc IRE 50:2061.
"""

from evsim.brian import *


def main(duration=200*ms, units=120):
    line = NeuronGroup(units, """dv/dt = (v - v**3/3 - w + D*flow + kick)/ms : 1
                                 dw/dt = 0.08*(v + 0.7 - 0.8*w)/ms : 1
                                 kick : 1
                                 flow : 1""", threshold="v > 1", refractory="v > 0")
    D = 0.3
    line.v, line.w = -1.1994, -0.6243
    links = Synapses(line, line, "flow_post = v_pre - v_post : 1 (summed)")
    links.connect("abs(i - j) == 1")
    trace = StateMonitor(line, "v", record=True, dt=0.5*ms)
    spikes = SpikeMonitor(line)

    line.kick["i < 5 or i >= units - 5"] = 0.8
    run(5*ms)
    line.kick = 0
    run(duration - 5*ms)

    figure, ax = plt.subplots(layout="constrained")
    image = ax.imshow(trace.v, aspect="auto", origin="lower", extent=(0, duration/ms, 0, units))
    ax.plot(spikes.t/ms, spikes.i + 0.5, ".w", markersize=2)
    ax.set(xlabel="time", ylabel="unit")
    figure.colorbar(image, label="v")
    return figure


if __name__ == "__main__":
    main().savefig("nerve_pulse.png", dpi=100, bbox_inches="tight")
