"""Statements to assignments: whose variable each name of event code is, and what is done to it."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from evsim.description import Assignment
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.known import VARYING
from evsim.equations.nodes import Operation
from evsim.equations.statements import Statement
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimNameError, EvsimValueError


@dataclass(frozen=True)
class Scope:
    """Names that a piece of code may use: the variables of its owner, and constants from outside."""

    where: str
    own: Equations
    constants: Collection[str]

    def check_names(self, names: Collection[str], here: str) -> None:
        """Refuse a name that is declared nowhere."""
        for name in sorted(names):
            if name not in self.own and name not in self.constants:
                raise EvsimNameError(
                    f"{here}: {name} is not defined{nearest(name, [*self.own, *self.constants])}."
                )

    def check_target(self, name: str, here: str) -> None:
        """Refuse to change what cannot change."""
        check_target(name, self.own, here)


def check_target(name: str, own: Equations, here: str) -> None:
    """Refuse to change a name that is not a state or parameter, or that is declared not to change."""
    if name not in own:
        raise EvsimNameError(
            f"{here}: {name} cannot be changed, it is not declared in the equations{nearest(name, own)}."
        )
    variable = own[name]
    if variable.kind == "subexpression":
        raise EvsimValueError(f"{here}: {name} follows from its formula; change one of the variables in it.")
    if COUPLED in variable.flags:
        raise EvsimValueError(
            f"{here}: {name} is what other neurons add up to at every instant and cannot be changed; change what"
            " stands in its formula."
        )
    for flag in ("constant", "shared", "input", "linked"):
        if flag in variable.flags:
            raise EvsimValueError(
                f"{here}: {name} is declared ({flag}) and cannot be changed; remove the flag."
            )


def refuse_changing(expression: Expression, here: str, varying: Collection[str] = ()) -> None:
    """Refuse names that event code does not have."""
    for name in sorted(expression.names & VARYING.keys() - set(varying)):
        raise EvsimValueError(f"{here}: {name} cannot be used in event code, since it {VARYING[name]}.")


def refuse_condition(statement: Statement, kind: str, here: str) -> None:
    """Refuse a truth value for what is no `boolean`."""
    if statement.expression.is_condition and (kind != "boolean" or statement.operator != "="):
        raise EvsimValueError(
            f"{here}: the right-hand side is a condition, and {statement.target} is a number; write int(...) for 1 or "
            f"0, or declare '{statement.target} : boolean'."
        )


def made(
    statement: Statement,
    target: str,
    present: str,
    where: Literal["neuron", "synapse", "local", "source"],
    expression: Expression,
) -> Assignment:
    """A statement with its names resolved; `present` is how the expression names the value that the target has now."""
    operator = statement.operator
    if operator in ("=", "+="):
        return Assignment(target, where, "set" if operator == "=" else "add", expression)
    if operator == "-=":
        return Assignment(target, where, "add", Expression(Operation("neg", (expression.tree,))))
    now = Expression.parse(present, statement.target).tree
    return Assignment(target, where, "set", Expression(Operation(operator[0], (now, expression.tree))))


def nearest(name: str, known: Collection[str]) -> str:
    """The end of a sentence that suggests names like the one that is missing."""
    close = difflib.get_close_matches(name, list(known), 3)
    return f"; did you mean {' or '.join(close)}" if close else "; define it or correct the name"
