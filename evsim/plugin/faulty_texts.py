"""What is wrong in the equations and events of a declaration, line by line: names, units, what events change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from evsim.equations.check import check_condition, check_equation, check_refractory, check_statements
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.statements import Statement, try_statements
from evsim.equations.variable import Variable
from evsim.errors import EvsimError
from evsim.plugin.declared_names import DeclaredNames, said
from evsim.plugin.model import Gate, Model, Neuron, Pulse, nearest
from evsim.plugin.source_lines import SourceLines
from evsim.units import Dimension, require

Faults = Iterator[tuple[int, str]]

FORMULAS = {
    "neuron": ("threshold", "refractory"),
    "modulation": ("gain",),
    "output": ("current",),
    "junction": ("current", "spikelet"),
}
"""Arguments that are formulas, by kind of model."""

CODE = {"neuron": ("reset",), "gate": ("on_pre",), "modulation": ("on_pre",)}
"""Arguments that are event code."""


def faults_of_texts(model: Model, lines: SourceLines) -> Faults:
    """Every fault in the texts of a model and of its variants, with the line of the file."""
    if model.kind not in {*FORMULAS, *CODE}:
        return
    for variant in variants(model):
        yield from _Texts(variant, lines).faults()


def variants(model: Model) -> list[Model]:
    """The model, and one copy for each further option of each of its choices."""
    further = [(choice.name, option) for choice in model.choices for option in choice.options]
    return [model, *(model(**{name: option}) for name, option in further if option != model.choice(name))]


class _Texts(DeclaredNames):
    """The checks of all texts of a model."""

    def faults(self) -> Faults:
        """What is wrong, in the order of the arguments."""
        yield from self.found
        yield from self._faults_of_equations()
        for argument in FORMULAS.get(self.model.kind, ()):
            yield from self._faults_of_formula(argument, str(getattr(self.model, argument)))
        for argument in CODE.get(self.model.kind, ()):
            yield from self._faults_of_code(argument, getattr(self.model, argument))
        if isinstance(self.model, Neuron):
            yield from self._faults_of_neuron(self.model)
        if isinstance(self.model, Gate):
            yield from self._faults_of_gate(self.model)

    def _faults_of_equations(self) -> Faults:
        for name, variable in self.variables.items():
            if variable.expression is None:
                continue
            left = f"d{name}/dt" if variable.kind == "differential" else name
            check = partial(self._check_equation, variable)
            yield from ((self.at[name], text) for text in self.complaints(variable.expression, left, check))
        try:
            Equations(self.variables.values(), "equations")  # rings
        except EvsimError as error:
            yield self.lines.of("equations"), said(error)

    def _check_equation(self, variable: Variable, known: dict[str, Dimension]) -> None:
        check_equation(variable, known, "equations")

    def _faults_of_formula(self, argument: str, text: str) -> Faults:
        text = self.written(text, argument)
        if not text.strip():
            return
        line = self.lines.of(argument)
        try:
            formula = Expression.parse(text, argument)
        except EvsimError as error:
            yield line, said(error)
            return

        def check(known: dict[str, Dimension]) -> None:
            if argument == "threshold" or (argument == "refractory" and formula.is_condition):
                check_condition(formula, known, argument)
            elif argument == "refractory":
                check_refractory(formula, known, argument)
            else:
                formula.dimension(known, argument)

        yield from ((line, each) for each in self.complaints(formula, argument, check))

    def _faults_of_code(self, argument: str, code: object) -> Faults:
        if not isinstance(code, str):
            return
        statements = list(try_statements(self.written(code, argument), argument))
        read = {
            name for _, each in statements if isinstance(each, Statement) for name in each.expression.names
        }
        local: set[str] = set()
        for number, statement in statements:
            line = self.lines.within(argument, number)
            if not isinstance(statement, Statement):
                yield line, said(statement)
                continue
            target = statement.target
            is_own = target in self.variables or target in self.outside or target in self.broken
            if target not in self.parameters and not is_own and statement.operator == "=" and target in read:
                local.add(target)  # a value that only the statements after it see
            elif text := self._fault_of_target(target, local):
                yield line, f"{argument}, '{statement}': {text}"
            yield from ((line, each) for each in self._complaints_of(statement, argument, local))

    def _complaints_of(self, statement: Statement, argument: str, local: set[str]) -> Iterator[str]:
        expression = statement.expression
        place = f"{argument}, '{statement}'"
        unknown = list(self.unknown(expression, place, local))
        yield from unknown
        is_known = statement.target in self.variables and self.has_units(expression)
        if unknown or not is_known or not expression.names.isdisjoint(local):
            return
        try:
            check_statements([statement], self.dimensions(expression.names), argument)
        except EvsimError as error:
            yield said(error)

    def _fault_of_target(self, target: str, local: set[str]) -> str:
        if target in self.parameters:
            return (
                f"it changes the parameter {target}, which is constant; an event changes variables of the equations, "
                f"so declare it there, as in '{target} : unit'"
            )
        if target in self.variables:
            kind = self.variables[target].kind
            return f"it changes {target}, which follows from its formula" if kind == "subexpression" else ""
        if target in {*self.outside, *self.broken, *local}:
            return ""
        return f"{target} has no equation{nearest(target, list(self.variables))}; write one, as in 'd{target}/dt = ...'"

    # Kinds

    def _faults_of_neuron(self, model: Neuron) -> Faults:
        states = [name for name, each in self.variables.items() if each.kind == "differential"]
        if model.membrane not in {*states, *self.broken}:
            yield (
                self.lines.of("equations"),
                f"its membrane potential {model.membrane!r} has no equation{nearest(model.membrane, states)}; "
                "write one, or name it with membrane=",
            )
        for name, value in model.initial.items():
            line = self.lines.of("initial")
            if name not in self.variables:
                if name not in self.broken:
                    yield line, f"initial: {name} is not declared{nearest(name, list(self.variables))}"
            else:
                yield from ((line, text) for text in self._complaints_of_start(name, value))

    def _complaints_of_start(self, name: str, value: Any) -> Iterator[str]:
        if not isinstance(value, str):
            try:
                require(value, self.variables[name].dimension, f"initial {name}")
            except EvsimError as error:
                yield said(error)
            return
        try:
            formula = Expression.parse(value, f"initial {name}")
        except EvsimError as error:
            yield said(error)
            return
        start = Statement(name, "=", formula)
        yield from self.complaints(
            formula, f"initial {name}", lambda known: check_statements([start], known, "initial")
        )

    def _faults_of_gate(self, model: Gate) -> Faults:
        if self.variables and "s" not in {*self.variables, *self.broken}:
            yield (
                self.lines.of("equations"),
                f"it has no variable 's', which outputs take; there are {', '.join(self.variables)}",
            )
        if not isinstance(model.on_pre, Pulse):
            return
        pulse, line = model.on_pre, self.lines.of("on_pre")
        if not any(
            each.expression and pulse.variable in each.expression.names for each in self.variables.values()
        ):
            yield line, f"the pulse raises {pulse.variable}, which stands in no equation"
        for what, text in (("height", pulse.height), ("duration", pulse.duration)):
            try:
                formula = Expression.parse(text, what)
            except EvsimError as error:
                yield line, said(error)
                continue

            def check(known: dict[str, Dimension], what: str = what, formula: Expression = formula) -> None:
                check_refractory(formula, known, what) if what == "duration" else formula.dimension(
                    known, what
                )

            yield from ((line, each) for each in self.complaints(formula, f"{what} of the pulse", check))


__all__ = ["faults_of_texts", "variants"]
