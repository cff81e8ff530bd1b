"""Equations as text: differential equations, subexpressions and parameters, each with its unit and flags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from evsim.equations.contents import Contents
from evsim.equations.expression import Expression
from evsim.equations.nodes import Meaning
from evsim.equations.reading import read_declarations
from evsim.equations.substitution import substituted
from evsim.equations.variable import Variable
from evsim.errors import EvsimValueError

__all__ = ["Equations", "Variable"]


class Equations(Contents):
    """Declared variables by name, in their order; immutable. `a + b` joins two sets.

    Parameters
    ----------
    text
        One equation per line; an equation goes on over several lines until its unit. `#` opens a comment.
    where
        Whose equations they are; opens every error message.
    substitutions
        `x="V"` renames, `tau=10*ms` puts in a value.
    """

    def __init__(
        self, text: str | Iterable[Variable], where: str = "equations", /, **substitutions: Any
    ) -> None:
        variables = read_declarations(text, where) if isinstance(text, str) else list(text)
        self._where = where
        self._variables: dict[str, Variable] = {}
        for each in substituted(variables, substitutions, where):
            if each.name in self._variables:
                raise EvsimValueError(
                    f"{where}: {each.name} is declared twice; give one of them another name."
                )
            self._variables[each.name] = each
        self._refuse_rings()

    def __getitem__(self, name: str) -> Variable:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __add__(self, other: Equations | str) -> Equations:
        if isinstance(other, str):
            other = Equations(other, self._where)
        if not isinstance(other, Equations):
            return NotImplemented
        return Equations([*self.values(), *other.values()], self._where)

    def __radd__(self, other: str) -> Equations:
        return Equations(other, self._where) + self if isinstance(other, str) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return list(self.values()) == list(other.values()) if isinstance(other, Equations) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._variables.values()))

    def __str__(self) -> str:
        return "\n".join(str(each) for each in self.values())

    def __repr__(self) -> str:
        return f"Equations({str(self)!r})"

    def substitute(self, **substitutions: Any) -> Equations:
        """The same with names replaced: `x="V"` renames, `tau=10*ms` puts in a value."""
        return Equations(self.values(), self._where, **substitutions)

    def bound(self, meanings: Mapping[str, Meaning]) -> Equations:
        """The same with what the functions in the formulas stand for."""
        return self.changed(lambda formula, here: formula.bound(meanings, here))

    def inlined(self) -> Equations:
        """The same with the bodies of functions put in, as engines want it."""
        return self.changed(lambda formula, here: formula.inlined(here))

    def changed(self, change: Callable[[Expression, str], Expression]) -> Equations:
        return Equations(
            [
                replace(each, expression=change(each.expression, f"{self._where}, {each.name}"))
                if each.expression
                else each
                for each in self.values()
            ],
            self._where,
        )

    def replaced(self, variable: Variable) -> Equations:
        """The same with another declaration in place of the one with that name."""
        return Equations(
            [variable if each.name == variable.name else each for each in self.values()], self._where
        )

    def expanded(self, expression: Expression) -> Expression:
        """The formula with every subexpression put in, until none is left."""
        while inner := [name for name in self.of_kind("subexpression") if name in expression.names]:
            expression = expression.substitute({name: _formula(self[name]) for name in inner})
        return expression

    def _refuse_rings(self) -> None:
        done: set[str] = set()
        for name in self.of_kind("subexpression"):
            self._follow(name, (), done)

    def _follow(self, name: str, path: tuple[str, ...], done: set[str]) -> None:
        if name in path:
            ring = " -> ".join((*path[path.index(name) :], name))
            raise EvsimValueError(
                f"{self._where}: subexpressions define each other in a ring: {ring}; break it."
            )
        if name in done or name not in self or self[name].kind != "subexpression":
            return
        for inner in sorted(_formula(self[name]).names):
            self._follow(inner, (*path, name), done)
        done.add(name)


def _formula(variable: Variable) -> Expression:
    assert variable.expression is not None
    return variable.expression
