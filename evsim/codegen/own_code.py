"""The C of code that a neuron's own events run, its reset and custom events, on the state x of neuron i."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from evsim.description import Assignment
from evsim.equations.functions import DRAWS
from evsim.equations.printing import Calls

_NOW = "(cells->begin + offset)"
AT_EVENT = {"t": _NOW, "lastspike": "now->last", "not_refractory": "(double)!now->is_refractory"}
AT_SPIKE = {"t": _NOW, "lastspike": _NOW, "not_refractory": "1.0"}
"""What the code of an event may name besides states and parameters, in C."""

_OPERATORS = {"set": "=", "add": "+="}
_DRAWN = {"rand": "evsim_draw_unit", "randn": "evsim_draw_normal", "poisson": "evsim_draw_poisson"}


def head_of(code: Iterable[Assignment]) -> str:
    """What must stand before a function with this code."""
    return "#include <kernel/draws.h>\n\n" if any(each.expression.draws for each in code) else ""


def own_code(
    code: tuple[Assignment, ...],
    states: tuple[str, ...],
    parameters: tuple[str, ...],
    known: Mapping[str, str],
    calls: Calls | None = None,
    event: int = 0,
) -> list[str]:
    """C statements.

    Parameters
    ----------
    known, calls
        C of other names and functions.
    event
        Keeps the random numbers of the events of a neuron apart: 0 is its spike.
    """
    names = {**known, **{s: f"x[{k}]" for k, s in enumerate(states)}}
    for k, p in enumerate(parameters):
        names[p] = f"cells->parameter[{k}][i * cells->parameter_step[{k}]]"
    numbered = _Draws()
    calls = {**(calls or {}), **numbered.calls()}
    lines = []
    for each in code:
        value = each.expression.to_c(names, calls)
        head = ""
        if each.where == "local" and each.target not in names:
            names[each.target], head = each.target.replace(" ", "_"), "double "
        lines.append(f"{head}{names[each.target]} {_OPERATORS[each.operation]} {value};")
    if numbered.count:
        lines.insert(0, f"const struct evsim_draws draws = evsim_own_draws(cells, i, offset, {event}u);")
    return lines


class _Draws:
    """Calls for random numbers: every one in the text has its own."""

    def __init__(self) -> None:
        self.count = 0

    def calls(self) -> dict[str, Callable[[list[str]], str]]:
        """The C of each function that draws."""

        def call_of(c: str) -> Callable[[list[str]], str]:
            def call(arguments: list[str]) -> str:
                self.count += 1
                return f"{c}({', '.join(['&draws', f'{self.count - 1}u', *arguments])})"

            return call

        return {name: call_of(_DRAWN[name]) for name in sorted(DRAWS)}
