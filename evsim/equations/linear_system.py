"""Joined populations as linear systems, where they are: factors of states and inputs, threshold, and links.

`None` stands for what is not linear as it is written; engines integrate it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from evsim.description import GeneralModel, Link
from evsim.equations.expression import Expression
from evsim.equations.linear import comparison_in
from evsim.equations.linear_form import NotLinearError, linear_form
from evsim.equations.nodes import Node, Operation

Factors = tuple[Expression, ...]
"""One for each variable, and the constant."""


@dataclass(frozen=True)
class LinearSystem:
    """Rates over states and inputs; the threshold over states: it must become positive, or reach zero."""

    rates: tuple[Factors, ...]
    threshold: Factors | None
    is_strict: bool


def linear_system(model: GeneralModel) -> LinearSystem | None:
    """The linear system that a model is, with parameters as they may be."""
    if model.method != "adaptive" or model.noise or model.events or model.refractory is not None:
        return None
    columns, known = (*model.states, *model.inputs), frozenset(model.parameters)
    rates = [_factors(model.rates[state].tree, columns, known) for state in model.states]
    form, is_strict = _threshold(model, known)
    if any(each is None for each in rates) or (form is None and model.threshold is not None):
        return None
    return LinearSystem(tuple(each for each in rates if each is not None), form, is_strict)


def _threshold(model: GeneralModel, known: Set[str]) -> tuple[Factors | None, bool]:
    compared = None if model.threshold is None else comparison_in(model.threshold.tree)
    if compared is None:
        return None, True
    (left, right), is_strict = compared
    return _factors(Operation("-", (left, right)), model.states, known), is_strict


def linear_pairs(link: Link, before: GeneralModel, after: GeneralModel) -> Factors | None:
    """The factors of the states of both ends in a link."""
    names = [*(f"{name}_pre" for name in before.states), *(f"{name}_post" for name in after.states)]
    if link.own or len(set(names)) < len(names) or set(names) & link.variables.keys():
        return None
    rest = {*(f"{name}_pre" for name in before.parameters), *(f"{name}_post" for name in after.parameters)}
    return _factors(link.expression.tree, names, rest | link.variables.keys())


def _factors(tree: Node, columns: Sequence[str], known: Set[str]) -> Factors | None:
    states: Set[str] = frozenset(columns)
    try:
        form = linear_form(tree, states)
    except NotLinearError:
        return None
    parts = [Expression(form.part(name).tree()) for name in columns] + [Expression(form.constant.tree())]
    if any(each.names - known or each.foreign or each.draws for each in parts):
        return None
    return tuple(parts)


__all__ = ["Factors", "LinearSystem", "linear_pairs", "linear_system"]
