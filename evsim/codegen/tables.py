"""Functions of the user in the C of event code and links: tables in the place of variables, and C of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from evsim.description import ForeignFunction, TimedTable
from evsim.equations.expression import Expression
from evsim.equations.user_functions import engine_functions

Call = Callable[[list[str]], str]


def table_name(function: str) -> str:
    """The variable in whose place the table of a function of time stands; no name of an equation has a blank."""
    return f"table {function}"


def tables_of(expressions: Iterable[Expression]) -> dict[str, TimedTable]:
    """The functions of time that formulas call, in order of their names."""
    found = engine_functions(expressions, "event code")
    return {name: each for name, each in sorted(found.items()) if isinstance(each, TimedTable)}


def foreign_functions(expressions: Iterable[Expression]) -> str:
    """The C of other functions."""
    found = engine_functions(expressions, "event code")
    return "".join(f"{each.c}\n" for each in found.values() if isinstance(each, ForeignFunction))


def function_calls(
    expressions: Iterable[Expression], places: Mapping[str, str], times: Mapping[str, str] | None = None
) -> dict[str, Call]:
    """How each function is called in C.

    Parameters
    ----------
    places
        Where the address of each table stands.
    times
        What stands for a time at which a table is looked up, by its C.
    """
    found = engine_functions(expressions, "event code")
    return {
        name: partial(_table_call, places[name], times or {})
        if isinstance(each, TimedTable)
        else partial(_own_call, name)
        for name, each in found.items()
    }


def _table_call(place: str, times: Mapping[str, str], arguments: list[str]) -> str:
    time = times.get(arguments[0], arguments[0])
    column = arguments[1] if len(arguments) > 1 else "0.0"
    return f"evsim_table_at((const struct evsim_table *){place}, {time}, {column})"


def _own_call(name: str, arguments: list[str]) -> str:
    return f"user_{name}({', '.join(arguments)})"


__all__ = ["foreign_functions", "function_calls", "table_name", "tables_of"]
