"""How a unit is written: named units where they fit ("V/s", not "kg m^2/(A s^4)"), and the best prefix."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pint.util import UnitsContainer

from evsim.units.definitions import PREFIX_OF, PREFIXES, STEM_OF_BASE, STEMS, Exponent, Stem, exact

FloatArray = NDArray[np.float64]
Part = tuple[Stem, Exponent]

_NAMED = [stem for name, stem in STEMS.items() if name not in "lumen lux gray sievert katal litre".split()]
_FOR_COMPOUNDS = [STEMS[n] for n in "volt farad siemens ohm watt joule coulomb newton pascal molar".split()]
_SIMPLE: dict[UnitsContainer, Part] = {
    stem.exponents**sign: (stem, sign) for stem in _FOR_COMPOUNDS for sign in (1, -1)
}
_WHOLE: tuple[Exponent, ...] = (1, -1, 2, -2, 3, -3)
_HALVES: tuple[Exponent, ...] = (Fraction(1, 2), Fraction(-1, 2))
_FOR_PRINTING = [PREFIXES[prefix] for prefix in ("", "m", "u", "n", "p", "f", "a", "k", "M", "G", "T")]


@lru_cache(maxsize=1024)
def readable_parts(exponents: UnitsContainer) -> tuple[Part, ...]:
    """The shortest product of a named unit and bases that has these exponents, positive powers first."""
    for stem in _NAMED:
        if stem.exponents == exponents:
            return ((stem, 1),)
    is_whole = all(isinstance(exponent, int) for exponent in exponents.values())
    choices = [_with_bases(exponents)]
    for power in _WHOLE if is_whole else _HALVES + _WHOLE:
        choices += [
            ((stem, power), *_with_bases(exponents / stem.exponents**power)) for stem in _FOR_COMPOUNDS
        ]
    shortest = min(choices, key=lambda parts: _length(parts, exponents))
    return tuple(sorted(shortest, key=lambda part: part[1] < 0))


def _length(parts: tuple[Part, ...], exponents: UnitsContainer) -> float:
    """How long a product is to read; a base that the exponents lack (kg in N/kg, for m/s^2) counts more."""
    length = 0.0
    for stem, exponent in parts:
        is_new_base = stem in STEM_OF_BASE.values() and not stem.exponents.keys() & exponents.keys()
        length += abs(float(exponent)) + (3 if is_new_base else 1)
    return length


def _with_bases(exponents: UnitsContainer) -> tuple[Part, ...]:
    """One named unit where it fits, otherwise a product of bases."""
    if exponents in _SIMPLE:
        return (_SIMPLE[exponents],)
    return tuple((STEM_OF_BASE[base], exponent) for base, exponent in exact(exponents).items())


def joined(parts: Iterable[tuple[str, Any]], times: str, power: str) -> str:
    """Named parts as one text: joined([("volt", 1), ("second", -1)], "*", "**") is "volt/second"."""
    above: list[str] = []
    below: list[str] = []
    for name, exponent in parts:
        size = abs(exponent)
        word = name if size == 1 else f"{name}{power}{size if size == int(size) else float(size):g}"
        (above if exponent > 0 else below).append(word)
    top = times.join(above) or "1"
    if not below:
        return top
    return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({times.join(below)})"


def _coherent_prefix(stem: Stem) -> str:
    """The prefix that makes one unit of the stem 1 in SI bases: k for gram, m for molar."""
    return PREFIX_OF[-stem.power_of_ten]


@lru_cache(maxsize=1024)
def coherent_symbol(exponents: UnitsContainer) -> str:
    """The SI unit of these exponents in symbols, "V/s"."""
    return joined(((_coherent_prefix(s) + s.symbol, e) for s, e in readable_parts(exponents)), " ", "^")


@lru_cache(maxsize=1024)
def coherent_name(exponents: UnitsContainer) -> str:
    """The SI unit of these exponents in long names, "volt/second"."""
    return joined(((_coherent_prefix(s) + s.name, e) for s, e in readable_parts(exponents)), "*", "**")


def best_unit(values: ArrayLike, exponents: UnitsContainer) -> tuple[int, str, str]:
    """The unit in which the values are nearest to 10 on average: its power of ten, its symbol, its name."""
    if not exponents:
        return 0, "", ""
    (lead, exponent), *others = readable_parts(exponents)
    prefix = _best_prefix(np.ravel(values), lead, exponent)
    power_of_ten = (PREFIXES[prefix] + lead.power_of_ten) * exponent
    parts = [(prefix, lead, exponent), *((_coherent_prefix(stem), stem, e) for stem, e in others)]
    symbol = joined(((p + stem.symbol, e) for p, stem, e in parts), " ", "^")
    return int(power_of_ten), symbol, joined(((p + stem.name, e) for p, stem, e in parts), "*", "**")


def _best_prefix(values: FloatArray, lead: Stem, exponent: Exponent) -> str:
    """The prefix of the first unit of a product; the coherent one when that unit is not above the line."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not sizes.size or exponent not in (1, 2, 3):
        return _coherent_prefix(lead)
    wanted = float(np.mean(np.log10(sizes))) - 1
    return PREFIX_OF[min(_FOR_PRINTING, key=lambda k: abs((k + lead.power_of_ten) * exponent - wanted))]
