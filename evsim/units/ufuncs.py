"""What numpy's element-wise functions do to units: a rule for each; without a rule only plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.units.dimension import DIMENSIONLESS, Dimension
from evsim.units.magnitudes import common_dimension, dimension_of, shown, si
from evsim.units.mismatch import DimensionMismatchError

Rule = Callable[..., Dimension]
Options = dict[str, Any]


def _plain(*_: Any) -> Dimension:
    return DIMENSIONLESS


def _first(*inputs: Any) -> Dimension:
    return dimension_of(inputs[0])


def _common(verb: str) -> Rule:
    return lambda *inputs: common_dimension(verb, inputs)


def _compared(verb: str) -> Rule:
    return lambda *inputs: _plain(common_dimension(verb, inputs))


def _raised(power: Fraction | int) -> Rule:
    return lambda x: dimension_of(x) ** power


def _times(x: Any, y: Any) -> Dimension:
    return dimension_of(x) * dimension_of(y)


def _divided(x: Any, y: Any) -> Dimension:
    return dimension_of(x) / dimension_of(y)


def _power(x: Any, exponent: Any) -> Dimension:
    if not dimension_of(exponent).is_dimensionless:
        what = f"Cannot raise {shown(x)} to the power {shown(exponent)}; an exponent must be a plain number"
        raise DimensionMismatchError(what, dimension_of(exponent), DIMENSIONLESS)
    if dimension_of(x).is_dimensionless:
        return DIMENSIONLESS
    exponents = np.unique(np.asarray(si(exponent)))
    if len(exponents) != 1:
        raise EvsimTypeError(f"Cannot raise {shown(x)} to several powers at once: each has its own unit")
    power: float = exponents[0].item()
    return dimension_of(x) ** power


RULES: dict[np.ufunc, Rule] = {
    np.add: _common("add"),
    np.subtract: _common("subtract"),
    np.hypot: _common("take the hypotenuse of"),
    np.square: _raised(2),
    np.sqrt: _raised(Fraction(1, 2)),
    np.cbrt: _raised(Fraction(1, 3)),
    np.reciprocal: _raised(-1),
    np.divide: _divided,
    np.power: _power,
    np.float_power: _power,
    np.floor_divide: _compared("divide"),
    np.arctan2: _compared("take the angle of"),
    **dict.fromkeys((np.multiply, np.matmul, np.vecdot), _times),
    **dict.fromkeys((np.remainder, np.fmod), _common("take the remainder of")),
    **dict.fromkeys((np.maximum, np.minimum, np.fmax, np.fmin), _common("compare")),
    **dict.fromkeys(
        (np.absolute, np.fabs, np.negative, np.positive, np.conjugate, np.rint, np.copysign), _first
    ),
    **dict.fromkeys((np.isfinite, np.isnan, np.isinf, np.sign, np.signbit), _plain),
    **dict.fromkeys((np.logical_and, np.logical_or, np.logical_not, np.logical_xor), _plain),
    **dict.fromkeys((np.equal, np.not_equal, np.less, np.less_equal), _compared("compare")),
    **dict.fromkeys((np.greater, np.greater_equal), _compared("compare")),
}
FOLDS = {np.add, np.subtract, np.maximum, np.minimum, np.fmax, np.fmin}


def apply(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: Options) -> tuple[Any, Dimension]:
    """The SI result of a ufunc and its dimension, which is found first."""
    dimension = _dimension_of_result(ufunc, method, inputs, options)
    plain = {key: si(value) for key, value in options.items() if key != "out"}
    if "out" in options:
        plain["out"] = tuple(_storage(target, dimension, ufunc) for target in options["out"])
    return getattr(ufunc, method)(*(_array(x) for x in inputs), **plain), dimension


def _array(x: Any) -> Any:
    """SI values as an array also of a scalar: numpy would round a float to the precision of a float32 array."""
    return np.asarray(x) if isinstance(x, np.ndarray) else si(x)


def _dimension_of_result(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: Options
) -> Dimension:
    rule = RULES.get(ufunc)
    if rule is None:
        return _refuse_units(ufunc, inputs)
    if method in ("__call__", "outer"):
        return rule(*inputs)
    if method == "at":
        return _dimension_kept(rule(inputs[0], *inputs[2:]), inputs[0], ufunc)
    if ufunc in FOLDS:
        return common_dimension(ufunc.__name__, [inputs[0], options.get("initial", 0)])
    if rule is _plain or dimension_of(inputs[0]).is_dimensionless:
        return DIMENSIONLESS
    raise EvsimTypeError(
        f"{ufunc.__name__}.{method} cannot take {shown(inputs[0])}; divide by a unit first, as in x/ms"
    )


def _refuse_units(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Dimension:
    for x in inputs:
        if not dimension_of(x).is_dimensionless:
            what = f"{ufunc.__name__} needs plain numbers, not {shown(x)}; divide by a unit first"
            raise DimensionMismatchError(what, dimension_of(x), DIMENSIONLESS)
    return DIMENSIONLESS


def _dimension_kept(dimension: Dimension, target: Any, ufunc: np.ufunc) -> Dimension:
    if dimension_of(target) != dimension:
        what = f"Cannot store the result of {ufunc.__name__} in {shown(target)}"
        raise DimensionMismatchError(what, dimension, dimension_of(target))
    return dimension


def _storage(target: Any, dimension: Dimension, ufunc: np.ufunc) -> Any:
    """The plain array behind an `out` argument, which must have the dimension of the result."""
    if target is None:
        return None
    _dimension_kept(dimension, target, ufunc)
    return target.view(np.ndarray)
