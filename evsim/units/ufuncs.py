"""What numpy's element-wise functions do to units: one rule for each; functions without a rule need plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.units.dimension import DIMENSIONLESS, Dimension, DimensionMismatchError
from evsim.units.quantity import (
    Quantity,
    common_dimension,
    dimension_of,
    is_unitless_value,
    quantity,
    shown,
    si,
)

Rule = Callable[..., Dimension]
Inputs = tuple[Any, ...]


def _plain(*_: Any) -> Dimension:
    return DIMENSIONLESS


def _first(*inputs: Any) -> Dimension:
    return dimension_of(inputs[0])


def _common(verb: str) -> Rule:
    return lambda *inputs: common_dimension(verb, *inputs)


def _compared(verb: str) -> Rule:
    return lambda *inputs: _plain(common_dimension(verb, *inputs))


def _powered(power: Fraction | int) -> Rule:
    return lambda x, *_: dimension_of(x) ** power


def _times(x: Any, y: Any, *_: Any) -> Dimension:
    return dimension_of(x) * dimension_of(y)


def _divided(x: Any, y: Any, *_: Any) -> Dimension:
    return dimension_of(x) / dimension_of(y)


def _power(x: Any, exponent: Any, *_: Any) -> Dimension:
    if not dimension_of(exponent).is_dimensionless:
        raise DimensionMismatchError(
            f"Cannot raise {shown(x)} to the power {shown(exponent)}; an exponent is a plain number",
            dimension_of(exponent),
        )
    exponents = np.unique(np.asarray(si(exponent)))
    if len(exponents) != 1:
        raise EvsimTypeError(f"Cannot raise {shown(x)} to several powers at once: each would have its own unit.")
    return dimension_of(x) ** exponents[0].item()


RULES: dict[np.ufunc, Rule] = {
    np.add: _common("add"),
    np.subtract: _common("subtract"),
    np.multiply: _times,
    np.matmul: _times,
    np.vecdot: _times,
    np.divide: _divided,
    np.power: _power,
    np.float_power: _power,
    np.square: _powered(2),
    np.sqrt: _powered(Fraction(1, 2)),
    np.cbrt: _powered(Fraction(1, 3)),
    np.reciprocal: _powered(-1),
    np.hypot: _common("take the hypotenuse of"),
    np.remainder: _common("take the remainder of"),
    np.fmod: _common("take the remainder of"),
    np.floor_divide: _compared("divide to a whole number"),
    np.arctan2: _compared("take the angle of"),
}
RULES |= dict.fromkeys((np.maximum, np.minimum, np.fmax, np.fmin), _common("compare"))
RULES |= dict.fromkeys((np.absolute, np.fabs, np.negative, np.positive, np.conjugate, np.rint, np.copysign), _first)
RULES |= dict.fromkeys((np.isfinite, np.isnan, np.isinf, np.sign, np.signbit), _plain)
RULES |= dict.fromkeys((np.logical_and, np.logical_or, np.logical_not, np.logical_xor), _plain)
RULES |= dict.fromkeys(
    (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal), _compared("compare")
)
FOLDS = {np.add, np.subtract, np.maximum, np.minimum, np.fmax, np.fmin}


def apply(ufunc: np.ufunc, method: str, inputs: Inputs, options: dict[str, Any]) -> Any:
    """Carry out a ufunc on quantities: find the dimension of the result first, then compute on SI values."""
    dimension = _dimension_of_result(ufunc, method, inputs, options)
    out = options.pop("out", None)
    if out is not None:
        options["out"] = tuple(_storage(target, dimension, ufunc) for target in out)
    plain = {key: si(value) for key, value in options.items() if key != "out"} | _only(options, "out")
    result = getattr(ufunc, method)(*(si(x) for x in inputs), **plain)
    if out is not None:
        return out[0]
    return quantity(result, dimension)


def _only(options: dict[str, Any], key: str) -> dict[str, Any]:
    return {key: options[key]} if key in options else {}


def _dimension_of_result(ufunc: np.ufunc, method: str, inputs: Inputs, options: dict[str, Any]) -> Dimension:
    rule = RULES.get(ufunc)
    if rule is None:
        return _refuse_units(ufunc, inputs)
    if method in ("__call__", "outer"):
        return rule(*inputs)
    if method == "at":
        return rule(inputs[0], *inputs[2:])
    if ufunc in FOLDS:
        return common_dimension(ufunc.__name__, inputs[0], *_only(options, "initial").values())
    if rule is _plain:
        return DIMENSIONLESS
    raise EvsimTypeError(
        f"{ufunc.__name__}.{method} does not know units: divide {shown(inputs[0])} by a unit first, as in x/ms."
    )


def _refuse_units(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    for x in inputs:
        if not dimension_of(x).is_dimensionless:
            raise DimensionMismatchError(
                f"{ufunc.__name__} needs plain numbers, not {shown(x)}; divide by a unit first", dimension_of(x)
            )
    return DIMENSIONLESS


def _storage(target: Any, dimension: Dimension, ufunc: np.ufunc) -> Any:
    """The plain array behind an `out` argument, which must have the dimension of the result."""
    if target is not None and dimension_of(target) != dimension:
        raise DimensionMismatchError(
            f"Cannot store the result of {ufunc.__name__} in {shown(target)}", dimension, dimension_of(target)
        )
    return target.view(np.ndarray) if isinstance(target, Quantity) else target
