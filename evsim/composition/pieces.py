"""A gate with pulses whose rates are linear in a pulse and out of it, as one linear system that needs no switch.

Each variable is the sum of two states, of which one is 0: the one of the pulse has the rates of the pulse, the other
those without. What is constant in a rate goes with a state that is 1 in the pulse. Pulses start and end by moving
values from state to state, so that the equations stay linear all the time, and are solved exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evsim.composition.declared import own_equations
from evsim.composition.sums import PULSES
from evsim.composition.treatment import rate_form
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.equations.linear_form import Form, NotLinearError, Sum, product
from evsim.equations.nodes import Name
from evsim.plugin import Gate, Pulse
from evsim.units import DIMENSIONLESS

IN_PULSE = "in_pulse"


@dataclass(frozen=True)
class Pieces:
    """The linear equations, and what the start and the end of a pulse do to the target's states."""

    equations: Equations
    start: list[str]
    end: list[str]


def in_pieces(gate: Gate, pulse: Pulse) -> Pieces | None:
    """Return the gate as a linear system, or None where its rates are not linear, or constant at rest."""
    variables = own_equations(gate)
    states = variables.of_kind("differential")
    heights = {"on": Expression.parse(pulse.height, "height"), "off": Expression.number(0.0)}
    taken = {IN_PULSE, *(f"{name}_{piece}" for name in states for piece in heights)}
    names = {parameter.name for parameter in gate.parameters} | variables.keys()
    try:
        forms = {
            (name, piece): rate_form(variables, name, pulse.variable, height)
            for name in states
            for piece, height in heights.items()
        }
    except NotLinearError:
        return None
    if taken & names or any(form.constant.terms for (_, piece), form in forms.items() if piece == "off"):
        return None
    made = [Variable(IN_PULSE, "differential", Expression.number(0.0), DIMENSIONLESS)]
    for (name, piece), form in forms.items():
        rate = _rate(form, {each: f"{each}_{piece}" for each in states})
        made.append(replace(variables[name], name=f"{name}_{piece}", expression=rate, flags=frozenset()))
    whole = {name: Expression.parse(f"{name}_on + {name}_off", name) for name in states}
    made += [replace(variables[name], kind="subexpression", expression=whole[name]) for name in states]
    made += [variables[name] for name in variables if name not in states]
    return Pieces(Equations(made, f"gate {gate.name}"), *_code(states))


def _rate(form: Form, places: Mapping[str, str]) -> Expression:
    total = Sum()
    for name, part in form.coefficients.items():
        for sign, term in part.terms:
            total.add(sign, product(term, Name(places[name])))
    for sign, term in form.constant.terms:
        total.add(sign, product(term, Name(IN_PULSE)))
    return Expression(total.tree())


def _code(states: tuple[str, ...]) -> tuple[list[str], list[str]]:
    start, end = [f"{IN_PULSE}_post = 1"], [f"is_over = int({PULSES}_post < 0.5)"]
    for name in states:
        on, off = f"{name}_on_post", f"{name}_off_post"
        start += [f"{on} += {off}", f"{off} = 0*{off}"]
        end += [f"{off} += is_over*{on}", f"{on} -= is_over*{on}"]
    return start, [*end, f"{IN_PULSE}_post -= is_over*{IN_PULSE}_post"]


__all__ = ["Pieces", "in_pieces"]
