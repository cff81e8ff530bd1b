"""Units by name: every stem with every SI prefix, the usual short names, squares and cubes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from pint.util import UnitsContainer

from evsim.units.definitions import PREFIXES, STEMS
from evsim.units.dimension import Dimension
from evsim.units.quantity import Quantity
from evsim.units.spelling import joined

SHORT_NAMES = (
    *("mV", "uV", "nV", "kV", "mA", "uA", "nA", "pA", "fA", "mF", "uF", "nF", "pF", "fF", "mS", "uS", "nS", "pS"),
    *("ms", "us", "ns", "Hz", "kHz", "MHz", "GHz", "cm", "mm", "um", "nm", "mM", "uM", "nM"),
)


class Unit(Quantity):
    """A scalar quantity with a name of its own; products, ratios and powers of units are units."""

    parts: UnitsContainer

    def __array_finalize__(self, obj: Any) -> None:
        super().__array_finalize__(obj)
        self.parts = getattr(obj, "parts", UnitsContainer())


def _named(name: str, power_of_ten: int, dimension: Dimension) -> Quantity:
    unit = Quantity(float(f"1e{power_of_ten}"), dim=dimension)
    unit.flags.writeable = False
    return unit


@lru_cache(maxsize=None)
def unit_named(name: str) -> Quantity | None:
    """The unit of that name ("mV", "mvolt", "cm2", "kilogram"), or None."""
    power = int(name[-1]) if name[-1:] in ("2", "3") else 1
    word = name if power == 1 else name[:-1]
    word = word.replace("kilogram", "kgram")
    for prefix in ("", *(word[:n] for n in (1, 2))):
        stem = _stem(word[len(prefix) :], word)
        if stem is not None and prefix in PREFIXES:
            dimension = Dimension(stem.exponents) ** power
            return _named(name, (PREFIXES[prefix] + stem.power_of_ten) * power, dimension)
    return None


def _stem(rest: str, word: str) -> Any:
    if word in SHORT_NAMES:
        return next((s for s in STEMS.values() if s.symbol == rest), None)
    return STEMS.get(rest)
