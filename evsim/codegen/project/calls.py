"""Calls of the core's functions, as C."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evsim.codegen.project.arrays import Stored


@dataclass(frozen=True)
class Table:
    """What a generated text defines: number k of these texts."""

    number: int


@dataclass(frozen=True)
class Scratch:
    """A place for a result that nobody looks at."""

    type: str


Argument = float | int | str | Table | Scratch | Stored | None


@dataclass(frozen=True)
class Call:
    """A call on the simulation, which is its first argument; `about` is a word for the reader."""

    function: str
    arguments: tuple[Argument, ...]
    returns_code: bool = True
    about: str = ""


def call_text(call: Call) -> str:
    """The statement, with a look at the error code that it returns."""
    text = f"{call.function}({', '.join(['sim', *map(argument_text, call.arguments)])})"
    statement = f"    TRY({text});\n" if call.returns_code else f"    {text};\n"
    return f"\n    /* {call.about} */\n{statement}" if call.about else statement


def argument_text(value: Argument) -> str:
    """A value as a C expression."""
    if value is None:
        return "NULL"
    if isinstance(value, Table):
        return f"table_{value.number}()"
    if isinstance(value, Scratch):
        return f"({value.type}[1]){{0}}"
    if isinstance(value, Stored):
        return _array_text(value)
    if isinstance(value, str):
        return string_text(value)
    return number_text(value)


def number_text(value: float | int) -> str:
    """A number with all its digits."""
    if isinstance(value, int):
        return integer_text(value)
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return repr(value)


def integer_text(value: int) -> str:
    """An integer that C reads as one of a type that holds it."""
    if value >= 2**63:
        return f"UINT64_C({value})"
    return str(value) if abs(value) < 2**31 else f"INT64_C({value})"


def string_text(text: str) -> str:
    """A C string."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _array_text(array: Stored) -> str:
    if array.values is None:
        return f"ARRAY({array.type}, {array.offset})"
    inside = ", ".join(map(number_text, array.values)) or "0"
    return f"(const {array.type}[]){{{inside}}}"
