"""Second look, with sympy, at trees such as `(V + 1)**2 - V**2`: linear once they are multiplied out.

A rate is linear when its derivative by each state contains no state any more. A literal that is not a whole
number is a symbol meanwhile, so that 0.1 comes out as the double that went in.
"""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any

from evsim.equations.linear_form import Form, NotLinearError, Sum, product, quotient, states_in
from evsim.equations.nodes import Name, Node, Number, Operation
from evsim.equations.printing import to_text

_MOST_PARTS = 400
_MOST_TERMS = 2000
_LARGEST_POWER = 8
_LARGEST_WHOLE = 2**53


def rearranged_form(node: Node, states: Set[str]) -> Form | None:
    """The linear form of `node` after multiplying out, or None when it is not linear."""
    if node.size > _MOST_PARTS or _terms(node) > _MOST_TERMS:
        return None
    import sympy

    symbols = _Symbols(states)
    try:
        whole = sympy.expand(symbols.of(node))
        wanted = {name: symbols.named(name) for name in sorted(states)}
        slopes = {name: sympy.expand(sympy.diff(whole, symbol)) for name, symbol in wanted.items()}
        if any(slope.free_symbols & set(wanted.values()) for slope in slopes.values()):
            return None
        rest = sympy.expand(whole - sum(slope * wanted[name] for name, slope in slopes.items()))
        if rest.free_symbols & set(wanted.values()):
            return None
        coefficients = {name: symbols.sum(slope) for name, slope in slopes.items() if slope != 0}
        return Form(coefficients, symbols.sum(rest))
    except NotLinearError:
        return None


class _Symbols:
    """Trees to sympy and back; what sympy need not look into is a symbol that remembers its tree."""

    def __init__(self, states: Set[str]) -> None:
        self._states = states
        self._nodes: dict[Any, Node] = {}

    def named(self, name: str) -> Any:
        return self._opaque(Name(name))

    def of(self, node: Node) -> Any:
        import sympy

        if isinstance(node, Number) and node.value.is_integer() and node.value < _LARGEST_WHOLE:
            return sympy.Integer(int(node.value))
        if not isinstance(node, Operation):
            return self._opaque(node)
        if node.operator == "**":
            return self._power(node)
        if node.operator not in ("+", "-", "*", "/", "neg"):
            return self._opaque(node)
        values = [self.of(each) for each in node.operands]
        if node.operator == "neg":
            return -values[0]
        left, right = values
        if node.operator == "/" and right == 0:
            raise NotLinearError(node, "it divides by zero", True)
        if node.operator in ("*", "/"):
            return left * right if node.operator == "*" else left / right
        return left + right if node.operator == "+" else left - right

    def _power(self, node: Operation) -> Any:
        base, power = node.operands
        if isinstance(power, Number) and power.value.is_integer() and power.value <= _LARGEST_POWER:
            return self.of(base) ** int(power.value)
        return self._opaque(node)

    def _opaque(self, node: Node) -> Any:
        import sympy

        if not isinstance(node, Name) and states_in(node, self._states):
            raise NotLinearError(node, "it hides a state", True)
        symbol = sympy.Symbol(to_text(node), real=True)
        self._nodes[symbol] = node
        return symbol

    def sum(self, expression: Any) -> Sum:
        return Sum(self._term(each) for each in expression.as_ordered_terms())

    def _term(self, term: Any) -> tuple[int, Node]:
        sign = 1
        above: Node = Number(1.0)
        below: Node = Number(1.0)
        for factor in term.as_ordered_factors():
            base, power = factor.as_base_exp()
            if factor.is_Rational:
                sign *= -1 if factor < 0 else 1
                above = product(above, _whole(abs(factor.p)))
                below = product(below, _whole(factor.q))
            elif power.is_Integer and power < 0:
                below = product(below, self._powered(base, -int(power)))
            elif power.is_Integer:
                above = product(above, self._powered(base, int(power)))
            else:
                raise NotLinearError(above, "it has a root", True)
        return sign, quotient(above, below)

    def _powered(self, base: Any, power: int) -> Node:
        node = self._nodes.get(base) or self.sum(base).tree()
        return node if power == 1 else Operation("**", (node, Number(float(power))))


def _terms(node: Node) -> int:
    """About how many terms the tree has when it is multiplied out."""
    if not isinstance(node, Operation):
        return 1
    counts = [min(_terms(each), _MOST_TERMS + 1) for each in node.operands]
    if node.operator == "**" and isinstance(node.operands[1], Number):
        power = min(int(node.operands[1].value), _LARGEST_POWER)
        return math.comb(counts[0] + power - 1, power)
    return sum(counts) if node.operator in ("+", "-") else math.prod(counts)


def _whole(value: int) -> Node:
    if value >= _LARGEST_WHOLE:
        raise NotLinearError(Number(1.0), "a number in it is too long", True)
    return Number(float(value))
