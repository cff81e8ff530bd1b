"""The solution of a linear system as a power series in the time since an instant, with a proven remainder."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np

from evsim.errors import EvsimRuntimeError
from evsim.reference.exact import Exact
from evsim.reference.system import System


class Series:
    """x(h) = sum of `derivative(k)` * h**k / k! for 0 <= h <= reach, made when first asked for.

    Since x' solves the homogeneous equation, `System.growth` bounds every derivative by those of an exponential:
    |derivative(k)| <= bound * rate**(k - 1) for k >= 1. No eigenvalues are needed, so equal time constants are
    nothing special.
    """

    def __init__(self, system: System, start: list[Exact]) -> None:
        slope = [mp.fadd(a, b) for a, b in zip(system.derivative(start), system.drift, strict=True)]
        self.system = system
        self.reach = 1 / system.rate
        self._derivatives = [start, slope]
        self._bound = system.growth @ np.array([abs(float(value)) for value in slope]) * (1 + 1e-9)

    def derivative(self, k: int) -> list[Exact]:
        """Derivative k of every state at the start."""
        while len(self._derivatives) <= k:
            self._derivatives.append(self.system.derivative(self._derivatives[-1]))
        return self._derivatives[k]

    def state(self, h: Exact) -> list[Exact]:
        """Every state after h <= reach, to working precision."""
        factors = _factors(h, self._degree(float(h), float(mp.eps)))
        derivatives = [self.derivative(k) for k in range(len(factors))]
        return [mp.fdot(zip(values, factors, strict=True)) for values in zip(*derivatives, strict=True)]

    def form(self, k: int) -> Exact:
        """Derivative k of the threshold form at the start."""
        value = self.system.form_of(self.derivative(k))
        return value + self.system.level if k == 0 else value

    def form_scale(self) -> Exact:
        """The size of the parts of the threshold form, against which its value is measured."""
        parts = [abs(a * self.derivative(0)[state]) for state, a in self.system.form]
        return mp.fsum([*parts, abs(self.system.level)]) + self._form_bound()

    def form_polynomial(self, h: Exact) -> list[Exact]:
        """The form over [0, h] in units of h, to working precision."""
        return self.form_terms(h, self._degree(float(h), float(mp.eps)))

    def form_terms(self, h: Exact, degree: int) -> list[Exact]:
        """The first terms of the form over [0, h], in units of h."""
        return [self.form(k) * factor for k, factor in enumerate(_factors(h, degree))]

    def form_rest(self, h: float, degree: int) -> float:
        """How far, at most, the form is from its first terms anywhere in [0, h]."""
        return self._form_bound() * _tail(self.system.rate * h, degree)

    def _form_bound(self) -> float:
        """b such that |form(k)| <= b * rate**k for k >= 1."""
        return float(self.system.form_magnitudes @ self._bound) / self.system.rate

    def _degree(self, h: float, tolerance: float) -> int:
        x = self.system.rate * h
        for degree in range(1, 400):
            if _tail(x, degree) <= tolerance:
                return degree
        raise EvsimRuntimeError(f"a state left the range of numbers: no power series over {h} s.")


def solve(system: System, start: list[Exact], h: Exact) -> list[Exact]:
    """The state after any time h, in pieces no longer than the reach of a series."""
    state = start
    pieces = max(1, math.ceil(float(h) * system.rate))
    for _ in range(pieces):
        state = Series(system, state).state(h / pieces)
    return state


def _tail(x: float, degree: int) -> float:
    """Bound the sum of x**k/k! over k > degree, for x <= 1."""
    return x ** (degree + 1) / math.factorial(degree + 1) * math.exp(x) * (1 + 1e-9)


def _factors(h: Exact, degree: int) -> list[Exact]:
    """h**k / k!."""
    factors = [mp.mpf(1)]
    for k in range(1, degree + 1):
        factors.append(factors[-1] * h / k)
    return factors
