"""Take the formula of a link apart into products: a weight of the pair, a factor of the source, a factor of the target.

So a sum over pairs becomes, for each product, the target's factor times a sum of weighted factors of sources, which
are evaluated once for each source and not once for each pair: `w*(v_pre - v_post)` is the sum of `w` times `v_pre`,
and minus `v_post` times the sum of `w`.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from evsim.equations.linear_form import ONE, negative, product
from evsim.equations.nodes import Call, Name, Node, Operation, leaves

MOST_PARTS = 8  # products that are worth it


@dataclass(frozen=True)
class Product:
    """`weight` of pairs, `source` of source neurons and the time, `target` of target neurons."""

    weight: Node
    source: Node
    target: Node


def products(tree: Node, of_source: Set[str], of_target: Set[str]) -> list[Product] | None:
    """The products whose sum is the tree, equal weights and factors joined; None where it is no such sum.

    Parameters
    ----------
    of_source
        Names whose values belong to the source neuron and change, `t` among them.
    of_target
        The same for the target neuron. Every other name belongs to the pair.
    """
    terms = _Parting(of_source, of_target).terms(tree)
    return None if terms is None or len(terms) > MOST_PARTS else terms


@dataclass(frozen=True)
class _Parting:
    of_source: Set[str]
    of_target: Set[str]

    def terms(self, node: Node) -> list[Product] | None:
        """The products of a tree; a tree that is one factor is not multiplied out."""
        names = {leaf.name for leaf in leaves(node) if isinstance(leaf, Name)}
        is_plain = not any(isinstance(leaf, Call) and leaf.meaning is not None for leaf in leaves(node))
        if not names & (self.of_source | self.of_target):
            return [Product(node, ONE, ONE)] if is_plain else None
        if names <= self.of_source and is_plain:
            return [Product(ONE, node, ONE)]
        if names <= self.of_target and is_plain:
            return [Product(ONE, ONE, node)]
        return self._operation(node) if isinstance(node, Operation) else None

    def _operation(self, node: Operation) -> list[Product] | None:
        parts = [self.terms(operand) for operand in node.operands]
        if any(part is None for part in parts):
            return None
        found = [part for part in parts if part is not None]
        match node.operator:
            case "neg":
                return _negated(found[0])
            case "+":
                return _joined([*found[0], *found[1]])
            case "-":
                return _joined([*found[0], *_negated(found[1])])
            case "*":
                return _joined([_times(a, b) for a in found[0] for b in found[1]])
            case "/" if len(found[1]) == 1:
                return _joined([_over(a, found[1][0]) for a in found[0]])
        return None


def _negated(terms: list[Product]) -> list[Product]:
    return [Product(negative(each.weight), each.source, each.target) for each in terms]


def _times(a: Product, b: Product) -> Product:
    return Product(product(a.weight, b.weight), product(a.source, b.source), product(a.target, b.target))


def _over(a: Product, b: Product) -> Product:
    def over(above: Node, below: Node) -> Node:
        return above if below == ONE else Operation("/", (above, below))

    return Product(over(a.weight, b.weight), over(a.source, b.source), over(a.target, b.target))


def _joined(terms: list[Product]) -> list[Product]:
    """Terms that differ in their weights only are one."""
    found: dict[tuple[Node, Node], Node] = {}
    for each in terms:
        key = (each.source, each.target)
        found[key] = Operation("+", (found[key], each.weight)) if key in found else each.weight
    return [Product(weight, *key) for key, weight in found.items()]


__all__ = ["Product", "products"]
