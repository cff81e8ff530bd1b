"""The semantics of the compiled engine in plain Python and arbitrary precision: slow, and the specification.

Every double of a `description.Network` is the exact number it is. Instants are exact mpmath numbers: `tick*dt
+ offset` and sums of such with delays are never rounded, so arrivals that are mathematically equal are one
instant. Threshold crossings, which are irrational, are found to better than 10**-digits s and then rounded to
a grid just finer than that, so that crossings equal in mathematics are equal here.

A `GeneralModel` is solved by Taylor series whose coefficients come from its expressions; its method does not
matter. A threshold condition makes a spike at the first instant at which it is true, or from which on it is
true; so a comparison with `>` does at the crossing itself. A refractory condition counts from just after the
spike on, and ends where it is first false; a threshold condition then counts from just after that on. Values
within 10**-digits of what they are compared with, and zeros within 10**-digits s of an event, are equal to it
and at it. A refractory period given as an expression is whole ticks of the clock where it is so to within a
few roundings. Noise is refused, and functions of the user along two changing arguments.

The compiled engine promises relative to this: the same spikes in the same order, at the same instants up to
the rounding of doubles. Where two instants are equal only mathematically (a crossing and an arrival; sums of
delays that round differently), it may tell them apart. Values that meet a threshold exactly here may miss it
there by one rounding, and the other way round: 0.2 added five times is above 1 here, and equal to 1 in
doubles.
"""

from __future__ import annotations

from evsim.reference.simulation import Simulation

__all__ = ["Simulation"]
