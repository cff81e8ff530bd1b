"""Functions of numpy by their plain names, which check and keep units; `arange` here takes quantities too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    ceil,
    clip,
    cos,
    cosh,
    diagonal,
    dot,
    exp,
    expm1,
    floor,
    linspace,
    log,
    log1p,
    log10,
    maximum,
    mean,
    minimum,
    ones_like,
    ptp,
    ravel,
    sign,
    sin,
    sinh,
    sqrt,
    std,
    tan,
    tanh,
    trace,
    var,
    where,
    zeros_like,
)

from evsim.units.checking import require
from evsim.units.dimension import DIMENSIONLESS
from evsim.units.magnitudes import common_dimension, si
from evsim.units.quantity import quantity
from evsim.units.symbolic import Symbolic

__all__ = [
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "diagonal",
    "dot",
    "exp",
    "expm1",
    "exprel",
    "floor",
    "linspace",
    "log",
    "log1p",
    "log10",
    "maximum",
    "mean",
    "minimum",
    "ones_like",
    "ptp",
    "ravel",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "std",
    "tan",
    "tanh",
    "trace",
    "var",
    "where",
    "zeros_like",
]


def arange(*limits: Any, **options: Any) -> Any:
    """As numpy.arange(start, stop, step), where all three have one unit: arange(0*ms, 1*ms, 0.1*ms)."""
    named = [options.pop(name) for name in ("start", "stop", "step") if name in options]
    values = [*limits, *named]
    dimension = common_dimension("step through", values)
    return quantity(np.arange(*(si(value) for value in values), **options), dimension)


def exprel(x: Any) -> Any:
    """(exp(x) - 1)/x, exact also near 0, where it is 1."""
    if isinstance(x, Symbolic):
        return x.applied("exprel")
    values = np.asarray(require(x, DIMENSIONLESS, "exprel: its argument"), dtype=np.float64)
    safe = np.where(values == 0, 1.0, values)
    return quantity(np.where(values == 0, 1.0, np.expm1(safe) / safe), DIMENSIONLESS)
