"""One step of a nonlinear system: a Taylor polynomial for every state and every form, right to all digits.

The length of a step is such that the last coefficients are below what is promised, and the differential
equation, put to the test at its end, holds there. A step ends where a function with pieces goes to another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log2
from typing import Any

import mpmath as mp

from evsim.equations.expression import Expression
from evsim.errors import EvsimRuntimeError
from evsim.reference.exact import Exact, promised
from evsim.reference.jets import NOTHING, Jet, Sum, Variable, fixed, magnitude, shifted
from evsim.reference.roots import first_rise, stretched, value_at
from evsim.reference.tape import Tape

LONGEST = -3  # a unit of time is 2**-fineness seconds, at most 8 s
SHORTEST = 300
SMALLEST = 1e-8  # step, in units of the last digit of time
BITS = 64  # of fixed point beyond those of mpmath
TRIES = 40
FIT = 3  # log2 of how far the reach of a series may be from the unit of time


@dataclass(frozen=True)
class Form:
    """A difference over a step: `c` counts time in steps; if it is infinite, `still` is its sign.

    Values up to `tolerance` are zero as far as the digits tell; `size` is that of what is compared.
    """

    c: list[int]
    still: int | None
    size: int
    tolerance: int


@dataclass(frozen=True)
class Step:
    """States and forms for times up to `length` after `start`; coefficients count time in 2**-fineness s."""

    start: Exact
    fineness: int
    bits: int
    end: int  # in units, fixed point
    states: dict[str, tuple[list[int], int]]
    forms: dict[int, list[Form]]  # by the identity of a condition

    @property
    def length(self) -> Exact:
        """How long the polynomials hold (s)."""
        return self.seconds(self.end)

    def seconds(self, u: int) -> Exact:
        """A time in units as seconds, exactly."""
        return mp.ldexp(mp.mpf(u, exact=True), -self.bits - self.fineness)

    def state(self, h: Exact) -> dict[str, Exact]:
        """Every state at start + h."""
        u = fixed(h, self.bits + self.fineness)
        return {
            name: mp.ldexp(mp.mpf(value_at(c, u, self.bits)), exponent - self.bits)
            for name, (c, exponent) in self.states.items()
        }


class Stepper:
    """The equations of a neuron, with some states standing still, ready to make steps.

    `conditions` are those that somebody will look for, by name.
    """

    def __init__(
        self, rates: Mapping[str, Expression], conditions: Mapping[str, Expression], functions: Any, dt: float
    ) -> None:
        digits = int(-mp.log10(promised()))
        self.order = int(1.6 * digits) + 6
        self.tape = Tape(mp.mp.prec + BITS, self.order, ("t", *rates), functions, dt)
        self.rates = {name: self.tape.jet(rate.tree) for name, rate in rates.items()}
        self.conditions = {name: self.tape.condition(each.tree) for name, each in conditions.items()}
        self.fineness = 10
        self._time: Variable = self.tape.variables["t"]
        self._tolerance = float(mp.log(promised(), 2)) - 13

    def bind(self, values: Mapping[str, Any]) -> None:
        """Take over parameters, and states that stand still."""
        self.tape.bind(values)

    def step(self, time: Exact, states: Mapping[str, Exact]) -> Step:
        """The solution from a time and states on, as far as one polynomial goes."""
        for each in self.tape.piecewise:
            each.forget()
        reach = self._expand_well(time, states)
        bits = self.tape.bits
        end = int(2.0 ** (min(reach, 1.0) + 40)) << (bits - 40)
        end = self._checked(self._until_a_piece_ends(end), time)
        variables, conditions = self.tape.variables, self.conditions.values()
        step = Step(
            start=time,
            fineness=self.fineness,
            bits=bits,
            end=end,
            states={name: (variables[name].c, variables[name].exponent) for name in states},
            forms={id(each): [self._form(jet, end) for jet in each.forms] for each in conditions},
        )
        self.fineness = min(max(self.fineness - floor(min(reach, FIT)), LONGEST), SHORTEST)
        return step

    def _expand_well(self, time: Exact, states: Mapping[str, Exact]) -> float:
        """Expand with the right pieces and in a good unit of time; log2 of how far it goes, in units."""
        longer = 0
        for _ in range(TRIES):
            self._expand(time, states)
            wrong = [each for each in self.tape.piecewise if not each.is_right()]
            if wrong:
                continue
            reach = self._reach()
            if reach < -FIT and self.fineness < SHORTEST:
                self.fineness = min(self.fineness - int(reach), SHORTEST)
            elif reach > FIT and self.fineness > LONGEST and longer < 2:
                self.fineness = max(self.fineness - int(min(reach, 10)), LONGEST)
                longer += 1
            else:
                return reach
        raise EvsimRuntimeError(
            "its equations have no solution there: a condition in them changes back as soon as it changes"
        )

    def _expand(self, time: Exact, states: Mapping[str, Exact]) -> None:
        tape, variables = self.tape, self.tape.variables
        for name, value in states.items():
            variables[name].value = value
        self._time.value = +time
        for variable in variables.values():
            variable.exponent = magnitude(variable.value)
        self._time.exponent = max(self._time.exponent, -self.fineness)
        for jet in tape.jets:
            jet.evaluate()
        self._settle_exponents(states)
        if tape.piecewise:  # once more: exponents tell what is zero
            for jet in tape.jets:
                jet.evaluate()
        for jet in tape.jets:
            jet.align()
        self._time.c.append(shifted(1, self._time.exponent + self.fineness - tape.bits))
        self._fill()

    def _fill(self) -> None:
        """Find the coefficients, order by order, each from those before."""
        tape, order = self.tape, self.order
        following = []
        for jet in tape.jets:
            if jet.is_flat or jet.is_still or jet is self._time:
                jet.c += [0] * (order + 1 - len(jet.c))
            elif not isinstance(jet, Variable):
                following.append((jet.c.append, jet.coefficient))
        states = []
        for name, rate in self.rates.items():
            variable = tape.variables[name]
            states.append((variable.c.append, rate.c, variable.exponent - rate.exponent + self.fineness))
        for k in range(1, order + 1):
            for append, rate_c, right in states:
                append(shifted(rate_c[k - 1], right) // k)
            for append, coefficient in following:
                append(coefficient(k))

    def _settle_exponents(self, states: Mapping[str, Exact]) -> None:
        """A state is as large as its value, or as its rate makes it within a unit of time.

        Where both are zero, the exponent of the rate tells, once that is known.
        """
        variables = self.tape.variables
        for _ in range(len(states) + 1):
            for jet in self.tape.jets:
                jet.estimate()
            before = [variables[name].exponent for name in states]
            for name, rate in self.rates.items():
                variables[name].exponent = self._exponent(variables[name].value, rate)
            if before == [variables[name].exponent for name in states]:
                return
        for jet in self.tape.jets:
            jet.estimate()

    def _exponent(self, value: Exact, rate: Jet) -> int:
        own, grown = magnitude(value), magnitude(rate.value)
        if own == grown == NOTHING:
            return max(rate.exponent - self.fineness, NOTHING)
        return max(own, grown - self.fineness)

    def _reach(self) -> float:
        """log2 of the length, in units, over which the last coefficients are below what is promised."""
        reach = 60.0
        followed: list[Jet] = [self.tape.variables[name] for name in self.rates]
        followed += [jet for each in self.conditions.values() for jet in each.forms if not jet.is_endless]
        for c in (each.c for each in followed):
            size = max(map(abs, c[:3])).bit_length()
            for k in range(self.order - 3, self.order + 1):
                length = abs(c[k]).bit_length()
                if length > 12:
                    reach = min(reach, (self._tolerance + size - length) / k)
        return reach

    def _until_a_piece_ends(self, end: int) -> int:
        bits = self.tape.bits
        tolerance = int(promised() * mp.ldexp(1, bits))
        for each in self.tape.piecewise:
            for c, _ in each.barriers():
                place = first_rise(stretched(c, end, bits), bits, tolerance)
                if place is not None:
                    end = max((end * place) >> bits, 1)
        return end

    def _checked(self, end: int, time: Exact) -> int:
        """Shorten the step until the equations hold at its end."""
        for _ in range(TRIES):
            if mp.ldexp(end, -self.tape.bits - self.fineness) < promised() * SMALLEST:
                break
            if self._holds_at(end, time):
                return end
            end >>= 1
        raise EvsimRuntimeError(
            "its solution leaves the range of numbers, or changes faster than the digits can follow"
        )

    def _holds_at(self, end: int, time: Exact) -> bool:
        tape, bits = self.tape, self.tape.bits
        unit = mp.ldexp(1, -self.fineness)
        self._time.value = time + mp.ldexp(end, -bits) * unit
        for name in self.rates:
            variable = tape.variables[name]
            variable.value = mp.ldexp(mp.mpf(value_at(variable.c, end, bits)), variable.exponent - bits)
        for jet in tape.jets:
            if not isinstance(jet, Variable):
                jet.value = jet.again() if not jet.is_constant else jet.value
        for name, rate in self.rates.items():
            variable = tape.variables[name]
            slope = value_at([k * each for k, each in enumerate(variable.c)][1:], end, bits)
            defect = abs(slope - fixed(rate.value * unit, bits - variable.exponent)) * end >> bits
            if defect and log2(defect) > self._tolerance + 10 + max(map(abs, variable.c[:3])).bit_length():
                return False
        return True

    def _form(self, jet: Jet, end: int) -> Form:
        """The difference in a comparison; zero at the start if it is so within the digits of time."""
        bits = self.tape.bits
        if jet.is_endless:
            return Form([0], int(mp.sign(jet.value)), 0, 0)
        c = stretched(jet.c, end, bits)
        compared = [fixed(each.value, bits - jet.exponent) for each in jet.operands if isinstance(jet, Sum)]
        size = max(map(abs, [*c, *compared]))
        tolerance = int(promised() * size)
        near = int(promised() * mp.ldexp(1, self.fineness + 2 * bits)) // end
        if len(c) > 1 and abs(c[0]) <= max(tolerance, (abs(c[1]) * near) >> bits):
            c[0] = 0
        return Form(c, None, size, tolerance)
