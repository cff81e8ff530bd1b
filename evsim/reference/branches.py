"""Jets of functions in pieces (comparisons, floor, min, tables): one piece in a step, and where it ends.

A step that starts exactly at the end of a piece cannot tell by the value which piece follows. It is tried with a
guess, and its coefficients then tell; `is_right` says so and keeps what is right for another try.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

from evsim.reference.exact import Exact, promised
from evsim.reference.jets import Flat, Jet, shifted

Barrier = tuple[list[int], int]  # coefficients and exponent of what must not become positive within the step


def sign_of(jet: Jet) -> int | None:
    """The sign of the value, or None if it is zero as far as the digits tell."""
    if jet.is_endless or abs(jet.value) > promised() * mp.ldexp(1, jet.exponent):
        return int(mp.sign(jet.value))
    return None


def sign_after(c: list[int], tolerance: int) -> int:
    """The sign just after the start: that of the first coefficient that is not zero."""
    return next((1 if each > 0 else -1 for each in c if abs(each) > tolerance), 0)


class Piecewise(Jet):
    """A jet with pieces. `guess` is what to take for the side of a value that is at the end of a piece."""

    def __init__(self, bits: int, *operands: Jet) -> None:
        super().__init__(bits, *operands)
        self.guess = 0
        self._tolerance = int(promised() * mp.ldexp(1, bits))

    def forget(self) -> None:
        """Begin a new step."""
        self.guess = 0

    def again(self) -> Exact:
        return self.value

    @abstractmethod
    def is_right(self) -> bool:
        """Whether the coefficients agree with the piece that was taken; if not, guess what they say."""

    @abstractmethod
    def barriers(self) -> Iterator[Barrier]:
        """What must not become positive in this step."""


class Sided(Flat, Piecewise):
    """A function of the sign of x: of -1, 0 or 1."""

    def __init__(self, bits: int, x: Jet, function: Callable[[int], float]) -> None:
        super().__init__(bits, x)
        self.function = function

    def first(self) -> Exact:
        sure = sign_of(self.operands[0])
        self._is_open = sure is None
        self._side = self.guess if sure is None else sure
        return mp.mpf(self.function(self._side))

    def is_right(self) -> bool:
        if self._is_open:
            self.guess = sign_after(self.operands[0].c, self._tolerance)
        return not self._is_open or self.guess == self._side

    def barriers(self) -> Iterator[Barrier]:
        x = self.operands[0]
        if self._side and not x.is_endless:
            yield [-self._side * each for each in x.c], x.exponent


class Logic(Flat):
    """and, or, not of truth values as numbers, which change with their operands only."""

    def __init__(self, bits: int, function: Callable[..., bool], *operands: Jet) -> None:
        super().__init__(bits, *operands)
        self.function = function

    def first(self) -> Exact:
        return mp.mpf(self.function([bool(each.value) for each in self.operands]))


class Staircase(Flat, Piecewise):
    """A function of the cell [k*period, (k+1)*period) that x is in, with its own value at a resting k*period."""

    def __init__(
        self, bits: int, x: Jet, level: Callable[[int], float], at_edge: Callable[[int], float], period: Exact
    ) -> None:
        super().__init__(bits, x)
        self._edges: tuple[int | None, int | None] = (None, None)
        self.level = level
        self.at_edge = at_edge
        self.period = period

    def first(self) -> Exact:
        x = self.operands[0]
        if x.is_endless:
            self._is_open, self._edges = False, (None, None)
            return x.value
        ratio = mp.fdiv(x.value, self.period)
        nearest = int(mp.nint(ratio))
        tolerance = promised() * mp.ldexp(1, max(x.exponent, 1))
        self._is_open = bool(abs(x.value - nearest * self.period) <= tolerance)
        self._nearest = nearest
        if not self._is_open:
            return self._in_cell(int(mp.floor(ratio)))
        if self.guess:
            return self._in_cell(nearest if self.guess > 0 else nearest - 1)
        self._edges = (None, None)
        return mp.mpf(self.at_edge(nearest))

    def _in_cell(self, k: int) -> Exact:
        self._edges = self.extent(k)
        return mp.mpf(self.level(k))

    def extent(self, k: int) -> tuple[int | None, int | None]:
        """The edges, in periods, between which the value is that of cell k."""
        return k, k + 1

    def is_right(self) -> bool:
        if not self._is_open:
            return True
        before, self.guess = self.guess, sign_after(self._from(self._nearest), self._tolerance)
        return before == self.guess

    def barriers(self) -> Iterator[Barrier]:
        low, high = self._edges
        if low is not None:
            yield [-each for each in self._from(low)], self.operands[0].exponent
        if high is not None:
            yield self._from(high), self.operands[0].exponent

    def _from(self, edge: int) -> list[int]:
        """The coefficients of x minus an edge; zero at the start if that is where x is."""
        x = self.operands[0]
        gap = x.value - edge * self.period
        first = int(mp.ldexp(gap, self.bits - x.exponent))
        return [0 if self._is_open and edge == self._nearest else first, *x.c[1:]]


class Lookup(Staircase):
    """A `TimedTable` column: the first value before its beginning, the last one after its end."""

    def __init__(self, bits: int, x: Jet, column: Callable[[], NDArray[np.float64]], period: Exact) -> None:
        super().__init__(bits, x, self._at, self._at, period)
        self._column = column

    def first(self) -> Exact:
        self._values = self._column()
        if self.operands[0].is_endless:
            self._is_open, self._edges = False, (None, None)
            return mp.mpf(self._at(0 if self.operands[0].value < 0 else len(self._values)))
        return super().first()

    def _at(self, k: int) -> float:
        return float(self._values[min(max(k, 0), len(self._values) - 1)])

    def extent(self, k: int) -> tuple[int | None, int | None]:
        n, here = len(self._values), self._at(k)
        low, high = min(max(k, 0), n - 1), min(max(k, 0), n - 1) + 1
        while low > 0 and self._values[low - 1] == here:
            low -= 1
        while high < n and self._values[high] == here:
            high += 1
        return low or None, high if high < n else None


class Largest(Piecewise):
    """The largest of some quantities, or with `sign` -1 the smallest."""

    def __init__(self, bits: int, sign: int, *operands: Jet) -> None:
        super().__init__(bits, *operands)
        self.sign = sign

    def first(self) -> Exact:
        best = max(self.operands, key=lambda each: self.sign * each.value)
        top = mp.ldexp(1, max(each.exponent for each in self.operands))
        near = promised() * top
        self._ties = [
            position
            for position, each in enumerate(self.operands)
            if each is best or abs(each.value - best.value) <= near
        ]
        is_tie = len(self._ties) > 1
        self._pick = self._ties[self.guess % len(self._ties)] if is_tie else self.operands.index(best)
        return self.operands[self._pick].value

    def again(self) -> Exact:
        return self.operands[self._pick].value

    def size(self) -> int:
        return self.operands[self._pick].exponent

    def coefficient(self, k: int) -> int:
        return self.operands[self._pick].c[k]

    def is_right(self) -> bool:
        rivals = [
            p for p in self._ties if p != self._pick and sign_after(self._beyond(p)[0], self._tolerance) > 0
        ]
        if rivals:
            self.guess = self._ties.index(rivals[0])
        return not rivals

    def barriers(self) -> Iterator[Barrier]:
        for position, each in enumerate(self.operands):
            if position != self._pick and not each.is_endless and not self.is_endless:
                yield self._beyond(position)

    def _beyond(self, position: int) -> Barrier:
        """By how much an operand is beyond the one that was picked."""
        one, other = self.operands[position], self.operands[self._pick]
        exponent = max(one.exponent, other.exponent)
        x, y = ([shifted(c, exponent - each.exponent) for c in each.c] for each in (one, other))
        if position in self._ties:
            x[0] = y[0]
        return [self.sign * (a - b) for a, b in zip(x, y, strict=True)], exponent
