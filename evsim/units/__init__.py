"""Units and quantities, spelled and printed as in Brian: `3*mV + 500*uV` prints "3.5 mV".

Every unit of Brian is an attribute of this package (`mvolt`, `umetre2`, `Gohm`);
`__all__` holds the usual ones
and the words of users. The words of evsim's own code (`si`, `require`, ...) are imported by name.
"""

from __future__ import annotations

from typing import Any

from evsim.units.checking import check_units, have_same_dimensions, in_unit, is_dimensionless
from evsim.units.checking import require as require
from evsim.units.dimension import DIMENSIONLESS as DIMENSIONLESS
from evsim.units.dimension import Dimension as Dimension
from evsim.units.magnitudes import dimension_of as dimension_of
from evsim.units.magnitudes import si as si
from evsim.units.mismatch import DimensionMismatchError
from evsim.units.named import SHORT_NAMES, get_unit
from evsim.units.named import Unit as Unit
from evsim.units.named import unit_named as unit_named
from evsim.units.quantity import Quantity, in_best_unit
from evsim.units.quantity import quantity as quantity

get_dimensions = dimension_of

_ELECTRIC = "amp coulomb farad ohm siemens volt"
_OTHERS = "metre meter second hertz gram gramme mole molar joule newton pascal watt"
_STEMS = f"{_ELECTRIC} {_OTHERS}".split()
_PREFIXED = [prefix + stem for stem in _STEMS for prefix in ("", *"fpnumkMGT")]
_SINGLE = "ampere kelvin kilogram candela cmetre cmeter weber tesla henry metre2 metre3 meter2 meter3".split()
UNIT_NAMES = [*SHORT_NAMES, *_PREFIXED, *_SINGLE]

__all__ = [
    "DimensionMismatchError",
    "Quantity",
    "check_units",
    "get_dimensions",
    "get_unit",
    "have_same_dimensions",
    "in_best_unit",
    "in_unit",
    "is_dimensionless",
    *UNIT_NAMES,
]


def __getattr__(name: str) -> Any:
    unit = unit_named(name)
    if unit is None:
        raise AttributeError(f"module {__name__!r} has no attribute or unit {name!r}")
    return unit
