"""Equations of a model as a list of jets: what can be known before a step is one constant each."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

import mpmath as mp

from evsim.description import ForeignFunction, Functions, TimedTable
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH
from evsim.equations.nodes import COMPARISONS, Call, Name, Node, Number, Operation, Truth, leaves
from evsim.errors import EvsimValueError
from evsim.reference.branches import Largest, Logic, Lookup, Piecewise, Sided, Staircase
from evsim.reference.condition import Condition, Test
from evsim.reference.exact import Exact, duration
from evsim.reference.jets import Composed, Constant, Growth, Jet, Product, Quotient, Ratio, Relative, Scaled, Sum, Variable

SIDES: dict[str, Callable[[int], bool]] = {
    "<": lambda side: side < 0,
    "<=": lambda side: side <= 0,
    ">": lambda side: side > 0,
    ">=": lambda side: side >= 0,
    "==": lambda side: side == 0,
    "!=": lambda side: side != 0,
}
ONE = Number(1.0)
MOST_FACTORS = 64  # of a whole power that is multiplied out


class Tape:
    """The jets of a model, operands first. `names` are the variables; every other name is constant in a step.

    `bind` gives the constants their values.
    """

    def __init__(self, bits: int, order: int, names: tuple[str, ...], functions: Functions, dt: float) -> None:
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

    def _add(self, jet: Any) -> Any:
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
            return self._new(Sided, self._difference(node), lambda sign: float(side(sign)))
        if operator in ("and", "or", "not"):
            return self._logic(operator, operands)
        make = {
            "+": self._sum,
            "-": self._sum,
            "*": self._product,
            "/": self._quotient,
            "**": self._power,
            "%": self._remainder,
            "//": self._whole_quotient,
            "neg": self._negative,
        }
        return make[operator](node)

    def _new(self, kind: Any, *arguments: Any) -> Any:
        return self._add(kind(self.bits, *arguments))

    def _difference(self, node: Operation) -> Jet:
        return self._new(Sum, *(self.jet(each) for each in node.operands), -1)

    def _sum(self, node: Operation) -> Jet:
        a, b = (self.jet(each) for each in node.operands)
        return self._new(Sum, a, b, 1 if node.operator == "+" else -1)

    def _negative(self, node: Operation) -> Jet:
        return self._new(Scaled, self.jet(node.operands[0]), self.jet(Operation("neg", (ONE,))))

    def _product(self, node: Operation) -> Jet:
        a, b = sorted((self.jet(each) for each in node.operands), key=lambda jet: jet.is_constant)
        return self._new(Scaled if b.is_constant else Product, a, b)

    def _quotient(self, node: Operation) -> Jet:
        a, b = node.operands
        if self._is_constant(b):
            return self._new(Scaled, self.jet(a), self.jet(Operation("/", (ONE, b))))
        return self._new(Quotient, self.jet(a), self.jet(b))

    def _power(self, node: Operation) -> Jet:
        base, exponent = node.operands
        whole = _whole(exponent)
        if whole is not None and 0 < abs(whole) <= MOST_FACTORS:
            power = self._multiplied(self.jet(base), abs(whole))
            return power if whole > 0 else self._new(Quotient, self.jet(ONE), power)
        return self.jet(Call("exp", (Operation("*", (Call("log", (base,)), exponent)),)))

    def _multiplied(self, base: Jet, times: int) -> Jet:
        if times == 1:
            return base
        half = self._multiplied(base, times // 2)
        square = self._new(Product, half, half)
        return self._new(Product, square, base) if times % 2 else square

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
        return self._new(Logic, function, *parts)

    def _call(self, node: Call) -> Jet:
        meant = self.functions.get(node.function)
        if isinstance(meant, TimedTable):
            return self._timed(node, meant)
        if isinstance(meant, ForeignFunction):
            return self._foreign(node, meant)
        make = getattr(self, f"_{_SAME.get(node.function, node.function)}", None)
        if node.function not in _BUILT_IN or make is None:
            raise EvsimValueError(f"the reference engine cannot follow {node.function}() in an equation.")
        return make(*(self.jet(each) for each in node.operands))

    def _timed(self, node: Call, table: TimedTable) -> Jet:
        if len(node.operands) > 1 and not self._is_constant(node.operands[1]):
            raise EvsimValueError(f"{node.function}: the column of a table must not change with time.")
        column = Expression(node.operands[1]) if len(node.operands) > 1 else None

        def values() -> Any:
            if column is None:
                return table.values
            return table.values[:, int(column.evaluate(self.values, functions=self.table))]

        return self._new(Lookup, self.jet(node.operands[0]), values, duration(table.dt, self._dt))

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

        return self._new(Composed, self.jet(node.operands[place]), self.order, taylor)

    # Built-in functions.

    def _growth(self, x: Jet, name: str, sign: int = 1) -> Any:
        return self._new(Growth, x, MPMATH[name], sign)

    def _exp(self, x: Jet) -> Jet:
        y = self._growth(x, "exp")
        y.q = y
        return y

    def _expm1(self, x: Jet) -> Jet:
        return self._new(Sum, self._exp(x), self.jet(ONE), -1)

    def _pair(self, x: Jet, sine: str, cosine: str, sign: int) -> tuple[Jet, Jet]:
        s, c = self._growth(x, sine), self._growth(x, cosine, sign)
        s.q, c.q = c, s
        return s, c

    def _sin(self, x: Jet) -> Jet:
        return self._pair(x, "sin", "cos", -1)[0]

    def _cos(self, x: Jet) -> Jet:
        return self._pair(x, "sin", "cos", -1)[1]

    def _sinh(self, x: Jet) -> Jet:
        return self._pair(x, "sinh", "cosh", 1)[0]

    def _cosh(self, x: Jet) -> Jet:
        return self._pair(x, "sinh", "cosh", 1)[1]

    def _tan(self, x: Jet) -> Jet:
        y = self._growth(x, "tan")
        y.q = self._new(Sum, self._new(Product, y, y), self.jet(ONE))
        return y

    def _tanh(self, x: Jet) -> Jet:
        y = self._growth(x, "tanh")
        y.q = self._new(Sum, self.jet(ONE), self._new(Product, y, y), -1)
        return y

    def _ratio(self, x: Jet, name: str, q: Jet, sign: int = 1) -> Jet:
        y = self._new(Ratio, x, MPMATH[name], sign)
        y.q = q
        return y  # type: ignore[no-any-return]

    def _log(self, x: Jet) -> Jet:
        return self._ratio(x, "log", x)

    def _log10(self, x: Jet) -> Jet:
        return self._new(Scaled, self._log(x), self.jet(Operation("/", (ONE, Call("log", (Number(10.0),))))))

    def _log1p(self, x: Jet) -> Jet:
        return self._ratio(x, "log1p", self._new(Sum, x, self.jet(ONE)))

    def _sqrt(self, x: Jet) -> Jet:
        y = self._new(Ratio, x, MPMATH["sqrt"], 1, False)
        y.q = self._new(Scaled, y, self.jet(Number(2.0)))
        return y  # type: ignore[no-any-return]

    def _atan(self, x: Jet) -> Jet:
        return self._ratio(x, "atan", self._new(Sum, self._new(Product, x, x), self.jet(ONE)))

    def _asin(self, x: Jet) -> Jet:
        return self._ratio(x, "asin", self._to_circle(x))

    def _acos(self, x: Jet) -> Jet:
        return self._ratio(x, "acos", self._to_circle(x), -1)

    def _to_circle(self, x: Jet) -> Jet:
        return self._sqrt(self._new(Sum, self.jet(ONE), self._new(Product, x, x), -1))

    def _exprel(self, x: Jet) -> Jet:
        return self._new(Relative, x, self._expm1(x), self.order, exprel_series)

    def _abs(self, x: Jet) -> Jet:
        return self._new(Largest, 1, x, self._new(Scaled, x, self.jet(Operation("neg", (ONE,)))))

    def _max(self, *operands: Jet) -> Jet:
        return self._new(Largest, 1, *operands)

    def _min(self, *operands: Jet) -> Jet:
        return self._new(Largest, -1, *operands)

    def _clip(self, x: Jet, low: Jet, high: Jet) -> Jet:
        return self._min(self._max(x, low), high)

    def _sign(self, x: Jet) -> Jet:
        return self._new(Sided, x, float)

    def _floor(self, x: Jet) -> Jet:
        return self._new(Staircase, x, float, float, mp.mpf(1))

    def _ceil(self, x: Jet) -> Jet:
        return self._new(Staircase, x, lambda k: float(k + 1), float, mp.mpf(1))

    def _int(self, x: Jet) -> Jet:
        return self._new(Staircase, x, lambda k: float(k if k >= 0 else k + 1), float, mp.mpf(1))


_SAME = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
_BUILT_IN = frozenset(
    "exp expm1 exprel log log10 log1p sqrt sin cos tan sinh cosh tanh asin acos atan arcsin arccos arctan "
    "abs sign floor ceil int clip min max".split()
)


def callable_table(functions: Functions, dt: float) -> Mapping[str, Callable[..., Any]]:
    """What expressions may call, on mpmath numbers."""
    own: dict[str, Callable[..., Any]] = {}
    for name, function in functions.items():
        own[name] = function.evaluate if isinstance(function, ForeignFunction) else _value_of(function, dt)
    return ChainMap(own, MPMATH) if own else MPMATH  # type: ignore[arg-type]


def _value_of(table: TimedTable, dt: float) -> Callable[..., Exact]:
    period = duration(table.dt, dt)

    def value(time: Exact, column: Exact = 0) -> Exact:
        k = min(max(int(mp.floor(mp.fdiv(time, period))), 0), len(table.values) - 1)
        row = table.values[k]
        return mp.mpf(float(row[int(column)] if table.values.ndim > 1 else row))

    return value


def as_number(value: Any) -> Exact:
    """A number or a truth value as a number."""
    return value if isinstance(value, mp.mpf) else mp.mpf(float(value))


def exprel_series(x: Exact, order: int) -> list[Exact]:
    """The Taylor coefficients of (exp(x) - 1)/x at x."""
    moments = _moments(x, order)
    return [moment / mp.factorial(m) for m, moment in enumerate(moments)]


def _moments(x: Exact, order: int) -> list[Exact]:
    """The integrals over s**m * exp(s*x) for s from 0 to 1: the last by its series, the others by recursion."""
    with mp.extraprec(order * 8 + 64):
        top = mp.hyp1f1(order + 1, order + 2, x) / (order + 1)
        found, grown = [top], mp.exp(x)
        for m in range(order, 0, -1):
            found.append((grown - x * found[-1]) / m)
        return found[::-1]


def _whole(node: Node) -> int | None:
    """The whole number that a tree is, if it is one."""
    if isinstance(node, Operation) and node.operator == "neg":
        inner = _whole(node.operands[0])
        return None if inner is None else -inner
    if isinstance(node, Number) and node.value.is_integer() and abs(node.value) < 1e6:
        return int(node.value)
    return None
