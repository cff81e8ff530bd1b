"""The grammar of equations: `dV/dt = -V/tau : volt (unless refractory)`, over one line or several."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import Any

from evsim.equations.expression import Expression
from evsim.equations.functions import FUNCTIONS
from evsim.equations.known import KNOWN_NAMES, is_noise
from evsim.equations.variable import FLAGS, Kind, Type, Variable
from evsim.errors import EvsimError, EvsimNameError, EvsimValueError
from evsim.units import DIMENSIONLESS, Dimension, dimension_of, si, unit_named

_EXAMPLE = "write 'dV/dt = -V/tau : volt', 'I = g*(V - E) : amp' or 'tau : second'"
ANGLES = ("radian", "steradian")
"""Units of plain numbers, which only declarations know."""

_LEFT = re.compile(
    r"(?:d(?P<rate>[A-Za-z_]\w*)\s*/\s*dt\s*=(?P<of_rate>.*)|(?P<name>[A-Za-z_]\w*)\s*(?:=(?P<of_name>.*))?)",
    re.DOTALL | re.ASCII,
)
_RIGHT = re.compile(r"(?P<unit>.*[\w)])\s*\((?P<flags>[A-Za-z ,\-]*)\)", re.DOTALL | re.ASCII)


def read_declarations(text: str, where: str) -> list[Variable]:
    """The variables that `text` declares, in order; `where` ("the equations of cells") opens errors."""
    return [_variable(each, where) for _, each in _declarations(text)]


def try_declarations(text: str, where: str) -> Iterator[tuple[int, Variable | EvsimError]]:
    """Each variable that `text` declares, or what is wrong with it, after the line of the text that it begins on."""
    for line, each in _declarations(text):
        try:
            yield line, _variable(each, where)
        except EvsimError as error:
            yield line, error


def _declarations(text: str) -> Iterator[tuple[int, str]]:
    pending, begin = "", 0
    for number, raw in enumerate(text.splitlines()):
        line = raw.split("#", 1)[0].strip().removesuffix("\\")
        begin = begin if pending else number
        pending = f"{pending}\n{line}".strip()
        if ":" in pending:
            yield begin, pending
            pending = ""
    if pending:
        yield begin, pending


def _variable(text: str, where: str) -> Variable:
    left, colon, right = text.partition(":")
    if not colon:
        raise EvsimValueError(
            f"{where}: {text!r} has no unit; end it with ' : volt', or ' : 1' for a plain number."
        )
    match = _LEFT.fullmatch(left.strip())
    if match is None or ":" in right:
        text = " ".join(text.split())
        raise EvsimValueError(f"{where}: {text!r} is not an equation; {_EXAMPLE}, one a line.")
    name, formula = match["rate"] or match["name"], match["of_rate"] or match["of_name"]
    kind: Kind = "differential" if match["rate"] else "parameter" if formula is None else "subexpression"
    check_name(name, where)
    here = f"{where}, {' '.join(text.split())!r}"
    unit, flags = _unit_and_flags(right.strip(), kind, here)
    dimension, value_type = _unit(unit, here)
    if kind == "differential" and value_type != "float":
        raise EvsimValueError(f"{here}: a differential equation cannot be {value_type}; write a unit, or 1.")
    expression = None if formula is None else _parse_formula(formula, kind, name, where)
    return Variable(name, kind, expression, dimension, flags, value_type)


def _parse_formula(formula: str, kind: Kind, name: str, where: str) -> Expression:
    left = f"d{name}/dt" if kind == "differential" else name
    try:
        return Expression.parse(formula, f"{where}, {left}")
    except EvsimError as error:
        first, _, rest = formula.strip().partition("\n")
        if rest[:1].isalnum() and _is_whole(first):
            raise EvsimValueError(
                f"{where}: the equation of {name} has no unit, so that it runs into the next line: "
                f"{' '.join(formula.split())!r}; end it with ' : volt', or ' : 1' for a plain number."
            ) from None
        raise error


def _is_whole(line: str) -> bool:
    try:
        Expression.parse(line, "")
    except EvsimError:
        return False
    return True


def check_name(name: str, where: str) -> None:
    """Refuse names that mean something else in equations."""
    reason = None
    if name in KNOWN_NAMES or is_noise(name):
        reason = "has a fixed meaning in equations"
    elif name in FUNCTIONS:
        reason = "is a function"
    elif unit_named(name) is not None:
        reason = "is a unit"
    elif keyword.iskeyword(name):
        reason = "is a word of Python"
    elif name.startswith("__") or name.endswith("__"):
        reason = "has two underscores at an end"
    if reason:
        raise EvsimNameError(f"{where}: {name} {reason} and cannot be declared; choose another name.")


def _unit_and_flags(text: str, kind: Kind, here: str) -> tuple[str, frozenset[str]]:
    match = _RIGHT.fullmatch(text)
    if match is None:
        return text, frozenset()
    flags = [" ".join(flag.split()) for flag in match["flags"].split(",")]
    for flag in flags:
        if flag not in FLAGS[kind]:
            allowed = ", ".join(f"({each})" for each in sorted(FLAGS[kind]))
            raise EvsimValueError(
                f"{here}: ({flag}) is not a flag that a {kind} can have; allowed: {allowed}."
            )
    return match["unit"], frozenset(flags)


def _unit(text: str, here: str) -> tuple[Dimension, Type]:
    """The dimension and type that stand after the colon."""
    if text == "boolean":
        return DIMENSIONLESS, "boolean"
    if text == "integer":
        return DIMENSIONLESS, "integer"
    if not text:
        raise EvsimValueError(f"{here}: the unit is missing; write ' : volt', or ' : 1' for a plain number.")
    expression = Expression.parse(text, f"{here}, the unit")
    units: dict[str, Any] = {}
    for name in expression.names:
        unit = 1.0 if name in ANGLES else unit_named(name)
        if unit is None:
            raise EvsimNameError(f"{here}: {name} is not a unit; write volt, amp, second, 1, boolean, ...")
        units[name] = unit
    dimension = expression.dimension({name: dimension_of(unit) for name, unit in units.items()}, here)
    scale = float(expression.evaluate({name: si(unit) for name, unit in units.items()}))
    if scale != 1.0:
        raise EvsimValueError(
            f"{here}: declare the unit without a factor, {dimension.unit_name or '1'!r} instead of {text!r}; "
            "values may be given in any multiple of it."
        )
    return dimension, "float"
