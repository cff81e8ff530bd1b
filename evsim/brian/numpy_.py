"""numpy as Brian has it: the same names, of which some know units also where numpy cannot be taught."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as _numpy

from evsim.units import Quantity
from evsim.units import functions as _with_units

_OF_LISTS = "sum mean std var median cumsum diff sort prod ptp".split()


def _of_list(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function also for a plain list of quantities, which numpy cannot look into."""

    @functools.wraps(function)
    def aware(*args: Any, **options: Any) -> Any:
        if args and isinstance(args[0], list | tuple) and any(isinstance(each, Quantity) for each in args[0]):
            args = (Quantity(args[0]), *args[1:])
        return function(*args, **options)

    return aware


_names: dict[str, Any] = {name: getattr(_numpy, name) for name in _numpy.__all__}
_names |= {name: getattr(_with_units, name) for name in _with_units.__all__}
_names |= {name: _of_list(_names[name]) for name in _OF_LISTS}
_names |= {"in1d": _numpy.isin, "trapz": _numpy.trapezoid}  # as numpy called them before
globals().update(_names)
__all__: list[str] = sorted(_names)


def __getattr__(name: str) -> Any:
    return getattr(_numpy, name)
