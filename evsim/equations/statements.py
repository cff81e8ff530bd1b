"""Event code, such as a reset or the effect of a spike at a synapse: lines that change one variable each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from evsim.equations.expression import Expression
from evsim.equations.nodes import Meaning
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError

Operator = Literal["=", "+=", "-=", "*=", "/="]

_STATEMENT = re.compile(
    r"\s*(?P<target>[A-Za-z_]\w*)\s*(?P<operator>[-+*/]?=)(?!=)(?P<rest>.*)", re.DOTALL | re.ASCII
)


@dataclass(frozen=True)
class Statement:
    """`target operator expression`, as in `V -= 3*mV`."""

    target: str
    operator: Operator
    expression: Expression

    def __str__(self) -> str:
        return f"{self.target} {self.operator} {self.expression}"

    def bound(self, meanings: Mapping[str, Meaning], where: str) -> Statement:
        """The same with what the functions in it stand for."""
        return replace(self, expression=self.expression.bound(meanings, where))

    def inlined(self, where: str) -> Statement:
        """The same with the bodies of functions put in."""
        return replace(self, expression=self.expression.inlined(where))


def parse_statements(text: str, where: str) -> list[Statement]:
    """The statements of `text`, one a line or parted by `;`; `where` ("the reset of cells") opens errors."""
    if not isinstance(text, str):
        raise EvsimTypeError(f"{where}: expected text, got {text!r} of type {type(text).__name__}.")
    return [_statement(line, where) for _, line in _lines(text)]


def try_statements(text: str, where: str) -> Iterator[tuple[int, Statement | EvsimError]]:
    """Each statement, or what is wrong with it, after the line of the text that it begins on."""
    for number, line in _lines(text):
        try:
            yield number, _statement(line, where)
        except EvsimError as error:
            yield number, error


def _lines(text: str) -> list[tuple[int, str]]:
    """Comments gone, lines with an open bracket or a trailing backslash joined with the next."""
    lines: list[tuple[int, str]] = []
    pending, begin = "", 0
    for number, raw in enumerate(text.splitlines()):
        begin = begin if pending.strip() else number
        pending += " " + raw.split("#", 1)[0].strip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        if pending.count("(") > pending.count(")"):
            continue
        lines += [(begin, part) for part in pending.split(";")]
        pending = ""
    lines.append((begin, pending))
    return [(number, line.strip()) for number, line in lines if line.strip()]


def _statement(line: str, where: str) -> Statement:
    if line.count("(") > line.count(")"):
        raise EvsimValueError(f"{where}: in {line!r}: a bracket stays open; close it.")
    match = _STATEMENT.fullmatch(line)
    if match is None:
        raise EvsimValueError(
            f"{where}: {line!r} is not a statement; write 'name = expression' (or += -= *= /=), one a line."
        )
    here = f"{where}, {line!r}"
    expression = Expression.parse(match["rest"], here)
    return Statement(match["target"], cast(Operator, match["operator"]), expression)
