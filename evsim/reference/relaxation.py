"""Synapse variables with linear equations, moved on by the exponential of their system."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath as mp

from evsim.description import LinearForm
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH
from evsim.reference.exact import Exact


class Relaxation:
    """dx/dt = A x + b of the variables of one synapse, with A and b from its other variables."""

    def __init__(self, equations: Mapping[str, LinearForm]) -> None:
        self.equations = equations
        parts = [each for form in equations.values() for each in (form.constant, *form.coefficients.values())]
        self.names = {*equations, *(name for each in parts for name in each.names)}

    def after(self, values: Mapping[str, Exact], h: Exact) -> Mapping[str, Exact]:
        """The variables with equations after a time h without events."""
        now = {name: values[name] for name in self.equations}
        if not h or not now:
            return now
        moved = self._propagator(values, h) * mp.matrix([*now.values(), 1])
        return dict(zip(now, moved, strict=False))

    def _propagator(self, values: Mapping[str, Exact], h: Exact) -> Exact:
        """exp([[A, b], [0, 0]] h)."""
        n = len(self.equations)
        matrix = mp.zeros(n + 1)
        for row, form in enumerate(self.equations.values()):
            for column, name in enumerate(self.equations):
                if name in form.coefficients:
                    matrix[row, column] = _value(form.coefficients[name], values) * h
            matrix[row, n] = _value(form.constant, values) * h
        if n == 1:
            return _alone(matrix[0, 0], matrix[0, 1])
        return mp.expm(matrix, method="taylor")


def _alone(a: Exact, b: Exact) -> Exact:
    return mp.matrix([[mp.exp(a), b * (mp.expm1(a) / a if a else 1)], [0, 1]])


def _value(expression: Expression, values: Mapping[str, Exact]) -> Exact:
    return mp.mpf(expression.evaluate(values, functions=MPMATH))
