"""The units evsim knows, defined in a pint registry of our own: stems such as volt, and the SI prefixes."""

from __future__ import annotations

from fractions import Fraction
from math import log10
from typing import Any, NamedTuple

from pint import UnitRegistry
from pint.util import UnitsContainer

# name = what it is = symbol = other names. The first seven are the bases, in which evsim keeps its values.
# Where two units have one dimension (hertz, becquerel), the earlier one is used for printing.
DEFINITIONS = """
metre = [length] = m = meter
kilogram = [mass] = kg = kilogramme
second = [time] = s
amp = [current] = A = ampere
kelvin = [temperature] = K
mole = [substance] = mol
candela = [luminosity] = cd
gram = 1e-3*kilogram = g = gramme
hertz = 1/second = Hz
newton = kilogram*metre/second**2 = N
pascal = newton/metre**2 = Pa
joule = newton*metre = J
watt = joule/second = W
coulomb = amp*second = C
volt = watt/amp = V
farad = coulomb/volt = F
ohm = volt/amp = ohm
siemens = 1/ohm = S
weber = volt*second = Wb
tesla = weber/metre**2 = T
henry = weber/amp = H
molar = 1e3*mole/metre**3 = M
lumen = candela = lm
lux = lumen/metre**2 = lx
becquerel = 1/second = Bq
gray = joule/kilogram = Gy
sievert = joule/kilogram = Sv
katal = mole/second = kat
litre = 1e-3*metre**3 = l = liter
"""

PREFIXES = {
    "": 0, "y": -24, "z": -21, "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1,
    "da": 1, "h": 2, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21, "Y": 24,
}  # fmt: skip
PREFIX_OF = {exponent: prefix for prefix, exponent in PREFIXES.items()}


Exponent = int | Fraction


class Stem(NamedTuple):
    """A unit without prefix: volt is 10**0 in SI bases, gram 10**-3, molar 10**3."""

    name: str
    symbol: str
    power_of_ten: int
    exponents: UnitsContainer


def exact(exponents: UnitsContainer) -> dict[str, Exponent]:
    """The exponents as ints where they are whole and as Fractions otherwise; zeros left out."""
    values: dict[str, Any] = dict(exponents)
    ratios = {name: Fraction(value).limit_denominator(1000) for name, value in values.items()}
    return {name: int(ratio) if ratio.denominator == 1 else ratio for name, ratio in ratios.items() if ratio}


def rational(exponents: UnitsContainer) -> UnitsContainer:
    """The same exponents, each an int or a Fraction."""
    return UnitsContainer(exact(exponents), non_int_type=Fraction)


def _read_stems() -> dict[str, Stem]:
    """Every name and synonym of DEFINITIONS with its stem; kilogram is a gram with a prefix, not a stem."""
    lines = DEFINITIONS.strip().splitlines()
    registry: UnitRegistry[Any] = UnitRegistry(None)
    registry.load_definitions(lines)
    stems = {}
    for line in lines:
        name, _, symbol, *synonyms = (part.strip() for part in line.split("="))
        root: Any = registry.get_root_units(name)
        factor, unit = root
        exponents = rational(unit._units)
        stem = Stem(name, symbol, round(log10(factor)), exponents)
        if name != "kilogram":
            stems.update(dict.fromkeys((name, *synonyms), stem))
    return stems


STEMS = _read_stems()
STEM_OF_BASE = {"kilogram": STEMS["gram"]} | {
    name: STEMS[name] for name in STEMS if name in STEMS[name].exponents
}
