"""Statements that make a part of the change that they would make."""

from __future__ import annotations

from evsim.equations.expression import Expression


def part_of_change(target: str, operator: str, expression: Expression, part: str = "") -> str:
    """Return a statement that makes `part`, a formula, of the change; all of it where that is empty."""
    if not part:
        return f"{target} {operator} {expression}"
    if operator in ("+=", "-="):
        whole = "" if expression == Expression.number(1) else f"*({expression})"
        return f"{target} {operator} ({part}){whole}"
    new = f"({expression})" if operator == "=" else f"{target}{operator[0]}({expression})"
    return f"{target} += ({part})*({new} - {target})"


__all__ = ["part_of_change"]
