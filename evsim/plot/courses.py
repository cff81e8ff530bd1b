"""Traces: what variables did over time, a line for each recorded element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.plot.scales import Floats, plain, scale_for, seconds, time_scale
from evsim.plot.spikes import present_axes
from evsim.units import Dimension
from evsim.words.monitors import EventMonitor, StateMonitor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST_NAMED = 8  # traces; more of them get thin lines and no legend
MOST_POINTS = 20_000  # of one trace; of more, the least and the largest of every few are drawn
ROOM = 0.1  # for the bars of spikes, as a share of the height


def traces(
    monitor: Any,
    variable: Any = None,
    *,
    ax: Axes | None = None,
    record: Any = None,
    unit: Any = None,
    time_unit: Any = None,
    spikes: EventMonitor | None = None,
    name: str | None = None,
    **style: Any,
) -> list[Line2D]:
    """Draw a recorded variable over time, a line for each element, and return the lines.

    Parameters
    ----------
    monitor
        A StateMonitor, of neurons or of synapses; or times with a unit.
    variable
        Which variable of the monitor, may be left out where there is one; or values to go with the times: one row of
        them, or a row for each trace.
    record
        Elements to draw, of those that the monitor records; all of them unless given.
    unit, time_unit
        Units of the axes; chosen by the size of values unless given.
    spikes
        A SpikeMonitor of the same neurons: their spikes are drawn as bars on top of the traces.
    name
        What the y axis calls the values: the variable unless given.
    style
        Options of `Axes.plot`, such as color or linewidth.
    """
    t, values, dimension, titles, called = _courses(monitor, variable, record)
    ax = present_axes(ax)
    across, up = time_scale(t[-1:], time_unit), scale_for(values, dimension, unit, "unit of traces")
    lines: list[Line2D] = []
    for k, (row, title) in enumerate(zip(values, titles, strict=True)):
        look = {"label": title, **_look(k, len(titles)), **style}
        lines += ax.plot(*_thinned(across.of(t), up.of(row)), **look)
    if spikes is not None:
        _draw_spikes(ax, lines, spikes, monitor, titles, across)
    ax.set(xlabel=across.label("time"), ylabel=up.label(name or called))
    if t.size > 1:
        ax.margins(x=0)
    if 1 < len(titles) <= MOST_NAMED and all(titles):
        ax.legend(loc="best" if spikes is None else "lower right", framealpha=0.9)
    return lines


def _courses(monitor: Any, variable: Any, record: Any) -> tuple[Floats, Floats, Dimension, list[str], str]:
    """Times, values by rows, their dimension, a title for each row, and what the values are called."""
    if isinstance(monitor, StateMonitor):
        return _recorded(monitor, variable, record)
    if variable is None or isinstance(variable, str) or record is not None:
        raise EvsimTypeError("traces: give a StateMonitor, or times and values, as in traces(t, V)")
    t = seconds(monitor, "times of traces")
    values, dimension = plain(variable)
    rows = np.atleast_2d(values)
    if t.ndim != 1 or rows.ndim != 2 or rows.shape[1] != t.size:
        raise EvsimValueError(
            f"traces: got times of shape {t.shape} and values of shape {values.shape}; "
            "give a value for each time, or rows of them"
        )
    titles = [""] if values.ndim == 1 else [f"trace {k}" for k in range(len(rows))]
    return t, rows, dimension, titles, "value"


def _recorded(
    monitor: StateMonitor, variable: Any, record: Any
) -> tuple[Floats, Floats, Dimension, list[str], str]:
    known = monitor._variables
    if variable is None and len(known) == 1:
        variable = known[0]
    if not isinstance(variable, str):
        raise EvsimTypeError(f"traces: say which variable of {monitor.name} to draw: {', '.join(known)}")
    values, dimension = plain(getattr(monitor, variable))
    indices = monitor.record
    chosen = np.arange(indices.size) if record is None else _rows(monitor, indices, record)
    titles = [f"{monitor._element} {indices[k]}" for k in chosen]
    return np.asarray(monitor.t_), values[chosen], dimension, titles, variable


def _rows(monitor: StateMonitor, indices: NDArray[np.int64], record: Any) -> NDArray[np.int64]:
    return np.array([monitor._row(int(index)) for index in np.atleast_1d(record)], dtype=np.int64)


def _look(k: int, n: int) -> dict[str, Any]:
    """Colours of their own for a few lines; many lines run through a range of colours and are thin."""
    if n <= MOST_NAMED:
        return {"linewidth": 1.1}
    import matplotlib

    return {"linewidth": 0.6, "color": matplotlib.colormaps["viridis"](k / (n - 1) * 0.9), "alpha": 0.8}


def _thinned(t: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The least and the largest value of every few samples, at their times: no peak is lost."""
    if t.size <= MOST_POINTS:
        return t, values
    length = -(-2 * t.size // MOST_POINTS)
    whole = t.size // length * length
    blocks = values[:whole].reshape(-1, length)
    first = np.arange(0, whole, length)
    filled = np.isfinite(blocks)
    least = first + np.where(filled, blocks, np.inf).argmin(axis=1)
    largest = first + np.where(filled, blocks, -np.inf).argmax(axis=1)
    kept = np.unique(np.concatenate([[0], least, largest, np.arange(whole, t.size)]))
    return t[kept], values[kept]


def _draw_spikes(
    ax: Axes, lines: list[Line2D], spikes: EventMonitor, monitor: Any, titles: list[str], across: Any
) -> None:
    """Bars above the highest value, in the colour of the trace and in a row for each."""
    if not isinstance(spikes, EventMonitor) or not isinstance(monitor, StateMonitor):
        raise EvsimTypeError(
            "traces: spikes= takes a SpikeMonitor, beside a StateMonitor of the same neurons"
        )
    trains, n = spikes.spike_trains(), len(lines)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + ROOM * (high - low))
    for k, (line, title) in enumerate(zip(lines, titles, strict=True)):
        t = np.asarray(trains.get(int(title.rpartition(" ")[2]), np.zeros(0)))
        foot = 1 - ROOM * (k + 1) / (n * (1 + ROOM))
        marks = ax.get_xaxis_transform()
        ax.vlines(
            across.of(t), foot, foot + 0.8 * ROOM / n, color=line.get_color(), linewidth=0.9, transform=marks
        )
