"""Connections between two groups: where synapses are, and what values they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.plot.scales import Floats, plain, scale_for
from evsim.plot.spikes import MOST_IN_VECTORS, present_axes
from evsim.units import Dimension
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patches import StepPatch

Indices = NDArray[np.int64]

MOST_CELLS = 500  # rows or columns of a picture; more neurons share them
NOTHING = "0.93"  # the colour where there is no synapse


def connectivity(
    synapses: Any, j: Any = None, *, ax: Axes | None = None, color: Any = "black", size: float | None = None
) -> Line2D | AxesImage:
    """Draw a mark for each synapse at its source and its target; of many, a picture of how dense they are.

    Parameters
    ----------
    synapses
        Synapses; or the indices of the sources, with `j` those of the targets.
    ax
        Where to draw; the present axes of pyplot unless given.
    size
        Size of the marks in points; by default they fill their places.
    """
    i, j, shape, names = _ends(synapses, j, "connectivity")
    ax = present_axes(ax)
    _frame(ax, shape, names)
    if i.size > MOST_IN_VECTORS:
        count, cells = _binned(i, j, np.ones(i.size), shape)
        return _image(ax, count / cells, shape, "synapses per pair")
    (marks,) = ax.plot(i, j, linestyle="none", marker="s", color=color, **_size(ax, shape, size))
    return marks


def weights(
    synapses: Any,
    variable: Any = "w",
    j: Any = None,
    *,
    kind: str = "matrix",
    ax: Axes | None = None,
    unit: Any = None,
    name: str | None = None,
) -> AxesImage | StepPatch:
    """Draw the values of a variable of synapses: as a picture of sources and targets, or as a histogram.

    Parameters
    ----------
    synapses, variable
        Synapses and the name of a variable; or the indices of the sources and the values, with `j` those of the
        targets.
    kind
        "matrix" (where several synapses share a place, their mean) or "histogram".
    unit
        Unit of the values; chosen by their size unless given.
    name
        What the values are called: the variable unless given.
    """
    if kind not in ("matrix", "histogram"):
        raise EvsimValueError(f"weights: kind is 'matrix' or 'histogram', got {kind!r}")
    values, dimension, called = _values(synapses, variable)
    i, j, shape, names = _ends(synapses, j, "weights")
    if values.shape != i.shape:
        raise EvsimValueError(f"weights: got {values.size} values for {i.size} synapses; give one for each")
    scale = scale_for(values, dimension, unit, "unit of weights")
    ax = present_axes(ax)
    if kind == "histogram":
        return _histogram(ax, scale.of(values), scale.label(name or called))
    _frame(ax, shape, names)
    total, count = _binned(i, j, scale.of(values), shape)[0], _binned(i, j, np.ones(i.size), shape)[0]
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return _image(ax, mean, shape, scale.label(name or called))


def _ends(synapses: Any, j: Any, what: str) -> tuple[Indices, Indices, tuple[int, int], tuple[str, str]]:
    """Sources and targets, how many there may be, and what the axes are called."""
    if isinstance(synapses, Synapses):
        if j is not None:
            raise EvsimTypeError(f"{what}: {synapses.name} knows its targets; leave j out")
        return synapses.i, synapses.j, (synapses.N_pre, synapses.N_post), ("source", "target")
    if j is None:
        raise EvsimTypeError(f"{what}: give Synapses, or the indices of sources and targets")
    ends = [np.asarray(each) for each in (synapses, j)]
    if ends[0].ndim != 1 or ends[0].shape != ends[1].shape:
        raise EvsimValueError(
            f"{what}: got sources of shape {ends[0].shape} and targets of shape {ends[1].shape}; give a pair each"
        )
    for each in ends:
        if each.size and (not np.issubdtype(each.dtype, np.integer) or each.min() < 0):
            raise EvsimTypeError(f"{what}: indices are integers from 0 on, got {each!r}")
    first, second = (each.astype(np.int64) for each in ends)
    return (
        first,
        second,
        (int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1),
        ("source", "target"),
    )


def _values(synapses: Any, variable: Any) -> tuple[Floats, Dimension, str]:
    if not isinstance(synapses, Synapses):
        if isinstance(variable, str):
            raise EvsimTypeError("weights: give Synapses and a name, or sources, values and targets")
        return (*plain(variable), "value")
    if not isinstance(variable, str):
        raise EvsimTypeError(f"weights: give the name of a variable of {synapses.name}, got {variable!r}")
    values, dimension = plain(getattr(synapses, variable)[:])
    return np.broadcast_to(values, (len(synapses),)), dimension, variable


def _frame(ax: Axes, shape: tuple[int, int], names: tuple[str, str]) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set(xlabel=names[0], ylabel=names[1], xlim=(-0.5, shape[0] - 0.5), ylim=(-0.5, shape[1] - 0.5))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _size(ax: Axes, shape: tuple[int, int], size: float | None) -> dict[str, Any]:
    extent = ax.get_window_extent()
    place = min(extent.width / shape[0], extent.height / shape[1]) * 72 / ax.figure.dpi
    return {"markersize": size or min(max(0.7 * place, 0.8), 8.0), "markeredgewidth": 0}


def _binned(i: Indices, j: Indices, values: Floats, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Sums of values over the places of a picture (a row for each target), and the pairs that share a place."""
    rows, columns = min(shape[1], MOST_CELLS), min(shape[0], MOST_CELLS)
    place = (j * rows // max(shape[1], 1)) * columns + i * columns // max(shape[0], 1)
    total = np.bincount(place, weights=values, minlength=rows * columns).reshape(rows, columns)
    wide = np.bincount(np.arange(shape[0]) * columns // max(shape[0], 1), minlength=columns)
    high = np.bincount(np.arange(shape[1]) * rows // max(shape[1], 1), minlength=rows)
    return total.astype(np.float64), np.asarray(high[:, np.newaxis] * wide, dtype=np.float64)


def _image(ax: Axes, values: Floats, shape: tuple[int, int], label: str) -> AxesImage:
    """A picture with its scale beside it; values of both signs have white for zero."""
    found = values[np.isfinite(values)]
    low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 1.0)
    limit = max(-low, high)
    has_both = low < 0 < high
    image = ax.imshow(
        values,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, shape[0] - 0.5, -0.5, shape[1] - 0.5),
        cmap="RdBu_r" if has_both else "viridis",
        vmin=-limit if has_both else min(low, 0.0) if low != high else low - abs(low or 1) / 2,
        vmax=limit if has_both else high if low != high else high + abs(high or 1) / 2,
    )
    ax.set_facecolor(NOTHING)
    ax.figure.colorbar(image, ax=ax, label=label)
    return image


def _histogram(ax: Axes, values: Floats, label: str) -> StepPatch:
    found = values[np.isfinite(values)]
    bins = min(max(10, int(np.sqrt(found.size))), 100)
    count, edges = np.histogram(found, bins=bins) if found.size else np.histogram(found, 10, (0.0, 1.0))
    patch = ax.stairs(count, edges, fill=True, color="0.35")
    ax.set(xlabel=label, ylabel="synapses", ylim=(0, max(1.0, 1.05 * count.max())))
    return patch
