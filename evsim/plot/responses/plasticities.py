"""The figure of a plasticity: its variables and the weight while both ends spike, or what spikes release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.composition import plasticity_equations
from evsim.composition.attachment import GATE
from evsim.composition.declared import own_equations
from evsim.models import current
from evsim.plot.responses import page
from evsim.plot.responses.gates import USUAL_WEIGHT, join_gate
from evsim.plot.responses.modulations import times_of
from evsim.plot.responses.trial import Trial, sampling, titled
from evsim.plot.scales import Floats, scale_for
from evsim.plugin import Plasticity
from evsim.units import Dimension, si
from evsim.words.clocks import in_seconds
from evsim.words.monitors import StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAIRS = ([2.0, 8.5, 12.0], [2.5, 8.0, 12.3])  # spikes of source and target, in time constants
TRAIN, PAUSE = 8, 0.6  # spikes of a train, and the rest until one more, in the slowest time constant
LAGS = 121
FOLLOWER = "dv/dt = 0*v/second : 1\nI : amp (input)"
"""Cells that spike when they are told to."""


@dataclass(frozen=True)
class _Recorded:
    t: Floats
    courses: dict[str, tuple[Floats, Dimension]]


def join_plasticity(trial: Trial) -> Trial:
    """The trial with a gate and an output around the plasticity, and a cell where one is looked at."""
    return join_gate(replace(trial, output=trial.output or current))


def draw_plasticity(trial: Trial, figure: Figure | None) -> Figure:
    """Draw a train of spikes where a share is released, pairs of spikes where the weight follows both ends."""
    trial = join_plasticity(trial)
    model = trial.model
    assert isinstance(model, Plasticity)
    ends, duration = _spikes(trial, model)
    found = _run(trial, model, ends, duration)
    heights = [0.25] * (1 + bool(model.on_post)) + [1.0] * len(found.courses)
    figure = page.prepare(figure, sum(heights) + (1.5 if model.on_post else 0))
    rows = [*heights, *([1.5] if model.on_post else [])]
    axes = list(figure.subplots(len(rows), 1, height_ratios=rows))
    if model.on_post:
        _draw_window(axes.pop(), trial, model)
    times = page.time_axis(duration)
    page.head(figure, axes[0], model, _described(trial))
    strips = ("source", "target") if model.on_post else ("spikes",)
    for ax, spikes, end in zip(axes, ends, strips, strict=False):
        page.spike_strip(ax, spikes, times, end)
    for ax, (name, (values, dimension)) in zip(axes[len(strips) :], found.courses.items(), strict=True):
        title, color = _TITLES.get(name, ("", page.CONDUCTANCE))
        page.course(ax, times, found.t, values, dimension, name, color, title)
    page.share_time(axes, times, duration)
    figure.align_ylabels(figure.axes)
    return figure


_TITLES = {
    "w": ("weight", page.INK),
    GATE: ("gate", page.GATE),
    "I": ("current of the synapse", page.CURRENT),
    "V": ("potential of the target", page.POTENTIAL),
}


def _spikes(trial: Trial, model: Plasticity) -> tuple[tuple[Floats, Floats], float]:
    """When source and target spike, and for how long the run goes on, in seconds."""
    scales = times_of(model) or [0.01]
    target = np.zeros(0)
    if model.on_post:
        unit = float(np.mean(scales))
        source, target = (np.asarray(each, dtype=np.float64) * unit for each in PAIRS)
        last = 16 * unit
    else:
        interval = min(scales) / 4
        source = interval * np.arange(2.0, 2.0 + TRAIN)
        source = np.append(source, source[-1] + PAUSE * max(scales))
        last = float(source[-1]) + 4 * interval
    if trial.spikes is not None:
        source, last = trial.spikes, float(trial.spikes.max(initial=0.0)) + 4 * max(scales)
    return (source, target), trial.duration if trial.duration is not None else last


def _run(trial: Trial, model: Plasticity, ends: tuple[Floats, Floats], duration: float) -> _Recorded:
    """One synapse; its target spikes when it is told to where that matters, and is the neuron elsewhere."""
    source = _generator(ends[0], "plotted_source*")
    members: list[Any] = [source]
    if model.on_post:
        cell = NeuronGroup(1, FOLLOWER, threshold="v > 0.5", reset="v = 0", name="plotted_cell*")
        teller = _generator(ends[1], "plotted_teller*")
        told = Synapses(teller, cell, on_pre="v_post += 1", name="plotted_told*")
        told.connect()
        members += [teller, told]
    else:
        assert trial.neuron is not None
        cell = NeuronGroup(1, trial.neuron, name="plotted_cell*")
    synapses = _synapses(source, cell, trial, model)
    synapses.connect()
    _weigh(synapses, trial, model)
    step = sampling(duration)
    names = _names(trial, model)
    single = StateMonitor(synapses, list(names.values()), record=True, dt=step, name="plotted_single*")
    members += [cell, synapses, single]
    membrane = "" if model.on_post or trial.neuron is None else trial.neuron.membrane
    trace = StateMonitor(cell, membrane, record=True, dt=step, name="plotted_trace*") if membrane else None
    Network(*members, *([trace] if trace is not None else [])).run(in_seconds(duration))
    courses = {
        name: (np.asarray(si(getattr(single, there)))[0], single._dimension(there))
        for name, there in names.items()
    }
    if trace is not None:
        courses[membrane] = np.asarray(si(getattr(trace, membrane)))[0], trace._dimension(membrane)
    return _Recorded(np.asarray(single.t_), courses)


def _names(trial: Trial, model: Plasticity) -> dict[str, str]:
    """What is drawn, with the name that the synapse has for it."""
    assert trial.gate is not None
    taken = {*own_equations(trial.gate), *(each.name for each in trial.gate.parameters)}
    if trial.output is not None:
        taken |= {*own_equations(trial.output), *(each.name for each in trial.output.parameters)}
    own = {
        name: f"{model.name}_{name}" if name in taken else name
        for name, variable in plasticity_equations(model).items()
        if variable.kind == "differential"
    }
    return {**own, "w": "w"} if model.on_post else {**own, GATE: GATE}


def _draw_window(ax: Axes, trial: Trial, model: Plasticity) -> None:
    """How far one pair of spikes moves the weight, by the time from the source to the target."""
    reach = 5 * max(times_of(model) or [0.01])
    lags = np.linspace(-reach, reach, LAGS)
    start = 1.2 * reach
    source = SpikeGeneratorGroup(
        LAGS, np.arange(LAGS), in_seconds(np.full(LAGS, start)), name="plotted_source*"
    )
    teller = SpikeGeneratorGroup(LAGS, np.arange(LAGS), in_seconds(start + lags), name="plotted_teller*")
    cells = NeuronGroup(LAGS, FOLLOWER, threshold="v > 0.5", reset="v = 0", name="plotted_cells*")
    told = Synapses(teller, cells, on_pre="v_post += 1", name="plotted_told*")
    synapses = _synapses(source, cells, trial, model)
    for each in (told, synapses):
        each.connect(j="i")
    _weigh(synapses, trial, model)
    before = np.array(si(synapses.w[:]))
    Network(source, teller, cells, told, synapses).run(in_seconds(3 * reach))
    change = np.asarray(si(synapses.w[:])) - before
    across = page.time_axis(reach)
    up = scale_for(change, synapses._variable("w").dimension)
    for line in (ax.axhline, ax.axvline):
        line(0, color=page.QUIET, linewidth=0.8)
    later = lags >= 0
    for part in (later, ~later):
        ax.plot(across.of(lags[part]), up.of(change[part]), color=page.INK, linewidth=1.6)
    ax.set_xlabel(across.label("spike of the target after that of the source"))
    ax.set_ylabel(up.label("change of w"))
    page.note(ax, "one pair of spikes")
    page.tidy(ax)


def _synapses(source: Any, cells: NeuronGroup, trial: Trial, model: Plasticity) -> Synapses:
    return Synapses(
        source,
        cells,
        trial.gate,
        output=trial.output if trial.gate is not None and trial.gate.equations.strip() else None,
        plasticity=model,
        target=trial.port or None,
        name="plotted_synapse*",
    )


def _weigh(synapses: Synapses, trial: Trial, model: Plasticity) -> None:
    if trial.weight is not None:
        synapses.w = trial.weight
    elif not model.on_post and trial.output is not None and trial.output.weighs_in_port_unit:
        synapses.w = USUAL_WEIGHT * synapses.w[:]


def _generator(spikes: Floats, name: str) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, np.zeros(spikes.size, dtype=int), in_seconds(spikes), name=name)


def _described(trial: Trial) -> str:
    assert trial.gate is not None
    parts = [titled(trial.model), titled(trial.gate), *([titled(trial.output)] if trial.output else [])]
    is_looked_at = isinstance(trial.model, Plasticity) and not trial.model.on_post
    onto = f", onto {titled(trial.neuron)}" if trial.neuron and is_looked_at else ""
    return f"{' with '.join(parts[:2])}{' through ' if parts[2:] else ''}{''.join(parts[2:])}{onto}"
