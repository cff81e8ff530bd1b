"""A gate of which only a share of the receptors is in the pulse: the part in it, the part out of it, and their sum.

Where a spike releases the share r of what a synapse has, r of its receptors come into the pulse of transmitter, chosen
anew at each spike; the others go on without. For equations that are linear at either height of the pulse the two parts
obey them separately, so that the sum is exact. A spike within a pulse adds its share to that in it, up to all, and
makes the pulse last until its own end; with full releases that is the rule that it starts the pulse anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evsim.composition.declared import own_equations
from evsim.composition.treatment import rate_form
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.equations.linear_form import Form, NotLinearError, Sum, product
from evsim.equations.nodes import Name
from evsim.errors import EvsimValueError
from evsim.plugin import Gate, Pulse
from evsim.units import DIMENSIONLESS

SHARE = "share"  # of the receptors of a synapse: how many are in the pulse
COMING, GOING = (
    "coming_into_pulse",
    "leaving_pulse",
)  # of those out of it: who comes into it now; of those in it: who leaves it


@dataclass(frozen=True)
class Shares:
    """The variables of a gate in two parts; `parts` are their names in the pulse and out of it."""

    variables: tuple[Variable, ...]
    parts: Mapping[str, tuple[str, str]]

    def come(self, suffix: str = "") -> list[str]:
        """The code that takes `coming` of the rest into the pulse; `suffix` is that of a target's variables."""
        lines = []
        for on, off in self.parts.values():
            lines += [f"{on}{suffix} += {COMING}*{off}{suffix}", f"{off}{suffix} -= {COMING}*{off}{suffix}"]
        return [*lines, f"{SHARE}{suffix} += {COMING}*(1 - {SHARE}{suffix})"]

    def go(self, suffix: str = "") -> list[str]:
        """The code that takes `going` of those in the pulse out of it."""
        lines = []
        for on, off in self.parts.values():
            lines += [f"{off}{suffix} += {GOING}*{on}{suffix}", f"{on}{suffix} -= {GOING}*{on}{suffix}"]
        return [*lines, f"{SHARE}{suffix} -= {GOING}*{SHARE}{suffix}"]


def coming(release: str, suffix: str = "") -> str:
    """Which share of the rest comes into the pulse, so that `release` of all do."""
    return f"clip(({release})/(1 - {SHARE}{suffix} + 1e-300), 0, 1)"


def shares_of(gate: Gate, names: Mapping[str, str] | None = None) -> Shares:
    """Return the two parts of a gate as variables of one element; parameters are renamed to those of its target."""
    assert isinstance(gate.on_pre, Pulse)
    variables = own_equations(gate)
    states = variables.of_kind("differential")
    parts = {name: (f"{name}_in_pulse", f"{name}_at_rest") for name in states}
    there = {name: f"{target}_post" for name, target in (names or {}).items() if name not in variables}
    made: list[Variable] = []
    for name in states:
        on = _form(gate, variables, name, Expression.parse(gate.on_pre.height, f"height of {gate.name}"))
        off = _form(gate, variables, name, Expression.number(0.0))
        for k, form in enumerate((on, off)):
            rate = _rate(form, {each: pair[k] for each, pair in parts.items()}).rename(there)
            made.append(replace(variables[name], name=parts[name][k], expression=rate))
        total = Expression.parse(" + ".join(parts[name]), name)
        made.append(Variable(name, "subexpression", total, variables[name].dimension))
    for name in variables.of_kind("subexpression"):
        formula = variables[name].expression
        assert formula is not None
        made.append(replace(variables[name], expression=formula.rename(there)))
    return Shares((*made, Variable(SHARE, "parameter", None, DIMENSIONLESS)), parts)


def _form(gate: Gate, variables: Equations, name: str, height: Expression) -> Form:
    assert isinstance(gate.on_pre, Pulse)
    try:
        form = rate_form(variables, name, gate.on_pre.variable, height)
    except NotLinearError as error:
        raise EvsimValueError(
            f"gate {gate.name}: {error.reason}, so that nothing says what a part of its receptors does in a pulse; "
            "plasticity that releases a share needs a gate that is linear at either height of the pulse"
        ) from None
    if height == Expression.number(0.0) and form.constant.terms:
        raise EvsimValueError(
            f"gate {gate.name}: {name} does not rest at 0 without {gate.on_pre.variable}; plasticity that releases a "
            "share needs a gate that does"
        )
    return form


def _rate(form: Form, places: Mapping[str, str]) -> Expression:
    """The rate of a part; what is constant in the rate of a gate is so once for each receptor in the pulse."""
    total = Sum()
    for name, part in form.coefficients.items():
        for sign, term in part.terms:
            total.add(sign, product(term, Name(places[name])))
    for sign, term in form.constant.terms:
        total.add(sign, product(term, Name(SHARE)))
    return Expression(total.tree())


__all__ = ["COMING", "GOING", "SHARE", "Shares", "coming", "shares_of"]
