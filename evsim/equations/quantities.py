"""Quantities from text that a user types: "3ms", "0.18/ms", "-80 mV", "1, 5.3, 20 ms"."""

from __future__ import annotations

import math
import re
from typing import Any

from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.errors import EvsimValueError
from evsim.units import dimension_of, quantity, si, unit_named
from evsim.units.spelling import coherent_symbol

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_JOINED = re.compile(rf"({_NUMBER})\s*(?=[A-Za-z(])")


def parse_quantity(text: str, what: str) -> Any:
    """Return the quantity that a text such as "3ms" or "0.98/(mM*ms)" stands for; `what` opens error messages."""
    written = _JOINED.sub(r"\1*", text.strip().replace("^", "**"), count=1)
    expression = Expression.parse(written, what)
    if expression.functions:
        raise EvsimValueError(f"{what}: {text!r} calls a function; give a number and a unit, as in 3ms")
    units = {}
    for name in sorted(expression.names):
        unit = unit_named(name)
        if unit is None:
            raise EvsimValueError(f"{what}: there is no unit {name!r} in {text!r}; write 3ms or 0.18/ms")
        units[name] = (float(si(unit)), dimension_of(unit))
    value, dimension = evaluate_text(expression, units, None, what)
    if expression.is_condition or not math.isfinite(float(value)):
        raise EvsimValueError(f"{what}: {text!r} is not a finite number; write 3ms or 0.18/ms")
    return quantity(float(value), dimension)


def parse_quantities(text: str, unit: Any, what: str) -> Any:
    """Return the quantities of a list such as "1, 5.3, 20ms": those without a unit have that of the last."""
    parts = [each for each in re.split(r"[,;]\s*|\s+(?=[+-]?[\d.])", text.strip()) if each]
    if not parts:
        raise EvsimValueError(f"{what}: got {text!r}; give numbers and a unit, as in 1,5.3,20ms")
    wanted = dimension_of(unit)
    values, tail = [], re.sub(rf"^{_NUMBER}\s*", "", parts[-1])
    for each in parts:
        whole = each if re.sub(rf"^{_NUMBER}\s*", "", each) else f"{each}{tail}"
        value = parse_quantity(whole, what)
        if dimension_of(value) != wanted and si(value) != 0:
            raise EvsimValueError(
                f"{what}: {each!r} is not in {coherent_symbol(wanted.exponents)}; give numbers and a unit, "
                f"as in 1,5.3,20{unit}"
            )
        values.append(float(si(value)))
    return quantity(values, wanted)
