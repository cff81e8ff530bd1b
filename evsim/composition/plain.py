"""Models with units on cells without: there voltages count in mV, currents in nA, conductances in uS."""

from __future__ import annotations

from typing import Any

from evsim.units import Dimension, dimension_of, mV, nA, si

_MILLIVOLT, _NANOAMPERE = float(si(1 * mV)), float(si(1 * nA))


def plain_dimension(dimension: Dimension) -> Dimension:
    """What is left of a dimension without volt and ampere: 1 for a conductance, second for a capacitance."""
    volts, amperes = _electric(dimension)
    return dimension / (dimension_of(mV) ** volts * dimension_of(nA) ** amperes)


def plain_value(value: Any) -> Any:
    """The SI value of a quantity, with volt and ampere counted in mV and nA: 0.1*uS is 0.1."""
    volts, amperes = _electric(dimension_of(value))
    return si(value) / (_MILLIVOLT**volts * _NANOAMPERE**amperes)


def _electric(dimension: Dimension) -> tuple[int, int]:
    """The powers of volt and ampere: a kilogram comes in with a volt only, which takes an ampere along."""
    volts = _power(dimension, "kilogram")
    return volts, _power(dimension, "amp") + volts


def _power(dimension: Dimension, base: str) -> int:
    return round(float(str(dimension.exponents.get(base, 0))))
