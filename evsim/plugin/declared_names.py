"""The names of a declaration with their units, and what is wrong with a formula over them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from evsim.equations.expression import Expression
from evsim.equations.functions import no_function
from evsim.equations.known import KNOWN_NAMES, is_noise
from evsim.equations.reading import try_declarations
from evsim.equations.resolve import MATHEMATICAL
from evsim.equations.variable import Variable
from evsim.errors import EvsimError
from evsim.plugin.model import Gate, Model, Pulse, nearest
from evsim.plugin.source_lines import SourceLines
from evsim.units import DIMENSIONLESS, Dimension, dimension_of, unit_named, volt

_VOLT = dimension_of(volt)

OUTSIDE: dict[str, dict[str, Dimension | None]] = {
    "output": {"s": DIMENSIONLESS, "w": DIMENSIONLESS, "V": _VOLT},
    "junction": {"w": None, "V_pre": _VOLT, "V_post": _VOLT},
}
"""What texts may name besides the model's own, with the unit where it is always the same."""


class DeclaredNames:
    """The names that a model declares, and the checks of its texts against them."""

    def __init__(self, model: Model, lines: SourceLines) -> None:
        self.model, self.lines = model, lines
        self.variables: dict[str, Variable] = {}
        self.at: dict[str, int] = {}
        self.found: list[tuple[int, str]] = []
        self.broken: set[str] = set()  # names of which too little is known to say more
        self._read_equations()
        self.parameters = self._parameters()
        self.outside = self._outside()

    # What is declared

    def _read_equations(self) -> None:
        text = self.written(self.model.equations, "equations")
        for line, each in try_declarations(text, "equations"):
            place = self.lines.within("equations", line)
            if not isinstance(each, Variable):
                self.found.append((place, said(each)))
                self.broken |= set(re.findall(r"[A-Za-z_]\w*", text.splitlines()[line].partition("=")[0]))
                self.broken |= {name.removeprefix("d") for name in self.broken}
            elif each.name in self.variables:
                self.found.append((place, f"{each.name} is declared twice; give one of them another name"))
            else:
                self.variables[each.name], self.at[each.name] = each, place
        for place, parameter in enumerate(self.model.parameters):
            if parameter.name in self.variables:
                line = self.lines.of_entry("parameters", place)
                text = f"{parameter.name} is a parameter and a variable of the equations; give one of them another name"
                self.found.append((line, text))

    def _parameters(self) -> dict[str, Dimension]:
        known = {}
        for parameter in self.model.parameters:
            try:
                parameter.check(parameter.default, self.model.name)
                known[parameter.name] = parameter.dimension
            except (EvsimError, TypeError, ValueError):
                self.broken.add(parameter.name)  # said where defaults are looked at
        return known

    def _outside(self) -> dict[str, Dimension | None]:
        if isinstance(self.model, Gate) and not self.model.equations.strip():
            return {"w": None, "V_post": None}
        names = dict(OUTSIDE.get(self.model.kind, {}))
        if getattr(self.model, "weighs_in_port_unit", False):
            names["w"] = None
        if isinstance(self.model, Gate) and isinstance(self.model.on_pre, Pulse):
            names[self.model.on_pre.variable] = self._height(self.model.on_pre)
        return names

    def _height(self, pulse: Pulse) -> Dimension | None:
        try:
            height = Expression.parse(self.written(pulse.height, "on_pre"), "height")
            return height.dimension({**self._units(height.names), **self.parameters}, "height")
        except EvsimError:
            return None  # said where the pulse is looked at

    def written(self, text: str, argument: str) -> str:
        """A text with the words of choices put in."""
        text = self.model.written_out(text)
        for number, line in enumerate(text.splitlines()):
            for word in re.findall(r"\{\w*\}", line):
                self.found.append((self.lines.within(argument, number), f"{word} is no word of any choice"))
                text = text.replace(word, "1")
        return text

    # Names

    def _units(self, names: Iterable[str]) -> dict[str, Dimension]:
        known = {name: unit_named(name) for name in names}
        found = {name: dimension_of(unit) for name, unit in known.items() if unit is not None}
        return found | dict.fromkeys(MATHEMATICAL, DIMENSIONLESS)

    def dimensions(self, names: Iterable[str] = ()) -> dict[str, Dimension]:
        """Of all that has a unit which is known."""
        own = {name: each.dimension for name, each in self.variables.items()}
        outside = {name: each for name, each in self.outside.items() if each is not None}
        return {**self._units(names), **KNOWN_NAMES, **outside, **self.parameters, **own}

    def unknown(self, expression: Expression, place: str, local: Iterable[str] = ()) -> Iterator[str]:
        known = {*self.dimensions(expression.names), *self.outside, *self.broken, *local}
        for name in sorted(expression.names - known):
            if not is_noise(name):
                yield f"{place}: {name} is not declared{nearest(name, [*self.variables, *self.parameters])}"
        for name in sorted(expression.foreign):
            yield said(no_function(name, (), place))

    def complaints(
        self, expression: Expression, place: str, check: Callable[[dict[str, Dimension]], Any]
    ) -> Iterator[str]:
        """Names that are not declared, else what a check of units says."""
        unknown = list(self.unknown(expression, place))
        yield from unknown
        if unknown or not self.has_units(expression):
            return
        try:
            check(self.dimensions(expression.names))
        except EvsimError as error:
            yield said(error)

    def has_units(self, expression: Expression) -> bool:
        """Whether the unit of every name in it is known."""
        without = {name for name, unit in self.outside.items() if unit is None}
        return expression.names.isdisjoint((self.broken | without) - self.dimensions().keys())


def said(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())


__all__ = ["DeclaredNames", "said"]
