"""Calls of functions of time that hold still between switches known beforehand: I(t), I(t - lastspike), I(t % T)."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

from evsim.equations.nodes import Call, Name, Node, Number, Operation, leaves

TIME = Name("t")


@dataclass(frozen=True)
class Lookup:
    """The value of a table at an argument that runs as fast as time, and starts anew after each `period`."""

    table: str
    argument: Node
    column: Node
    period: Node | None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All formulas in it."""
        return (self.argument, self.column, *([] if self.period is None else [self.period]))

    def prepared(self, change: Callable[[Node], Node]) -> Lookup:
        """The same with changed formulas."""
        period = None if self.period is None else change(self.period)
        return Lookup(self.table, change(self.argument), change(self.column), period)


def lookup_of(call: Call, changing: Set[str]) -> Lookup | None:
    """A call as a lookup, or None where the argument or the column follow what is `changing` besides time."""
    argument, column = (*call.operands, Number(0.0))[:2]
    if not _is_still(column, changing):
        return None
    if isinstance(argument, Operation) and argument.operator == "%":
        inner, period = argument.operands
        if _is_paced(inner, changing) and _is_still(period, changing):
            return Lookup(call.function, argument, column, period)
    return Lookup(call.function, argument, column, None) if _is_paced(argument, changing) else None


def _is_paced(node: Node, changing: Set[str]) -> bool:
    """Whether it is the time and something that stays."""
    if node == TIME:
        return True
    if not isinstance(node, Operation) or node.operator not in ("+", "-") or len(node.operands) != 2:
        return False
    first, second = node.operands
    if _is_paced(first, changing):
        return _is_still(second, changing)
    return node.operator == "+" and _is_still(first, changing) and _is_paced(second, changing)


def _is_still(node: Node, changing: Set[str]) -> bool:
    """Whether it stays what it is until something happens to the neuron."""
    return not any(
        isinstance(leaf, Name) and (leaf == TIME or leaf.name in changing) for leaf in leaves(node)
    )


__all__ = ["TIME", "Lookup", "lookup_of"]
