"""Figures of the multi-scale neuron: what its gains do, and what modulation does to bursting cells."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.widgets import Slider

from evsim import Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses
from evsim.units import ms, second
from evsim_neuromodulation.additive_modulation import additive_modulation
from evsim_neuromodulation.depressive_modulation import depressive_modulation
from evsim_neuromodulation.multiscale import multiscale
from evsim_neuromodulation.regimes import Cells, regime

RANGES = {
    "a_f": (-3.0, 0.0),
    "a_sp": (0.0, 5.0),
    "a_sm": (-3.0, 0.0),
    "a_up": (0.0, 3.0),
    "I_app": (-4.0, 2.0),
}
"""What the sliders change, and from where to where."""
SWEPT = {"a_sp": (1.5, 2.0, 2.5, 3.0, 4.0), "I_app": (-2.5, -2.0, -1.0, 0.0, 1.5)}
"""Values that show every regime."""


def sweep(duration: Any = 12 * second, values: Any = None, gain: str = "a_sp") -> Figure:
    """Draw the potential for several values of a gain, by default the slow positive one, one below the other."""
    chosen = list(SWEPT.get(gain, np.linspace(*RANGES[gain], 5)) if values is None else values)
    times, potentials, trains = Cells(len(chosen)).run(duration, **{gain: chosen})
    figure, axes = plt.subplots(
        len(chosen), 1, sharex=True, sharey=True, squeeze=False, figsize=(9, 1 + 1.3 * len(chosen))
    )
    for ax, value, V, train in zip(axes[:, 0], chosen, potentials, trains, strict=True):
        ax.plot(times / 1000, V, linewidth=0.7)
        ax.set_title(f"{gain} = {value:g}: {regime(train, duration)}", loc="left", fontsize=9)
        ax.set_ylabel("V")
    axes[-1, 0].set_xlabel("time (s)")
    figure.tight_layout()
    return figure


def modulated(duration: Any = 24 * second, start: Any = 6 * second, length: Any = 8 * second) -> Figure:
    """Draw three bursting cells: raised, lowered, and raised by synapses that depress, while a train lasts."""
    first, last = float(start / ms), float((start + length) / ms)
    arrivals = np.arange(first, last, 20)
    source = SpikeGeneratorGroup(1, np.zeros(arrivals.size, dtype=int), arrivals * ms)
    cells = NeuronGroup(3, multiscale)
    kinds = [additive_modulation, additive_modulation(sign="-"), depressive_modulation]
    synapses = [Synapses(source, cells, kind) for kind in kinds]
    for number, each in enumerate(synapses):
        each.connect(i=0, j=number)
    synapses[0].w = synapses[2].w = 2
    trace = StateMonitor(cells, "V", record=True, dt=1 * ms)
    Network(source, cells, synapses, trace).run(duration)
    titles = ["additive, sign +, w = 2", "additive, sign -", "depressive, sign +, w = 2"]
    figure, axes = plt.subplots(len(titles), 1, sharex=True, sharey=True, figsize=(9, 5.5))
    for ax, V, title in zip(axes, trace.V, titles, strict=True):
        ax.axvspan(first / 1000, last / 1000, color="0.9")
        ax.plot(trace.t / second, V, linewidth=0.7)
        ax.set_title(title, loc="left", fontsize=9)
        ax.set_ylabel("V")
    axes[0].set_title("grey: 50 spikes per second arrive", loc="right", fontsize=9, color="0.4")
    axes[-1].set_xlabel("time (s)")
    figure.tight_layout()
    return figure


def sliders(duration: Any = 8 * second) -> tuple[Figure, dict[str, Slider]]:
    """Return a figure of one cell, and a slider for each gain: moving one simulates and draws the cell again."""
    cells = Cells()
    defaults = {name: float(multiscale.value(name)) for name in RANGES}
    times, potentials, _ = cells.run(duration, **defaults)
    figure, ax = plt.subplots(figsize=(9, 5))
    figure.subplots_adjust(bottom=0.1 + 0.06 * len(RANGES))
    (line,) = ax.plot(times / 1000, potentials[0], linewidth=0.8)
    ax.set(xlabel="time (s)", ylabel="V", ylim=(-6, 4))
    places = [figure.add_axes((0.15, 0.02 + 0.05 * k, 0.7, 0.03)) for k in range(len(RANGES))]
    found = {
        name: Slider(place, name, *RANGES[name], valinit=defaults[name])
        for name, place in zip(RANGES, reversed(places), strict=True)
    }

    def draw(_: float = 0.0) -> None:
        times, V, (train,) = cells.run(duration, **{name: slider.val for name, slider in found.items()})
        line.set_data(times / 1000, V[0])
        ax.set_title(f"{regime(train, duration)}, {train.size} spikes")
        figure.canvas.draw_idle()

    for slider in found.values():
        slider.on_changed(draw)
    draw()
    return figure, found
