"""Units and quantities, spelled and printed as in Brian: `3*mV + 500*uV` prints "3.5 mV".

Every unit of Brian is an attribute of this package (`mvolt`, `umetre2`, `Gohm`);
`__all__` holds the usual ones.
"""

from __future__ import annotations

from typing import Any

from evsim.units.checking import check_units, have_same_dimensions, in_unit, is_dimensionless, require
from evsim.units.dimension import DIMENSIONLESS, Dimension
from evsim.units.magnitudes import dimension_of, si
from evsim.units.mismatch import DimensionMismatchError
from evsim.units.named import SHORT_NAMES, Unit, get_unit, unit_named
from evsim.units.quantity import Quantity, in_best_unit, quantity

get_dimensions = dimension_of

_ELECTRIC = "amp coulomb farad ohm siemens volt"
_OTHERS = "metre meter second hertz gram gramme mole molar joule newton pascal watt"
_STEMS = f"{_ELECTRIC} {_OTHERS}".split()
_PREFIXED = [prefix + stem for stem in _STEMS for prefix in ("", *"fpnumkMGT")]
_SINGLE = "ampere kelvin kilogram candela cmetre cmeter weber tesla henry metre2 metre3 meter2 meter3".split()
UNIT_NAMES = [*SHORT_NAMES, *_PREFIXED, *_SINGLE]

__all__ = [
    "DIMENSIONLESS",
    "Dimension",
    "DimensionMismatchError",
    "Quantity",
    "Unit",
    "check_units",
    "dimension_of",
    "get_dimensions",
    "get_unit",
    "have_same_dimensions",
    "in_best_unit",
    "in_unit",
    "is_dimensionless",
    "quantity",
    "require",
    "si",
    "unit_named",
    *UNIT_NAMES,
]


def __getattr__(name: str) -> Any:
    unit = unit_named(name)
    if unit is None:
        raise AttributeError(f"module {__name__!r} has no attribute or unit {name!r}")
    return unit
