"""The equations of synapses that are solved from event to event: linear, with coefficients that only events change."""

from __future__ import annotations

from collections.abc import Collection

from evsim.description import LinearForm
from evsim.equations.assignments import nearest
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.functions import DRAWS
from evsim.equations.known import VARYING, is_noise
from evsim.equations.linear_form import Form, NotLinearError, linear_form, shown
from evsim.equations.nodes import Node
from evsim.equations.rearranged import rearranged_form
from evsim.errors import EvsimNameError, EvsimValueError

_CLOSED = "(event-driven) equations are solved in closed form between the events of their synapse"
_INSTEAD = "(clock-driven) integrates such equations"


def event_driven_rates(
    own: Equations, neurons: Collection[str], constants: Collection[str], where: str
) -> dict[str, LinearForm]:
    """The rates of the synapse variables that have an equation, as linear forms of these variables.

    Parameters
    ----------
    neurons
        Parameters of source and target that no event changes, spelled `X_pre` and `X_post`.
    constants
        Other names that formulas may use.
    """
    states = own.of_kind("differential")
    return {name: event_driven_rate(name, own, neurons, constants, where) for name in states}


def event_driven_rate(
    name: str, own: Equations, neurons: Collection[str], constants: Collection[str], where: str
) -> LinearForm:
    """The rate of one of them; refused where it is no such form."""
    states = own.of_kind("differential")
    expression = own[name].expression
    assert expression is not None
    here = f"{where}: d{name}/dt = {expression}"
    expanded = own.expanded(expression)
    _check_names(expanded, {*own, *neurons, *constants}, here)
    form = _linear(expanded.tree, frozenset(states), here)
    coefficients = {
        each: Expression(form.coefficients[each].tree())
        for each in states
        if each in form.coefficients and form.coefficients[each].terms
    }
    return LinearForm(coefficients, Expression(form.constant.tree()))


def _check_names(expression: Expression, known: Collection[str], here: str) -> None:
    for name in sorted(expression.names):
        reason = ""
        if is_noise(name):
            reason = "is noise"
        elif name in VARYING:
            reason = VARYING[name]
        elif name not in known and name.endswith(("_pre", "_post")):
            reason = "is no parameter of the neurons that stays as it is"
        if reason:
            raise EvsimValueError(f"{here}: {name} {reason}, but {_CLOSED}; {_INSTEAD}.")
        if name not in known:
            raise EvsimNameError(f"{here}: {name} is not defined{nearest(name, known)}.")
    for name in sorted(expression.functions & DRAWS):
        raise EvsimValueError(
            f"{here}: {name}() gives a new value each time, but {_CLOSED}; draw it in the code."
        )


def _linear(tree: Node, states: frozenset[str], here: str) -> Form:
    try:
        return linear_form(tree, states)
    except NotLinearError as error:
        form = None if error.is_final else rearranged_form(tree, states)
        if form is not None:
            return form
        raise EvsimValueError(
            f"{here}: the part {shown(error.node)} is not linear: {error.reason}; {_CLOSED}; {_INSTEAD}."
        ) from None
