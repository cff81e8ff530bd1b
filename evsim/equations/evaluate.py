"""Values from text: initial values ("E_L + rand()*20*mV") and connection rules ("i != j")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evsim.equations.expression import Expression
from evsim.equations.functions import DRAWS, NUMPY
from evsim.errors import EvsimValueError
from evsim.units import Dimension

Values = Mapping[str, tuple[Any, Dimension]]


def evaluate_text(
    text: str | Expression,
    variables: Values,
    draws: Mapping[str, Callable[..., Any]] | None = None,
    where: str = "the text",
) -> tuple[Any, Dimension]:
    """SI values and dimension of a formula, evaluated with numpy.

    Parameters
    ----------
    variables
        SI values and dimension of each name, scalars or arrays of one length.
    draws
        What `rand()`, `randn()` and `poisson(mean)` give; each of them an array of that length.
    where
        Whose text it is; opens every error message.
    """
    expression = text if isinstance(text, Expression) else Expression.parse(text, where)
    draws = draws or {}
    for name in sorted(expression.functions & DRAWS - draws.keys()):
        raise EvsimValueError(f"{where}: {name}() cannot be drawn in {expression.text!r}; use a fixed value.")
    dimension = expression.dimension({name: each[1] for name, each in variables.items()}, where)
    values = {name: variables[name][0] for name in expression.names}
    return expression.evaluate(values, {**NUMPY, **draws}), dimension
