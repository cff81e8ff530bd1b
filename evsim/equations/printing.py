"""A tree to text: the canonical spelling, and a C expression of doubles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evsim.equations.functions import FUNCTIONS
from evsim.equations.nodes import CONDITIONS, Call, Name, Node, Number, Operation, Truth, is_condition
from evsim.errors import EvsimNameError, EvsimValueError

_BINDING = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "//", "%"), 6),
    "neg": 7,
    "**": 8,
}
_ATOM = 9
_TIGHT = ("*", "/", "**")  # printed without spaces
_PRODUCTS = {2.0: "evsim_square", 3.0: "evsim_cube", 4.0: "evsim_fourth"}


def to_text(node: Node) -> str:
    """The one spelling of a tree: equal trees give equal text, and the text parses to the tree again."""
    return _text(node)[0]


def _text(node: Node) -> tuple[str, int]:
    match node:
        case Number():
            return _decimal(node.value), _ATOM
        case Truth():
            return str(node.value), _ATOM
        case Name():
            return node.name, _ATOM
        case Call():
            return f"{node.function}({', '.join(to_text(each) for each in node.operands)})", _ATOM
    operator, operands = node.operator, node.operands
    own = _BINDING[operator]
    if operator == "neg":
        return "-" + _bracketed(operands[0], own + 1), own
    if operator == "not":
        return "not " + _bracketed(operands[0], own), own
    if operator == "**":
        return f"{_bracketed(operands[0], _ATOM)}**{_bracketed(operands[1], _BINDING['neg'])}", own
    if operator in ("and", "or"):
        return f" {operator} ".join(_bracketed(each, own + 1) for each in operands), own
    left = _bracketed(operands[0], own + 1 if operator in CONDITIONS else own)
    joint = operator if operator in _TIGHT else f" {operator} "
    return left + joint + _bracketed(operands[1], own + 1), own


def _bracketed(node: Node, loosest: int) -> str:
    text, binding = _text(node)
    return text if binding >= loosest else f"({text})"


def _decimal(value: float) -> str:
    return str(int(value)) if value.is_integer() and value < 1e15 else repr(value)


Calls = Mapping[str, Callable[[list[str]], str]]


def to_c(node: Node, names: Mapping[str, str], calls: Calls | None = None) -> str:
    """A C expression of type double (int when the tree is a condition).

    Parameters
    ----------
    names
        The C of each name.
    calls
        The C of a call from the C of its arguments, for functions that are not built in.
    """
    return _C(names, calls or {}).of(node)[0]


@dataclass(frozen=True)
class _C:
    """Trees to C, with what the surroundings call names and functions."""

    names: Mapping[str, str]
    calls: Calls

    def of(self, node: Node) -> tuple[str, int]:
        match node:
            case Number():
                return repr(node.value), _ATOM
            case Truth():
                return "1" if node.value else "0", _ATOM
            case Name():
                if node.name not in self.names:
                    raise EvsimNameError(
                        f"{node.name} has no place in the generated C; given are {', '.join(self.names)}."
                    )
                return self.names[node.name], _ATOM
            case Call():
                return self._call(node), _ATOM
        return self._operation(node)

    def _call(self, node: Call) -> str:
        arguments = [self._double(each, 0) for each in node.operands]
        if node.function in self.calls:
            return self.calls[node.function](arguments)
        if node.function not in FUNCTIONS:
            raise EvsimNameError(f"the function {node.function} has no place in the generated C.")
        function = FUNCTIONS[node.function]
        if function.draws:
            raise EvsimValueError(f"{node.function}() cannot be drawn in generated C.")
        if function.fewest == function.most:
            return f"{function.c}({', '.join(arguments)})"
        text = arguments[0]
        for each in arguments[1:]:
            text = f"{function.c}({text}, {each})"
        return text

    def _operation(self, node: Operation) -> tuple[str, int]:
        operator, operands = node.operator, node.operands
        own = _BINDING[operator]
        if operator == "neg":
            return "-" + self._double(operands[0], own + 1), own
        if operator == "not":
            return f"!({self.of(operands[0])[0]})", own
        if operator in ("and", "or"):
            joint = " && " if operator == "and" else " || "
            return joint.join(f"({self.of(each)[0]})" for each in operands), own
        if operator == "**":
            return self._power(operands[0], operands[1])
        if operator in ("//", "%"):
            name = "evsim_floordiv" if operator == "//" else "evsim_mod"
            return f"{name}({self._double(operands[0], 0)}, {self._double(operands[1], 0)})", _ATOM
        left = self._double(operands[0], own + 1 if operator in CONDITIONS else own)
        joint = operator if operator in _TIGHT else f" {operator} "
        return left + joint + self._double(operands[1], own + 1), own

    def _power(self, base: Node, power: Node) -> tuple[str, int]:
        simple = isinstance(base, Name | Number)
        if simple and isinstance(power, Number) and power.value in (1.0, 2.0, 3.0, 4.0):
            factor = self._double(base, _ATOM)
            return f"({'*'.join([factor] * int(power.value))})", _ATOM
        if isinstance(power, Number) and power.value in _PRODUCTS:
            return f"{_PRODUCTS[power.value]}({self._double(base, 0)})", _ATOM
        if isinstance(power, Number) and power.value == 0.5:
            return f"sqrt({self._double(base, 0)})", _ATOM
        return f"evsim_pow({self._double(base, 0)}, {self._double(power, 0)})", _ATOM

    def _double(self, node: Node, loosest: int) -> str:
        text, binding = self.of(node)
        if is_condition(node):
            return f"(double)({text})"
        return text if binding >= loosest else f"({text})"
