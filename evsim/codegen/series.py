"""Formulas taken apart for their Taylor series: sums of products, quotients and elementary functions.

Equal parts are one; numbers that stay what they are over a step become factors of the sums. What has no series
everywhere (`abs`, comparisons, functions of the user) is refused. `series_code` makes C of the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evsim.equations.linear_form import (
    ONE,
    ZERO,
    NotLinearError,
    Sum,
    linear_form,
    negative,
    product,
    quotient,
)
from evsim.equations.nodes import Call, Name, Node, Number, Operation, leaves

ANALYTIC = frozenset({"exp", "exprel", "sin", "cos", "tanh"})
MOST_POWER = 16
_FACTORS = frozenset({"+", "-", "*", "/", "neg"})  # what factors that lanes do not share may be made of
MINUS = negative(ONE)


class NoSeriesError(Exception):
    """A formula that has no Taylor series wherever it can be evaluated."""


@dataclass(frozen=True)
class Term:
    """A state (`operands` is its number), the time, or an operation on earlier terms.

    A "combination" is the sum of its operands, each times its factor, and the constant, which is the last factor.
    """

    kind: str
    operands: tuple[int, ...] = ()
    factors: tuple[Node, ...] = ()


@dataclass
class Linear:
    """sum(factor*term) + constant; factors and constant stay what they are over a step."""

    parts: dict[int, Sum] = field(default_factory=dict)
    constant: Sum = field(default_factory=Sum)

    def add(self, other: Linear, sign: int) -> None:
        """Add `sign * other`."""
        for number, factor in other.parts.items():
            for s, node in factor.terms:
                self.parts.setdefault(number, Sum()).add(sign * s, node)
        for s, node in other.constant.terms:
            self.constant.add(sign * s, node)

    def scaled(self, change: Callable[[Node], Node]) -> Linear:
        """With `change` applied to every number in it."""
        scaled = {n: Sum((s, change(node)) for s, node in factor.terms) for n, factor in self.parts.items()}
        return Linear(scaled, Sum((s, change(node)) for s, node in self.constant.terms))

    @property
    def is_constant(self) -> bool:
        """Whether no term is left in it."""
        return not any(factor.terms for factor in self.parts.values())

    @property
    def single(self) -> tuple[int, Node] | None:
        """Term and factor, if it is nothing else."""
        left = [(number, factor.tree()) for number, factor in self.parts.items() if factor.terms]
        return left[0] if len(left) == 1 and not self.constant.terms else None


@dataclass
class Series:
    """Formulas taken apart; `prepared` turns a factor into what has a place in C."""

    states: Mapping[str, int]
    prepared: Callable[[Node], Node]
    terms: list[Term] = field(default_factory=list)
    numbers: dict[Term, int] = field(default_factory=dict)

    def wanted(self, node: Node) -> int:
        """Number of the term that is the formula."""
        return self._term_of(self._linear(node))

    def _term(self, kind: str, *operands: int, factors: tuple[Node, ...] = ()) -> int:
        term = Term(kind, operands, factors)
        if term not in self.numbers:
            self.numbers[term] = len(self.terms)
            self.terms.append(term)
        return self.numbers[term]

    def _term_of(self, linear: Linear) -> int:
        single = linear.single
        if single and single[1] == ONE:
            return single[0]
        parts = sorted((number, factor.tree()) for number, factor in linear.parts.items() if factor.terms)
        factors = [*(factor for _, factor in parts), linear.constant.tree()]
        ready = tuple(each if each in (ONE, ZERO, MINUS) else self.prepared(each) for each in factors)
        return self._term("combination", *(number for number, _ in parts), factors=ready)

    def _linear(self, node: Node) -> Linear:
        if not any(
            isinstance(each, Name) and (each.name in self.states or each.name == "t") for each in leaves(node)
        ):
            return Linear(constant=Sum([(1, node)]))
        if isinstance(node, Name):
            number = self._term("time") if node.name == "t" else self._term("state", self.states[node.name])
            return Linear({number: Sum([(1, ONE)])})
        if isinstance(node, Call):
            return self._plain(self._call(node))
        assert isinstance(node, Operation)
        if node.operator in ("+", "-", "neg"):
            result = Linear()
            for sign, operand in zip(
                {"+": (1, 1), "-": (1, -1), "neg": (-1,)}[node.operator], node.operands, strict=True
            ):
                result.add(self._linear(operand), sign)
            return result
        if node.operator == "*":
            return self._product(*(self._linear(each) for each in node.operands))
        if node.operator == "/":
            return self._quotient(*node.operands)
        if node.operator == "**":
            return self._power(*node.operands)
        raise NoSeriesError(node.operator)

    def _plain(self, number: int) -> Linear:
        return Linear({number: Sum([(1, ONE)])})

    def _product(self, first: Linear, second: Linear) -> Linear:
        """Numbers go before the product, so that equal products are found."""
        if first.is_constant:
            return second.scaled(lambda node: product(first.constant.tree(), node))
        if second.is_constant:
            return first.scaled(lambda node: product(node, second.constant.tree()))
        factor: Node = ONE
        operands = []
        for each in (first, second):
            single = each.single
            factor = product(factor, single[1]) if single else factor
            operands.append(single[0] if single else self._term_of(each))
        operands.sort()
        number = (
            self._term("square", operands[0])
            if operands[0] == operands[1]
            else self._term("product", *operands)
        )
        return Linear({number: Sum([(1, factor)])})

    def _quotient(self, above: Node, below: Node) -> Linear:
        if isinstance(below, Call) and below.function == "exprel":
            inverse = self._plain(self._bernoulli(self._argument(below)))
            return self._product(self._linear(above), inverse)
        divisor = self._linear(below)
        if divisor.is_constant:
            return self._linear(above).scaled(lambda node: quotient(node, divisor.constant.tree()))
        dividend = self._linear(above)
        if dividend.is_constant:
            inverse = self._plain(self._term("inverse", self._term_of(divisor)))
            return self._product(dividend, inverse)
        return self._plain(self._term("quotient", self._term_of(dividend), self._term_of(divisor)))

    def _power(self, base: Node, power: Node) -> Linear:
        if (
            not isinstance(power, Number)
            or not power.value.is_integer()
            or not 1 <= power.value <= MOST_POWER
        ):
            raise NoSeriesError("**")
        return self._integer_power(self._linear(base), int(power.value))

    def _integer_power(self, base: Linear, power: int) -> Linear:
        if power == 1:
            return base
        half = self._integer_power(base, power // 2)
        square = self._product(half, half)
        return self._product(square, base) if power % 2 else square

    def _argument(self, call: Call) -> int:
        argument = self._linear(call.operands[0])
        if argument.is_constant:
            raise NoSeriesError(call.function)
        return self._term_of(argument)

    def _call(self, node: Call) -> int:
        if node.function not in ANALYTIC or node.meaning is not None:
            raise NoSeriesError(node.function)
        if node.function == "tanh":  # 1 - 2/(exp(2 x) + 1)
            power = Operation("+", (Call("exp", (Operation("*", (Number(2.0), node.operands[0])),)), ONE))
            return self.wanted(Operation("-", (ONE, Operation("/", (Number(2.0), power)))))
        argument = self._argument(node)
        if node.function == "exprel":
            return self._term("inverse", self._bernoulli(argument))
        if node.function in ("sin", "cos"):
            self._term("sin", argument), self._term("cos", argument)
        return self._term(node.function, argument)

    def _bernoulli(self, argument: int) -> int:
        """x/(exp(x) - 1), which is 1/exprel(x)."""
        return self._term("bernoulli", argument, self._term("exp", argument))


def is_factor(node: Node) -> bool:
    """Whether a prepared factor has a value in all lanes at once."""
    if isinstance(node, Operation):
        return node.operator in _FACTORS and all(is_factor(each) for each in node.operands)
    return isinstance(node, Name | Number)


def gathered(rates: Mapping[str, Node]) -> dict[str, Node]:
    """The rates, each as a*x + b in its own state x where that takes fewer products: conductances, gates."""
    varying = {*rates, "t"}
    found = dict(rates)
    for name, rate in rates.items():
        try:
            form = linear_form(rate, {name})
        except NotLinearError:
            continue
        slope, rest = form.part(name).tree(), form.constant.tree()
        changed = Operation("+", (Operation("*", (slope, Name(name))), rest))
        if _cost({**found, name: changed}, varying) < _cost(found, varying):
            found[name] = changed
    return found


def _cost(rates: Mapping[str, Node], varying: set[str]) -> int:
    """How many different products, quotients and functions of what changes there are."""
    found: set[Node] = set()
    for rate in rates.values():
        _collect(rate, varying, found)
    return len(found)


def _collect(node: Node, varying: set[str], found: set[Node]) -> None:
    if not isinstance(node, Operation | Call) or node in found:
        return
    changing = [each for each in node.operands if _varies(each, varying)]
    is_sum = isinstance(node, Operation) and node.operator in ("+", "-", "neg")
    is_scaled = isinstance(node, Operation) and node.operator in ("*", "/") and changing == [node.operands[0]]
    is_scaled |= isinstance(node, Operation) and node.operator == "*" and len(changing) == 1
    if changing and not is_sum and not is_scaled:
        found.add(node)
    for each in changing:
        _collect(each, varying, found)


def _varies(node: Node, varying: set[str]) -> bool:
    return any(isinstance(leaf, Name) and leaf.name in varying for leaf in leaves(node))


__all__ = ["MINUS", "NoSeriesError", "Series", "Term", "gathered", "is_factor"]
