"""Gap junction: a constant conductance between two cells, through which current flows from the higher potential.

The current `w*(V_pre - V_post)` enters the target at every instant. One junction of two cells has both directions: with
`symmetric=True` what enters one leaves the other, with one weight.

A cell that is reset has no shape of a spike that could pass through the junction; a jump of `w*k_spikelet` on the other
side stands for it, at the exact time of the spike and later by the delay. A clamped potential loses it. Spikes that
reset nothing, as those of `hh`, pass as they are, and make no jump unless `k_spikelet` is given.

Between cells whose equations are linear everything is solved exactly: the cells that junctions connect are one linear
system, advanced by its propagator from event to event, and a spike is the proven first crossing. Others are integrated
together to their tolerance.
"""

from __future__ import annotations

from evsim.plugin import Junction, Parameter
from evsim.units import mV, uS

gap_junction = Junction(
    equations="I = w*(V_pre - V_post) : amp",
    current="I",
    parameters=[Parameter("k_spikelet", 0.1 * mV / uS, "jump of the potential at a spike, per weight")],
    spikelet="w*k_spikelet",
    references=[
        "Furshpan, Potter 1959, Journal of Physiology 145:289",
        "Lewis, Rinzel 2003, Journal of Computational Neuroscience 14:283",
    ],
)
