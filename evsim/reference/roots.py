"""The places in (0, 1] where a polynomial with fixed-point coefficients is zero, by proof.

The Bernstein coefficients of a polynomial enclose it: all of one sign, no zero; one change of sign, one zero.
Otherwise the interval is halved. Values within the tolerance count as zero, so a touch is a zero too.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray


def value_at(c: list[int], u: int, bits: int) -> int:
    """The polynomial at u, in fixed point like its coefficients."""
    found = 0
    for each in reversed(c):
        found = ((found * u) >> bits) + each
    return found


def slope_at(c: list[int], u: int, bits: int) -> int:
    """The derivative at u."""
    return value_at([k * each for k, each in enumerate(c)][1:], u, bits)


def stretched(c: list[int], length: int, bits: int) -> list[int]:
    """The coefficients over [0, length], in units of it."""
    found, factor = [], 1 << bits
    for each in c:
        found.append((each * factor) >> bits)
        factor = (factor * length) >> bits
    return found


def zeros(c: list[int], bits: int, tolerance: int) -> list[int]:
    """The zeros in (0, 1], ascending, in fixed point; the polynomial keeps its sign between them."""
    first = next((k for k, each in enumerate(c) if abs(each) > tolerance), None)
    if first is None:
        return []
    rest = c[first:]  # what is zero at 0 is u**first times this
    if len(rest) == 1 or _keeps_its_sign(rest, bits):
        return []
    return _all_zeros(rest, bits, tolerance)


def sign_at(c: list[int], u: int, bits: int, tolerance: int) -> int:
    """The sign at u, zero within the tolerance."""
    value = value_at(c, u, bits)
    return 0 if abs(value) <= tolerance else 1 if value > 0 else -1


def first_rise(c: list[int], bits: int, tolerance: int) -> int | None:
    """Where the polynomial first becomes positive after a zero in (0, 1]."""
    found = zeros(c, bits, tolerance)
    for here, following in pairwise([*found, 1 << bits]):
        if here == following or sign_at(c, (here + following) >> 1, bits, tolerance) > 0:
            return here
    return None


def _keeps_its_sign(c: list[int], bits: int) -> bool:
    """A proof in doubles, with room for their rounding; False proves nothing."""
    one = 1 << bits
    terms = np.array([each / one for each in c])
    slack = 1e-13 * np.abs(terms).sum()
    if abs(terms[0]) > np.abs(terms[1:]).sum() + slack:
        return True
    b = _to_bernstein(len(c)) @ terms
    return bool(b.min() > slack or b.max() < -slack)


@cache
def _to_bernstein(n: int) -> NDArray[np.float64]:
    return np.array([[comb(i, k) / comb(n - 1, k) for k in range(n)] for i in range(n)])


def _all_zeros(c: list[int], bits: int, tolerance: int) -> list[int]:
    certain: list[int] = []
    unsure: list[tuple[int, int]] = []
    waiting = [(_bernstein(c), 0, 1 << bits)]
    while waiting:
        b, left, right = waiting.pop()
        if min(b) > tolerance or max(b) < -tolerance:
            continue
        if max(map(abs, b)) <= 2 * tolerance or right - left <= 16:
            unsure.append((left, right))
            continue
        if min(abs(b[0]), abs(b[-1])) > tolerance and _changes_of_sign(b) == 1:
            certain.append(_single_zero(c, left, right, bits))
            continue
        low, high = _halves(b)
        middle = (left + right) >> 1
        waiting += [(high, middle, right), (low, left, middle)]
    touches = [place for zone in _merged(unsure) for place in _touches(c, *zone, bits)]
    return sorted({*certain, *(place for place in touches if place > 0)})


def _bernstein(c: list[int]) -> list[int]:
    degree = len(c) - 1
    b = [each // comb(degree, k) for k, each in enumerate(c)]
    for level in range(degree - 1, -1, -1):
        for k in range(level, degree):
            b[k + 1] += b[k]
    return b


def _halves(b: list[int]) -> tuple[list[int], list[int]]:
    """Split at the middle (de Casteljau)."""
    left, right = [b[0]], [b[-1]]
    while len(b) > 1:
        b = [(x + y) >> 1 for x, y in pairwise(b)]
        left.append(b[0])
        right.append(b[-1])
    return left, right[::-1]


def _changes_of_sign(b: list[int]) -> int:
    signs = [value > 0 for value in b if value]
    return sum(x != y for x, y in pairwise(signs))


def _merged(zones: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for left, right in sorted(zones):
        if found and left <= found[-1][1]:
            found[-1] = (found[-1][0], right)
        else:
            found.append((left, right))
    return found


def _touches(c: list[int], left: int, right: int, bits: int) -> list[int]:
    """A zero of even order is where the slope is zero; one of odd order is in the middle of its zone."""
    if right - left > 1 << (bits - 10):
        return [left, right]
    slope = [k * each for k, each in enumerate(c)][1:]
    ends = [value_at(slope, u, bits) for u in (left, right)]
    if min(ends) < 0 < max(ends):
        return [_single_zero(slope, left, right, bits)]
    return [(left + right) >> 1]


def _single_zero(c: list[int], low: int, high: int, bits: int) -> int:
    """The only zero in between: Newton kept in its bracket."""
    slope = [k * each for k, each in enumerate(c)][1:]
    rises = value_at(c, high, bits) > 0
    u = (low + high) >> 1
    for _ in range(4 * bits):
        value = value_at(c, u, bits)
        if not value:
            return u
        low, high = (low, u) if (value > 0) == rises else (u, high)
        steep = value_at(slope, u, bits)
        following = u - (value << bits) // steep if steep else low
        if not low < following < high:
            following = (low + high) >> 1
        if abs(following - u) <= 1 or high - low <= 2:
            return following
        u = following
    return u
