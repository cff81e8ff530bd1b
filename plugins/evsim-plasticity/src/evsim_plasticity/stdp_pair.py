"""Pair STDP: a weight grows where the target spikes after the source, and falls where it spikes before.

Each spike of the source leaves a trace A_pre, each spike of the target a trace A_post; the other end reads them. A pair
is measured at the synapse: the spike of the source arrives there after `delay`, that of the target after the delay of
the pathway `post`, which is 0 unless it is set. Where both arrive at one instant the source comes first, so that the
weight grows by the trace just added. A spike acts on the target with the weight that it finds.

With "all_to_all" traces add up, so that every spike pairs with all spikes of the other end; with "nearest_neighbour"
a spike pairs with the latest one. Changes are "additive" up to hard bounds, or "multiplicative": they shrink in
proportion to the distance from the bound ahead.
"""

from __future__ import annotations

from evsim.plugin import Choice, Parameter, Plasticity
from evsim.units import ms

stdp_pair = Plasticity(
    equations="""
    dA_pre/dt = -A_pre/tau_pre : {weight}
    dA_post/dt = -A_post/tau_post : {weight}
    """,
    parameters=[
        Parameter("tau_pre", 10 * ms, "time constant of the trace of the source"),
        Parameter("tau_post", 10 * ms, "time constant of the trace of the target"),
        Parameter("dA_pre", 0.5, "what a spike of the source adds to its trace", of_weight=True),
        Parameter("dA_post", 0.5, "what a spike of the target adds to its trace", of_weight=True),
        Parameter("w_min", 0.0, "least weight", of_weight=True),
        Parameter("w_max", 20.0, "largest weight", of_weight=True),
    ],
    choices=[
        Choice(
            "pairing",
            "all_to_all",
            "a spike pairs with all earlier spikes of the other end, or with the latest: 'nearest_neighbour'",
            {"all_to_all": {"traced": "+="}, "nearest_neighbour": {"traced": "="}},
        ),
        Choice(
            "update",
            "additive",
            "'additive': changes do not depend on the weight; 'multiplicative': they shrink towards the bounds",
            {
                "additive": {"up": "", "down": ""},
                "multiplicative": {
                    "up": "*((w_max - w)/(w_max - w_min))",
                    "down": "*((w - w_min)/(w_max - w_min))",
                },
            },
        ),
    ],
    on_pre="""
    A_pre {traced} dA_pre
    w = clip(w - A_post{down}, w_min, w_max)
    """,
    on_post="""
    A_post {traced} dA_post
    w = clip(w + A_pre{up}, w_min, w_max)
    """,
    bounds=("w_min", "w_max"),
    references=[
        "Song, Miller, Abbott 2000, Nature Neuroscience 3:919",
        "Morrison, Diesmann, Gerstner 2008, Biological Cybernetics 98:459",
        "van Rossum, Bi, Turrigiano 2000, Journal of Neuroscience 20:8812",
    ],
)
