"""Raster plots: one mark for each spike, at its time and its neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.plot.scales import Floats, seconds, time_scale
from evsim.words.monitors import EventMonitor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST_BARS = 100  # rows; more of them are too low for bars
MOST_DOTS = 300_000  # more of them are pixels that let through what lies below
MOST_IN_VECTORS = 20_000  # marks; more of them are pixels in vector graphics, too


def raster(
    spikes: Any,
    i: Any = None,
    *,
    ax: Axes | None = None,
    unit: Any = None,
    offset: int = 0,
    color: Any = "black",
    size: float | None = None,
    label: str | None = None,
) -> Line2D:
    """Draw the spikes of a monitor, or spikes given as times and indices, and return the marks.

    Parameters
    ----------
    spikes
        A SpikeMonitor or EventMonitor; or times with a unit, of which `i` says the neurons.
    ax
        Where to draw; the present axes of pyplot unless given.
    unit
        Unit of the time axis: ms, or s for long runs, unless given.
    offset
        What is added to the indices: draws groups above each other.
    size
        Height of the marks in points; by default they fill their rows.
    """
    t, index, rows, duration = _spikes_of(spikes, i)
    ax = present_axes(ax)
    is_fresh = not ax.has_data()
    scale = time_scale([duration, *t[-1:]], unit)
    (marks,) = ax.plot(
        scale.of(t), index + offset, linestyle="none", color=color, label=label, **_marks(ax, t, rows, size)
    )
    marks.set_rasterized(t.size > MOST_IN_VECTORS)
    _frame(ax, is_fresh, float(scale.of(duration)), offset, rows)
    ax.set(xlabel=scale.label("time"), ylabel="neuron")
    return marks


def present_axes(ax: Axes | None) -> Axes:
    """The axes that were given, else those that pyplot draws on at present."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.gca()


def _spikes_of(spikes: Any, i: Any) -> tuple[Floats, NDArray[np.int64], int, float]:
    """Times in seconds, indices, the number of rows, and how long the recording is."""
    if isinstance(spikes, EventMonitor):
        if i is not None:
            raise EvsimTypeError(f"raster: {spikes.name} knows the indices of its spikes; leave i out")
        t = spikes.t_
        network = spikes._network
        return t, spikes.i, len(spikes.source), float(network.t_) if network is not None else 0.0
    if i is None:
        raise EvsimTypeError("raster: give a SpikeMonitor, or times and indices, as in raster(t, i)")
    t, index = seconds(spikes, "times of raster"), np.asarray(i)
    if t.ndim != 1 or index.shape != t.shape:
        raise EvsimValueError(
            f"raster: got times of shape {t.shape} and indices of shape {index.shape}; "
            "give one index for each time"
        )
    if index.size and not np.issubdtype(index.dtype, np.integer):
        raise EvsimTypeError(f"raster: indices are integers, got {index.dtype}")
    index = index.astype(np.int64)
    return t, index, int(index.max(initial=0)) + 1, float(t.max(initial=0.0))


def _marks(ax: Axes, t: Floats, rows: int, size: float | None) -> dict[str, Any]:
    """Bars where rows are high enough, else dots, in the end pixels, so that the densest parts are still told apart."""
    extent = ax.get_window_extent()
    height = extent.height * 72 / ax.figure.dpi / max(rows, 1)
    if rows <= MOST_BARS and t.size <= MOST_IN_VECTORS:
        return {
            "marker": "|",
            "markersize": size or min(max(0.7 * height, 2.0), 24.0),
            "markeredgewidth": 0.8,
        }
    if t.size > MOST_DOTS and size is None:
        pixels = extent.width * extent.height
        return {"marker": ",", "alpha": float(np.clip(pixels / t.size, 0.02, 1.0))}
    return {"marker": ".", "markersize": size or (2.0 if t.size < 50_000 else 1.2), "markeredgewidth": 0}


def _frame(ax: Axes, is_fresh: bool, end: float, offset: int, rows: int) -> None:
    """All rows and the whole run, also where nothing happened; wider limits stay."""
    from matplotlib.ticker import MaxNLocator

    low, high = offset - 0.5, offset + rows - 0.5
    last = end if end > 0 else 1.0
    if not is_fresh:
        low, high = min(low, ax.get_ylim()[0]), max(high, ax.get_ylim()[1])
        last = max(last, ax.get_xlim()[1])
    ax.set_ylim(low, high)
    ax.set_xlim(0 if is_fresh else min(0.0, ax.get_xlim()[0]), last)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
