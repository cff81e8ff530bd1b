"""The code of synapses: whose variable each name is, and which values only the statements after them see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evsim.description import Assignment
from evsim.equations.assignments import check_target, made, nearest, refuse_condition
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.known import is_noise
from evsim.equations.statements import Statement
from evsim.errors import EvsimNameError, EvsimValueError

IMPLICIT = frozenset({"i", "j", "N", "N_pre", "N_post", "N_incoming", "N_outgoing", "dt", "t"})
"""Names that code of a synapse has without declaration."""

Place = Literal["neuron", "synapse", "local", "source"]

OF_TARGET = frozenset({"lastspike", "not_refractory"})
"""What every target neuron knows of itself."""


def synapse_code(
    statements: Sequence[Statement],
    synapse_variables: Equations,
    target_variables: Equations,
    constants: Collection[str],
    source_variables: Collection[str] | None = None,
    where: str = "on_pre",
    source_equations: Equations | None = None,
) -> tuple[Assignment, ...]:
    """Resolve the names of the code of a pathway.

    A bare name is the synapse's own variable, or else the target's; `X_post` is the target's X. Another name that
    is set first is a value of its own, seen by the statements after it. In the result the target's variables are
    spelled `X_post` and the source's `X_pre`; those that stay during a run, `i` and `j`, and the constants
    `X_of_source` and `X_of_target` of formulas of the neurons are for the caller to gather.

    Parameters
    ----------
    source_variables
        Names of the source's variables; None: any.
    source_equations
        Those of a source that is neurons: code may change its variables.
    """
    names = _Names(
        synapse_variables, target_variables, constants, source_variables, source_equations or Equations("")
    )
    code = tuple(names.assignment(each, f"{where}, {str(each)!r}") for each in statements)
    names.refuse_unread(where)
    return code


def local_names(statements: Sequence[Statement], own: Equations, target: Equations) -> set[str]:
    """Names that the statements set and that are no variables."""
    known = {*own, *target, *(f"{name}_post" for name in target)}
    return {
        each.target
        for each in statements
        if each.target not in known and not each.target.endswith(("_pre", "_post"))
    }


def spelled(
    expression: Expression,
    own: Equations,
    target: Equations,
    constants: Collection[str],
    source: Collection[str] | None,
    where: str,
) -> Expression:
    """A formula of synapses with its subexpressions put in, and bare names of the target written `X_post`."""
    names = _Names(own, target, constants, source)
    expanded = own.expanded(expression)
    return expanded.rename(
        {name: names._spelled(name, where) for name in sorted(expanded.names) if not is_noise(name)}
    )


@dataclass
class _Names:
    """What the names in the code of a pathway stand for."""

    own: Equations
    target: Equations
    constants: Collection[str]
    source: Collection[str] | None
    source_equations: Equations = field(default_factory=lambda: Equations(""))
    local: dict[str, bool] = field(default_factory=dict)  # whether a statement has read it

    def assignment(self, statement: Statement, here: str) -> Assignment:
        expression = self._resolved(statement.expression, here)
        where, target = self._place(statement, here)
        if where != "local":
            owner = {"neuron": self.target, "source": self.source_equations, "synapse": self.own}[where]
            refuse_condition(statement, owner[target].type, here)
        present = {"neuron": f"{target}_post", "source": f"{target}_pre"}.get(where, target)
        return made(statement, target, present, where, expression)

    def refuse_unread(self, where: str) -> None:
        """A value that nothing reads is a variable misspelt."""
        for name, is_read in self.local.items():
            if not is_read:
                raise EvsimNameError(
                    f"{where}: {name} is set and never used, and it is no variable of the synapse or of its target"
                    f"{nearest(name, self._known())}."
                )

    def _known(self) -> list[str]:
        return [*self.own, *self.target, *(f"{each}_post" for each in self.target)]

    def _place(self, statement: Statement, here: str) -> tuple[Place, str]:
        name = statement.target
        if name in self.own:
            check_target(name, self.own, here)
            return "synapse", name
        bare = name.removesuffix("_post")
        if name.endswith("_pre") and name not in self.target:
            return "source", self._at_source(name.removesuffix("_pre"), here)
        if bare != name and bare in self.target:
            name = bare
        if name in self.target:
            check_target(name, self.target, here)
            return "neuron", name
        if bare == name and (name in self.local or (statement.operator == "=" and name not in IMPLICIT)):
            self.local.setdefault(name, False)
            return "local", name
        raise EvsimNameError(
            f"{here}: {name} is no variable of the synapse or of its target{nearest(name, self._known())}."
        )

    def _at_source(self, name: str, here: str) -> str:
        """A variable of the source that code may change."""
        if name in self.source_equations:
            check_target(name, self.source_equations, here)
            return name
        if self.source_equations:
            known = [f"{each}_pre" for each in self.source_equations]
            raise EvsimNameError(
                f"{here}: {name}_pre is no variable of the source that code can change{nearest(f'{name}_pre', known)}."
            )
        raise EvsimValueError(
            f"{here}: {name}_pre belongs to the source, which has no equations; code can change variables of neurons."
        )

    def _resolved(self, expression: Expression, here: str) -> Expression:
        expression = self.own.expanded(expression)
        spelled = {name: self._spelled(name, here) for name in sorted(expression.names)}
        expression = expression.rename(spelled)
        expression = self._with_formulas(expression, self.target, "post", "target")
        return self._with_formulas(expression, self.source_equations, "pre", "source")

    def _spelled(self, name: str, here: str) -> str:
        if name in self.own:
            if name.endswith("_post") and name.removesuffix("_post") in {*self.target, *OF_TARGET}:
                raise EvsimValueError(
                    f"{here}: {name} reads like a variable of the target; rename it in the synapse."
                )
            return name
        if name in self.local:
            self.local[name] = True
            return name
        for suffix, owner in (("_post", {*self.target, *OF_TARGET}), ("_pre", self.source)):
            if name.endswith(suffix) and (owner is None or name.removesuffix(suffix) in owner):
                return name
        if name in self.target or name in OF_TARGET:
            return f"{name}_post"
        if name in IMPLICIT:
            return name
        if name in self.constants:
            return name
        known = [*self._known(), *self.local, *self.constants]
        if name.endswith(("_post", "_pre")):
            raise EvsimNameError(f"{here}: {name} is not a variable of the neurons{nearest(name, known)}.")
        raise EvsimNameError(f"{here}: {name} is not defined{nearest(name, known)}.")

    def _with_formulas(self, expression: Expression, owner: Equations, end: str, word: str) -> Expression:
        """Formulas of the neurons at one end put in, with `X_of_source` or `X_of_target` for a constant X in them."""
        known = {*owner, *OF_TARGET}
        formulas: dict[str, Expression] = {}
        for name in owner.of_kind("subexpression"):
            formula = owner[name].expression
            if formula is None or f"{name}_{end}" not in expression.names - self.own.keys():
                continue
            formula = owner.expanded(formula)
            names = formula.names - {"t"}
            formulas[f"{name}_{end}"] = formula.rename(
                {each: f"{each}_{end}" if each in known else f"{each}_of_{word}" for each in names}
            )
        return expression.substitute(formulas)
