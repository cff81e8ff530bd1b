"""Whether an expression is proportional to given variables: then what many synapses do adds up to one sum."""

from __future__ import annotations

from collections.abc import Set

from evsim.equations.expression import Expression
from evsim.equations.nodes import Call, Name, Node, Number, Operation, Truth


def degree(expression: Expression, variables: Set[str]) -> int | None:
    """Return 0 for no dependence on the variables, 1 for proportional to them, None for anything else."""
    return _degree(expression.tree, variables)


def _degree(node: Node, variables: Set[str]) -> int | None:
    if isinstance(node, Name):
        return int(node.name in variables)
    if isinstance(node, Number | Truth):
        return 0
    degrees = [_degree(operand, variables) for operand in node.operands]
    if all(each == 0 for each in degrees):
        return 0
    if isinstance(node, Call):
        return None
    return _degree_of_operation(node, degrees)


def _degree_of_operation(node: Operation, degrees: list[int | None]) -> int | None:
    if node.operator == "neg":
        return degrees[0]
    if node.operator in ("+", "-"):
        terms = [each for operand, each in zip(node.operands, degrees, strict=True) if not _is_zero(operand)]
        return terms[0] if len(set(terms)) == 1 else None
    if node.operator == "*":
        total = sum(2 if each is None else each for each in degrees)
        return total if total < 2 else None
    if node.operator == "/":
        return degrees[0] if degrees[1] == 0 else None
    return None


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 0
