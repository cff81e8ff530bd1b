"""Dimension: what a quantity measures, as exponents of the seven SI bases (held in pint's UnitsContainer)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pint
from pint.util import UnitsContainer

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.units.definitions import STEMS, rational
from evsim.units.spelling import coherent_name, coherent_symbol

Power = int | float | Fraction


@dataclass(frozen=True, slots=True)
class Dimension:
    """Immutable and hashable; equal when all exponents are equal. `str` gives the SI unit, "V/s"."""

    exponents: UnitsContainer

    @property
    def is_dimensionless(self) -> bool:
        return not self.exponents

    @property
    def unit_name(self) -> str:
        """The SI unit in long names, as one may write it in a script: "volt/second"."""
        return coherent_name(self.exponents)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(self.exponents * other.exponents)

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(self.exponents / other.exponents)

    def __pow__(self, power: Power) -> Dimension:
        exact = _exact_power(power)
        return Dimension(rational(self.exponents**exact)) if exact else DIMENSIONLESS

    def __str__(self) -> str:
        return coherent_symbol(self.exponents)

    def __repr__(self) -> str:
        return f"Dimension({self})"


def _exact_power(power: Power) -> Fraction:
    try:
        exact = Fraction(power).limit_denominator(1000)
    except (ValueError, OverflowError, TypeError):
        raise EvsimValueError(f"A unit cannot be raised to the power {power!r}: use a finite number.") from None
    if abs(float(exact) - float(power)) > 1e-12 * max(1.0, abs(float(power))):
        raise EvsimValueError(f"A unit cannot be raised to the power {power!r}: use a ratio of small integers.")
    return exact


DIMENSIONLESS = Dimension(UnitsContainer(non_int_type=Fraction))
_OF_NAME = {name: Dimension(stem.exponents) for name, stem in STEMS.items()}


def named_dimension(name: str) -> Dimension:
    """The dimension of an unprefixed unit of the definitions: named_dimension("volt")."""
    return _OF_NAME[name]


class DimensionMismatchError(EvsimTypeError, pint.DimensionalityError):
    """Two units that should agree do not.

    Parameters
    ----------
    description : what was tried, with the values.
    dimensions : what was found, then what was expected; added to the text.
    """

    def __init__(self, description: str, *dimensions: Dimension) -> None:
        self.description = description
        self.dimensions = dimensions
        units = (*(str(d) for d in dimensions), "", "")
        pint.DimensionalityError.__init__(self, units[0], units[1])
        EvsimTypeError.__init__(self, description, *dimensions)

    def __str__(self) -> str:
        found = " and ".join(unit_text(d) for d in self.dimensions)
        return f"{self.description} (units: {found})." if found else self.description

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.description, *self.dimensions)


def unit_text(dimension: Dimension) -> str:
    """The unit for an error message: "V", or "1, a plain number"."""
    return "1, a plain number" if dimension.is_dimensionless else str(dimension)
