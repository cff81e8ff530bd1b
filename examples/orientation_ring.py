"""A ring of rate units sharpens a weak orientation cue: the width of tuning does not depend on contrast.

Source: Ben-Yishai, Bar-Or and Sompolinsky 1995, PNAS 92:3844. Cosine coupling over the ring, threshold-linear units;
the coupling enters as a summed variable.
"""

from evsim.brian import *

EQUATIONS = """
dm/dt = (clip(c*(1 - 0.05 + 0.05*cos(2*theta)) + rec - 1, 0, 1e6) - m)/(5*ms) : 1
rec : 1
c : 1 (constant)
theta : 1 (constant)
"""


def main(duration=200*ms, units=80):
    J_0, J_2 = -8.0, 5.0
    contrasts = [1.5, 2, 3]
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for ax, J, name in zip(axes, (0.0, J_2), ("without coupling by orientation", "with it")):  # noqa: B007, used in a text
        ring = NeuronGroup(units*len(contrasts), EQUATIONS)
        ring.theta = "pi*((i % units)/units - 0.5)"
        ring.c = np.repeat(contrasts, units)
        synapses = Synapses(ring, ring, "rec_post = (J_0 + J*cos(2*(theta_pre - theta_post)))*m_pre/units : 1 (summed)")
        synapses.connect("i // units == j // units")
        Network(ring, synapses).run(duration)
        for k, contrast in enumerate(contrasts):
            part = slice(k*units, (k + 1)*units)
            ax.plot(ring.theta[part]*180/np.pi, ring.m[part]/np.max(ring.m[part]), label=f"contrast {contrast}")
        ax.set(xlabel="preferred orientation (degrees)", ylabel="activity / peak", title=name)
        ax.legend()
    return figure


if __name__ == "__main__":
    main().savefig("orientation_ring.png", dpi=100, bbox_inches="tight")
