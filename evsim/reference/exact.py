"""Instants as exact numbers: nothing here rounds except `to_pair`, which makes doubles of them."""

from __future__ import annotations

from typing import Any

import mpmath as mp

from evsim.instants import split

Exact = Any  # an mpmath.mpf; mpmath has no types

GUARD = 10
"""Decimal digits that the arithmetic carries beyond those that are promised."""


def instant(tick: int, offset: float, dt: float) -> Exact:
    """tick*dt + offset, every digit."""
    return later(mp.fmul(int(tick), float(dt), exact=True), float(offset))


def later(time: Exact, duration: Exact | float) -> Exact:
    """time + duration, every digit."""
    return mp.fadd(time, duration, exact=True)


def duration(seconds: float, dt: float) -> Exact:
    """A duration as every engine takes it: whole ticks when it is within a few roundings of them."""
    tick, offset = split(seconds, dt)
    return instant(int(tick), float(offset), dt)


def to_pair(time: Exact, dt: float) -> tuple[int, float]:
    """The instant as (tick, offset) with 0 <= offset < dt."""
    tick = int(mp.floor(mp.fdiv(time, dt)))
    offset = float(mp.fsub(time, mp.fmul(tick, dt, exact=True), exact=True))
    if offset < 0:
        return tick - 1, offset + dt
    return (tick + 1, 0.0) if offset >= dt else (tick, offset)


def promised() -> Exact:
    """The relative size below which two values count as equal: 10**-digits."""
    return mp.eps * mp.mpf(10) ** GUARD


def rounded(time: Exact) -> Exact:
    """The nearest point of a grid finer than 10**-digits s: equal crossings become equal numbers."""
    fine = int(-mp.log(promised(), 2)) + 4
    return mp.ldexp(mp.nint(mp.ldexp(time, fine)), -fine)
