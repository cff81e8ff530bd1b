"""The figure of a neuron: its potential and spikes for three steps of current, and its rate against the current."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.composition import ports
from evsim.composition.declared import neuron_equations
from evsim.errors import EvsimError, EvsimValueError
from evsim.models import current
from evsim.plot.responses import page
from evsim.plot.responses.trial import Trial, rounded, sampling
from evsim.plot.scales import Floats, Scale, scale_for
from evsim.plugin import Gate, Neuron
from evsim.units import DIMENSIONLESS, Dimension, amp, dimension_of, quantity, require, second, si
from evsim.words.clocks import in_seconds
from evsim.words.monitors import SpikeMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHORTEST = 0.3  # seconds of a figure
LONG_ENOUGH = 1.2  # seconds of a run that rates are taken from
SLOWEST = 3.2  # durations are as many times the largest time constant
RISE, FALL = 0.1, 0.85  # when the step begins and ends, as shares of the duration
RATES = 40  # points of the curve of rates
SMALLEST = {amp.dimension: 1e-12, DIMENSIONLESS: 1e-3}
MOST_DOUBLINGS = 20

held = Gate(
    name="held",
    doc="A gate that stays as it is.",
    equations="ds/dt = 0*s/second : 1",
    on_pre="s += 1",
)
"""A step of current is two spikes onto such gates, of opposite weights: any neuron with an input can take it."""


@dataclass(frozen=True)
class Run:
    """Times, potentials by cells, and spike times by cells, in SI."""

    t: Floats
    potentials: Floats
    trains: list[Floats]


@dataclass(frozen=True)
class Stepped:
    """A neuron with a step of current into a port."""

    neuron: Neuron
    port: str
    dimension: Dimension
    duration: float

    def run(self, currents: Floats, is_traced: bool = True) -> Run:
        """One cell for each current (SI)."""
        n = currents.size
        cells = NeuronGroup(n, self.neuron, name="plotted_cells*")
        members: list[Any] = [cells]
        if self.port:
            edges = in_seconds(np.array([RISE, FALL]) * self.duration)
            source = SpikeGeneratorGroup(2, [0, 1], edges, name="plotted_edges*")
            step = Synapses(source, cells, held, output=current, target=self.port, name="plotted_step*")
            step.connect()
            step.w = quantity(np.where(step.i == 0, 1.0, -1.0) * currents[step.j], self.dimension)
            members += [source, step]
        membrane = self.neuron.membrane
        trace = StateMonitor(
            cells, membrane, record=is_traced, dt=sampling(self.duration), name="plotted_trace*"
        )
        spikes = SpikeMonitor(cells, name="plotted_spikes*") if self.neuron.threshold else None
        Network(*members, trace, *([spikes] if spikes is not None else [])).run(in_seconds(self.duration))
        trains = spikes.spike_trains() if spikes is not None else {}
        return Run(
            np.asarray(trace.t_),
            np.asarray(si(getattr(trace, membrane))),
            [np.asarray(si(trains[k])) if k in trains else np.zeros(0) for k in range(n)],
        )

    def late(self, train: Floats) -> Floats:
        """The spikes in the second half of the step, when the cell has got used to it."""
        return train[(train > (RISE + FALL) / 2 * self.duration) & (train <= FALL * self.duration)]

    def rates(self, currents: Floats) -> Floats:
        """One over the mean interval in the second half of the step; 0 where there are no two spikes."""
        longer = replace(self, duration=max(self.duration, LONG_ENOUGH))
        trains = [longer.late(each) for each in longer.run(currents, is_traced=False).trains]
        return np.array([(each.size - 1) / np.ptp(each) if each.size > 1 else 0.0 for each in trains])


def draw_neuron(trial: Trial, figure: Figure | None) -> Figure:
    """Draw a neuron under steps of current."""
    neuron = trial.model
    assert isinstance(neuron, Neuron)
    stepped = stepped_by(trial, neuron)
    levels = _levels(stepped, trial)
    found = stepped.run(levels)
    has_rates = bool(neuron.threshold and stepped.port)
    heights = [0.01, *[1] * len(levels), 0.6]
    figure = page.prepare(figure, 0.2 + sum(heights), 10.0 if has_rates else 8.0)
    grid = figure.add_gridspec(
        len(heights),
        2 if has_rates else 1,
        height_ratios=heights,
        width_ratios=[2.3, 1] if has_rates else None,
    )
    top, *axes = [
        figure.add_subplot(grid[0, :]),
        *[figure.add_subplot(grid[k, 0]) for k in range(1, len(heights))],
    ]
    page.blank(top)
    page.head(figure, top, neuron, trial.settings)
    _draw_levels(axes, stepped, levels, found)
    if has_rates:
        _draw_rates(figure.add_subplot(grid[1:, 1]), stepped, levels)
    figure.align_ylabels(axes)
    return figure


def stepped_by(trial: Trial, neuron: Neuron) -> Stepped:
    """The neuron, and the input and the time of its steps."""
    equations = neuron_equations(neuron)
    known = ports(equations)
    if trial.port and trial.port not in known:
        raise EvsimValueError(
            f"model {neuron.name} has no input {trial.port!r}; it has {', '.join(known) or 'none'}"
        )
    port = trial.port or (known[0] if known else "")
    dimension = equations[port].dimension if port else DIMENSIONLESS
    duration = trial.duration if trial.duration is not None else usual_duration(neuron)
    return Stepped(neuron, port, dimension, duration)


def usual_duration(neuron: Neuron) -> float:
    """Some of the neuron's longest time constants, in seconds; at least as long as a figure is."""
    times = [
        float(np.max(si(neuron.value(each.name)), initial=0.0))
        for each in neuron.parameters
        if each.dimension == dimension_of(second) and each.name != neuron.refractory
    ]
    return rounded(max(SHORTEST, SLOWEST * max(times, default=0.0)), 2)


# Which currents


def _levels(stepped: Stepped, trial: Trial) -> Floats:
    """The current that was asked for, else three that show what the neuron does."""
    if trial.current is not None:
        asked = require(trial.current, stepped.dimension, f"current into {stepped.neuron.name}")
        return np.atleast_1d(np.asarray(asked, dtype=np.float64))
    if not stepped.port:
        return np.zeros(1)
    if not stepped.neuron.threshold:
        return np.array([0.0, 1.0, 2.0]) * SMALLEST.get(stepped.dimension, 1e-6) * 100
    start, is_sustained = _count(stepped, 0.0), True
    onset = _onset(stepped, 2 * start + 1, is_sustained)
    if onset is None:
        onset = _onset(stepped, 1, is_sustained=False) or SMALLEST.get(stepped.dimension, 1e-6) * 100
    return np.array([rounded(each * onset, 2) for each in ((-1, 0, 1) if start else (0.8, 1.3, 2.6))])


def driving_current(stepped: Stepped) -> float:
    """A current that makes the cell fire well, whatever it does without."""
    onset = _onset(stepped, 2 * _count(stepped, 0.0) + 1, is_sustained=True)
    return rounded((onset or SMALLEST.get(stepped.dimension, 1e-6) * 100) * 1.6, 2)


def _onset(stepped: Stepped, wanted: int, is_sustained: bool) -> float | None:
    """The smallest current that gives as many spikes, within a few percent."""
    high = SMALLEST.get(stepped.dimension, 1e-6)
    for _ in range(MOST_DOUBLINGS):
        if _count(stepped, high, is_sustained) >= wanted:
            break
        high *= 2
    else:
        return None
    low = high / 2
    for _ in range(5):
        middle = (low + high) / 2
        low, high = (low, middle) if _count(stepped, middle, is_sustained) >= wanted else (middle, high)
    return high


def _count(stepped: Stepped, size: float, is_sustained: bool = True) -> int:
    """How many spikes there are in the second half of the step, or in the whole; none where the run fails."""
    try:
        (train,) = stepped.run(np.array([size]), is_traced=False).trains
    except EvsimError:
        return 0
    return int((stepped.late(train) if is_sustained else train[train > RISE * stepped.duration]).size)


# Drawing


def _draw_levels(axes: list[Axes], stepped: Stepped, levels: Floats, found: Run) -> None:
    times = page.time_axis(stepped.duration)
    scale = scale_for(levels, stepped.dimension)
    dimension = neuron_equations(stepped.neuron)[stepped.neuron.membrane].dimension
    last = axes[-1]
    for k, ax in enumerate(axes[:-1]):
        color = page.LEVELS[-len(levels) :][k] if len(levels) <= len(page.LEVELS) else page.POTENTIAL
        page.course(ax, times, found.t, found.potentials[k], dimension, stepped.neuron.membrane, color)
        page.spikes_of_cell(ax, found.trains[k], times)
        if stepped.port:
            page.note(ax, _told(stepped, levels[k], scale, found.trains[k]))
        edges = np.array([0, RISE, RISE, FALL, FALL, 1]) * stepped.duration
        height = scale.of(levels[k]) * np.array([0, 0, 1, 1, 0, 0])
        last.plot(times.of(edges), height, color=color, linewidth=1.4)
    last.set_ylabel(scale.label(stepped.port or "input"))
    page.tidy(last)
    page.share_time(axes, times, stepped.duration)


def _told(stepped: Stepped, level: float, scale: Scale, train: Floats) -> str:
    amount = f"{stepped.port} = {float(scale.of(level)):.3g} {scale.symbol}".rstrip()
    return f"{amount}: {train.size} spike{'' if train.size == 1 else 's'}"


def _draw_rates(ax: Axes, stepped: Stepped, levels: Floats) -> None:
    low, high = min(0.0, 1.2 * float(levels.min())), 1.2 * float(levels.max())
    currents = np.linspace(low, high if high > low else low + 1e-12, RATES)
    scale = scale_for(levels, stepped.dimension)
    ax.plot(
        scale.of(currents), stepped.rates(currents), color=page.INK, linewidth=1.2, marker=".", markersize=4
    )
    for k, level in enumerate(levels):
        color = page.LEVELS[-len(levels) :][k] if len(levels) <= len(page.LEVELS) else page.POTENTIAL
        ax.axvline(float(scale.of(level)), color=color, linewidth=1.4, zorder=0)
    ax.set_xlabel(scale.label(stepped.port))
    ax.set_ylabel("spikes per second")
    page.tidy(ax)
    page.note(ax, "rate in the second half of the step")
    ax.set_ylim(bottom=0)
