"""Equations of a model as a list of jets: what can be known before a step is one constant each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import mpmath as mp

from evsim.description import ForeignFunction, Functions, TimedTable
from evsim.equations.expression import Expression
from evsim.equations.nodes import COMPARISONS, Call, Name, Node, Number, Operation, leaves
from evsim.errors import EvsimValueError
from evsim.reference.branches import Logic, Lookup, Piecewise, Sided
from evsim.reference.calls import as_number, callable_table
from evsim.reference.condition import Condition, Test
from evsim.reference.elementary import ELEMENTARY
from evsim.reference.exact import Exact, duration
from evsim.reference.jets import Affine, Composed, Constant, Jet, Product, Quotient, Sum, Variable

J = TypeVar("J", bound=Jet)

SIDES: dict[str, Callable[[int], bool]] = {
    "<": lambda side: side < 0,
    "<=": lambda side: side <= 0,
    ">": lambda side: side > 0,
    ">=": lambda side: side >= 0,
    "==": lambda side: side == 0,
    "!=": lambda side: side != 0,
}
ZERO, ONE = Number(0.0), Number(1.0)
MINUS_ONE = Operation("neg", (ONE,))
MOST_FACTORS = 64  # of a whole power that is multiplied out


class Tape:
    """The jets of a model, operands first. `names` are the variables; every other name is constant in a step.

    `bind` gives the constants their values.
    """

    def __init__(
        self, bits: int, order: int, names: tuple[str, ...], functions: Functions, dt: float
    ) -> None:
        self.bits = bits
        self.order = order
        self.functions = functions
        self.table = callable_table(functions, dt)
        self.variables = {name: Variable(bits) for name in names}
        self.jets: list[Jet] = list(self.variables.values())
        self.piecewise: list[Piecewise] = []
        self.conditions: list[Condition] = []
        self.values: Mapping[str, Any] = {}
        self._dt = dt
        self._known: dict[Node, Jet] = {}
        self._constants: list[tuple[Expression, Constant]] = []

    def bind(self, values: Mapping[str, Any]) -> None:
        """Give every name that is no variable its value."""
        self.values = values
        for expression, constant in self._constants:
            constant.value = as_number(expression.evaluate(values, functions=self.table))
        for condition in self.conditions:
            condition.bind(values, self.table)

    def jet(self, node: Node) -> Jet:
        """The jet of a tree, the same one for equal trees."""
        if node not in self._known:
            self._known[node] = self._constant(node) if self._is_constant(node) else self._varying(node)
        return self._known[node]

    def condition(self, tree: Node) -> Condition:
        """A condition, whose comparisons do not end a step."""
        condition = Condition()
        condition.test = self._test(tree, condition)
        self.conditions.append(condition)
        return condition

    def _test(self, node: Node, condition: Condition) -> Test:
        if self._is_constant(node):
            return condition.add_constant(Expression(node))
        if isinstance(node, Operation) and node.operator in ("and", "or", "not"):
            parts = [self._test(each, condition) for each in node.operands]
            if node.operator == "not":
                return lambda sides: not parts[0](sides)
            join = all if node.operator == "and" else any
            return lambda sides: join(part(sides) for part in parts)
        if isinstance(node, Operation) and node.operator in COMPARISONS:
            return condition.add_form(self._difference(node), SIDES[node.operator])
        return condition.add_form(self.jet(node), SIDES["!="])

    # Trees to jets.

    def _is_constant(self, node: Node) -> bool:
        return not any(isinstance(leaf, Name) and leaf.name in self.variables for leaf in leaves(node))

    def _constant(self, node: Node) -> Jet:
        constant = Constant(self.bits)
        self._constants.append((Expression(node), constant))
        return self._add(constant)

    def _add(self, jet: J) -> J:
        self.jets.append(jet)
        if isinstance(jet, Piecewise):
            self.piecewise.append(jet)
        return jet

    def _varying(self, node: Node) -> Jet:
        if isinstance(node, Name):
            return self.variables[node.name]
        if isinstance(node, Call):
            return self._call(node)
        assert isinstance(node, Operation)
        operator, operands = node.operator, node.operands
        if operator in COMPARISONS:
            side = SIDES[operator]
            return self.new(Sided, self._difference(node), lambda sign: float(side(sign)))
        if operator in ("and", "or", "not"):
            return self._logic(operator, operands)
        core, scale, offset = self._affine(node)
        if core is not node:
            return self.new(Affine, self.jet(core), self.jet(scale), self.jet(offset))
        make = {
            "+": self._sum,
            "-": self._sum,
            "*": self._product,
            "/": self._quotient,
            "**": self._power,
            "%": self._remainder,
            "//": self._whole_quotient,
        }
        return make[operator](node)

    def new(self, kind: Callable[..., J], *arguments: Any) -> J:
        """Make a jet of some kind from those of its operands, and add it."""
        return self._add(kind(self.bits, *arguments))

    def number(self, value: float) -> Jet:
        """A constant."""
        return self.jet(Expression.number(value).tree)

    def _difference(self, node: Operation) -> Jet:
        return self.new(Sum, *(self.jet(each) for each in node.operands), -1)

    def _sum(self, node: Operation) -> Jet:
        a, b = (self.jet(each) for each in node.operands)
        return self.new(Sum, a, b, 1 if node.operator == "+" else -1)

    def _product(self, node: Operation) -> Jet:
        return self.new(Product, *(self.jet(each) for each in node.operands))

    def _quotient(self, node: Operation) -> Jet:
        return self.new(Quotient, *(self.jet(each) for each in node.operands))

    def _affine(self, node: Node) -> tuple[Node, Node, Node]:
        """(core, scale, offset) with node = scale*core + offset, of which only the core varies."""
        if not isinstance(node, Operation) or node.operator not in ("neg", "+", "-", "*", "/"):
            return node, ONE, ZERO
        if node.operator == "neg":
            return self._times(node.operands[0], MINUS_ONE)
        a, b = node.operands
        if self._is_constant(b):
            if node.operator in ("*", "/"):
                return self._times(a, b if node.operator == "*" else Operation("/", (ONE, b)))
            core, scale, offset = self._affine(a)
            return core, scale, Operation(node.operator, (offset, b))
        if self._is_constant(a) and node.operator != "/":
            if node.operator == "*":
                return self._times(b, a)
            core, scale, offset = self._times(b, ONE if node.operator == "+" else MINUS_ONE)
            return core, scale, Operation("+", (offset, a))
        return node, ONE, ZERO

    def _times(self, node: Node, factor: Node) -> tuple[Node, Node, Node]:
        core, scale, offset = self._affine(node)
        return core, Operation("*", (scale, factor)), Operation("*", (offset, factor))

    def _power(self, node: Operation) -> Jet:
        base, exponent = node.operands
        whole = _whole(exponent)
        if whole is not None and 0 < abs(whole) <= MOST_FACTORS:
            power = self._multiplied(self.jet(base), abs(whole))
            return power if whole > 0 else self.new(Quotient, self.jet(ONE), power)
        return self.jet(Call("exp", (Operation("*", (Call("log", (base,)), exponent)),)))

    def _multiplied(self, base: Jet, times: int) -> Jet:
        if times == 1:
            return base
        half = self._multiplied(base, times // 2)
        square = self.new(Product, half, half)
        return self.new(Product, square, base) if times % 2 else square

    def _whole_quotient(self, node: Operation) -> Jet:
        return self.jet(Call("floor", (Operation("/", node.operands),)))

    def _remainder(self, node: Operation) -> Jet:
        a, b = node.operands
        return self.jet(Operation("-", (a, Operation("*", (b, Operation("//", (a, b)))))))

    def _logic(self, operator: str, operands: tuple[Node, ...]) -> Jet:
        zero = Number(0.0)
        parts = [
            self.jet(each)
            if isinstance(each, Operation) and each.operator in (*COMPARISONS, "and", "or", "not")
            else self.jet(Operation("!=", (each, zero)))
            for each in operands
        ]
        function = {"and": all, "or": any, "not": lambda values: not values[0]}[operator]
        return self.new(Logic, function, *parts)

    def _call(self, node: Call) -> Jet:
        meant = self.functions.get(node.function)
        if isinstance(meant, TimedTable):
            return self._timed(node, meant)
        if isinstance(meant, ForeignFunction):
            return self._foreign(node, meant)
        if node.function not in ELEMENTARY:
            raise EvsimValueError(f"the reference engine cannot follow {node.function}() in an equation.")
        return ELEMENTARY[node.function](self, *(self.jet(each) for each in node.operands))

    def _timed(self, node: Call, table: TimedTable) -> Jet:
        if len(node.operands) > 1 and not self._is_constant(node.operands[1]):
            raise EvsimValueError(f"{node.function}: the column of a table must not change with time.")
        column = Expression(node.operands[1]) if len(node.operands) > 1 else None

        def values() -> Any:
            if column is None:
                return table.values
            return table.values[:, int(column.evaluate(self.values, functions=self.table))]

        return self.new(Lookup, self.jet(node.operands[0]), values, duration(table.dt, self._dt))

    def _foreign(self, node: Call, function: ForeignFunction) -> Jet:
        varying = [k for k, each in enumerate(node.operands) if not self._is_constant(each)]
        if len(varying) > 1:
            raise EvsimValueError(
                f"the reference engine follows {node.function}() along one argument that changes with time, "
                f"not along {len(varying)} at once."
            )
        [place] = varying
        others = [Expression(each) for each in node.operands]

        def taylor(x: Exact, order: int) -> list[Exact]:
            rest = {
                k: as_number(each.evaluate(self.values, functions=self.table))
                for k, each in enumerate(others)
                if k != place
            }

            def along(y: Exact) -> Exact:
                return as_number(function.evaluate(*(rest.get(k, y) for k in range(len(others)))))

            return list(mp.taylor(along, x, order))

        return self.new(Composed, self.jet(node.operands[place]), self.order, taylor)


def _whole(node: Node) -> int | None:
    """The whole number that a tree is, if it is one."""
    if isinstance(node, Operation) and node.operator == "neg":
        inner = _whole(node.operands[0])
        return None if inner is None else -inner
    if isinstance(node, Number) and node.value.is_integer() and abs(node.value) < 1e6:
        return int(node.value)
    return None
