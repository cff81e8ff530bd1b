"""One formula of an equation: read through a whitelist, immutable, compared by its canonical text."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evsim.equations.dimensions import dimension_of_tree
from evsim.equations.functions import DRAWS, FUNCTIONS, NUMPY, FunctionTable, no_function
from evsim.equations.nodes import (
    Call,
    Meaning,
    Name,
    Node,
    Number,
    Operation,
    Truth,
    is_condition,
    leaves,
    replaced,
)
from evsim.equations.parsing import parse_tree
from evsim.equations.printing import Calls, to_c, to_text
from evsim.errors import EvsimError, EvsimNameError, EvsimValueError
from evsim.units import Dimension

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}
_COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Expression:
    """A formula over names, the same for every engine; number literals mean the nearest double."""

    __slots__ = ("_calls", "_meanings", "_names", "_text", "tree")

    tree: Node

    def __init__(self, tree: Node) -> None:
        found = list(leaves(tree))
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "_text", to_text(tree))
        object.__setattr__(self, "_names", frozenset(each.name for each in found if isinstance(each, Name)))
        calls = [each for each in found if isinstance(each, Call)]
        object.__setattr__(self, "_calls", frozenset(each.function for each in calls))
        meanings = {each.function: each.meaning for each in calls if each.function not in FUNCTIONS}
        object.__setattr__(self, "_meanings", meanings)

    @classmethod
    def parse(cls, text: str, where: str) -> Expression:
        """Read `text`; `where` says whose it is ("the threshold of cells") and opens every error message."""
        return cls(parse_tree(text, where))

    @classmethod
    def number(cls, x: float) -> Expression:
        """The formula that is the double `x`."""
        if not math.isfinite(x):
            raise EvsimValueError(f"an expression cannot hold {x}; give a finite number.")
        size = Number(abs(float(x)))
        return cls(Operation("neg", (size,)) if math.copysign(1, x) < 0 else size)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an Expression cannot be changed ({name}).")

    def __reduce__(self) -> tuple[Callable[[Node], Expression], tuple[Node]]:
        return Expression, (self.tree,)

    @property
    def text(self) -> str:
        """The canonical spelling."""
        return self._text  # type: ignore[attr-defined, no-any-return]

    @property
    def names(self) -> frozenset[str]:
        """Every free identifier."""
        return self._names  # type: ignore[attr-defined, no-any-return]

    @property
    def functions(self) -> frozenset[str]:
        """Every function that is called, built in or not."""
        return self._calls  # type: ignore[attr-defined, no-any-return]

    @property
    def meanings(self) -> Mapping[str, Meaning | None]:
        """The functions that are not built in, and what they stand for: None before `bound`."""
        return self._meanings  # type: ignore[attr-defined, no-any-return]

    @property
    def foreign(self) -> frozenset[str]:
        """Functions that are not built in and still have to be looked up."""
        return frozenset(name for name, meaning in self.meanings.items() if meaning is None)

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false (a comparison, `and`, `or`, `not`, a truth value), not a number."""
        return is_condition(self.tree)

    @property
    def draws(self) -> bool:
        """Whether it asks for random numbers."""
        return bool(self.functions & DRAWS)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expression):
            return NotImplemented
        return self.text == other.text and self.meanings == other.meanings

    def __hash__(self) -> int:
        return hash(self.text)

    def evaluate(self, values: Mapping[str, Any], functions: FunctionTable = NUMPY) -> Any:
        """The value, by walking the tree.

        Parameters
        ----------
        values
            One number or array for each name.
        functions
            `NUMPY`, `MPMATH`, or one of them with entries for rand, randn and poisson added.
        """
        try:
            with np.errstate(all="ignore"):
                return _evaluate(self.tree, values, functions)
        except _MissingError as error:
            raise self._missing(str(error.args[0])) from None
        except ZeroDivisionError:
            raise EvsimValueError(
                f"{self.text!r} divides by zero; check the values of its parameters."
            ) from None

    def _missing(self, name: str) -> EvsimError:
        if name in DRAWS:
            return EvsimValueError(
                f"{self.text!r}: {name}() cannot be drawn here; give the values another way."
            )
        if name in self.functions:
            return no_function(name, (), repr(self.text))
        return EvsimNameError(f"{self.text!r}: {name} has no value; give it one or correct the name.")

    def to_c(self, names: Mapping[str, str], calls: Calls | None = None) -> str:
        """A C expression of doubles; it may call what kernel/functions.h has.

        Parameters
        ----------
        names
            The C of each name.
        calls
            The C of a call from the C of its arguments, for functions that are not built in.
        """
        return to_c(self.tree, names, calls)

    def bound(self, meanings: Mapping[str, Meaning], where: str) -> Expression:
        """The same formula with what its functions stand for; the others stay to be looked up."""

        def with_meaning(node: Name | Call) -> Node:
            if isinstance(node, Name) or node.function not in self.foreign:
                return node
            meaning = meanings.get(node.function)
            if meaning is not None:
                meaning.check_count(len(node.operands), f"{where}: in {self.text!r}")
            return Call(node.function, node.operands, node.meaning or meaning)

        return self if self.foreign.isdisjoint(meanings) else Expression(replaced(self.tree, with_meaning))

    def rebound(self, meanings: Mapping[str, Meaning]) -> Expression:
        """The same formula with other functions under the names of those that it calls."""

        def with_meaning(node: Name | Call) -> Node:
            if isinstance(node, Name) or node.meaning is None or node.function not in meanings:
                return node
            return Call(node.function, node.operands, meanings[node.function])

        return (
            self
            if meanings.keys().isdisjoint(self.meanings)
            else Expression(replaced(self.tree, with_meaning))
        )

    def inlined(self, where: str) -> Expression:
        """The formula with the bodies of functions put in, as engines want it; only calls of C and tables stay."""

        def with_body(node: Name | Call) -> Node:
            if isinstance(node, Name) or node.meaning is None:
                return node
            body = node.meaning.inlined(node.operands, f"{where}: in {self.text!r}")
            return node if body is None else body

        return Expression(replaced(self.tree, with_body)) if self.meanings else self

    def rename(self, names: Mapping[str, str]) -> Expression:
        """The same formula with other names, all renamed at once."""
        return self._replace({old: Name(new) for old, new in names.items()})

    def substitute(self, replacements: Mapping[str, Expression]) -> Expression:
        """The formula with names replaced by formulas, all at once (a replacement is not searched again)."""
        return self._replace({name: expression.tree for name, expression in replacements.items()})

    def _replace(self, replacements: Mapping[str, Node]) -> Expression:
        if self.names.isdisjoint(replacements):
            return self
        return Expression(
            replaced(
                self.tree,
                lambda node: replacements.get(node.name, node) if isinstance(node, Name) else node,
            )
        )

    def dimension(self, dimensions: Mapping[str, Dimension], where: str) -> Dimension:
        """The dimension of the value, given those of the names; an error names the parts that do not fit."""
        return dimension_of_tree(self.tree, dimensions, f"{where}: in {self.text!r}")


class _MissingError(Exception):
    """A name without value, or a function that is not there."""


def _evaluate(node: Node, values: Mapping[str, Any], table: FunctionTable) -> Any:
    if isinstance(node, Name):
        if node.name not in values:
            raise _MissingError(node.name)
        return table["number"](values[node.name])
    if isinstance(node, Number):
        return table["number"](node.value)
    if isinstance(node, Truth):
        return np.bool_(node.value) if table["number"] is NUMPY["number"] else node.value
    if isinstance(node, Operation) and node.operator in ("and", "or", "not"):
        return _evaluate_logic(node, values, table)
    operands = [_as_number(each, _evaluate(each, values, table), table) for each in node.operands]
    if isinstance(node, Call):
        return _called(node, operands, table)
    name = node.operator
    if name == "neg":
        return -operands[0]
    function = _ARITHMETIC.get(name) or _COMPARISON.get(name) or table[name]
    return function(*operands)


def _called(node: Call, operands: list[Any], table: FunctionTable) -> Any:
    if node.function in table and node.function != "number":
        return table[node.function](*operands)
    if node.meaning is None:
        raise _MissingError(node.function)
    return node.meaning.evaluate(table, operands)


def _evaluate_logic(node: Operation, values: Mapping[str, Any], table: FunctionTable) -> Any:
    operands = [_evaluate(each, values, table) for each in node.operands]
    if node.operator == "not":
        return table["not"](operands[0])
    result = operands[0]
    for each in operands[1:]:
        result = table[node.operator](result, each)
    return result


def _as_number(node: Node, value: Any, table: FunctionTable) -> Any:
    return table["number"](value) if is_condition(node) else value
