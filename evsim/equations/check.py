"""Dimension checks of what a user writes: equations, threshold, reset, synapse code, refractory period."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from evsim.equations.assignments import nearest
from evsim.equations.declaration import Equations, Variable
from evsim.equations.dimensions import is_zero
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES, NOISE, is_noise
from evsim.equations.nodes import Name
from evsim.equations.statements import Statement
from evsim.errors import EvsimNameError, EvsimValueError
from evsim.units import DIMENSIONLESS, Dimension, DimensionMismatchError

Dimensions = Mapping[str, Dimension]

_TIME = KNOWN_NAMES["dt"]


def check_equations(equations: Equations, constants: Dimensions, where: str) -> None:
    """Every right-hand side must have the unit that its declaration asks for."""
    dimensions = {**constants, **KNOWN_NAMES, **equations.dimensions}
    for variable in equations.values():
        if variable.expression is not None:
            check_equation(variable, dimensions, where)


def check_equation(variable: Variable, dimensions: Dimensions, where: str) -> None:
    """The right-hand side of one equation must have the unit that its declaration asks for."""
    expression = variable.expression
    assert expression is not None
    is_rate = variable.kind == "differential"
    left = f"d{variable.name}/dt" if is_rate else variable.name
    here = f"{where}, {left}"
    if expression.is_condition != (variable.type == "boolean"):
        advice = "declare it ': boolean'" if expression.is_condition else "its formula must be a condition"
        raise EvsimValueError(
            f"{here} = {expression} is declared {str(variable).rpartition(': ')[2]}; {advice}."
        )
    expected = variable.dimension / _TIME if is_rate else variable.dimension
    found = _dimension(expression, dimensions, here)
    if found != expected and not is_zero(expression.tree):
        raise DimensionMismatchError(
            f"{where}: {variable.name} is declared in {_unit(variable.dimension)}, so the right-hand side "
            f"of {left} must be in {_unit(expected)}, but {expression.text!r} is in {_unit(found)}; "
            "correct the formula or the unit after the colon",
            found,
            expected,
        )


def check_condition(
    condition: Expression, dimensions: Dimensions, where: str, booleans: Iterable[str] = ()
) -> None:
    """A threshold or connection rule must be true or false, and compare equal units."""
    tree = condition.tree
    if not condition.is_condition and not (
        isinstance(tree, Name) and tree.name in {*booleans, "not_refractory"}
    ):
        raise EvsimValueError(
            f"{where}: {condition.text!r} is not a condition; compare with > >= < or <=, as in 'V > -50*mV'."
        )
    _dimension(condition, {**dimensions, **_known(dimensions)}, where)


def check_statements(statements: Iterable[Statement], dimensions: Dimensions, where: str) -> None:
    """Each statement must give its target the unit it has; `dimensions` holds variables and constants."""
    every = {**dimensions, **_known(dimensions)}
    for statement in statements:
        if statement.target not in dimensions:
            raise EvsimNameError(
                f"{where}, {str(statement)!r}: {statement.target} is not declared"
                f"{nearest(statement.target, list(dimensions))}."
            )
        _check_statement(statement, every[statement.target], every, f"{where}, {str(statement)!r}")


def _check_statement(statement: Statement, target: Dimension, dimensions: Dimensions, here: str) -> None:
    found = _dimension(statement.expression, dimensions, here)
    scales = statement.operator in ("*=", "/=")
    expected = DIMENSIONLESS if scales else target
    if found != expected and not is_zero(statement.expression.tree):
        reason = (
            "the factor must be a plain number" if scales else f"{statement.target} is in {_unit(target)}"
        )
        raise DimensionMismatchError(
            f"{here}: {reason}, but {statement.expression.text!r} is in {_unit(found)}", found, expected
        )


def synapse_dimensions(
    synapse_variables: Dimensions,
    target_variables: Dimensions,
    source_variables: Dimensions,
    constants: Dimensions,
) -> dict[str, Dimension]:
    """The dimension of each name in code of synapses: a bare name is the synapse's variable, then the target's."""
    of_neurons = {name: KNOWN_NAMES[name] for name in ("lastspike", "not_refractory")}
    return {
        **constants,
        **of_neurons,
        **target_variables,
        **{f"{name}_post": each for name, each in {**of_neurons, **target_variables}.items()},
        **{f"{name}_pre": each for name, each in {**of_neurons, **source_variables}.items()},
        **dict.fromkeys(("N_pre", "N_post", "N_incoming", "N_outgoing"), DIMENSIONLESS),
        **synapse_variables,
    }


def check_synapse_code(
    statements: Iterable[Statement], dimensions: Dimensions, local: Collection[str], where: str
) -> None:
    """Check the code of a pathway; a local name gets the dimension of what it is first set to."""
    known = dict(dimensions)
    for statement in statements:
        if statement.target in local and statement.target not in known:
            every = {**known, **_known(known)}
            known[statement.target] = _dimension(statement.expression, every, f"{where}, {str(statement)!r}")
        check_statements([statement], known, where)


def check_refractory(period: Expression, dimensions: Dimensions, where: str) -> None:
    """A refractory period written as text must be a time."""
    found = _dimension(period, {**dimensions, **_known(dimensions)}, where)
    if period.is_condition:
        raise EvsimValueError(f"{where}: {period.text!r} is a condition; give a time, as in 5*ms.")
    if found != _TIME and not is_zero(period.tree):
        raise DimensionMismatchError(
            f"{where}: {period.text!r} must be a time, as in 5*ms, but is in {_unit(found)}", found, _TIME
        )


def _known(dimensions: Dimensions) -> dict[str, Dimension]:
    return {name: each for name, each in KNOWN_NAMES.items() if name not in dimensions}


def _dimension(expression: Expression, dimensions: Dimensions, where: str) -> Dimension:
    noise = {name: NOISE for name in expression.names if is_noise(name)}
    known = {**dimensions, **noise}
    for name in sorted(expression.names - known.keys()):
        raise EvsimNameError(
            f"{where}: {name} in {expression.text!r} is not defined{nearest(name, list(known))}."
        )
    return expression.dimension(known, where)


def _unit(dimension: Dimension) -> str:
    return "1 (a plain number)" if dimension.is_dimensionless else str(dimension)
