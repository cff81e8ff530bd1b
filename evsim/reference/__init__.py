"""The semantics of the compiled engine in plain Python and arbitrary precision: slow, and the specification.

Every double of a `description.Network` is the exact number it is. Instants are exact mpmath numbers: `tick*dt
+ offset` and sums of such with delays are never rounded, so arrivals that are mathematically equal are one
instant. Threshold crossings, which are irrational, are found to better than 10**-digits s and then rounded to
a grid just finer than that, so that crossings equal in mathematics are equal here.

The compiled engine promises relative to this: the same spikes in the same order, at the same instants up to
the rounding of doubles. Where two instants are equal only mathematically (a crossing and an arrival; sums of
delays that round differently), it may tell them apart. Values that meet a threshold exactly here may miss it
there by one rounding, and the other way round: 0.2 added five times is above 1 here, and equal to 1 in
doubles.
"""

from __future__ import annotations

from evsim.reference.simulation import Simulation

__all__ = ["Simulation"]
