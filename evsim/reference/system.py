"""One neuron's linear system dx/dt = A x + b with its parameter values, and a proven bound of its growth."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

from evsim.description import LinearForm, LinearModel
from evsim.equations.functions import MPMATH
from evsim.errors import EvsimRuntimeError
from evsim.reference.exact import Exact

Terms = list[tuple[int, Exact]]  # (state, coefficient), zeros left out


class System:
    """A and b row by row, the threshold form, and `rate`, `growth`.

    For every vector y >= 0 the vector w = growth @ y has w >= y and |A| w <= rate*w, component by component,
    hence |A**k y| <= rate**k * w for every k. Being componentwise, the bound does not care for the units of
    the states.
    """

    def __init__(self, model: LinearModel, parameters: Mapping[str, Exact], is_clamped: bool) -> None:
        self.model = model
        still = model.clamped if is_clamped else frozenset()
        forms = [None if name in still else model.rates[name] for name in model.states]
        self.rows = [_terms(form, model, parameters) for form in forms]
        self.drift = [mp.mpf(0) if form is None else _value(form.constant, parameters) for form in forms]
        self.form = _terms(model.threshold, model, parameters)
        self.level = _value(model.threshold.constant, parameters) if model.threshold else mp.mpf(-1)
        self.rate, self.growth = _growth_bound(self._magnitudes())
        self.form_magnitudes = np.zeros(len(model.states))
        for state, coefficient in self.form:
            self.form_magnitudes[state] = abs(float(coefficient))

    def derivative(self, vector: list[Exact]) -> list[Exact]:
        """A @ vector."""
        return [mp.fdot((a, vector[state]) for state, a in row) for row in self.rows]

    def form_of(self, vector: list[Exact]) -> Exact:
        """The threshold form without its constant."""
        return mp.fdot((a, vector[state]) for state, a in self.form)

    def _magnitudes(self) -> NDArray[np.float64]:
        matrix = np.zeros((len(self.rows), len(self.rows)))
        for row, terms in enumerate(self.rows):
            for column, a in terms:
                matrix[row, column] = abs(float(a))
        return matrix


def _value(expression: object, parameters: Mapping[str, Exact]) -> Exact:
    value = expression.evaluate(parameters, functions=MPMATH)  # type: ignore[attr-defined]
    if not mp.isfinite(value):
        raise EvsimRuntimeError(f"{expression} is {value}; its parameters must make it finite.")
    return mp.mpf(value)


def _terms(form: LinearForm | None, model: LinearModel, parameters: Mapping[str, Exact]) -> Terms:
    if form is None:
        return []
    values = ((model.states.index(name), _value(a, parameters)) for name, a in form.coefficients.items())
    return [(state, a) for state, a in values if a]


def _growth_bound(magnitudes: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return rate and growth = sum((|A|/r)**k) for an r a little below rate; checked, not trusted."""
    n = len(magnitudes)
    radius = max(np.abs(np.linalg.eigvals(magnitudes)), default=0.0)
    rate = float(1.5 * radius) or 1.0
    for _ in range(200):
        growth: NDArray[np.float64] = np.linalg.inv(np.eye(n) - magnitudes / rate).astype(np.float64)
        growth = np.where(np.abs(growth) < 1e-300, 0.0, growth)
        with_slack = (1 + 1e-3) * rate
        is_proven = (growth >= 0).all() and (np.diag(growth) >= 1).all()
        if is_proven and (magnitudes @ growth <= (1 - 1e-6) * with_slack * growth).all():
            return with_slack, growth
        rate *= 1.5
    raise EvsimRuntimeError(
        f"the growth of a linear system could not be bounded: |A| = {magnitudes.tolist()}."
    )
