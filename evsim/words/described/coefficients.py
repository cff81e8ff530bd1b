"""Whether equations make sense with the values that their parameters have now: nothing divides by zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evsim.description import GeneralModel, LinearForm, Population
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.errors import EvsimValueError


def check_coefficients(population: Population, equations: Equations) -> None:
    """Refuse values of parameters that make a rate or the threshold infinite or undefined, naming one neuron."""
    for what, expression in _formulas(population, equations):
        values = {name: np.asarray(population.parameters[name]) for name in expression.names}
        found = np.atleast_1d(expression.evaluate(values))
        wrong = np.flatnonzero(~np.isfinite(found))
        if wrong.size:
            neuron = int(wrong[0])
            shown = ", ".join(
                _value(name, value, neuron, equations) for name, value in sorted(values.items())
            )
            raise EvsimValueError(
                f"{population.name}: {what} is not finite for neuron {neuron}, where {shown}; "
                "set these values before run()"
            )


def _formulas(population: Population, equations: Equations) -> Iterator[tuple[str, Expression]]:
    model = population.model
    if isinstance(model, GeneralModel):
        return  # its kernel looks at all its numbers
    for state in model.states:
        if equations[state].kind == "differential":
            what = f"d{state}/dt = {equations[state].expression}"
            yield from ((what, each) for each in _parts(model.rates[state]))
    if model.threshold is not None:
        yield from (("the threshold", each) for each in _parts(model.threshold))


def _parts(form: LinearForm) -> Iterator[Expression]:
    yield from form.coefficients.values()
    yield form.constant


def _value(name: str, values: np.ndarray, neuron: int, equations: Equations) -> str:
    value = float(values[neuron]) if values.ndim else float(values)
    unit = str(equations[name].dimension) if name in equations else ""
    return f"{name} = {value:g} {unit if unit != '1' else ''}".rstrip()
