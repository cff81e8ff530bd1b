"""The figure of a junction: two cells, of which one is driven, and the current that passes between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.composition.declared import own_equations
from evsim.models import current
from evsim.plot.responses import page
from evsim.plot.responses.gates import RESTING
from evsim.plot.responses.neurons import FALL, RISE, driving_current, held, stepped_by
from evsim.plot.responses.trial import Trial, changes, sampling, titled
from evsim.plot.scales import scale_for
from evsim.plugin import Junction
from evsim.units import nS, quantity, require, si
from evsim.units.field import in_field_units
from evsim.words.clocks import in_seconds
from evsim.words.monitors import SpikeMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEIGHT, PLAIN_WEIGHT = 5 * nS, 0.2
FIRST, SECOND = page.POTENTIAL, page.GATE


def join_junction(trial: Trial) -> Trial:
    """The trial with a neuron for both cells."""
    return replace(trial, neuron=trial.neuron or RESTING)


def draw_junction(trial: Trial, figure: Figure | None) -> Figure:
    """Draw two cells while a step of current enters the first."""
    model, neuron = trial.model, join_junction(trial).neuron
    assert isinstance(model, Junction)
    assert neuron is not None
    stepped = stepped_by(replace(trial, model=neuron), neuron)
    level = driving_current(stepped)
    if trial.current is not None:
        asked = require(trial.current, stepped.dimension, f"current into {neuron.name}")
        level = float(np.ravel(np.asarray(asked))[0])
    duration, step = stepped.duration, sampling(stepped.duration)

    cells = NeuronGroup(2, neuron, name="plotted_cells*")
    junction = Synapses(
        cells, cells, model, symmetric=True, target=trial.port or None, name="plotted_junction*"
    )
    junction.connect(i=0, j=1)
    is_plain = junction._variable("w").dimension != WEIGHT.dimension
    junction.w = trial.weight if trial.weight is not None else PLAIN_WEIGHT if is_plain else WEIGHT
    edges = SpikeGeneratorGroup(
        2, [0, 1], in_seconds(np.array([RISE, FALL]) * duration), name="plotted_edges*"
    )
    drive = Synapses(edges, cells, held, output=current, target=stepped.port, name="plotted_step*")
    drive.connect(i=[0, 1], j=[0, 0])
    drive.w = quantity(np.array([1.0, -1.0]) * level, stepped.dimension)
    names = list(own_equations(model))
    through = StateMonitor(junction, names, record=True, dt=step, name="plotted_current*") if names else None
    trace = StateMonitor(cells, neuron.membrane, record=True, dt=step, name="plotted_trace*")
    members: list[Any] = [cells, junction, edges, drive, trace, *([through] if through is not None else [])]
    spikes = SpikeMonitor(cells, name="plotted_spikes*") if neuron.threshold else None
    Network(*members, *([spikes] if spikes is not None else [])).run(in_seconds(duration))

    heights = [0.01, 1.1, 1.1, *[1] * len(names), 0.6]
    figure = page.prepare(figure, 0.2 + sum(heights))
    top, *axes = list(figure.subplots(len(heights), 1, height_ratios=heights))
    page.blank(top)
    told = f"two cells {titled(neuron)}, both directions, w = {in_field_units(junction.w[0])}"
    page.head(figure, top, model, "; ".join(filter(None, (changes(model), told))))
    times, t = page.time_axis(duration), np.asarray(trace.t_)
    potentials, dimension = np.asarray(si(getattr(trace, neuron.membrane))), trace._dimension(neuron.membrane)
    for k, color in ((0, FIRST), (1, SECOND)):
        title = ("the cell that is driven", "the other cell")[k]
        name = f"{neuron.membrane}_{k}"
        page.course(axes[k], times, t, potentials[k], dimension, name, color, title)
        if spikes is not None:
            page.spikes_of_cell(axes[k], np.asarray(spikes.t_)[spikes.i == k], times)
    for ax, name in zip(axes[2:], names, strict=False):
        values = np.asarray(si(getattr(through, name)))[0]
        title = "current into the other cell" if name == "I" else ""
        assert through is not None
        page.course(ax, times, t, values, through._dimension(name), name, page.CURRENT, title)
    scale = scale_for(level, stepped.dimension)
    height = scale.of(level) * np.array([0, 0, 1, 1, 0, 0])
    axes[-1].plot(times.of(np.array([0, RISE, RISE, FALL, FALL, 1]) * duration), height, color=FIRST)
    axes[-1].set_ylabel(scale.label(stepped.port or "input"))
    page.note(axes[-1], "step of current into the first")
    page.tidy(axes[-1])
    page.share_time(axes, times, duration)
    figure.align_ylabels(axes)
    return figure
