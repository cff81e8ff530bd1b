"""Statements to assignments: whose variable each name of event code is, and what is done to it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evsim.description import Assignment
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.functions import DRAWS
from evsim.equations.known import VARYING
from evsim.equations.nodes import Operation
from evsim.equations.statements import Statement
from evsim.errors import EvsimNameError, EvsimValueError

_SYNAPSE_NAMES = frozenset({"i", "j", "dt"})


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
    for flag in ("constant", "shared", "input"):
        if flag in variable.flags:
            raise EvsimValueError(
                f"{here}: {name} is declared ({flag}) and cannot be changed; remove the flag."
            )


def assignment(statement: Statement, scope: Scope, here: str) -> Assignment:
    """A statement on the variables of one group."""
    here = f"{here}, {str(statement)!r}"
    scope.check_target(statement.target, here)
    expression = scope.own.expanded(statement.expression)
    refuse_changing(expression, here)
    scope.check_names(expression.names, here)
    return _made(statement, statement.target, statement.target, "neuron", expression)


def refuse_changing(expression: Expression, here: str) -> None:
    """Refuse names and functions that event code does not have."""
    for name in sorted(expression.names & VARYING.keys()):
        raise EvsimValueError(f"{here}: {name} cannot be used in event code, since it {VARYING[name]}.")
    for name in sorted(expression.functions & DRAWS):
        raise EvsimValueError(
            f"{here}: {name}() cannot be used in event code; draw the values once, as a parameter."
        )


def _made(
    statement: Statement,
    target: str,
    present: str,
    where: Literal["neuron", "synapse"],
    expression: Expression,
) -> Assignment:
    """`present` is how the expression names the value that the target has now."""
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


def synapse_code(
    statements: Sequence[Statement],
    synapse_variables: Equations,
    target_variables: Equations,
    constants: Collection[str],
    source_variables: Collection[str] | None = None,
    where: str = "on_pre",
) -> tuple[Assignment, ...]:
    """Resolve the names of `on_pre` code.

    A bare name is the synapse's own variable, or else the target's; `X_post` is the target's X. In the result
    the target's variables are spelled `X_post`; the source's stay `X_pre` for the caller to gather, and so do
    `i` and `j`.
    """
    names = _SynapseNames(synapse_variables, target_variables, constants, source_variables)
    return tuple(names.assignment(each, f"{where}, {str(each)!r}") for each in statements)


class _SynapseNames:
    """What the names in the code of a Synapses object stand for."""

    def __init__(
        self,
        own: Equations,
        target: Equations,
        constants: Collection[str],
        source: Collection[str] | None,
    ) -> None:
        self.own = own
        self.target = target
        self.constants = constants
        self.source = source

    def assignment(self, statement: Statement, here: str) -> Assignment:
        where, target = self._place(statement.target, here)
        expression = self._resolved(statement.expression, here)
        present = f"{target}_post" if where == "neuron" else target
        return _made(statement, target, present, where, expression)

    def _place(self, name: str, here: str) -> tuple[Literal["neuron", "synapse"], str]:
        if name in self.own:
            check_target(name, self.own, here)
            return "synapse", name
        bare = name.removesuffix("_post")
        if name.endswith("_pre") and name not in self.target:
            raise EvsimValueError(
                f"{here}: {name} belongs to the source; code of a synapse changes its target only."
            )
        if bare != name and bare in self.target:
            name = bare
        if name not in self.target:
            known = [*self.own, *self.target, *(f"{each}_post" for each in self.target)]
            raise EvsimNameError(
                f"{here}: {name} is no variable of the synapse or of its target{nearest(name, known)}."
            )
        check_target(name, self.target, here)
        return "neuron", name

    def _resolved(self, expression: Expression, here: str) -> Expression:
        expression = self.own.expanded(expression)
        spelled = {name: self._spelled(name, here) for name in sorted(expression.names)}
        expression = expression.rename(spelled)
        expression = self._expanded_target(expression)
        refuse_changing(expression, here)
        return expression

    def _spelled(self, name: str, here: str) -> str:
        if name in self.own:
            if name.endswith("_post"):
                raise EvsimValueError(
                    f"{here}: {name} reads like a variable of the target; rename it in the synapse."
                )
            return name
        for suffix, owner in (("_post", self.target), ("_pre", self.source)):
            if name.endswith(suffix) and (owner is None or name.removesuffix(suffix) in owner):
                return name
        if name in self.target:
            return f"{name}_post"
        known = [*self.own, *self.target, *self.constants]
        if name.endswith(("_post", "_pre")):
            raise EvsimNameError(f"{here}: {name} is not a variable of the neurons{nearest(name, known)}.")
        if name in self.constants or name in _SYNAPSE_NAMES or name in VARYING:
            return name
        raise EvsimNameError(f"{here}: {name} is not defined{nearest(name, known)}.")

    def _expanded_target(self, expression: Expression) -> Expression:
        formulas: Mapping[str, Expression] = {
            f"{name}_post": self._suffixed(self.target.expanded(formula))
            for name in self.target.of_kind("subexpression")
            if f"{name}_post" in expression.names and (formula := self.target[name].expression)
        }
        return expression.substitute(formulas)

    def _suffixed(self, formula: Expression) -> Expression:
        return formula.rename({name: f"{name}_post" for name in formula.names if name in self.target})
