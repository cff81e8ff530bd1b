"""The first instant at which a threshold form becomes positive, found by proof.

Over a short interval the form is a polynomial plus a remainder below working precision. Its Bernstein
coefficients enclose it: all negative, no crossing; one change of sign, one crossing. Otherwise the interval
is halved, left half first. Values within 10**-digits of the form's scale count as zero: a touch, which is a
crossing only for `>=`.
"""

from __future__ import annotations

from itertools import pairwise
from math import comb

import mpmath as mp
import numpy as np

from evsim.reference.exact import Exact, promised
from evsim.reference.series import Series

QUICK = 6  # degree of the first look, in doubles
_TO_BERNSTEIN = np.array([[comb(i, k) / comb(QUICK, k) for k in range(QUICK + 1)] for i in range(QUICK + 1)])


def is_over(series: Series, strict: bool) -> bool:
    """Whether the condition holds now, or from now on: a form that is zero and rises is over at once."""
    tolerance = promised() * series.form_scale()
    value = series.form(0)
    if abs(value) > tolerance or not strict:
        return bool(value >= -tolerance)
    for change in series.form_terms(mp.mpf(series.reach), len(series.system.rows))[1:]:
        if abs(change) > tolerance:
            return bool(change > 0)
    return False


def first_crossing(series: Series, horizon: Exact, strict: bool) -> Exact | None:
    """The first h in (0, horizon], within the reach, where the condition becomes true; at 0 it is not."""
    if _is_silent(series, horizon):
        return None
    tolerance = promised() * series.form_scale()
    polynomial = series.form_polynomial(horizon)
    root = _first_root(polynomial, tolerance, strict)
    return None if root is None else root * horizon


def _is_silent(series: Series, horizon: Exact) -> bool:
    """Prove in doubles, with room for their rounding, that nothing happens; False proves nothing."""
    terms = np.array([float(term) for term in series.form_terms(horizon, QUICK)])
    rest = series.form_rest(float(horizon), QUICK) + 1e-13 * np.abs(terms).sum()
    return bool((_TO_BERNSTEIN @ terms).max() + rest < 0)


def _first_root(polynomial: list[Exact], tolerance: Exact, strict: bool) -> Exact | None:
    waiting = [(_bernstein(polynomial), mp.mpf(0), mp.mpf(1))]
    while waiting:
        b, left, right = waiting.pop()
        if b[0] > tolerance:
            return left
        if not strict and (b[0] >= -tolerance or min(b) >= -2 * tolerance):
            return _touch(polynomial, left, tolerance)
        if max(b) < -tolerance or (strict and max(b) <= tolerance):
            continue
        if b[0] < -tolerance and b[-1] > tolerance and _changes_of_sign(b) == 1:
            return _single_root(polynomial, left, right)
        middle = (left + right) / 2
        left_half, right_half = _halves(b)
        waiting += [(right_half, middle, right), (left_half, left, middle)]
    return None


def _bernstein(polynomial: list[Exact]) -> list[Exact]:
    degree = len(polynomial) - 1
    b = [coefficient / comb(degree, k) for k, coefficient in enumerate(polynomial)]
    for level in range(degree - 1, -1, -1):
        for k in range(level, degree):
            b[k + 1] += b[k]
    return b


def _halves(b: list[Exact]) -> tuple[list[Exact], list[Exact]]:
    """Split at the middle (de Casteljau)."""
    left, right = [b[0]], [b[-1]]
    while len(b) > 1:
        b = [mp.ldexp(x + y, -1) for x, y in pairwise(b)]
        left.append(b[0])
        right.append(b[-1])
    return left, right[::-1]


def _changes_of_sign(b: list[Exact]) -> int:
    signs = [value > 0 for value in b if value]
    return sum(x != y for x, y in pairwise(signs))


def _touch(polynomial: list[Exact], near: Exact, tolerance: Exact) -> Exact:
    """The top of the polynomial if it is a touch, which values near it cannot tell well, but the slope can."""
    u = near
    for _ in range(4):
        _, slope = mp.polyval(polynomial[::-1], u, derivative=True)
        bend = mp.polyval([k * (k - 1) * c for k, c in enumerate(polynomial)][:1:-1], u)
        if bend >= 0:
            return near
        u -= slope / bend
    return u if abs(mp.polyval(polynomial[::-1], u)) <= 2 * tolerance else near


def _single_root(polynomial: list[Exact], low: Exact, high: Exact) -> Exact:
    """The only root in between, negative at low, positive at high: Newton kept in its bracket."""
    u = (low + high) / 2
    for _ in range(1000):
        value, slope = mp.polyval(polynomial[::-1], u, derivative=True)
        if not value:
            return u
        low, high = (low, u) if value > 0 else (u, high)
        following = u - value / slope if slope else low
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - u) <= 4 * mp.eps * high:
            return following
        u = following
    return u
