"""Taylor coefficients of everything in an equation, one order at a time, in whole numbers of Python.

The coefficients of a quantity x(h) in units of a step are kept in fixed point: coefficient k is
`c[k] * 2**(exponent - bits)` with h counted in steps. The exponent is about the size of x in the step, so that a
convolution is a sum of products of integers, which Python does ten times faster than sums of mpmath numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from operator import mul
from typing import Any

import mpmath as mp

from evsim.errors import EvsimRuntimeError
from evsim.reference.exact import Exact

NOTHING = -(10**5)
"""The exponent of a quantity that is zero."""


def magnitude(value: Exact) -> int:
    """m such that 2**(m-1) <= |value| < 2**m."""
    _, mantissa, exponent, length = value._mpf_
    return exponent + length if mantissa else NOTHING


def fixed(value: Exact, places: int) -> int:
    """value * 2**places as a whole number."""
    sign, mantissa, exponent, _ = value._mpf_
    whole = shifted(int(mantissa), -(exponent + places))
    return -whole if sign else whole


def shifted(whole: int, right: int) -> int:
    """Shift to the right, or to the left if negative."""
    return whole >> right if right >= 0 else whole << -right


class Jet(ABC):
    """A quantity: `value` at the start of the step, and its coefficients `c`.

    For every step, in this order: `evaluate` (value and exponent, from those of the operands), `align` (what the
    exponents decide), then `coefficient` for each k from 1 on, if it is not flat. A jet made of something infinite
    stands still, and one that `is_flat` does so always.
    """

    is_constant = False
    is_flat = False

    def __init__(self, bits: int, *operands: Jet) -> None:
        self.bits = bits
        self.operands = operands
        self.value: Exact = mp.mpf(0)
        self.exponent = NOTHING
        self.is_still = False
        self.c: list[int] = []

    @property
    def is_endless(self) -> bool:
        """Whether the value is infinite."""
        return bool(mp.isinf(self.value))

    def evaluate(self) -> None:
        """Find value and exponent."""
        self.is_still = any(each.is_endless for each in self.operands)
        self.value = self.first()
        if mp.isnan(self.value) or (self.is_endless and not self.is_still):
            raise EvsimRuntimeError(f"a term becomes {self.value}")
        self.estimate()

    def estimate(self) -> None:
        """Find the exponent."""
        self.exponent = magnitude(self.value) if self.is_still or self.is_flat else self.size()

    def align(self) -> None:
        """Begin the coefficients."""
        self.c = [0 if self.is_endless else fixed(self.value, self.bits - self.exponent)]
        self.prepare()

    @abstractmethod
    def first(self) -> Exact:
        """The value, from those of the operands."""

    def again(self) -> Exact:
        """The value at another place of the same step."""
        return self.first()

    def size(self) -> int:
        """The exponent, from value and operands."""
        return magnitude(self.value)

    def prepare(self) -> None:
        """Keep what depends on the exponents; most kinds have nothing to keep."""
        return

    @abstractmethod
    def coefficient(self, k: int) -> int:
        """Coefficient k >= 1, from those of the operands up to k and its own below k."""


class Flat(Jet):
    """A quantity that stands still within a step: what changes between steps only."""

    is_flat = True

    def coefficient(self, k: int) -> int:
        return 0


class Constant(Flat):
    """What does not change within a step; its value is put in from outside."""

    is_constant = True

    def first(self) -> Exact:
        return self.value

    def evaluate(self) -> None:
        self.exponent = magnitude(self.value)


class Variable(Jet):
    """A state, or the time: value, exponent and coefficients are put in from outside."""

    def first(self) -> Exact:
        return self.value

    def coefficient(self, k: int) -> int:
        return self.c[k]

    def evaluate(self) -> None:
        """Value and exponent were put."""

    def estimate(self) -> None:
        """The exponent stays as it was put."""


class Sum(Jet):
    """a + b or a - b."""

    def __init__(self, bits: int, a: Jet, b: Jet, sign: int = 1) -> None:
        super().__init__(bits, a, b)
        self.sign = sign

    def first(self) -> Exact:
        a, b = self.operands
        return a.value + b.value if self.sign > 0 else a.value - b.value

    def size(self) -> int:
        return max(each.exponent for each in self.operands)

    def prepare(self) -> None:
        self._shifts = [self.exponent - each.exponent for each in self.operands]

    def coefficient(self, k: int) -> int:
        (a, b), (right_a, right_b) = self.operands, self._shifts
        x, y = a.c[k] >> right_a, b.c[k] >> right_b
        return x + y if self.sign > 0 else x - y


class Affine(Jet):
    """scale*x + offset, where scale and offset, the other operands, are constants."""

    def first(self) -> Exact:
        x, scale, offset = self.operands
        return x.value * scale.value + offset.value

    def size(self) -> int:
        x, scale, offset = self.operands
        return max(x.exponent + scale.exponent, offset.exponent)

    def prepare(self) -> None:
        x, scale, _ = self.operands
        self._right = self.bits + self.exponent - x.exponent - scale.exponent

    def coefficient(self, k: int) -> int:
        return (self.operands[0].c[k] * self.operands[1].c[0]) >> self._right


class Product(Jet):
    """a * b."""

    def first(self) -> Exact:
        return self.operands[0].value * self.operands[1].value

    def size(self) -> int:
        return self.operands[0].exponent + self.operands[1].exponent

    def coefficient(self, k: int) -> int:
        a, b = self.operands
        found: int = sum(map(mul, a.c, b.c[k::-1])) >> self.bits
        return found


class Quotient(Jet):
    """a / b."""

    def first(self) -> Exact:
        a, b = self.operands
        if not b.value:
            raise EvsimRuntimeError("a term is divided by zero")
        return a.value / b.value

    def size(self) -> int:
        a, b = self.operands
        return a.exponent - magnitude(b.value)

    def prepare(self) -> None:
        a, b = self.operands
        self._right = b.exponent + self.exponent - a.exponent - self.bits

    def coefficient(self, k: int) -> int:
        a, b = self.operands
        own = shifted(a.c[k], self._right)
        found: int = (own - sum(map(mul, self.c, b.c[k:0:-1]))) // b.c[0]
        return found


class Growth(Jet):
    """y with y' = +-q x', where q, set afterwards, is y itself (exp) or made of it or of its partner (cos)."""

    q: Jet

    def __init__(self, bits: int, x: Jet, function: Callable[[Any], Any], sign: int = 1) -> None:
        super().__init__(bits, x)
        self.function = function
        self.sign = sign

    def first(self) -> Exact:
        return self.function(self.operands[0].value)

    def size(self) -> int:
        own = magnitude(self.value)
        return own if self.q is self else max(own, min(0, self.operands[0].exponent))

    def prepare(self) -> None:
        self._weighted: list[int] = []  # k * coefficient k of x, from k = 1
        self._right = self.bits + self.exponent - self.operands[0].exponent - self.q.exponent

    def coefficient(self, k: int) -> int:
        self._weighted.append(k * self.operands[0].c[k])
        found = shifted(sum(map(mul, self._weighted, self.q.c[k - 1 :: -1])), self._right) // k
        return found if self.sign > 0 else -found


class Ratio(Jet):
    """y with y' = +-x'/q, where q, set afterwards, is x (log) or made of x (atan) or of y (sqrt)."""

    q: Jet

    def __init__(
        self, bits: int, x: Jet, function: Callable[[Any], Any], sign: int = 1, of_unity: bool = True
    ) -> None:
        super().__init__(bits, x)
        self.function = function
        self.sign = sign
        self.of_unity = of_unity

    def first(self) -> Exact:
        found = self.function(self.operands[0].value)
        return mp.nan if isinstance(found, mp.mpc) else found

    def size(self) -> int:
        own = magnitude(self.value)
        return max(own, 0) if self.of_unity else own

    def prepare(self) -> None:
        self._weighted: list[int] = []  # k * coefficient k of y, from k = 1
        self._right = self.q.exponent + self.exponent - self.operands[0].exponent - self.bits

    def coefficient(self, k: int) -> int:
        if not self.q.c[0]:
            raise EvsimRuntimeError("a function has no derivative at its argument")
        own = shifted(k * self.operands[0].c[k], self._right)
        if self.sign < 0:
            own = -own
        found: int = (own - sum(map(mul, self._weighted, self.q.c[k - 1 : 0 : -1]))) // (k * self.q.c[0])
        self._weighted.append(k * found)
        return found


class Composed(Jet):
    """f(x) from the Taylor coefficients of f at the value of x, which `taylor(x, order)` gives."""

    def __init__(self, bits: int, x: Jet, order: int, taylor: Callable[[Any, int], list[Any]]) -> None:
        super().__init__(bits, x)
        self.order = order
        self.taylor = taylor

    def first(self) -> Exact:
        self._outer = self.taylor(self.operands[0].value, self.order)
        return self._outer[0]

    def size(self) -> int:
        of_x = self.operands[0].exponent
        return max(magnitude(f) + m * of_x for m, f in enumerate(self._outer[:3]))

    def prepare(self) -> None:
        of_x = self.operands[0].exponent
        self._factors = [fixed(f, self.bits - self.exponent + m * of_x) for m, f in enumerate(self._outer)]
        # _powers[m][n] is coefficient m + n of (x - x0)**m
        self._powers: list[list[int]] = [[] for _ in range(self.order + 1)]

    def coefficient(self, k: int) -> int:
        powers, inner = self._powers, self.operands[0].c
        powers[1].append(inner[k])
        for m in range(2, k + 1):
            terms = map(mul, inner[1 : k - m + 2], powers[m - 1][k - m :: -1])
            powers[m].append(sum(terms) >> self.bits)
        return sum(f * powers[m][-1] for m, f in enumerate(self._factors[1 : k + 1], 1)) >> self.bits

    def again(self) -> Exact:
        return self.taylor(self.operands[0].value, 0)[0]


class Relative(Composed):
    """exprel(x) = (exp(x) - 1)/x: a quotient with `grown`, exp(x) - 1, unless x is near zero."""

    def __init__(
        self, bits: int, x: Jet, grown: Jet, order: int, taylor: Callable[[Any, int], list[Any]]
    ) -> None:
        super().__init__(bits, x, order, taylor)
        self.operands = (x, grown)

    def first(self) -> Exact:
        x, grown = self.operands
        self._is_near = abs(x.value) < 0.5
        return super().first() if self._is_near else grown.value / x.value

    def again(self) -> Exact:
        x, grown = self.operands
        return super().again() if self._is_near else grown.value / x.value

    def size(self) -> int:
        x, grown = self.operands
        return super().size() if self._is_near else grown.exponent - magnitude(x.value)

    def prepare(self) -> None:
        x, grown = self.operands
        if self._is_near:
            super().prepare()
        else:
            self._right = x.exponent + self.exponent - grown.exponent - self.bits

    def coefficient(self, k: int) -> int:
        if self._is_near:
            return super().coefficient(k)
        x, grown = self.operands
        own = shifted(grown.c[k], self._right)
        found: int = (own - sum(map(mul, self.c, x.c[k:0:-1]))) // x.c[0]
        return found
