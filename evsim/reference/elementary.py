"""The built-in functions as jets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import mpmath as mp

from evsim.equations.functions import MPMATH
from evsim.equations.nodes import Call, Node, Number, Operation
from evsim.reference.branches import Largest, Sided, Staircase
from evsim.reference.exact import Exact
from evsim.reference.jets import Affine, Growth, Jet, Product, Ratio, Relative, Sum

J = TypeVar("J", bound=Jet)


class Workshop(Protocol):
    """Where jets are made."""

    order: int

    def new(self, kind: Callable[..., J], *arguments: Any) -> J:
        """Make a jet of some kind from those of its operands, and add it."""

    def number(self, value: float) -> Jet:
        """A constant."""

    def jet(self, node: Node) -> Jet:
        """The jet of a tree."""


def _scaled(shop: Workshop, x: Jet, factor: float) -> Jet:
    return shop.new(Affine, x, shop.number(factor), shop.number(0.0))


def _square(shop: Workshop, x: Jet) -> Jet:
    return shop.new(Product, x, x)


def _plus_one(shop: Workshop, x: Jet) -> Jet:
    return shop.new(Sum, x, shop.number(1.0))


def _one_minus(shop: Workshop, x: Jet) -> Jet:
    return shop.new(Sum, shop.number(1.0), x, -1)


# y' = q x'


def _exp(shop: Workshop, x: Jet) -> Jet:
    y = shop.new(Growth, x, MPMATH["exp"])
    y.q = y
    return y


def _expm1(shop: Workshop, x: Jet) -> Jet:
    return shop.new(Sum, _exp(shop, x), shop.number(1.0), -1)


def _pair(shop: Workshop, x: Jet, sine: str, cosine: str, sign: int) -> tuple[Jet, Jet]:
    s, c = shop.new(Growth, x, MPMATH[sine]), shop.new(Growth, x, MPMATH[cosine], sign)
    s.q, c.q = c, s
    return s, c


def _sin(shop: Workshop, x: Jet) -> Jet:
    return _pair(shop, x, "sin", "cos", -1)[0]


def _cos(shop: Workshop, x: Jet) -> Jet:
    return _pair(shop, x, "sin", "cos", -1)[1]


def _sinh(shop: Workshop, x: Jet) -> Jet:
    return _pair(shop, x, "sinh", "cosh", 1)[0]


def _cosh(shop: Workshop, x: Jet) -> Jet:
    return _pair(shop, x, "sinh", "cosh", 1)[1]


def _tan(shop: Workshop, x: Jet) -> Jet:
    y = shop.new(Growth, x, MPMATH["tan"])
    y.q = _plus_one(shop, _square(shop, y))
    return y


def _tanh(shop: Workshop, x: Jet) -> Jet:
    y = shop.new(Growth, x, MPMATH["tanh"])
    y.q = _one_minus(shop, _square(shop, y))
    return y


# y' = x'/q


def _ratio(shop: Workshop, x: Jet, name: str, q: Jet, sign: int = 1) -> Jet:
    y = shop.new(Ratio, x, MPMATH[name], sign)
    y.q = q
    return y


def _log(shop: Workshop, x: Jet) -> Jet:
    return _ratio(shop, x, "log", x)


def _log10(shop: Workshop, x: Jet) -> Jet:
    factor = shop.jet(Operation("/", (Number(1.0), Call("log", (Number(10.0),)))))
    return shop.new(Affine, _log(shop, x), factor, shop.number(0.0))


def _log1p(shop: Workshop, x: Jet) -> Jet:
    return _ratio(shop, x, "log1p", _plus_one(shop, x))


def _sqrt(shop: Workshop, x: Jet) -> Jet:
    y = shop.new(Ratio, x, MPMATH["sqrt"], 1, False)
    y.q = _scaled(shop, y, 2.0)
    return y


def _atan(shop: Workshop, x: Jet) -> Jet:
    return _ratio(shop, x, "atan", _plus_one(shop, _square(shop, x)))


def _asin(shop: Workshop, x: Jet) -> Jet:
    return _ratio(shop, x, "asin", _sqrt(shop, _one_minus(shop, _square(shop, x))))


def _acos(shop: Workshop, x: Jet) -> Jet:
    return _ratio(shop, x, "acos", _sqrt(shop, _one_minus(shop, _square(shop, x))), -1)


def _exprel(shop: Workshop, x: Jet) -> Jet:
    return shop.new(Relative, x, _expm1(shop, x), shop.order, exprel_series)


# In pieces.


def _abs(shop: Workshop, x: Jet) -> Jet:
    return _max(shop, x, _scaled(shop, x, -1.0))


def _max(shop: Workshop, *operands: Jet) -> Jet:
    return shop.new(Largest, 1, *operands)


def _min(shop: Workshop, *operands: Jet) -> Jet:
    return shop.new(Largest, -1, *operands)


def _clip(shop: Workshop, x: Jet, low: Jet, high: Jet) -> Jet:
    return _min(shop, _max(shop, x, low), high)


def _sign(shop: Workshop, x: Jet) -> Jet:
    return shop.new(Sided, x, float)


def _steps(shop: Workshop, x: Jet, level: Callable[[int], float]) -> Jet:
    return shop.new(Staircase, x, level, float, mp.mpf(1))


def _floor(shop: Workshop, x: Jet) -> Jet:
    return _steps(shop, x, float)


def _ceil(shop: Workshop, x: Jet) -> Jet:
    return _steps(shop, x, lambda k: float(k + 1))


def _int(shop: Workshop, x: Jet) -> Jet:
    return _steps(shop, x, lambda k: float(k if k >= 0 else k + 1))


ELEMENTARY: dict[str, Callable[..., Jet]] = {
    "exp": _exp,
    "expm1": _expm1,
    "exprel": _exprel,
    "log": _log,
    "log10": _log10,
    "log1p": _log1p,
    "sqrt": _sqrt,
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "asin": _asin,
    "arcsin": _asin,
    "acos": _acos,
    "arccos": _acos,
    "atan": _atan,
    "arctan": _atan,
    "abs": _abs,
    "max": _max,
    "min": _min,
    "clip": _clip,
    "sign": _sign,
    "floor": _floor,
    "ceil": _ceil,
    "int": _int,
}
"""By name; each takes the workshop and the jets of its arguments."""


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
