"""Conditions in C: the forms of their comparisons, the conditions themselves, and bounds from bounds of the forms."""

from __future__ import annotations

from collections.abc import Callable

from evsim.equations.nodes import Node, Operation

_ORDERED = {"<": (1, 0), "<=": (1, 0), ">": (0, 1), ">=": (0, 1)}  # the second is subtracted from the first
ToC = Callable[[Node], str]


class Forms:
    """The comparisons of some conditions, in order: each a form that is positive where it holds."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, condition: Node) -> None:
        """Take in the comparisons of a condition."""
        if isinstance(condition, Operation) and condition.operator in ("and", "or", "not"):
            for each in condition.operands:
                self.add(each)
        elif condition not in self.nodes:
            self.nodes.append(condition)

    def values(self, to_c: ToC) -> list[str]:
        """C of each form; what is no comparison of two sizes is 1 where it holds, -1 elsewhere."""
        return [self._value(node, to_c) for node in self.nodes]

    def differences(self) -> list[Node]:
        """The forms of all comparisons; what is no comparison of two sizes stands as it is."""
        return [
            Operation("-", tuple(node.operands[k] for k in _ORDERED[node.operator]))
            if isinstance(node, Operation) and node.operator in _ORDERED
            else node
            for node in self.nodes
        ]

    def _value(self, node: Node, to_c: ToC) -> str:
        if isinstance(node, Operation) and node.operator in _ORDERED:
            first, second = (node.operands[k] for k in _ORDERED[node.operator])
            return to_c(Operation("-", (first, second)))
        return f"({to_c(node)}) ? 1.0 : -1.0"

    def bound(self, condition: Node, is_upper: bool) -> str:
        """C of a bound on the condition from the bounds low[f][l] and high[f][l] of its forms."""
        if isinstance(condition, Operation) and condition.operator == "not":
            return f"-({self.bound(condition.operands[0], not is_upper)})"
        if isinstance(condition, Operation) and condition.operator in ("and", "or"):
            function = "lower_of" if condition.operator == "and" else "higher_of"
            text, *others = [self.bound(each, is_upper) for each in condition.operands]
            for each in others:
                text = f"{function}({text}, {each})"
            return text
        return f"{'high' if is_upper else 'low'}[{self.nodes.index(condition)}][l]"
