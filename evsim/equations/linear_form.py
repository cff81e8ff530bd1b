"""Write a tree as sum(coefficient * state) + constant; coefficients round no more than the user's text.

The tree itself is taken apart, term by term; nothing is multiplied out that does not contain a state, and
numbers are joined only where a double holds the result exactly. So `(g_L*(E_L - V) + I)/C_m` gives `-g_L/C_m`
for V and `g_L*E_L/C_m + I/C_m`.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from fractions import Fraction

from evsim.equations.nodes import Call, Name, Node, Number, Operation, leaves
from evsim.equations.printing import to_text

ONE = Number(1.0)
ZERO = Number(0.0)


class NotLinearError(Exception):
    """`node` is not linear in the states because of `reason`; `is_final` when no rearrangement can help."""

    def __init__(self, node: Node, reason: str, is_final: bool) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason
        self.is_final = is_final


class Sum:
    """Terms with their signs, in order; a term and its negative cancel."""

    def __init__(self, terms: Iterable[tuple[int, Node]] = ()) -> None:
        self.terms: list[tuple[int, Node]] = []
        for sign, node in terms:
            self.add(sign, node)

    def add(self, sign: int, node: Node) -> None:
        """Add `sign * node`."""
        while isinstance(node, Operation) and node.operator == "neg":
            sign, node = -sign, node.operands[0]
        if node == ZERO:
            return
        for k, (other_sign, other) in enumerate(self.terms):
            if other == node and other_sign == -sign:
                del self.terms[k]
                return
            if isinstance(other, Number) and isinstance(node, Number):
                joined = _exact(other_sign * Fraction(other.value) + sign * Fraction(node.value))
                if joined is not None:
                    del self.terms[k]
                    self.add(1 if joined >= 0 else -1, Number(abs(joined)))
                    return
        self.terms.append((sign, node))

    def tree(self) -> Node:
        """The sum as one tree, 0 when nothing is left."""
        if not self.terms:
            return ZERO
        (sign, result), *others = self.terms
        if sign < 0:
            result = negative(result)
        for sign, node in others:
            result = Operation("+" if sign > 0 else "-", (result, node))
        return result


@dataclass
class Form:
    """sum(coefficients[x] * x) + constant."""

    coefficients: dict[str, Sum] = field(default_factory=dict)
    constant: Sum = field(default_factory=Sum)

    def parts(self) -> list[tuple[str | None, Sum]]:
        return [*self.coefficients.items(), (None, self.constant)]

    def part(self, state: str | None) -> Sum:
        return self.constant if state is None else self.coefficients.setdefault(state, Sum())


def linear_form(node: Node, states: Set[str]) -> Form:
    """Take `node` apart; raise `NotLinearError` where it is not linear in the states as it stands."""
    if not states_in(node, states):
        return Form(constant=Sum([(1, node)]))
    if isinstance(node, Name):
        return Form({node.name: Sum([(1, ONE)])})
    if isinstance(node, Call):
        raise NotLinearError(node, f"it is {node.function} of {named(states_in(node, states))}", True)
    assert isinstance(node, Operation)
    match node.operator:
        case "+" | "-" | "neg":
            return _sum(node, states)
        case "*":
            return _product(node, states)
        case "/":
            return _quotient(node, states)
        case "**":
            raise NotLinearError(node, f"it is a power with {named(states_in(node, states))}", False)
    raise NotLinearError(node, f"'{node.operator}' with {named(states_in(node, states))} is not linear", True)


def _sum(node: Operation, states: Set[str]) -> Form:
    signs = {"+": (1, 1), "-": (1, -1), "neg": (-1,)}[node.operator]
    result = Form()
    for outer, operand in zip(signs, node.operands, strict=True):
        for state, part in linear_form(operand, states).parts():
            for sign, term in part.terms:
                result.part(state).add(outer * sign, term)
    return result


def _product(node: Operation, states: Set[str]) -> Form:
    left, right = node.operands
    in_left, in_right = states_in(left, states), states_in(right, states)
    if in_left and in_right:
        raise NotLinearError(node, f"it multiplies {named(in_left)} by {named(in_right)}", False)
    form = linear_form(left if in_left else right, states)
    result = Form()
    for state, part in form.parts():
        for sign, term in part.terms:
            result.part(state).add(sign, product(term, right) if in_left else product(left, term))
    return result


def _quotient(node: Operation, states: Set[str]) -> Form:
    above, below = node.operands
    if inside := states_in(below, states):
        raise NotLinearError(node, f"it divides by {named(inside)}", False)
    result = Form()
    for state, part in linear_form(above, states).parts():
        for sign, term in part.terms:
            result.part(state).add(sign, quotient(term, below))
    return result


def product(left: Node, right: Node) -> Node:
    """left*right, spared where a factor is 0, 1 or 1/x."""
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    if right == ONE:
        return left
    if isinstance(left, Number) and isinstance(right, Number):
        joined = _exact(Fraction(left.value) * Fraction(right.value))
        if joined is not None:
            return Number(joined)
    for factor, other in ((right, left), (left, right)):
        if isinstance(factor, Operation) and factor.operator == "/" and factor.operands[0] == ONE:
            return Operation("/", (other, factor.operands[1]))
    return Operation("*", (left, right))


def quotient(above: Node, below: Node) -> Node:
    """above/below, spared where it is plain."""
    if above == ZERO or below == ONE:
        return above
    return Operation("/", (above, below))


def negative(node: Node) -> Node:
    """-node, with the sign at the first factor: -g_L/C_m."""
    if isinstance(node, Operation) and node.operator in ("*", "/"):
        return Operation(node.operator, (negative(node.operands[0]), *node.operands[1:]))
    if isinstance(node, Operation) and node.operator == "neg":
        return node.operands[0]
    return Operation("neg", (node,))


def states_in(node: Node, states: Set[str]) -> list[str]:
    """The states that occur, each once, in order."""
    found = (leaf.name for leaf in leaves(node) if isinstance(leaf, Name))
    return list(dict.fromkeys(name for name in found if name in states))


def named(names: list[str]) -> str:
    """Names as they stand in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def shown(node: Node) -> str:
    """A tree as quoted in an error."""
    text = to_text(node)
    return repr(text if len(text) <= 100 else text[:97] + "...")


def _exact(value: Fraction) -> float | None:
    """The double that equals `value`, if there is one."""
    try:
        nearest = float(value)
    except OverflowError:
        return None
    return nearest if Fraction(nearest) == value else None
