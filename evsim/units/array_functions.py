"""What numpy's functions of whole arrays do to units; those without a rule refuse quantities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.units.dimension import DIMENSIONLESS, Dimension
from evsim.units.magnitudes import common_dimension, dimension_of, shown
from evsim.units.mismatch import DimensionMismatchError

Args = tuple[Any, ...]
Options = dict[str, Any]
Answer = tuple[Any, Dimension]


def _functions(names: str) -> list[Callable[..., Any]]:
    return [getattr(np, name) for name in names.split() if hasattr(np, name)]


# The first argument counts, and every quantity elsewhere must agree with it. Results have its unit.
SAME_UNIT = _functions(
    "sum mean median max min amax amin std ptp average percentile quantile cumsum diff ediff1d sort round "
    "around nansum nanmean nanmedian nanmax nanmin nanstd nanpercentile nanquantile nancumsum nan_to_num "
    "ravel reshape transpose permute_dims squeeze expand_dims moveaxis swapaxes broadcast_to "
    "atleast_1d atleast_2d atleast_3d copy take take_along_axis compress extract diag "
    "diagonal diagflat trace tril triu repeat tile roll flip fliplr flipud rot90 resize delete unique "
    "trim_zeros zeros_like empty_like real concatenate concat stack vstack hstack dstack column_stack "
    "block split array_split hsplit vsplit histogram_bin_edges partition require"
)
# As above, but these arguments (by position) all have to agree.
SAME_UNIT_AT = {
    **dict.fromkeys(_functions("linspace append union1d intersect1d setdiff1d"), (0, 1)),
    **dict.fromkeys(_functions("clip"), (0, 1, 2)),
    **dict.fromkeys(_functions("where"), (1, 2)),
    **dict.fromkeys(_functions("insert"), (0, 2)),
    **dict.fromkeys(_functions("full_like"), (1,)),
    **dict.fromkeys(_functions("select"), (1,)),
    **dict.fromkeys(_functions("copyto fill_diagonal"), (0, 1)),
    **dict.fromkeys(_functions("put place putmask"), (0, 2)),
    **dict.fromkeys(_functions("meshgrid"), (0, 1, 2)),
}
# Results are plain, although these arguments have to agree.
PLAIN_AT = {
    **dict.fromkeys(
        _functions("argmax argmin nanargmax nanargmin argsort argwhere argpartition lexsort"), (0,)
    ),
    **dict.fromkeys(
        _functions("nonzero flatnonzero count_nonzero any all shape ndim size ones_like corrcoef"), (0,)
    ),
    **dict.fromkeys(
        _functions("iscomplexobj isrealobj result_type can_cast may_share_memory shares_memory"), ()
    ),
    **dict.fromkeys(
        _functions("searchsorted digitize isin array_equal array_equiv isclose allclose"), (0, 1)
    ),
}
PRODUCTS = _functions("dot vdot inner outer convolve correlate cross tensordot kron")
VALUE_KEYWORDS = set(
    "a_min a_max min max start stop values fill_value initial prepend append to_begin to_end".split()
)
VALUE_KEYWORDS |= set("nan posinf neginf range constant_values atol".split())


def call(function: Callable[..., Any], args: Args, options: Options) -> Answer:
    """The SI result of a numpy function and the dimension of its numbers."""
    if function in (np.isclose, np.allclose):
        options = {"atol": 0.0} | options  # numpy's 1e-8 would be in SI: larger than any current
    dimension = _dimension_of_result(function, args, options)
    result = function(*_stripped(args), **_stripped(options))
    if function in (np.prod, np.nanprod):
        dimension = dimension ** (np.size(args[0]) // max(np.size(result), 1))
    return result, dimension


def _dimension_of_result(function: Callable[..., Any], args: Args, options: Options) -> Dimension:
    if function in SPECIAL:
        return SPECIAL[function](*args, **options)
    if function in PRODUCTS:
        return dimension_of(args[0]) * dimension_of(args[1])
    for table, kept in ((SAME_UNIT_AT, True), (PLAIN_AT, False)):
        if function in table:
            dimension = _agreed(function, args, options, table[function])
            return dimension if kept else DIMENSIONLESS
    if function in SAME_UNIT:
        return _agreed(function, args, options, (0,))
    name = getattr(function, "__name__", str(function))
    example = next(_quantities((args, options)))
    raise EvsimTypeError(f"{name} cannot take {shown(example)}; divide by a unit first, as in x/ms")


def _agreed(
    function: Callable[..., Any], args: Args, options: Options, positions: tuple[int, ...]
) -> Dimension:
    """The dimension of the arguments that are values, after checking that it is one."""
    values = [args[k] for k in positions if k < len(args) and args[k] is not None]
    values += [value for key, value in options.items() if key in VALUE_KEYWORDS and value is not None]
    return common_dimension(f"use {function.__name__} on", [*values, *_quantities((args, options))])


def _quantities(x: Any) -> Iterator[Any]:
    """Every quantity in nested lists, tuples and dicts."""
    if isinstance(x, list | tuple | dict):
        for item in x.values() if isinstance(x, dict) else x:
            yield from _quantities(item)
    elif isinstance(x, np.ndarray) and hasattr(x, "dimension"):
        yield x


def _stripped(x: Any) -> Any:
    """The same with plain arrays in the place of quantities."""
    if isinstance(x, dict):
        return {key: _stripped(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return type(x)([_stripped(item) for item in x])
    return x.view(np.ndarray) if isinstance(x, np.ndarray) else x


def _variance(a: Any, *_: Any, **__: Any) -> Dimension:
    return dimension_of(a) ** 2


def _unit_of_first(a: Any, *_: Any, **__: Any) -> Dimension:
    return dimension_of(a)


def _area(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Dimension:
    return dimension_of(y) * dimension_of(dx if x is None else x)


def _slope(f: Any, *spacing: Any, **_: Any) -> Dimension:
    return dimension_of(f) / dimension_of(list(spacing))


def _interpolated(x: Any, xp: Any, fp: Any, left: Any = 0, right: Any = 0, period: Any = 0) -> Dimension:
    common_dimension("interpolate between", [x, xp, period or 0])
    return common_dimension("interpolate", [fp, left or 0, right or 0])


def _covariance(m: Any, y: Any = None, *_: Any, **__: Any) -> Dimension:
    return dimension_of(m) * dimension_of(m if y is None else y)


def _binned(
    a: Any, bins: Any = 10, range: Any = None, density: bool = False, weights: Any = None
) -> Dimension:
    if density or weights is not None:
        what = "density" if density else "weights"
        raise EvsimTypeError(
            f"histogram with {what} cannot take {shown(a)}; divide by a unit first, as in x/ms"
        )
    edges = [bins] if np.ndim(bins) else []
    return common_dimension("bin", [a, *edges, *(range or ())])


def _side_by_side(*arrays: Any, **_: Any) -> Dimension:
    """Plot functions put x and y side by side in this way."""
    try:
        return common_dimension("put side by side", arrays)
    except DimensionMismatchError as error:
        hint = f"{error.description}; divide each by a unit first, as in x/ms"
        raise DimensionMismatchError(hint, *error.dimensions) from None


SPECIAL: dict[Callable[..., Any], Callable[..., Dimension]] = {
    np.var: _variance,
    np.nanvar: _variance,
    np.prod: _unit_of_first,
    np.nanprod: _unit_of_first,
    np.trapezoid: _area,
    np.gradient: _slope,
    np.interp: _interpolated,
    np.cov: _covariance,
    np.histogram: _binned,
    np.linalg.norm: _unit_of_first,
    np.broadcast_arrays: _side_by_side,
}
