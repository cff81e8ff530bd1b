"""The code that a neuron's own events run: whose each name is, and which values only the statements after it see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set

from evsim.description import Assignment
from evsim.equations.assignments import (
    Scope,
    made,
    nearest,
    refuse_changing,
    refuse_condition,
)
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.statements import Statement
from evsim.errors import EvsimNameError


def local_name(name: str) -> str:
    """How a local value is called in assignments; no name of an equation has a blank."""
    return f"local {name}"


def local_targets(statements: Iterable[Statement], variables: Collection[str]) -> set[str]:
    """Names that the statements set and that are no variables."""
    return {each.target for each in statements} - {*variables, *KNOWN_NAMES}


def outside_names(statements: Iterable[Statement], variables: Collection[str]) -> set[str]:
    """Names that the statements read and have not set before."""
    found: set[str] = set()
    local: set[str] = set()
    for each in statements:
        found |= each.expression.names - local
        local |= {each.target} - {*variables}
    return found


def neuron_code(
    statements: Sequence[Statement], scope: Scope, where: str, varying: Collection[str]
) -> tuple[Assignment, ...]:
    """Resolve the names of a reset or of what a custom event does.

    A name that is no variable of the neuron and is set first is a value that the statements after it see; in the
    result it is called as `local_name` says. `varying`: known names that change and may stand in the code.
    """
    local: dict[str, str] = {}  # to the statement that sets it first
    unread: set[str] = set()
    code = []
    for each in statements:
        here = f"{where}, {str(each)!r}"
        unread -= each.expression.names
        expression = _resolved(each.expression, local.keys(), scope, here, varying)
        is_local = each.target not in scope.own
        if not is_local:
            scope.check_target(each.target, here)
            refuse_condition(each, scope.own[each.target].type, here)
        elif each.target not in local and (each.operator != "=" or each.target in KNOWN_NAMES):
            raise _not_declared(each.target, scope, here)
        elif each.target not in local:
            local[each.target] = here
            unread.add(each.target)
        target = local_name(each.target) if is_local else each.target
        code.append(_made(each, target, is_local, expression))
    for name in sorted(unread):
        raise _not_declared(name, scope, local[name])
    return tuple(code)


def _made(statement: Statement, target: str, is_local: bool, expression: Expression) -> Assignment:
    plain = made(statement, statement.target, statement.target, "local" if is_local else "neuron", expression)
    if not is_local:
        return plain
    own = (
        plain.expression if plain.operation == "add" else plain.expression.rename({statement.target: target})
    )
    return Assignment(target, "local", plain.operation, own)


def _resolved(
    expression: Expression, local: Set[str], scope: Scope, here: str, varying: Collection[str]
) -> Expression:
    read = expression.names & local
    expression = scope.own.expanded(expression.rename({name: local_name(name) for name in read}))
    refuse_changing(expression, here, varying)
    scope.check_names(expression.names - {local_name(name) for name in read}, here)
    return expression


def _not_declared(name: str, scope: Scope, here: str) -> EvsimNameError:
    return EvsimNameError(
        f"{here}: {name} cannot be changed, it is not declared in the equations{nearest(name, scope.own)}; a name of "
        "your own must be set first and used after it."
    )
