"""How the engine runs a gate: read from its equations and events, never declared."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from evsim.composition.declared import own_equations
from evsim.composition.superposition import degree
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.linear_form import Form, NotLinearError, linear_form, product, quotient, shown
from evsim.equations.nodes import Node, Number, Operation
from evsim.equations.rearranged import rearranged_form
from evsim.equations.statements import parse_statements
from evsim.plugin import Gate, InC, Pulse

AT_ONCE = "acts at once"
SUMMED = "one sum per target"
PULSED = "two sums per target"
EACH_SOURCE = "one state per source and delay"


@dataclass(frozen=True)
class Treatment:
    """How a gate is run, and what in its equations allows it or stands against anything simpler."""

    name: str
    reason: str


def treatment_of(gate: Gate) -> Treatment:
    """Return the simplest treatment that gives what one state for each synapse would give."""
    if not gate.equations.strip():
        return Treatment(
            AT_ONCE, "it has no variables of its own: a spike changes the target and nothing stays"
        )
    if isinstance(gate.on_pre, Pulse):
        obstacle = _obstacle_to_pulses(gate, gate.on_pre)
        if not obstacle:
            return Treatment(
                PULSED,
                f"its equations are linear and {gate.on_pre.variable} takes two values, so synapses in their pulse add "
                "up, and so do the others; a synapse moves from sum to sum when its pulse starts and ends",
            )
    else:
        obstacle = _obstacle_to_sums(gate)
        if not obstacle and isinstance(gate.on_pre, InC):
            return Treatment(
                SUMMED,
                "its equations are proportional to its variables and its C says what a spike adds: all synapses add "
                "up, and a synapse keeps what its C needs",
            )
        if not obstacle:
            return Treatment(
                SUMMED,
                "its equations are proportional to its variables and a spike adds: all synapses add up",
            )
    return Treatment(EACH_SOURCE, f"it does not add up, since {obstacle}")


def _obstacle_to_sums(gate: Gate) -> str:
    variables = own_equations(gate)
    states = set(variables.of_kind("differential"))
    for name, variable in variables.items():
        if variable.expression and degree(variables.expanded(variable.expression), states) is None:
            return f"{_line(variables, name)} is not proportional to {', '.join(sorted(states))}"
    if isinstance(gate.on_pre, InC):
        return ""
    for statement in parse_statements(gate.written_out(str(gate.on_pre)), f"on_pre of gate {gate.name}"):
        jump = variables.expanded(statement.expression)
        if statement.operator not in ("+=", "-=") or jump.names & states:
            return f"the event {statement} is more than an addition"
    return ""


def _obstacle_to_pulses(gate: Gate, pulse: Pulse) -> str:
    variables = own_equations(gate)
    states = set(variables.of_kind("differential"))
    for name in variables.of_kind("subexpression"):
        if degree(_expanded(variables, name), states) is None:
            return f"{_line(variables, name)} is not proportional to {', '.join(sorted(states))}"
    for name in states:
        try:
            rest = rate_form(variables, name, pulse.variable, Expression.number(0.0))
            rate_form(variables, name, pulse.variable, Expression.parse(pulse.height, "height"))
        except NotLinearError as error:
            return f"{shown(error.node)} in {_line(variables, name)} is not linear: {error.reason}"
        if rest.constant.terms:
            return f"{_line(variables, name)} does not rest at 0 without {pulse.variable}"
    return ""


def rate_form(variables: Equations, name: str, pulsed: str, height: Expression) -> Form:
    """The rate of a variable as a linear form of all, with the pulse at this height."""
    states = set(variables.of_kind("differential"))
    tree = without_zeros(_expanded(variables, name).substitute({pulsed: height}).tree)
    try:
        return linear_form(tree, states)
    except NotLinearError as error:
        form = None if error.is_final else rearranged_form(tree, frozenset(states))
        if form is None:
            raise
        return form


def without_zeros(node: Node) -> Node:
    """The tree with products with 0 and powers of 0 gone."""
    if not isinstance(node, Operation):
        return node
    operands = tuple(without_zeros(each) for each in node.operands)
    if node.operator == "neg" and operands[0] == Number(0.0):
        return operands[0]
    if node.operator == "**" and operands[0] == Number(0.0) and _is_positive(operands[1]):
        return operands[0]
    if node.operator == "*":
        return product(*operands)
    if node.operator == "/":
        return quotient(*operands)
    if node.operator in ("+", "-") and operands[1] == Number(0.0):
        return operands[0]
    if node.operator == "+" and operands[0] == Number(0.0):
        return operands[1]
    return Operation(node.operator, operands)


def _is_positive(node: Node) -> bool:
    return isinstance(node, Number) and node.value > 0


def carriers(gate: Gate) -> Set[str]:
    """The gate's variables that sum over synapses, and with that carry the unit of the weight."""
    variables = own_equations(gate)
    states = set(variables.of_kind("differential"))
    others = variables.of_kind("subexpression")
    return states | {name for name in others if degree(_expanded(variables, name), states) == 1}


def _expanded(variables: Equations, name: str) -> Expression:
    expression = variables[name].expression
    assert expression is not None
    return variables.expanded(expression)


def _line(variables: Equations, name: str) -> str:
    left = f"d{name}/dt" if variables[name].kind == "differential" else name
    return f"{left} = {variables[name].expression}"
