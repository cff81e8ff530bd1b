"""How a unit is written: named units where they fit ("V/s", not "kg m^2/(A s^4)"), the best prefix for a value."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from pint.util import UnitsContainer

from evsim.units.definitions import PREFIX_OF, PREFIXES, STEM_OF_BASE, STEMS, Stem

Exponent = int | Fraction
Part = tuple[Stem, Exponent]

_FOR_COMPOUNDS = [STEMS[n] for n in ("volt", "farad", "siemens", "ohm", "watt", "joule", "coulomb", "newton", "pascal", "molar")]
_POWERS: tuple[Exponent, ...] = (1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2), 3, -3)
_FOR_PRINTING = [PREFIXES[prefix] for prefix in ("", "m", "u", "n", "p", "f", "a", "k", "M", "G", "T")]


@lru_cache(maxsize=1024)
def readable_parts(exponents: UnitsContainer) -> tuple[Part, ...]:
    """The shortest product of a named unit and bases that has these exponents, positive powers first."""
    for stem in STEMS.values():
        if stem.exponents == exponents:
            return ((stem, 1),)
    choices = [_with_bases(exponents)]
    choices += [((stem, p), *_with_bases(exponents / stem.exponents**p)) for stem in _FOR_COMPOUNDS for p in _POWERS]
    shortest = min(choices, key=lambda parts: sum(abs(exponent) for _, exponent in parts))
    return tuple(sorted(shortest, key=lambda part: part[1] < 0))


def _with_bases(exponents: UnitsContainer) -> tuple[Part, ...]:
    return tuple((STEM_OF_BASE[base], exponent) for base, exponent in exponents.items() if exponent)


def joined(parts: Iterable[tuple[str, Exponent]], times: str, power: str) -> str:
    """Named parts as one text: joined([("volt", 1), ("second", -1)], "*", "**") is "volt/second"."""
    above, below = [], []
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
    (lead, exponent), *rest = readable_parts(exponents)
    prefix_power = -lead.power_of_ten
    flat = np.ravel(values)
    sizes = np.abs(flat[np.isfinite(flat) & (flat != 0)])
    if sizes.size and exponent in (1, 2, 3):
        wanted = float(np.mean(np.log10(sizes))) - 1
        prefix_power = min(_FOR_PRINTING, key=lambda k: abs((k + lead.power_of_ten) * int(exponent) - wanted))
    prefix = PREFIX_OF[prefix_power]
    power_of_ten = (prefix_power + lead.power_of_ten) * int(exponent) if exponent in (1, 2, 3) else 0
    others = [(_coherent_prefix(s), s, e) for s, e in rest]
    symbols = [(prefix + lead.symbol, exponent), *((p + s.symbol, e) for p, s, e in others)]
    names = [(prefix + lead.name, exponent), *((p + s.name, e) for p, s, e in others)]
    return power_of_ten, joined(symbols, " ", "^"), joined(names, "*", "**")
