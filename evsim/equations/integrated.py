"""Which variables of synapses have to be integrated together, and event code parted accordingly.

What is linear and depends on the synapse alone is solved from event to event. The rest is integrated, and with it
all that stands in its equations or in code that changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from evsim.description import Assignment
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.errors import EvsimValueError

Code = tuple[Assignment, ...]


def integrated_names(
    own: Equations,
    codes: Sequence[Code],
    summed: Iterable[Expression],
    is_solvable: Callable[[str], bool],
) -> frozenset[str]:
    """The variables that change and have to be integrated.

    Parameters
    ----------
    summed
        The formulas that neurons add up at every instant.
    is_solvable
        Whether the equation of a variable has a closed form between events.
    """
    rates = rate_names(own)
    written = {each.target for code in codes for each in code if each.where == "synapse"}
    changing = written | rates.keys()
    found = {name for formula in summed for name in own.expanded(formula).names} & changing
    found |= {n for n in rates if "event-driven" not in own[n].flags and not is_solvable(n)}
    reading = [(target, names) for code in codes for target, names in _reading(code)]
    while True:
        more = {name for each in found & rates.keys() for name in rates[each]} & changing
        more |= {name for name, names in rates.items() if names & found}
        more |= {target for target, names in reading if names & found}
        more |= {name for target, names in reading if target in found for name in names & changing}
        if more <= found:
            return frozenset(found)
        found |= more


def rate_names(own: Equations) -> dict[str, frozenset[str]]:
    """Names in the rate of each variable that has one."""
    rates = {}
    for name in own.of_kind("differential"):
        expression = own[name].expression
        assert expression is not None
        rates[name] = own.expanded(expression).names
    return rates


def _reading(code: Code) -> list[tuple[str, frozenset[str]]]:
    """Each variable of a synapse that code changes, and the names that its new value depends on."""
    local: dict[str, frozenset[str]] = {}
    found = []
    for each in code:
        names = frozenset(name for n in each.expression.names for name in local.get(n, {n}))
        if each.where == "local":
            local[each.target] = names | (
                local.get(each.target, frozenset()) if each.operation == "add" else frozenset()
            )
        elif each.where == "synapse":
            found.append((each.target, names))
    return found


def is_mixed(code: Code, integrated: Collection[str], is_changing: Callable[[str], bool]) -> bool:
    """Whether code passes integrated variables on to others, or the other way round: it has to run as a whole.

    Parameters
    ----------
    is_changing
        Whether a name stands for something of the neurons that changes during a run.
    """
    rest, inside = _halves(code, integrated)
    if any(not each.expression.names.isdisjoint(integrated) for each in rest):
        return True
    if any(is_changing(name) for each in inside for name in each.expression.names):
        return True
    both = {each.target for each in rest if each.where == "local"}
    return any(each.where == "local" and each.target in both and each.expression.draws for each in inside)


def whole(code: Code, integrated: Collection[str]) -> Code:
    """The code with its assignments to integrated variables marked."""
    return tuple(
        replace(each, where="integrated") if each.where == "synapse" and each.target in integrated else each
        for each in code
    )


def parted(code: Code, integrated: Collection[str], where: str) -> tuple[Code, Code]:
    """What the code does to the rest, and what to the variables that are integrated, each in its order."""
    rest, inside = _halves(code, integrated)
    _refuse_mixture(rest, integrated, where)
    _refuse_draws_twice(rest, inside, where)
    return rest, inside


def _halves(code: Code, integrated: Collection[str]) -> tuple[Code, Code]:
    rest = _with_locals(code, lambda each: each.where != "synapse" or each.target not in integrated)
    inside = _with_locals(code, lambda each: each.where == "synapse" and each.target in integrated)
    return rest, inside


def _with_locals(code: Code, is_wanted: Callable[[Assignment], bool]) -> Code:
    """The statements that are wanted, and those before them that set values which they read."""
    needed: set[str] = set()
    found = []
    for each in reversed(code):
        if each.target in needed if each.where == "local" else is_wanted(each):
            needed |= each.expression.names
            found.append(each)
    return tuple(reversed(found))


def _refuse_mixture(code: Code, integrated: Collection[str], where: str) -> None:
    for each in code:
        for name in sorted(each.expression.names & set(integrated)):
            raise EvsimValueError(
                f"{where}: {each.target} is changed by {name}, which is integrated at every instant, and the target "
                f"is a source of spikes, which takes no part in that; give {name} an equation that is linear and "
                "depends on the synapse alone."
            )


def _refuse_draws_twice(rest: Code, inside: Code, where: str) -> None:
    both = {each.target for each in rest if each.where == "local"}
    for each in inside:
        if each.where == "local" and each.target in both and each.expression.draws:
            raise EvsimValueError(
                f"{where}: {each.target} is drawn once, for variables of the neuron and for some that are integrated; "
                "draw it in two pathways, or use it for one of them."
            )


__all__ = ["Code", "integrated_names", "is_mixed", "parted", "rate_names", "whole"]
