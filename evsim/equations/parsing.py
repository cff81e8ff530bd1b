"""Text to a tree: Python's grammar, of which only plain arithmetic is let through."""

from __future__ import annotations

import ast
import math

from evsim.equations.functions import FUNCTIONS, Function
from evsim.equations.nodes import MAX_DEPTH, Call, Name, Node, Number, Operation, TooLargeError, Truth
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError, EvsimValueError

MAX_LENGTH = 10_000
MAX_BRACKETS = 60
MAX_POWER = 100

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_REPAIRS: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute (a dot) is not allowed here; write a plain name",
    ast.Subscript: "an index is not allowed here; give each element its own value as a parameter",
    ast.Lambda: "a lambda is not allowed here; write the expression itself",
    ast.IfExp: "'if ... else' is not allowed here; multiply by a condition, as in (x > 0)*x",
    ast.ListComp: "a comprehension is not allowed here",
    ast.SetComp: "a comprehension is not allowed here",
    ast.DictComp: "a comprehension is not allowed here",
    ast.GeneratorExp: "a comprehension is not allowed here",
    ast.NamedExpr: "':=' is not allowed here; give it a line of its own",
    ast.List: "a list is not allowed here",
    ast.Tuple: "a comma is not allowed here",
    ast.Dict: "a dict is not allowed here",
    ast.Set: "a set is not allowed here",
    ast.JoinedStr: "a string is not allowed here; write a plain name",
    ast.Starred: "'*' before an argument is not allowed here",
}

_ANY = Function(0, 16, "plain", "")  # a function that is not built in: its name is looked up later


def parse_tree(text: str, where: str) -> Node:
    """The tree of `text`; `where` ("the threshold of cells") opens every error message."""
    if not isinstance(text, str):
        raise EvsimTypeError(f"{where}: expected text, got {text!r} of type {type(text).__name__}.")
    return _Reader(" ".join(text.split()), where).read()


class _Reader:
    """One text on its way to a tree."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where

    def read(self) -> Node:
        self._check_shape()
        try:
            body = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            raise self._error(self._syntax(error)) from None
        except (ValueError, MemoryError, RecursionError, OverflowError):
            raise self._error("it is nested too deeply or has a number that is too long") from None
        try:
            return self._node(body, 0)
        except TooLargeError as error:
            raise self._error(str(error)) from None

    def _check_shape(self) -> None:
        if not self.text:
            raise EvsimValueError(
                f"{self.where}: the expression is empty; write one, for example 'V > -50*mV'."
            )
        if len(self.text) > MAX_LENGTH:
            raise self._error(f"it has {len(self.text)} characters, more than {MAX_LENGTH}; split it up")
        depth = 0
        for character in self.text:
            depth += (character in "([{") - (character in ")]}")
            if depth > MAX_BRACKETS:
                raise self._error(f"more than {MAX_BRACKETS} brackets are open at once; split it up")

    def _syntax(self, error: SyntaxError) -> str:
        if "=" in self.text and not any(sign in self.text for sign in ("==", "<=", ">=", "!=")):
            return "'=' is not allowed inside an expression; compare with '=='"
        if "digits" in (error.msg or ""):
            return "a number in it has too many digits; write it as 1e300"
        column = error.offset or 1
        near = self.text[max(column - 1, 0) :][:20]
        place = f" at column {column}, near {near!r}" if near else " at its end"
        return f"it cannot be read as an expression{place} ({error.msg})"

    def _node(self, node: ast.AST, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise TooLargeError(f"the expression is nested more than {MAX_DEPTH} levels deep: split it up")
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp():
                return self._unary(node, depth)
            case ast.BinOp() if type(node.op) in _BINARY:
                return self._binary(node, depth)
            case ast.BoolOp():
                operator = "and" if isinstance(node.op, ast.And) else "or"
                return Operation(operator, tuple(self._node(each, depth + 1) for each in node.values))
            case ast.Compare():
                return self._compare(node, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._error(self._refusal(node), node)

    def _refusal(self, node: ast.AST) -> str:
        if isinstance(node, ast.BinOp):
            return "only + - * / // % ** are known; for conditions write 'and', 'or', 'not'"
        return _REPAIRS.get(type(node), f"{type(node).__name__} is not allowed here; write plain arithmetic")

    def _constant(self, node: ast.Constant) -> Node:
        value = node.value
        if isinstance(value, bool):
            return Truth(value)
        if isinstance(value, str | bytes):
            raise self._error("a string is not allowed here; write a plain name", node)
        if not isinstance(value, int | float):
            raise self._error("only real numbers are allowed here", node)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._error("the number is too large for a double (1.8e308)", node)
        return Number(number)

    def _name(self, node: ast.Name) -> Node:
        name = node.id
        if name.startswith("__") or name.endswith("__"):
            raise self._error("names with two underscores at an end are not allowed", node)
        if not name.isascii():
            raise self._error("a name has letters a-z, A-Z, digits and underscores only", node)
        if name in FUNCTIONS:
            raise self._error(f"{name} is a function; call it, as in {_example(name)}", node)
        return Name(name)

    def _unary(self, node: ast.UnaryOp, depth: int) -> Node:
        if isinstance(node.op, ast.Invert):
            raise self._error("'~' is not known; write 'not'", node)
        operand = self._node(node.operand, depth + 1)
        if isinstance(node.op, ast.UAdd):
            return operand
        return Operation("neg" if isinstance(node.op, ast.USub) else "not", (operand,))

    def _binary(self, node: ast.BinOp, depth: int) -> Node:
        operator = _BINARY[type(node.op)]
        left, right = self._node(node.left, depth + 1), self._node(node.right, depth + 1)
        if operator == "**" and (power := _literal(right)) is not None and abs(power) > MAX_POWER:
            raise self._error(
                f"a power larger than {MAX_POWER} is not allowed; use exp() for such a function", node
            )
        return Operation(operator, (left, right))

    def _compare(self, node: ast.Compare, depth: int) -> Node:
        terms = [self._node(each, depth + 1) for each in (node.left, *node.comparators)]
        pairs = []
        for k, kind in enumerate(node.ops):
            if type(kind) not in _COMPARE:
                raise self._error("'in' and 'is' are not known; compare with == or <", node)
            pairs.append(Operation(_COMPARE[type(kind)], (terms[k], terms[k + 1])))
        return pairs[0] if len(pairs) == 1 else Operation("and", tuple(pairs))

    def _call(self, node: ast.Call, depth: int) -> Node:
        if not isinstance(node.func, ast.Name):
            raise self._error("only functions with a plain name can be called, as in exp(x)", node)
        name = node.func.id
        if name.startswith("__") or name.endswith("__") or not name.isascii():
            raise self._error(f"there is no function {name}; write a plain name", node, EvsimNameError)
        if node.keywords:
            raise self._error("arguments have no names here; write them in order", node)
        function, count = FUNCTIONS.get(name, _ANY), len(node.args)
        if not function.fewest <= count <= function.most:
            raise self._error(f"{name} takes {_count(name)}, not {count}, as in {_example(name)}", node)
        operands = tuple(self._node(each, depth + 1) for each in node.args)
        return _timestep(*operands) if name == "timestep" else Call(name, operands)

    def _error(
        self, problem: str, node: ast.AST | None = None, kind: type[EvsimError] = EvsimValueError
    ) -> EvsimError:
        place = ""
        if node is not None:
            part = ast.get_source_segment(self.text, node) or ""
            column = getattr(node, "col_offset", 0) + 1
            place = f" at column {column}, {_short(part)}:" if part != self.text else ""
        return kind(f"{self.where}: in {_short(self.text)}{',' if place else ':'}{place} {problem}.")


def _timestep(t: Node, dt: Node) -> Node:
    """The number of a step, in which Brian lets a time that falls short of it by rounding be in it."""
    late = Operation("+", (t, Operation("*", (Number(0.001), dt))))
    return Call("int", (Operation("/", (late, dt)),))


def _literal(node: Node) -> float | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Operation) and node.operator == "neg" and isinstance(node.operands[0], Number):
        return -node.operands[0].value
    if isinstance(node, Operation) and node.operator in ("**", "*"):
        left, right = (_literal(each) for each in node.operands)
        if left is None or right is None:
            return None
        return left * right if node.operator == "*" else _power(left, right)
    return None


def _power(base: float, power: float) -> float:
    try:
        return float(abs(base) ** power)
    except (OverflowError, ZeroDivisionError):
        return math.inf


def _count(name: str) -> str:
    function = FUNCTIONS.get(name, _ANY)
    if function.fewest != function.most:
        return f"{function.fewest} to {function.most} arguments"
    return {0: "no argument", 1: "1 argument"}.get(function.most, f"{function.most} arguments")


def _example(name: str) -> str:
    return f"{name}({', '.join('xyz'[: FUNCTIONS.get(name, _ANY).fewest])})"


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")
