"""A sheet of cells with connections and delays that follow distance: a spark in the corner becomes a round wave.

Source: Golomb and Ermentrout 1999, PNAS 96:13480 (waves in networks with distance-dependent coupling and delays).
"""

from evsim.brian import *


def main(side=40, duration=80*ms):
    spacing, footprint, velocity = 50*umetre, 120*umetre, 0.1*metre/second
    eqs = """dv/dt = (g - v)/(10*ms) : 1 (unless refractory)
             dg/dt = -g/(3*ms) : 1
             x : metre (constant)
             y : metre (constant)"""
    sheet = NeuronGroup(side**2, eqs, threshold="v > 1", reset="v = 0", refractory=duration, method="exact")
    sheet.x = "(i // side)*spacing"
    sheet.y = "(i % side)*spacing"
    sheet.g["x + y < 5*spacing"] = 20

    links = Synapses(sheet, sheet, on_pre="g_post += 0.9")
    links.connect("i != j", p="exp(-((x_pre - x_post)**2 + (y_pre - y_post)**2)/(2*footprint**2))")
    links.delay = "1*ms + sqrt((x_pre - x_post)**2 + (y_pre - y_post)**2)/velocity"

    spikes = SpikeMonitor(sheet)
    run(duration)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for k, color in zip([(side + 1)*(side//4), (side + 1)*(side//2), (side + 1)*(3*side//4)], "rgb"):
        targets = np.asarray(links.j)[np.asarray(links.i) == k]
        left.plot(sheet.x[targets]/umetre, sheet.y[targets]/umetre, "." + color)
    left.set(title="targets of three cells", xlabel="x (um)", ylabel="y (um)", aspect="equal")
    first = np.full(side**2, np.nan)
    first[spikes.i] = spikes.t/ms
    image = right.imshow(first.reshape(side, side).T, origin="lower", cmap="viridis")
    right.set(title="time of the spike (ms)")
    figure.colorbar(image)
    return figure


if __name__ == "__main__":
    main().savefig("spatial_connections.png", dpi=100, bbox_inches="tight")
