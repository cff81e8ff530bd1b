"""Which kind of model a group's equations make: a linear system, solved exactly, or any other, integrated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evsim.description import Functions, GeneralModel, LinearModel, TimedTable
from evsim.equations.check import check_condition, check_refractory
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.general import general_model
from evsim.equations.known import VARYING
from evsim.equations.linear import linear_model
from evsim.equations.nodes import Call, Name, Node, Number, replaced
from evsim.equations.statements import Statement
from evsim.equations.user_functions import engine_functions
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimValueError
from evsim.units import Dimension

TIGHT = 1e-12
"""The tolerance for what is linear apart from input that changes with time, where the user asked for "exact"."""


@dataclass(frozen=True)
class Event:
    """The condition of a custom event, and what it does."""

    condition: Expression
    code: list[Statement]

    def bound(self, meanings: Mapping[str, Any], where: str) -> Event:
        """With functions looked up."""
        return Event(
            self.condition.bound(meanings, where), [each.bound(meanings, where) for each in self.code]
        )

    def inlined(self, where: str) -> Event:
        """With the bodies of functions put in."""
        return Event(self.condition.inlined(where), [each.inlined(where) for each in self.code])


@dataclass(frozen=True)
class Texts:
    """What a group says, read, with its functions looked up."""

    equations: Equations
    threshold: Expression | None
    reset: list[Statement]
    refractory: Expression | None  # where it depends on more than parameters
    events: Mapping[str, Event] = field(default_factory=dict)

    def inlined(self, name: str) -> Texts:
        """The same with the bodies of functions put in, as engines want it."""
        return Texts(
            self.equations.inlined(),
            self.threshold and self.threshold.inlined(f"the threshold of {name}"),
            [each.inlined(f"the reset of {name}") for each in self.reset],
            self.refractory and self.refractory.inlined(f"the refractory period of {name}"),
            {event: each.inlined(f"the event '{event}' of {name}") for event, each in self.events.items()},
        )


def check_dynamic_refractory(texts: Texts, dimensions: Mapping[str, Dimension], where: str) -> None:
    """A refractory period that depends on states is a condition or a time."""
    given = texts.refractory
    if given is None:
        return
    booleans = [name for name, each in texts.equations.items() if each.type == "boolean"]
    if given.is_condition or given.text in booleans:
        check_condition(given, dimensions, where, booleans)
    else:
        check_refractory(given, dimensions, where)


def with_coupled(texts: Texts, names: Collection[str]) -> Texts:
    """The texts with variables marked that are what other neurons add up to."""
    equations = texts.equations
    for name in names:
        variable = equations[name]
        equations = equations.replaced(replace(variable, flags=variable.flags | {COUPLED}))
    return replace(texts, equations=equations)


def model_of(
    texts: Texts,
    constants: Mapping[str, object],
    written: frozenset[str],
    where: str,
    method: str | None,
    options: Mapping[str, float],
    is_joined: bool = False,
    asked: Collection[str] = (),
) -> LinearModel | GeneralModel:
    """The model of a group's inlined texts.

    Without a method the system is solved exactly where it is linear, and integrated adaptively elsewhere, as is any
    system that links join to others.
    """
    is_exact = method in ("exact", "linear")
    calls = any(statement.expression.meanings for statement in texts.reset)
    is_plain = texts.refractory is None and not texts.events and not calls and not is_joined
    if (method is None or is_exact) and is_plain:
        try:
            return linear_model(
                texts.equations, texts.threshold, texts.reset, constants, sorted(written), where
            )
        except EvsimValueError:
            if is_exact and not _is_linear_apart_from_time(texts, constants, written, where):
                raise
    if is_exact:
        _require_linear(texts, constants, written, where)
        options = {"rtol": TIGHT, **options}
    return general_model(
        texts.equations,
        texts.threshold,
        texts.reset,
        constants,
        sorted(written),
        where,
        method=None if is_exact else method,
        options=options,
        refractory=texts.refractory,
        functions=_functions(texts, where),
        asked=asked,
        events={name: (each.condition, each.code) for name, each in texts.events.items()},
    )


def _functions(texts: Texts, where: str) -> Functions:
    expressions = [each.expression for each in texts.equations.values() if each.expression is not None]
    expressions += [each for each in (texts.threshold, texts.refractory) if each is not None]
    expressions += [each.expression for each in texts.reset]
    expressions += [each.condition for each in texts.events.values()]
    expressions += [line.expression for each in texts.events.values() for line in each.code]
    return engine_functions(expressions, where)


def _is_linear_apart_from_time(
    texts: Texts, constants: Mapping[str, object], written: frozenset[str], where: str
) -> bool:
    try:
        _require_linear(texts, constants, written, where)
    except EvsimValueError:
        return False
    return True


def _require_linear(
    texts: Texts, constants: Mapping[str, object], written: frozenset[str], where: str
) -> None:
    """Refuse equations that are not linear in their states with functions of time held still."""
    code = [*texts.reset, *(line for each in texts.events.values() for line in each.code)]
    changed = written | ({line.target for line in code} & texts.equations.keys())
    linear_model(_held_still(texts.equations, _functions(texts, where)), None, [], constants, changed, where)


def _held_still(equations: Equations, functions: Functions) -> Equations:
    def still(leaf: Name | Call) -> Node:
        if isinstance(leaf, Call) and isinstance(functions.get(leaf.function), TimedTable):
            return Number(1.0)
        return Number(1.0) if isinstance(leaf, Name) and leaf.name in VARYING else leaf

    return equations.changed(lambda expression, _: Expression(replaced(expression.tree, still)))


__all__ = ["Texts", "check_dynamic_refractory", "model_of", "with_coupled"]
