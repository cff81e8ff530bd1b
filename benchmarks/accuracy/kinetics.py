"""Gates and what they do to a cell, in many digits: matrix exponentials where equations are linear, else extrapolation.

Written down once more from the literature and not from evsim's models, so that neither can hide a fault of the other.
Times in ms, mV, nA, uS, nF, mM and uM. Numbers are of the type that the caller asks for: floats, or mpmath's mpf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath

Numbers = Sequence[Any]
Number = Callable[[str], Any]


@dataclass(frozen=True)
class Kinetics:
    """Rates of the gate's variables, in a pulse and out of it; what a spike adds; the gate s; how long pulses last."""

    names: tuple[str, ...]
    rates: Callable[[Number, Numbers, bool], list[Any]]
    jump: Callable[[Number], list[Any]] = lambda n: []
    gate: Callable[[Number, Numbers], Any] = lambda n, x: x[0]
    pulse: str = ""
    is_linear: bool = True


def two_states(alpha: str, height: str) -> Callable[[Number, Numbers, bool], list[Any]]:
    """The rates of a receptor that is open or not."""

    def rates(n: Number, x: Numbers, is_on: bool) -> list[Any]:
        opening = n(alpha) * n(height) if is_on else n("0")
        return [opening * (1 - x[0]) - n("0.18") * x[0]]

    return rates


def gaba_b_rates(n: Number, x: Numbers, is_on: bool) -> list[Any]:
    """R and G; G in uM."""
    transmitter = n("0.5") if is_on else n("0")
    R, G = x
    return [n("0.09") * transmitter * (1 - R) - n("0.0012") * R, n("0.18") * R - n("0.034") * G]


def desensitising_rates(n: Number, x: Numbers, is_on: bool) -> list[Any]:
    """R, D and G; G in uM."""
    transmitter = n("0.5") if is_on else n("0")
    R, D, G = x
    return [
        n("0.66") * transmitter * (1 - R - D) - n("0.02") * R + n("0.0053") * D,
        n("0.017") * R - n("0.0053") * D,
        n("0.083") * R - n("0.0079") * G,
    ]


def four_bound(n: Number, x: Numbers) -> Any:
    """The share of channels that four molecules of G have opened."""
    return x[-1] ** 4 / (x[-1] ** 4 + 100)


def unit_peak(n: Number) -> list[Any]:
    """The jump that makes a dual exponential of 1 and 3 ms peak at 1."""
    return [n("0"), n("3") ** (n("3") / 2) / n("3")]


def e_times(n: Number) -> Any:
    """Euler's number in the caller's type."""
    return n(str(mpmath.exp(n("1"))))


KINETICS = {
    "exponential": Kinetics(("s",), lambda n, x, _: [-x[0] / 8], lambda n: [n("1")]),
    "dual_exponential": Kinetics(
        ("s", "x"), lambda n, x, _: [x[1], -x[1] * 4 / n("3") - x[0] / n("3")], unit_peak
    ),
    "alpha": Kinetics(
        ("s", "x"),
        lambda n, x, _: [x[1], -2 * x[1] / n("3") - x[0] / n("9")],
        lambda n: [n("0"), e_times(n) / n("3")],
    ),
    "ampa": Kinetics(("s",), two_states("0.98", "0.5"), pulse="0.5"),
    "gaba_a": Kinetics(("s",), two_states("0.53", "1"), pulse="1"),
    "nmda": Kinetics(
        ("s", "x"),
        lambda n, x, _: [-x[0] / 100 + x[1] * (1 - x[0]) / 2, -x[1] / 2],
        lambda n: [n("0"), n("1")],
        is_linear=False,
    ),
    "gaba_b": Kinetics(("R", "G"), gaba_b_rates, gate=four_bound, pulse="0.3"),
    "gaba_b_desensitising": Kinetics(("R", "D", "G"), desensitising_rates, gate=four_bound, pulse="0.5"),
}


def block(n: Number, V: Any) -> Any:
    """The share of NMDA channels that magnesium leaves open."""
    return 1 / (1 + n("1.2") / n("3.57") * mpmath.exp(-n("0.062") * V))


@dataclass(frozen=True)
class Cell:
    """A leaky integrate-and-fire cell: C 0.4 nF, g 0.02 uS, rest -70, reset -90 mV.

    `current` (nA) enters it always, and what `output` makes of a gate times `size` (nA or uS) with reversal potential
    E (mV). `threshold` is one number (mV), for all types of numbers the same.
    """

    output: str = "current"
    size: str = "0"
    E: str = "0"
    current: str = "0"
    threshold: int = -50

    def rate(self, n: Number, V: Any, s: Any) -> Any:
        """The rate of V, in mV/ms."""
        synaptic = n(self.size) * s
        if self.output != "current":
            synaptic = -synaptic * (V - n(self.E))
        if self.output == "magnesium_block":
            synaptic = synaptic * block(n, V)
        return (n("0.02") * (-70 - V) + synaptic + n(self.current)) / n("0.4")


@dataclass
class Course:
    """Values at the times asked for, of the gate's variables and s and V after them, and spike times."""

    names: tuple[str, ...]
    values: list[list[Any]] = field(default_factory=list)
    spikes: list[Any] = field(default_factory=list)

    def of(self, name: str) -> list[float]:
        """One variable at every time."""
        return [float(row[self.names.index(name)]) for row in self.values]


def course(
    name: str,
    arrivals: Sequence[Any],
    at: Sequence[Any],
    cell: Cell | None = None,
    number: Number = mpmath.mpf,
) -> Course:
    """Run a gate through spikes that arrive at these times, and with it a cell if there is one."""
    return _Run(KINETICS[name], cell, number, (*KINETICS[name].names, "s", "V")).run(arrivals, at)


@dataclass
class _Run:
    kinetics: Kinetics
    cell: Cell | None
    number: Number
    names: tuple[str, ...]

    def run(self, arrivals: Sequence[Any], at: Sequence[Any]) -> Course:
        n, found = self.number, Course(self.names)
        x = [n("0")] * len(self.kinetics.names) + ([n("-70")] if self.cell else [])
        now, on = n("0"), 0
        self._spikes = found.spikes
        for time, kind in self._edges(arrivals, at):
            x, now = self._advance(x, now, time, on > 0), time
            if kind == 2:
                s = self.kinetics.gate(n, x[: len(self.kinetics.names)])
                found.values.append([*x[: len(self.kinetics.names)], s, x[-1]])
            elif self.kinetics.pulse:
                on += 1 if kind == 1 else -1
            else:
                x = [value + jump for value, jump in zip(x, [*self.kinetics.jump(n), 0], strict=False)]
        return found

    def _edges(self, arrivals: Sequence[Any], at: Sequence[Any]) -> Iterator[tuple[Any, int]]:
        """Starts and ends of pulses, or jumps, and times asked for after them, in order; a restart joins pulses."""
        n = self.number
        starts = [n(repr(float(time))) for time in arrivals]
        edges = [(time, 1) for time in starts] + [(n(repr(float(time))), 2) for time in at]
        edges += [(time + n(self.kinetics.pulse), 0) for time in starts if self.kinetics.pulse]
        return iter(sorted(edges))

    def _advance(self, x: list[Any], now: Any, until: Any, is_on: bool) -> list[Any]:
        if self.cell is None and self.kinetics.is_linear:
            return self._by_exponential(x, until - now, is_on)
        while now < until:
            h = min(until - now, self.number("0.25"))
            new = self._step(x, h, is_on)
            if self.cell is not None and new[-1] > self.cell.threshold:
                h = self._crossing(x, h, is_on, self.cell.threshold)
                new = [*self._step(x, h, is_on)[:-1], self.number("-90")]
                self._spikes.append(now + h)
            x, now = new, now + h
        return x

    def _by_exponential(self, x: list[Any], h: Any, is_on: bool) -> list[Any]:
        """Linear rates are A x + b: read A and b off them, and exponentiate."""
        n, size = self.number, len(x)
        zero = [n("0")] * size
        b = self.kinetics.rates(n, zero, is_on)
        A = mpmath.zeros(size + 1)
        for k in range(size):
            unit = [*zero[:k], n("1"), *zero[k + 1 :]]
            for row, value in enumerate(self.kinetics.rates(n, unit, is_on)):
                A[row, k] = value - b[row]
        for row, value in enumerate(b):
            A[row, size] = value
        return list(mpmath.expm(A * h) * mpmath.matrix([*x, n("1")]))[:size]

    def _rates(self, x: list[Any], is_on: bool) -> list[Any]:
        size = len(self.kinetics.names)
        found = self.kinetics.rates(self.number, x[:size], is_on)
        if self.cell is not None:
            found.append(self.cell.rate(self.number, x[-1], self.kinetics.gate(self.number, x[:size])))
        return found

    def _step(self, x: list[Any], h: Any, is_on: bool) -> list[Any]:
        """Gragg's midpoint rule, extrapolated (Bulirsch and Stoer) to order 24, in mpf; floats need less."""
        columns = 6 if self.number is float else 12
        table: list[list[Any]] = []
        for column in range(1, columns + 1):
            row = self._midpoint(x, h, 2 * column, is_on)
            for k in range(len(table)):
                # Aitken and Neville, with steps of h/(2 column) and even powers of them
                factor = self.number("1") * column**2 / (column - k - 1) ** 2 - 1
                row, table[k] = (
                    [new + (new - old) / factor for new, old in zip(row, table[k], strict=True)],
                    row,
                )
            table.append(row)
        return table[-1]

    def _midpoint(self, x: list[Any], h: Any, parts: int, is_on: bool) -> list[Any]:
        step = h / parts
        before, here = x, [a + step * b for a, b in zip(x, self._rates(x, is_on), strict=True)]
        for _ in range(parts - 1):
            rates = self._rates(here, is_on)
            before, here = here, [a + 2 * step * b for a, b in zip(before, rates, strict=True)]
        rates = self._rates(here, is_on)
        return [(a + b + step * c) / 2 for a, b, c in zip(here, before, rates, strict=True)]

    def _crossing(self, x: list[Any], h: Any, is_on: bool, threshold: int) -> Any:
        """The part of a step after which V is at the threshold: Newton's method inside a bracket."""
        low, high, guess = 0 * h, h, h / 2
        for _ in range(60):
            there = self._step(x, guess, is_on)
            rest = there[-1] - threshold
            low, high = (low, guess) if rest > 0 else (guess, high)
            better = guess - rest / self._rates(there, is_on)[-1]
            better = better if low < better < high else (low + high) / 2
            if abs(better - guess) < 10 * abs(h) * _unit(self.number):
                return better
            guess = better
        return guess


def _unit(number: Number) -> Any:
    return 2.2e-16 if number is float else mpmath.eps


__all__ = ["KINETICS", "Cell", "Course", "course"]
