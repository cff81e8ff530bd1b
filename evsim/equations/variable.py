"""One line of equations: a differential equation, a subexpression or a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from evsim.equations.expression import Expression
from evsim.units import Dimension, get_unit

Kind = Literal["differential", "subexpression", "parameter"]
Type = Literal["float", "boolean", "integer"]

FLAGS: dict[Kind, frozenset[str]] = {
    "differential": frozenset({"unless refractory", "shared", "event-driven", "clock-driven"}),
    "subexpression": frozenset({"shared", "constant over dt", "summed"}),
    "parameter": frozenset({"constant", "shared", "input", "linked"}),
}

COUPLED = "coupled"
"""A flag that only descriptions give: what other neurons add up to at every instant."""


@dataclass(frozen=True)
class Variable:
    """One line of equations: dx/dt (differential), x = ... (subexpression) or x (parameter)."""

    name: str
    kind: Kind
    expression: Expression | None
    dimension: Dimension
    flags: frozenset[str] = frozenset()
    type: Type = "float"

    @property
    def varname(self) -> str:
        """Brian's word for `name`."""
        return self.name

    @property
    def expr(self) -> Expression | None:
        """Brian's word for `expression`."""
        return self.expression

    @property
    def dim(self) -> Dimension:
        """Brian's word for `dimension`."""
        return self.dimension

    @property
    def unit(self) -> Any:
        """The SI unit, 1.0 for a plain number."""
        return get_unit(self.dimension)

    def __str__(self) -> str:
        left = f"d{self.name}/dt" if self.kind == "differential" else self.name
        right = "" if self.expression is None else f" = {self.expression}"
        unit = self.dimension.unit_name if self.type == "float" else self.type
        flags = f" ({', '.join(sorted(self.flags))})" if self.flags else ""
        return f"{left}{right} : {unit or '1'}{flags}"
