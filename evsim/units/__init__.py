"""Units and quantities, spelled and printed as in Brian: `3*mV + 500*uV` prints "3.5 mV"."""

from __future__ import annotations

from evsim.units.checking import have_same_dimensions, is_dimensionless, require
from evsim.units.dimension import DIMENSIONLESS, Dimension, DimensionMismatchError
from evsim.units.named import SHORT_NAMES, unit_named
from evsim.units.quantity import Quantity, dimension_of, quantity, si

_STEMS = (
    "amp ampere volt second metre meter gram gramme hertz farad siemens ohm coulomb joule watt newton pascal kelvin mole molar"
).split()
_NAMES = [*SHORT_NAMES, "kilogram", *(p + s for s in _STEMS for p in ("", "p", "n", "u", "m", "k", "M", "G", "T"))]
globals().update({name: unit_named(name) for name in _NAMES})
