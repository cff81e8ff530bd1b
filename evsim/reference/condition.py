"""A condition: comparisons joined by and, or, not, tested by the signs of the compared differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evsim.equations.expression import Expression
from evsim.reference.jets import Jet

Test = Callable[[Sequence[int]], bool]


class Condition:
    """`forms` are the differences whose signs, in this order, decide; `test` says how. Constant parts are bound."""

    test: Test

    def __init__(self) -> None:
        self.forms: list[Jet] = []
        self._constants: list[Expression] = []
        self._known: list[bool] = []

    def add_form(self, form: Jet, side: Callable[[int], bool]) -> Test:
        """Add a part that depends on the sign of a form."""
        position = len(self.forms)
        self.forms.append(form)
        return lambda sides: side(sides[position])

    def add_constant(self, expression: Expression) -> Test:
        """Add a part that stays what it is until it is bound anew."""
        position = len(self._constants)
        self._constants.append(expression)
        return lambda _: self._known[position]

    def bind(self, values: Mapping[str, Any], table: Mapping[str, Callable[..., Any]]) -> None:
        """Find the truth of the constant parts."""
        self._known = [bool(each.evaluate(values, functions=table)) for each in self._constants]
