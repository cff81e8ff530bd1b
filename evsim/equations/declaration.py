"""Equations as text: differential equations, subexpressions and parameters, each with its unit and flags."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from evsim.equations.expression import Expression
from evsim.equations.functions import FUNCTIONS
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError
from evsim.units import DIMENSIONLESS, Dimension, dimension_of, si, unit_named

Kind = Literal["differential", "subexpression", "parameter"]
Type = Literal["float", "boolean", "integer"]

FLAGS: dict[Kind, frozenset[str]] = {
    "differential": frozenset({"unless refractory"}),
    "subexpression": frozenset({"shared", "constant over dt"}),
    "parameter": frozenset({"constant", "shared", "input"}),
}

_EXAMPLE = "write 'dV/dt = -V/tau : volt', 'I = g*(V - E) : amp' or 'tau : second'"
_LEFT = re.compile(
    r"(?:d(?P<rate>[A-Za-z_]\w*)\s*/\s*dt\s*=(?P<of_rate>.*)|(?P<name>[A-Za-z_]\w*)\s*(?:=(?P<of_name>.*))?)",
    re.DOTALL | re.ASCII,
)
_RIGHT = re.compile(r"(?P<unit>.*[\w)])\s*\((?P<flags>[A-Za-z ,\-]*)\)", re.DOTALL | re.ASCII)


@dataclass(frozen=True)
class Variable:
    """One line of equations: dx/dt (differential), x = ... (subexpression) or x (parameter)."""

    name: str
    kind: Kind
    expression: Expression | None
    dimension: Dimension
    flags: frozenset[str] = frozenset()
    type: Type = "float"

    def __str__(self) -> str:
        left = f"d{self.name}/dt" if self.kind == "differential" else self.name
        right = "" if self.expression is None else f" = {self.expression}"
        unit = self.dimension.unit_name if self.type == "float" else self.type
        flags = f" ({', '.join(sorted(self.flags))})" if self.flags else ""
        return f"{left}{right} : {unit or '1'}{flags}"


class Equations(Mapping[str, Variable]):
    """Declared variables by name, in their order; immutable. `a + b` joins two sets.

    Parameters
    ----------
    text
        One equation per line; an equation goes on over several lines until its unit. `#` opens a comment.
    where
        Whose equations they are; opens every error message.
    substitutions
        `x="V"` renames, `tau=10*ms` puts in a value.
    """

    def __init__(
        self, text: str | Iterable[Variable], where: str = "equations", /, **substitutions: Any
    ) -> None:
        variables = _parse(text, where) if isinstance(text, str) else list(text)
        self._where = where
        self._variables: dict[str, Variable] = {}
        for each in _substituted(variables, substitutions, where):
            if each.name in self._variables:
                raise EvsimError(f"{where}: {each.name} is declared twice; give one of them another name.")
            self._variables[each.name] = each
        self._refuse_rings()

    def __getitem__(self, name: str) -> Variable:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __add__(self, other: Equations | str) -> Equations:
        if isinstance(other, str):
            other = Equations(other, self._where)
        if not isinstance(other, Equations):
            return NotImplemented
        return Equations([*self.values(), *other.values()], self._where)

    def __radd__(self, other: str) -> Equations:
        return Equations(other, self._where) + self if isinstance(other, str) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return list(self.values()) == list(other.values()) if isinstance(other, Equations) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._variables.values()))

    def __str__(self) -> str:
        return "\n".join(str(each) for each in self.values())

    def __repr__(self) -> str:
        return f"Equations({str(self)!r})"

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """Names of the differential variables, subexpressions or parameters, in their order."""
        return tuple(name for name, each in self.items() if each.kind == kind)

    def flagged(self, flag: str) -> tuple[str, ...]:
        """Names of the variables with that flag."""
        return tuple(name for name, each in self.items() if flag in each.flags)

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """The dimension of each variable."""
        return {name: each.dimension for name, each in self.items()}

    @property
    def external_names(self) -> frozenset[str]:
        """Names in the formulas that are neither declared here nor known everywhere (t, dt, i, N, xi, ...)."""
        used = {name for each in self.values() if each.expression for name in each.expression.names}
        return frozenset(
            name for name in used if name not in self and name not in KNOWN_NAMES and not is_noise(name)
        )

    def replaced(self, variable: Variable) -> Equations:
        """The same with another declaration in place of the one with that name."""
        return Equations(
            [variable if each.name == variable.name else each for each in self.values()], self._where
        )

    def expanded(self, expression: Expression) -> Expression:
        """The formula with every subexpression put in, until none is left."""
        while inner := [name for name in self.of_kind("subexpression") if name in expression.names]:
            expression = expression.substitute({name: _formula(self[name]) for name in inner})
        return expression

    def _refuse_rings(self) -> None:
        done: set[str] = set()
        for name in self.of_kind("subexpression"):
            self._follow(name, (), done)

    def _follow(self, name: str, path: tuple[str, ...], done: set[str]) -> None:
        if name in path:
            ring = " -> ".join((*path[path.index(name) :], name))
            raise EvsimError(f"{self._where}: subexpressions define each other in a ring: {ring}; break it.")
        if name in done or name not in self or self[name].kind != "subexpression":
            return
        for inner in sorted(_formula(self[name]).names):
            self._follow(inner, (*path, name), done)
        done.add(name)


def is_noise(name: str) -> bool:
    """Whether it is white noise: xi, or xi_ and a name."""
    return name == "xi" or name.startswith("xi_")


def _formula(variable: Variable) -> Expression:
    assert variable.expression is not None
    return variable.expression


def _parse(text: str, where: str) -> list[Variable]:
    return [_variable(each, where) for each in _declarations(text, where)]


def _declarations(text: str, where: str) -> Iterator[str]:
    pending = ""
    for raw in text.splitlines():
        pending = f"{pending} {raw.split('#', 1)[0].strip().removesuffix(chr(92))}".strip()
        if ":" in pending:
            yield pending
            pending = ""
    if pending:
        raise EvsimError(
            f"{where}: {pending!r} has no unit; end it with ' : volt', or ' : 1' for a plain number."
        )


def _variable(text: str, where: str) -> Variable:
    left, _, right = text.partition(":")
    match = _LEFT.fullmatch(left.strip())
    if match is None or ":" in right:
        raise EvsimError(f"{where}: {text!r} is not an equation; {_EXAMPLE}, one a line.")
    name, formula = match["rate"] or match["name"], match["of_rate"] or match["of_name"]
    kind: Kind = "differential" if match["rate"] else "parameter" if formula is None else "subexpression"
    _check_name(name, where)
    here = f"{where}, {text!r}"
    unit, flags = _unit_and_flags(right.strip(), kind, name, here)
    dimension, value_type = _unit(unit, here)
    if kind == "differential" and value_type != "float":
        raise EvsimError(f"{here}: a differential equation cannot be {value_type}; write a unit, or 1.")
    expression = None if formula is None else _parse_formula(formula, kind, name, where)
    return Variable(name, kind, expression, dimension, flags, value_type)


def _parse_formula(formula: str, kind: Kind, name: str, where: str) -> Expression:
    left = f"d{name}/dt" if kind == "differential" else name
    try:
        return Expression.parse(formula, f"{where}, {left}")
    except EvsimError as error:
        if re.search(r"\bd\w+\s*/\s*dt\s*=|[^=<>!]=[^=]", formula):
            raise EvsimError(
                f"{where}: the equation of {name} runs into the next one: {' '.join(formula.split())!r}; "
                "end each equation with its unit, as in ' : volt'."
            ) from None
        raise error


def _check_name(name: str, where: str) -> None:
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


def _unit_and_flags(text: str, kind: Kind, name: str, here: str) -> tuple[str, frozenset[str]]:
    match = _RIGHT.fullmatch(text)
    if match is None:
        return text, frozenset()
    flags = [" ".join(flag.split()) for flag in match["flags"].split(",")]
    for flag in flags:
        if flag not in FLAGS[kind]:
            allowed = ", ".join(f"({each})" for each in sorted(FLAGS[kind]))
            raise EvsimError(f"{here}: ({flag}) is not a flag that a {kind} can have; allowed: {allowed}.")
    return match["unit"], frozenset(flags)


def _unit(text: str, here: str) -> tuple[Dimension, Type]:
    """The dimension and type that stand after the colon."""
    if text == "boolean" or text == "integer":
        return DIMENSIONLESS, text
    if not text:
        raise EvsimError(f"{here}: the unit is missing; write ' : volt', or ' : 1' for a plain number.")
    expression = Expression.parse(text, f"{here}, the unit")
    units = {}
    for name in expression.names:
        unit = unit_named(name)
        if unit is None:
            raise EvsimNameError(f"{here}: {name} is not a unit; write volt, amp, second, 1, boolean, ...")
        units[name] = unit
    dimension = expression.dimension({name: dimension_of(unit) for name, unit in units.items()}, here)
    scale = float(expression.evaluate({name: si(unit) for name, unit in units.items()}))
    if scale != 1.0:
        raise EvsimError(
            f"{here}: declare the unit without a factor, {dimension.unit_name or '1'!r} instead of {text!r}; "
            "values may be given in any multiple of it."
        )
    return dimension, "float"


def _substituted(variables: list[Variable], substitutions: Mapping[str, Any], where: str) -> list[Variable]:
    if not substitutions:
        return variables
    used = {each.name for each in variables}
    used.update(name for each in variables if each.expression for name in each.expression.names)
    if unknown := [name for name in substitutions if name not in used]:
        raise EvsimNameError(f"{where}: {unknown[0]} is to be replaced but does not occur in the equations.")
    formulas = {name: _replacement(name, value, where) for name, value in substitutions.items()}
    return [_with_formulas(each, formulas, where) for each in variables]


def _replacement(name: str, value: Any, where: str) -> Expression:
    if isinstance(value, str):
        if not (value.isidentifier() and value.isascii()):
            raise EvsimError(f"{where}: {name} cannot be renamed to {value!r}; write a plain name.")
        return Expression.parse(value, where)
    try:
        number = float(si(value))
    except (TypeError, ValueError):
        raise EvsimTypeError(
            f"{where}: {name} can be replaced by a name or one number, not {value!r}."
        ) from None
    unit = dimension_of(value).unit_name
    text = f"{number!r}*({unit})" if unit not in ("", "1") else repr(number)
    return Expression.parse(text, f"{where}, the value of {name}")


def _with_formulas(variable: Variable, formulas: Mapping[str, Expression], where: str) -> Variable:
    name = variable.name
    if name in formulas:
        name = formulas[name].text
        if not name.isidentifier():
            raise EvsimError(
                f"{where}: {variable.name} is declared here, so it can be renamed but not given a value."
            )
        _check_name(name, where)
    expression = variable.expression.substitute(formulas) if variable.expression else None
    return replace(variable, name=name, expression=expression)
