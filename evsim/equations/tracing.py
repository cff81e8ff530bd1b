"""A function of the user as a formula: it is called once with symbols that remember what is done to them.

Every symbol carries its formula twice: with the units that numbers in the function have, for the check of
dimensions, and in plain SI numbers, for engines.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evsim.equations.expression import Expression
from evsim.equations.functions import FUNCTIONS
from evsim.equations.nodes import Call, Meaning, Name, Node, Number, Operation, Truth
from evsim.errors import EvsimTypeError
from evsim.units import dimension_of, si
from evsim.units.symbolic import Symbolic


class TracingError(EvsimTypeError):
    """What a function does with its argument cannot be said in a formula."""


class Traced(Symbolic):
    """A formula under construction; operators and numpy's functions make longer ones."""

    __slots__ = ("checked", "plain")
    __array_priority__ = 2000.0
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, checked: Node, plain: Node) -> None:
        self.checked = checked
        self.plain = plain

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise TracingError(f"numpy's {ufunc.__name__} is used with options")
        if ufunc.__name__ in _OPERATORS:
            return _operation(_OPERATORS[ufunc.__name__], *inputs)
        if ufunc is np.square:
            return _operation("**", inputs[0], 2.0)
        if ufunc is np.reciprocal:
            return _operation("/", 1.0, inputs[0])
        if ufunc is np.positive:
            return inputs[0]
        name = _RENAMED.get(ufunc.__name__, ufunc.__name__)
        if name not in FUNCTIONS or FUNCTIONS[name].draws:
            raise TracingError(f"numpy's {ufunc.__name__} is not a function of equations")
        return traced_call(name, inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.clip and len(args) == 3 and not kwargs:
            return traced_call("clip", args)
        raise TracingError(f"numpy's {function.__name__} is not a function of equations")

    def applied(self, function: str) -> Traced:
        """A built-in function of it."""
        return traced_call(function, (self,))

    def clip(self, low: Any, high: Any) -> Traced:
        """Between two bounds, as the method of an array."""
        return traced_call("clip", (self, low, high))

    def __abs__(self) -> Traced:
        return self.applied("abs")

    def __neg__(self) -> Traced:
        return _operation("neg", self)

    def __pos__(self) -> Traced:
        return self

    def __invert__(self) -> Traced:
        return _operation("not", self)

    def __bool__(self) -> bool:
        raise TracingError(
            "it decides with 'if', 'and', 'or', min() or max() about a value; multiply by a condition"
        )

    def __float__(self) -> float:
        raise TracingError("it needs a plain float, as the functions of math do; use numpy's")

    __int__ = __index__ = __complex__ = __float__

    def __iter__(self) -> Any:
        raise TracingError("it goes through its argument as a list")

    def __getitem__(self, item: Any) -> Any:
        raise TracingError("it takes an element of its argument")


def _binary(operator: str, turned: bool = False) -> Callable[[Traced, Any], Traced]:
    def method(self: Traced, other: Any) -> Traced:
        return _operation(operator, *((other, self) if turned else (self, other)))

    return method


_OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "remainder": "%",
    "power": "**", "float_power": "**", "negative": "neg", "less": "<", "less_equal": "<=", "greater": ">",
    "greater_equal": ">=", "equal": "==", "not_equal": "!=", "logical_and": "and", "logical_or": "or",
    "logical_not": "not", "bitwise_and": "and", "bitwise_or": "or", "invert": "not",
}  # fmt: skip
_RENAMED = {
    "absolute": "abs", "fabs": "abs", "maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min",
    "trunc": "int",
}  # fmt: skip
_BOUNDING = ("clip", "max", "min")
_METHODS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "and": "and", "or": "or",
}  # fmt: skip
_COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}

for _name, _operator in _METHODS.items():
    setattr(Traced, f"__{_name}__", _binary(_operator))
    setattr(Traced, f"__r{_name}__", _binary(_operator, turned=True))
for _name, _operator in _COMPARED.items():
    setattr(Traced, f"__{_name}__", _binary(_operator))


def traced_call(function: str, arguments: Sequence[Any], meaning: Meaning | None = None) -> Traced:
    """A call as a symbol; `meaning` is that of a function which is not built in."""
    given = [_lifted(each, is_bound=function in _BOUNDING) for each in arguments]
    return Traced(
        Call(function, tuple(each.checked for each in given), meaning),
        Call(function, tuple(each.plain for each in given), meaning),
    )


def traced(function: Callable[..., Any], parameters: Sequence[str]) -> Traced:
    """What the function returns for symbols with the names of its parameters."""
    once, again = (
        _lifted(function(*(Traced(Name(each), Name(each)) for each in parameters))) for _ in range(2)
    )
    if once.checked != again.checked:
        raise TracingError("it gives another result each time it is called")
    return once


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the arguments, which must be plain ones."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = inspect.signature(function).parameters.values()
    return tuple(each.name for each in found if each.kind in kinds and each.default is each.empty)


def put_in(body: Node, arguments: Mapping[str, Node]) -> Node:
    """The body of a function with its arguments in place."""
    return Expression(body).substitute({name: Expression(node) for name, node in arguments.items()}).tree


def _operation(operator: str, *operands: Any) -> Traced:
    given = [_lifted(each) for each in operands]
    return Traced(
        Operation(operator, tuple(each.checked for each in given)),
        Operation(operator, tuple(each.plain for each in given)),
    )


def _lifted(value: Any, *, is_bound: bool = False) -> Traced:
    """A number or quantity that a function adds to its argument, as a symbol; a bound may be infinite."""
    if isinstance(value, Traced):
        return value
    if isinstance(value, bool | np.bool_):
        return Traced(Truth(bool(value)), Truth(bool(value)))
    try:
        number = float(si(value))
    except (TypeError, ValueError):
        raise TracingError(f"it uses {type(value).__name__} {str(value)[:40]}, not one number") from None
    if math.isinf(number) and is_bound:
        number = math.copysign(sys.float_info.max, number)  # which bounds as much
    if not math.isfinite(number):
        raise TracingError(f"it uses {number}")
    plain: Node = Number(abs(number))
    if math.copysign(1.0, number) < 0:
        plain = Operation("neg", (plain,))
    unit = dimension_of(value).unit_name
    if unit in ("", "1"):
        return Traced(plain, plain)
    return Traced(Operation("*", (plain, Expression.parse(unit, "a unit").tree)), plain)
