"""Links as the core takes them: where possible sums of weighted factors of sources, each to an input of its own.

The factor of the target, if there is one, goes into the target's own rates: there the input stands for all that the
link adds up to. What is linear stays whole, since the core solves it as one system (linear_units.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from evsim.description import GeneralModel, Link, Network
from evsim.engine.linear_parts import linear_populations
from evsim.equations.expression import Expression
from evsim.equations.linear_form import ONE, product
from evsim.equations.nodes import Call, Name, Node, Operation, replaced
from evsim.equations.separated import Product, products


@dataclass(frozen=True)
class Part:
    """What the core sums of a link: `weight` (None: the whole expression, pair by pair) and `factor`, to `input`."""

    input: str
    weight: Expression | None
    factor: Expression


@dataclass(frozen=True)
class Parted:
    """The parts of each link by its place in the network, and the models of populations with the inputs for them."""

    parts: tuple[tuple[Part, ...], ...]
    models: Mapping[str, GeneralModel]
    is_held: bool


def whole(link: Link) -> tuple[Part, ...]:
    """The link as it is described."""
    return (Part(link.variable, None, link.expression),)


def parted(network: Network, *, is_held: bool) -> Parted:
    """How the core takes the links of a network.

    `is_held`: a run on the grid holds what links add up to over its steps, the target's own part included.
    """
    models = {each.name: each.model for each in network.populations if isinstance(each.model, GeneralModel)}
    if is_held:
        return Parted(tuple(whole(link) for link in network.links), {}, is_held)
    asking, linear = set(_asking(network, models)), linear_populations(network)
    taken: set[tuple[str, str]] = set()
    found: list[tuple[Part, ...]] = []
    changed: dict[str, GeneralModel] = {}
    for link in network.links:
        before, after = models.get(link.source), changed.get(link.target) or models.get(link.target)
        is_whole = link.own or link.target in asking or link.target in linear or link.expression.meanings
        terms = _terms(link, before, after) if before and after and not is_whole else None
        if terms is None or after is None:
            found.append(whole(link))
            taken.add((link.target, link.variable))
            continue
        parts = []
        for term in terms:
            name = link.variable
            if term.target != ONE or (link.target, name) in taken:
                name = _new_input(link.variable, after)
                after = _with_input(after, link.variable, name, term.target)
                changed[link.target] = after
            taken.add((link.target, name))
            parts.append(Part(name, Expression(term.weight), Expression(term.source)))
        found.append(tuple(parts))
    return Parted(tuple(found), changed, is_held)


def _asking(network: Network, models: Mapping[str, GeneralModel]) -> Iterator[str]:
    """Populations whose inputs conditions or code at events name: these take them as they are at their instant."""
    for name, model in models.items():
        formulas = [each for each in (model.threshold, model.refractory) if each is not None]
        formulas += [each.condition for each in model.events]
        code = (*model.reset, *(statement for event in model.events for statement in event.code))
        formulas += [statement.expression for statement in code]
        if any(not each.names.isdisjoint(model.inputs) for each in formulas):
            yield name
    for projection in network.projections:
        for end, name in (("pre", projection.source), ("post", projection.target)):
            inputs = {f"{each}_{end}" for each in models[name].inputs} if name in models else set()
            if any(not each.expression.names.isdisjoint(inputs) for each in projection.code):
                yield name


def _terms(link: Link, before: GeneralModel, after: GeneralModel) -> list[Product] | None:
    of_source = {f"{name}_pre" for name in before.states} | {"t"} | link.of_source
    of_target = {f"{name}_post": Name(name) for name in after.states}
    terms = products(link.expression.tree, of_source, of_target.keys())

    def own(leaf: Name | Call) -> Node:
        return of_target.get(leaf.name, leaf) if isinstance(leaf, Name) else leaf

    return terms and [replace(each, target=replaced(each.target, own)) for each in terms]


def _new_input(name: str, model: GeneralModel) -> str:
    return f"{name} {len(model.inputs)}"  # no name of the user's has a space


def _with_input(model: GeneralModel, old: str, new: str, factor: Node) -> GeneralModel:
    """The model with another input, whose product with the factor adds to the old one."""
    more = product(factor, Name(new))

    def changed(leaf: Name | Call) -> Node:
        return Operation("+", (leaf, more)) if leaf == Name(old) else leaf

    rates = {name: Expression(replaced(rate.tree, changed)) for name, rate in model.rates.items()}
    return replace(model, rates=rates, inputs=(*model.inputs, new))


__all__ = ["Part", "Parted", "parted", "whole"]
