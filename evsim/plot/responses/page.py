"""The look of figures of models: a title, panels below each other, one time axis, colours."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.plot.scales import Floats, Scale, scale_for, time_scale
from evsim.plugin import Model
from evsim.units import Dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SPIKES = "#333333", "#333333"
GATE, CONDUCTANCE, CURRENT, POTENTIAL = "#b5442e", "#8a5a9e", "#2f7d5b", "#2e5fb5"
LEVELS = ("#9db7dc", "#5f8ac9", "#2e5fb5")
OTHER, QUIET = "#7a7a7a", "#b0b0b0"
HEIGHT = 1.45  # of a panel, in inches
SMALL = 9


def new_figure(panels: float, width: float = 8.0) -> Figure:
    """A figure with room for a number of panels and a title, which needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 1.0 + HEIGHT * panels))
    FigureCanvasAgg(figure)
    return figure


def prepare(figure: Figure | None, panels: float, width: float = 8.0) -> Figure:
    """The figure to draw in, set up for panels."""
    figure = figure or new_figure(panels, width)
    figure.set_size_inches(width, 1.0 + HEIGHT * panels)
    figure.set_layout_engine("constrained", h_pad=0.06, w_pad=0.08)
    return figure


def head(figure: Figure, ax: Axes, model: Model, settings: str = "") -> None:
    """Write the name of the model above the figure, and above the first panel what it is and how it was tried."""
    figure.suptitle(model.name, x=0.012, ha="left", fontsize=15, fontweight="bold", color=INK)
    width = int(figure.get_figwidth() * 12.5)
    lines = [*textwrap.wrap(model.summary, width), *textwrap.wrap(settings, width)]
    ax.set_title("\n".join(lines), loc="left", fontsize=SMALL, color=INK, pad=8)


def blank(ax: Axes) -> None:
    """A panel that only carries the text above it."""
    ax.set_axis_off()


def spike_strip(ax: Axes, spikes: Floats, times: Scale, label: str = "spikes") -> None:
    """A strip with a bar for each spike that arrives."""
    ax.vlines(times.of(spikes), 0.1, 0.9, color=SPIKES, linewidth=1.2 if spikes.size < 60 else 0.4)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    ax.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=SMALL)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(bottom=False, labelbottom=False)


def course(
    ax: Axes,
    times: Scale,
    t: Floats,
    values: Any,
    dimension: Dimension,
    name: str,
    color: Any,
    title: str = "",
) -> Scale:
    """A panel with one variable over time; a change too small to be seen beside its start is drawn by itself."""
    values = np.asarray(values, dtype=np.float64)
    shift = start_of_small_change(values)
    scale = scale_for(values - shift, dimension)
    ax.plot(times.of(t), scale.of(values - shift), color=color, linewidth=1.4, solid_joinstyle="round")
    label = f"{name} − {name}(0)" if shift else name
    ax.set_ylabel(scale.label(label))
    if title:
        note(ax, title)
    tidy(ax)
    ax.ticklabel_format(axis="y", useMathText=True, scilimits=(-3, 4))
    return scale


def start_of_small_change(values: Floats) -> float:
    """The first value, where all others differ from it by very little; else 0."""
    if not values.size or not np.all(np.isfinite(values)):
        return 0.0
    start = float(values.flat[0])
    spread = float(np.max(np.abs(values - start)))
    return start if 0 < spread < 1e-3 * abs(start) else 0.0


def note(ax: Axes, text: str) -> None:
    """What a panel shows, in its upper right corner, above the frame."""
    ax.set_title(text, loc="right", fontsize=SMALL, color=INK, pad=3)


def tidy(ax: Axes) -> None:
    """Leave out what carries nothing."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelsize=SMALL)
    ax.margins(x=0)


def spikes_of_cell(ax: Axes, spikes: Floats, times: Scale, color: Any = INK) -> None:
    """Bars above a potential, where the cell has spiked."""
    if not spikes.size:
        return
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.12 * (high - low))
    ax.vlines(times.of(spikes), 0.93, 1.0, color=color, linewidth=0.9, transform=ax.get_xaxis_transform())


def share_time(axes: Sequence[Axes], times: Scale, duration: float) -> None:
    """One time axis for all panels, written at the last."""
    for ax in axes:
        ax.set_xlim(0, float(times.of(duration)))
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    axes[-1].set_xlabel(times.label("time"))


def time_axis(duration: float) -> Scale:
    """The unit of time of a figure: ms up to 2 s."""
    from evsim.units import second

    return time_scale([duration], second if duration > 2 else None)
