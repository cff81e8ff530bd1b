"""Functions of the user between runs: tables of time may be replaced, formulas and C stay as they were."""

from __future__ import annotations

from collections.abc import Iterator

from evsim.description import ForeignFunction, GeneralModel, Population, TimedTable
from evsim.equations.expression import Expression
from evsim.equations.user_functions import engine_functions
from evsim.errors import EvsimError
from evsim.words.described.models import Texts


def has_functions(texts: Texts) -> bool:
    """Whether there is any function that is not built in."""
    return any(formula.meanings for formula in formulas_of(texts))


def formulas_of(texts: Texts) -> Iterator[Expression]:
    """Everything that a group says, in order."""
    yield from (formula for _, formula in texts.equations.eq_expressions)
    yield from (formula for formula in (texts.threshold, texts.refractory) if formula is not None)
    yield from (statement.expression for statement in texts.reset)


def refresh_functions(population: Population, before: Texts, now: Texts) -> None:
    """Take over tables that the user replaced since the last run."""
    before, now = before.inlined(population.name), now.inlined(population.name)
    for old, new in zip(formulas_of(before), formulas_of(now), strict=True):
        if old.text != new.text:
            raise _has_changed(
                population.name, f"a function made {old.text!r}, and would now make {new.text!r}"
            )
    if not isinstance(population.model, GeneralModel):
        return
    functions = dict(population.model.functions)
    for name, function in engine_functions(formulas_of(now), population.name).items():
        known = functions[name]
        if isinstance(function, TimedTable) != isinstance(known, TimedTable) or (
            isinstance(function, ForeignFunction)
            and isinstance(known, ForeignFunction)
            and known.c != function.c
        ):
            raise _has_changed(population.name, f"{name} was another function")
        if isinstance(function, TimedTable) and known is not function:
            functions[name] = function
            population.changed.add(name)
    population.model.functions.update(functions)


def _has_changed(name: str, what: str) -> EvsimError:
    return EvsimError(
        f"{name} has run already: {what}; functions keep their meaning, begin again with start_scope() or make what "
        "changes a parameter"
    )
