"""The dimension of a tree from those of its names; errors name the part that does not fit and both units."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from evsim.equations.functions import FUNCTIONS, no_function
from evsim.equations.nodes import COMPARISONS, Call, Name, Node, Number, Operation, Truth
from evsim.equations.printing import to_text
from evsim.errors import EvsimNameError, EvsimValueError
from evsim.units import DIMENSIONLESS, Dimension, DimensionMismatchError

Dimensions = Mapping[str, Dimension]


def dimension_of_tree(node: Node, dimensions: Dimensions, where: str) -> Dimension:
    """The dimension of the value of `node`; `where` opens the error message."""
    if isinstance(node, Number | Truth):
        return DIMENSIONLESS
    if isinstance(node, Name):
        if node.name not in dimensions:
            raise EvsimNameError(f"{where}: {node.name} is not defined; define it or correct the name.")
        return dimensions[node.name]
    found = [dimension_of_tree(each, dimensions, where) for each in node.operands]
    if isinstance(node, Call):
        return _of_call(node, found, where)
    return _of_operation(node, found, where)


def _of_call(node: Call, found: list[Dimension], where: str) -> Dimension:
    if node.meaning is not None:
        return node.meaning.dimension(node.operands, found, f"{where}, {to_text(node)!r}")
    if node.function not in FUNCTIONS:
        raise no_function(node.function, (), where)
    rule = FUNCTIONS[node.function].rule
    if rule == "same":
        return _shared(node, found, where)
    if rule == "sign":
        return DIMENSIONLESS
    if rule == "root":
        return found[0] ** Fraction(1, 2)
    for argument, dimension in zip(node.operands, found, strict=True):
        _require_plain(argument, dimension, f"the argument of {node.function}", where)
    return DIMENSIONLESS


def _of_operation(node: Operation, found: list[Dimension], where: str) -> Dimension:
    operator = node.operator
    if operator in ("and", "or", "not"):
        for operand, dimension in zip(node.operands, found, strict=True):
            _require_plain(operand, dimension, f"what {operator!r} combines", where)
        return DIMENSIONLESS
    if operator == "neg":
        return found[0]
    if operator == "*":
        return found[0] * found[1]
    if operator in ("/", "//"):
        return found[0] / found[1]
    if operator == "**":
        return _of_power(node, found, where)
    shared = _shared(node, found, where)
    return DIMENSIONLESS if operator in COMPARISONS else shared


def _of_power(node: Operation, found: list[Dimension], where: str) -> Dimension:
    base, power = node.operands
    _require_plain(power, found[1], "a power", where)
    if found[0].is_dimensionless:
        return DIMENSIONLESS
    exact = _constant(power)
    if exact is None:
        raise EvsimValueError(
            f"{where}: {to_text(base)!r} has the unit {found[0]}, so its power must be a number written out, "
            f"not {to_text(power)!r}; divide the base by its unit first, as in (x/mV)**n."
        )
    return found[0] ** exact


def _constant(node: Node) -> Fraction | None:
    """The exact value of an expression of numbers only."""
    if isinstance(node, Number):
        return Fraction(node.value)
    if not isinstance(node, Operation) or node.operator not in ("neg", "+", "-", "*", "/"):
        return None
    values = [_constant(each) for each in node.operands]
    if any(each is None for each in values):
        return None
    left, right = values[0] or Fraction(0), values[-1] or Fraction(0)
    if node.operator == "neg":
        return -left
    if node.operator == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[node.operator]


def _shared(node: Operation | Call, found: list[Dimension], where: str) -> Dimension:
    """The dimension that all operands share; a literal 0 fits to any."""
    parts = [(part, own) for part, own in zip(node.operands, found, strict=True) if not is_zero(part)]
    if not parts:
        return DIMENSIONLESS
    first, shared = parts[0]
    for part, own in parts[1:]:
        if own != shared:
            raise DimensionMismatchError(
                f"{where}: {to_text(first)!r} and {to_text(part)!r}, {_what(node)}, need equal units",
                shared,
                own,
            )
    return shared


def is_zero(node: Node) -> bool:
    """Whether it is the literal 0, which needs no unit."""
    return isinstance(node, Number) and node.value == 0


def _what(node: Operation | Call) -> str:
    if isinstance(node, Call):
        return f"the arguments of {node.function}"
    return {"+": "the parts of a sum", "-": "the parts of a difference"}.get(
        node.operator, f"the two sides of '{node.operator}'"
    )


def _require_plain(node: Node, dimension: Dimension, what: str, where: str) -> None:
    if not dimension.is_dimensionless:
        raise DimensionMismatchError(
            f"{where}: {what}, {to_text(node)!r}, must be a plain number; divide it by its unit",
            dimension,
            DIMENSIONLESS,
        )
