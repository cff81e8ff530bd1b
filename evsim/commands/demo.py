"""The demonstration: 800 excitatory and 200 inhibitory cells for one second, their spikes as a picture."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evsim.units import ms, mV, nA, nF, nS, second
from evsim.words.monitors import SpikeMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.randomness import seed
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_EXCITATORY, N_INHIBITORY = 800, 200
EXCITATORY, INHIBITORY = "#b5442e", "#2e5fb5"

C_m, g_L, E_L, I_stim, tau_syn = 0.4 * nF, 20 * nS, -70 * mV, 0.44 * nA, 5 * ms

EQUATIONS = """
dV/dt = (g_L*(E_L - V) + I_syn + I_stim)/C_m : volt
dI_syn/dt = -I_syn/tau_syn : amp
"""


@dataclass(frozen=True)
class Spikes:
    """What the demonstration recorded: times in seconds, the cell of each spike, and how long it all took."""

    t: NDArray[np.float64]
    i: NDArray[np.int64]
    n_cells: int
    duration: float
    elapsed: float

    @property
    def rate(self) -> float:
        """Mean rate of a cell in Hz."""
        return self.t.size / self.n_cells / self.duration

    @property
    def interval_cv(self) -> float:
        """Standard deviation of a cell's intervals over their mean, averaged over cells with three spikes."""
        order = np.lexsort((self.t, self.i))
        trains = np.split(self.t[order], np.cumsum(np.bincount(self.i, minlength=self.n_cells))[:-1])
        intervals = [np.diff(train) for train in trains if train.size >= 3]
        return float(np.mean([each.std() / each.mean() for each in intervals])) if intervals else float("nan")


def network() -> tuple[Network, SpikeMonitor]:
    """Make the network, and the monitor of all its spikes."""
    cells = NeuronGroup(1000, EQUATIONS, threshold="V > -50*mV", reset="V = -90*mV", method="exact")
    cells.V = "E_L + rand()*20*mV"
    excitatory = Synapses(cells[:N_EXCITATORY], cells, on_pre="I_syn_post += 100*pA")
    excitatory.connect(p=0.02)
    inhibitory = Synapses(cells[N_EXCITATORY:], cells, on_pre="I_syn_post -= 200*pA")
    inhibitory.connect(p=0.02)
    spikes = SpikeMonitor(cells)
    return Network(cells, excitatory, inhibitory, spikes), spikes


def simulate(duration: float = 1.0, number: int = 1) -> Spikes:
    """Run the network for `duration` seconds, with random numbers from the seed `number`."""
    started = time.perf_counter()
    seed(number)
    whole, spikes = network()
    whole.run(duration * second)
    elapsed = time.perf_counter() - started
    n_cells = N_EXCITATORY + N_INHIBITORY
    return Spikes(np.asarray(spikes.t / second), np.asarray(spikes.i), n_cells, duration, elapsed)


def save_picture(spikes: Spikes, path: Path) -> None:
    """Draw the spikes of every cell, and below the rates of both kinds of cells."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), layout="constrained")
    FigureCanvasAgg(figure)
    raster, rates = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    for name, color, first, last in _kinds(spikes.n_cells):
        chosen = (spikes.i >= first) & (spikes.i < last)
        raster.plot(spikes.t[chosen] * 1e3, spikes.i[chosen], ".", color=color, markersize=1.6, mew=0)
        raster.text(1.005, (first + last) / 2 / spikes.n_cells, name, color=color, **_beside(raster))
        _draw_rate(rates, spikes, chosen, last - first, color)
    raster.set(ylabel="cell", ylim=(0, spikes.n_cells), xlim=(0, spikes.duration * 1e3))
    raster.set_title(
        f"{spikes.t.size} spikes of {spikes.n_cells} cells: "
        f"{spikes.rate:.1f} Hz, interval CV {spikes.interval_cv:.3f}",
        loc="left",
    )
    rates.set(xlabel="time (ms)", ylabel="rate (Hz)", ylim=(0, None))
    for axes in (raster, rates):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def _kinds(n_cells: int) -> list[tuple[str, str, int, int]]:
    return [
        ("excitatory", EXCITATORY, 0, N_EXCITATORY),
        ("inhibitory", INHIBITORY, N_EXCITATORY, n_cells),
    ]


def _beside(axes: Axes) -> dict[str, Any]:
    return {"transform": axes.transAxes, "rotation": 270, "va": "center", "ha": "left"}


def _draw_rate(axes: Axes, spikes: Spikes, chosen: NDArray[np.bool_], n_cells: int, color: str) -> None:
    """The rate per cell in a Gaussian window of 2 ms."""
    bin_width, width = 0.5e-3, 2e-3
    edges = np.arange(0, spikes.duration + bin_width, bin_width)
    count, _ = np.histogram(spikes.t[chosen], edges)
    lags = np.arange(-4 * width, 4 * width + bin_width, bin_width)
    window = np.exp(-0.5 * (lags / width) ** 2)
    weight = np.convolve(np.ones(count.size), window, mode="same")
    rate = np.convolve(count, window, mode="same") / weight / n_cells / bin_width
    axes.plot((edges[:-1] + bin_width / 2) * 1e3, rate, color=color, linewidth=1.0)


def summary(spikes: Spikes) -> str:
    """Return what happened, in a few lines."""
    return "\n".join(
        (
            f"network      {N_EXCITATORY} excitatory and {N_INHIBITORY} inhibitory cells, {spikes.duration:g} s",
            f"spikes       {spikes.t.size}",
            f"mean rate    {spikes.rate:.2f} Hz",
            f"interval CV  {spikes.interval_cv:.4f}",
            f"time taken   {spikes.elapsed:.2f} s",
        )
    )
