"""Dimension: what a quantity measures, as exponents of the seven SI bases (held in pint's UnitsContainer)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pint.util import UnitsContainer

from evsim.errors import EvsimValueError
from evsim.units.definitions import rational
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
        raise EvsimValueError(
            f"A unit cannot be raised to the power {power!r}: use a finite number."
        ) from None
    if abs(float(exact) - float(power)) > 1e-12 * max(1.0, abs(float(power))):
        raise EvsimValueError(
            f"A unit cannot be raised to the power {power!r}: use a ratio of small integers."
        )
    return exact


DIMENSIONLESS = Dimension(UnitsContainer(non_int_type=Fraction))
