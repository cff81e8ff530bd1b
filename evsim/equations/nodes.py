"""The tree of an expression: numbers, names, truth values, operations, calls; text can say nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evsim.errors import EvsimValueError
from evsim.units import Dimension

MAX_DEPTH = 200
MAX_SIZE = 20_000

COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
CONDITIONS = COMPARISONS | {"and", "or", "not"}


@dataclass(frozen=True, slots=True)
class Number:
    """A literal: the nearest double, never negative (a sign is an operation)."""

    value: float
    depth: int = field(default=1, init=False)
    size: int = field(default=1, init=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """True or False."""

    value: bool
    depth: int = field(default=1, init=False)
    size: int = field(default=1, init=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A free identifier."""

    name: str
    depth: int = field(default=1, init=False)
    size: int = field(default=1, init=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """`+ - * / // % **` and comparisons have two operands, `neg` and `not` one, `and` and `or` more."""

    operator: str
    operands: tuple[Node, ...]
    depth: int = field(init=False, compare=False)
    size: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        _measure(self, self.operands)


class Meaning(Protocol):
    """What a function that is not built in stands for, once its name has been looked up."""

    @property
    def is_condition(self) -> bool:
        """Whether the value is true or false."""

    def check_count(self, count: int, here: str) -> None:
        """Refuse a number of arguments that the function does not take."""

    def dimension(self, operands: tuple[Node, ...], found: Sequence[Dimension], here: str) -> Dimension:
        """The dimension of the value, given the arguments and their dimensions, which are checked."""

    def evaluate(self, table: Mapping[str, Callable[..., Any]], arguments: Sequence[Any]) -> Any:
        """The SI value for SI arguments, with the functions of `table`."""

    def inlined(self, operands: tuple[Node, ...], here: str) -> Node | None:
        """The body of a function that is a formula, or None where an engine must call it."""

    def action(self, call: Call, here: str) -> Any:
        """The table or C function of a network's description that engines call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to its arguments; `meaning` stays None for a built-in function."""

    function: str
    operands: tuple[Node, ...]
    meaning: Meaning | None = None
    depth: int = field(init=False, compare=False)
    size: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        _measure(self, self.operands)


Node = Number | Truth | Name | Operation | Call


class TooLargeError(EvsimValueError):
    """An expression that is nested too deeply or became too long by substitution."""


def is_condition(node: Node) -> bool:
    """Whether the value is true or false rather than a number, as far as the tree itself can tell."""
    if isinstance(node, Call):
        return node.meaning is not None and node.meaning.is_condition
    return isinstance(node, Truth) or (isinstance(node, Operation) and node.operator in CONDITIONS)


def replaced(node: Node, change: Callable[[Name | Call], Node]) -> Node:
    """The tree with `change` applied to its names and to its calls, from the inside out."""
    if isinstance(node, Name):
        return change(node)
    if isinstance(node, Operation):
        return Operation(node.operator, tuple(replaced(each, change) for each in node.operands))
    if isinstance(node, Call):
        operands = tuple(replaced(each, change) for each in node.operands)
        return change(Call(node.function, operands, node.meaning))
    return node


def leaves(node: Node) -> Iterator[Name | Call]:
    """Names and calls of the tree, from left to right, each as often as it stands there."""
    pending = [node]
    while pending:
        here = pending.pop()
        if isinstance(here, Name | Call):
            yield here
        if isinstance(here, Operation | Call):
            pending.extend(reversed(here.operands))


def _measure(node: Operation | Call, operands: tuple[Node, ...]) -> None:
    depth = 1 + max((each.depth for each in operands), default=0)
    size = 1 + sum(each.size for each in operands)
    if depth > MAX_DEPTH:
        raise TooLargeError(f"the expression is nested more than {MAX_DEPTH} levels deep: split it up")
    if size > MAX_SIZE:
        raise TooLargeError(f"the expression has more than {MAX_SIZE} parts: split it up")
    object.__setattr__(node, "depth", depth)
    object.__setattr__(node, "size", size)
