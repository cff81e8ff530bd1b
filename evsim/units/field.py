"""Quantities as this field writes them: times in ms, potentials in mV, rates per ms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from evsim.units.dimension import Dimension
from evsim.units.magnitudes import dimension_of, si
from evsim.units.named import unit_named

_LEAST, _MOST = 1e-5, 1e5  # numbers outside are shorter in another unit


def in_field_units(value: Any) -> str:
    """One value as text, '0.18/ms' or '20 nS'; an array, or a value of another kind, as it prints itself."""
    size = si(value)
    if np.ndim(size) or isinstance(size, bool) or not isinstance(size, int | float):
        return _printed(value)
    unit, symbol, is_for_zero = _units().get(dimension_of(value), (1.0, "", True))
    if not dimension_of(value).exponents:
        return f"{size:.10g}"
    is_usual = not is_for_zero and _LEAST <= abs(size / unit) < _MOST
    return f"{size / unit:.10g}{symbol}" if symbol and (is_usual or size == 0) else _printed(value)


def _printed(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if "[" in text else text.replace(". ", " ")


@cache
def _units() -> dict[Dimension, tuple[float, str, bool]]:
    """For each dimension its unit, how that follows a number, and whether only zero is written in it."""
    ms, mV, mM, uM, nA, nS, nF, cm2, mS, uF, uS = (
        _named(name) for name in "ms mV mM uM nA nS nF cm2 mS uF uS".split()
    )
    found: dict[Dimension, tuple[float, str, bool]] = {}
    for unit in (ms, mV, mM, mV / ms, uM / ms, uM**4, mS / cm2, uF / cm2, mV / uS):
        found[dimension_of(unit)] = float(si(unit)), f" {unit}", False
    for unit, symbol in ((ms, "ms"), (mV, "mV"), (mM * ms, "(mM ms)"), (mV * ms, "(mV ms)")):
        found[dimension_of(1 / unit)] = 1 / float(si(unit)), f"/{symbol}", False
    for unit in (nA, nS, nF):
        found[dimension_of(unit)] = float(si(unit)), f" {unit}", True
    return found


def _named(name: str) -> Any:
    return unit_named(name)
