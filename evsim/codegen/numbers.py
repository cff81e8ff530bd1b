"""What of a general model's formulas no run can change: their largest parts without states and time, computed once."""

from __future__ import annotations

from collections.abc import Set

from evsim.equations.expression import Expression
from evsim.equations.nodes import Call, Name, Node, Number, Operation, leaves


class Numbers:
    """Collects constant parts of formulas; `names` stands for them in what is left."""

    def __init__(self, varying: Set[str], calls: Set[str]) -> None:
        self._varying, self._calls = varying, calls
        self.expressions: list[Expression] = []

    def names(self) -> list[str]:
        """The name that stands for each of `expressions`."""
        return [name_of(k) for k in range(len(self.expressions))]

    def without(self, node: Node) -> Node:
        """The tree with names for its constant parts."""
        if isinstance(node, Number):
            return node
        if not self._varies(node):
            return self._number(node)
        if isinstance(node, Operation):
            if node.operator == "/" and not self._varies(node.operands[1]):
                factor = self._number(Operation("/", (Number(1.0), node.operands[1])))
                return Operation("*", (self.without(node.operands[0]), factor))
            return Operation(node.operator, tuple(self.without(each) for each in node.operands))
        if isinstance(node, Call):
            return Call(node.function, tuple(self.without(each) for each in node.operands), node.meaning)
        return node

    def _number(self, node: Node) -> Name:
        expression = Expression(node)
        if expression not in self.expressions:
            self.expressions.append(expression)
        return Name(name_of(self.expressions.index(expression)))

    def _varies(self, node: Node) -> bool:
        for leaf in leaves(node):
            if isinstance(leaf, Name) and leaf.name in self._varying:
                return True
            if isinstance(leaf, Call) and leaf.function in self._calls:
                return True
        return False


def name_of(k: int) -> str:
    """The name that stands for number k."""
    return f"number {k}"  # no name of an equation has a blank
