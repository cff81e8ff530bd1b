"""How a rate changes with its own state, for methods that take every equation as linear in it."""

from __future__ import annotations

from evsim.equations.expression import Expression
from evsim.equations.linear_form import NotLinearError, linear_form, shown
from evsim.equations.nodes import Node
from evsim.equations.rearranged import rearranged_form
from evsim.errors import EvsimValueError


def own_slope(rate: Expression, state: str, where: str) -> Node:
    """The factor of `state` in its rate; refuses a rate that is not linear in it."""
    try:
        form = linear_form(rate.tree, {state})
    except NotLinearError as error:
        rearranged = None if error.is_final else rearranged_form(rate.tree, {state})
        if rearranged is None:
            raise EvsimValueError(
                f"{where}: method='exponential_euler' takes each equation as linear in its own variable, and in "
                f"d{state}/dt the part {shown(error.node)} is not linear in {state}: {error.reason};"
                " use another method."
            ) from None
        form = rearranged
    return form.part(state).tree()
