"""Names of equations replaced by other names or by values: `Equations(text, x="V", tau=10*ms)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evsim.equations.expression import Expression
from evsim.equations.reading import check_name
from evsim.equations.variable import Variable
from evsim.errors import EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import dimension_of, si


def substituted(variables: list[Variable], substitutions: Mapping[str, Any], where: str) -> list[Variable]:
    """The variables with names replaced, in declarations and formulas alike."""
    if not substitutions:
        return variables
    used = {each.name for each in variables}
    used.update(name for each in variables if each.expression for name in each.expression.names)
    if unknown := [name for name in substitutions if name not in used]:
        raise EvsimNameError(f"{where}: {unknown[0]} is to be replaced but does not occur in the equations.")
    formulas = {name: _replacement(name, value, where) for name, value in substitutions.items()}
    return [_with_formulas(each, formulas, where) for each in variables]


def _replacement(name: str, value: Any, where: str) -> Expression:
    if isinstance(value, str):
        if not (value.isidentifier() and value.isascii()):
            raise EvsimValueError(f"{where}: {name} cannot be renamed to {value!r}; write a plain name.")
        return Expression.parse(value, where)
    try:
        number = float(si(value))
    except (TypeError, ValueError):
        raise EvsimTypeError(
            f"{where}: {name} can be replaced by a name or one number, not {value!r}."
        ) from None
    unit = dimension_of(value).unit_name
    text = f"{number!r}*({unit})" if unit not in ("", "1") else repr(number)
    return Expression.parse(text, f"{where}, the value of {name}")


def _with_formulas(variable: Variable, formulas: Mapping[str, Expression], where: str) -> Variable:
    name = variable.name
    if name in formulas:
        name = formulas[name].text
        if not name.isidentifier():
            raise EvsimValueError(
                f"{where}: {variable.name} is declared here, so it can be renamed but not given a value."
            )
        check_name(name, where)
    expression = variable.expression.substitute(formulas) if variable.expression else None
    return replace(variable, name=name, expression=expression)
