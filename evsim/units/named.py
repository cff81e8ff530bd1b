"""Units by name: every stem with every SI prefix, the usual short names, squares and cubes."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from pint.util import UnitsContainer

from evsim.units.definitions import PREFIX_OF, PREFIXES, STEMS, Stem, rational
from evsim.units.dimension import Dimension
from evsim.units.quantity import Quantity
from evsim.units.spelling import joined, readable_parts

# Short names take few letters, which users need for variables: these and no others.
ELECTRIC = "mV uV mA uA nA pA uF nF pF mS uS nS pS".split()
OTHERS = "ms us ns Hz kHz MHz mM uM nM".split()
LENGTHS = "cm mm um".split()
SHORT_NAMES = [*ELECTRIC, *OTHERS, *(length + power for length in LENGTHS for power in ("", "2", "3"))]

_PREFIXED = {prefix + name: (prefix, stem) for name, stem in STEMS.items() for prefix in PREFIXES}
_PREFIXED |= dict.fromkeys(("kilogram", "kilogramme"), ("k", STEMS["gram"]))
_SYMBOLS = {name: prefix + stem.symbol for name, (prefix, stem) in _PREFIXED.items()}
_LONG_OF_SHORT = {_SYMBOLS[prefix + s.name]: prefix + s.name for s in STEMS.values() for prefix in PREFIXES}


class Unit(Quantity):
    """A scalar quantity with a name; products, ratios and powers of units are units, "mV/ms".

    `parts` holds the exponents of the long unit names. Where it is empty the value has no name of its own.
    """

    parts: UnitsContainer

    def __array_finalize__(self, obj: Any) -> None:
        super().__array_finalize__(obj)
        self.parts = UnitsContainer()

    def __mul__(self, other: Any) -> Any:
        return _of_parts(
            super().__mul__(other), self.parts * other.parts if isinstance(other, Unit) else None
        )

    def __truediv__(self, other: Any) -> Any:
        return _of_parts(
            super().__truediv__(other), self.parts / other.parts if isinstance(other, Unit) else None
        )

    def __pow__(self, power: Any, modulo: None = None) -> Any:
        is_whole = isinstance(power, int) and power != 0
        return _of_parts(super().__pow__(power), self.parts**power if is_whole else None)

    def __str__(self) -> str:
        symbols = [(_SYMBOLS[name], exponent) for name, exponent in self.parts.items()]
        return joined(symbols, " ", "^") if symbols else super().__str__()

    def __repr__(self) -> str:
        return joined(self.parts.items(), "*", "**") if self.parts else super().__repr__()


def _of_parts(value: Any, parts: UnitsContainer | None) -> Any:
    """The value as a unit with a name, where it has a unit and is made of units."""
    if parts is None or not isinstance(value, Quantity):
        return value
    return _unit(value, value.dimension, rational(parts))


def _unit(value: Any, dimension: Dimension, parts: UnitsContainer) -> Unit:
    unit = np.asarray(value).view(Unit)
    unit.dimension, unit.parts = dimension, parts
    unit.flags.writeable = False
    return unit


@cache
def _dimension(stem: Stem, power: int) -> Dimension:
    return Dimension(stem.exponents) ** power


def _make(prefix: str, stem: Stem, power: int) -> Unit:
    value = float(f"1e{(PREFIXES[prefix] + stem.power_of_ten) * power}")
    parts = UnitsContainer({prefix + stem.name: power}, non_int_type=Fraction)
    return _unit(value, _dimension(stem, power), parts)


@cache
def unit_named(name: str) -> Quantity | None:
    """The unit of that name ("mV", "mvolt", "cm2", "kilogram"), or None."""
    if name in SHORT_NAMES and name[-1] not in "23":
        name = _LONG_OF_SHORT[name]
    elif name in SHORT_NAMES:
        name = _LONG_OF_SHORT[name[:-1]] + name[-1]
    power = int(name[-1]) if name.endswith(("2", "3")) else 1
    found = _PREFIXED.get(name if power == 1 else name[:-1])
    return None if found is None else _make(*found, power)


def get_unit(dimension: Dimension) -> Any:
    """The SI unit of a dimension, without a scale: get_unit(mV.dim) is volt; 1.0 for plain numbers."""
    unit: Any = 1.0
    for stem, exponent in readable_parts(dimension.exponents):
        part: Any = unit_named(PREFIX_OF[-stem.power_of_ten] + stem.name)
        unit = part**exponent if isinstance(unit, float) else unit * part**exponent
    return unit
