"""The figure of a modulation: a spike train, the variables of the synapse, and the cell that it moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.composition.declared import own_equations, parameter_names
from evsim.equations.expression import Expression
from evsim.equations.resolve import resolve_names
from evsim.plot.responses import page
from evsim.plot.responses.neurons import usual_duration
from evsim.plot.responses.trial import Trial, changes, sampling, titled
from evsim.plot.scales import Floats
from evsim.plugin import Model, Modulation, Neuron
from evsim.plugin.registry import registry
from evsim.units import dimension_of, get_unit, second, si
from evsim.units.field import in_field_units
from evsim.words.clocks import in_seconds
from evsim.words.monitors import SpikeMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIRST, LAST = 0.25, 0.6  # of the duration: when the train begins and ends
INTERVAL = 0.02  # seconds between its spikes, at most


def draw_modulation(trial: Trial, figure: Figure | None) -> Figure:
    """Draw what a train of spikes does to the synapse, and to a cell that has the parameter."""
    model = trial.model
    assert isinstance(model, Modulation)
    neuron = join_modulation(trial).neuron
    duration = trial.duration if trial.duration is not None else _duration(model, neuron)
    spikes = trial.spikes if trial.spikes is not None else _train(model, duration)
    source = SpikeGeneratorGroup(
        1, np.zeros(spikes.size, dtype=int), in_seconds(spikes), name="plotted_source*"
    )
    cell = NeuronGroup(1, neuron or _bare(model, trial.port), name="plotted_cell*")
    synapses = Synapses(source, cell, model, target=trial.port or None, name="plotted_synapse*")
    synapses.connect()
    if trial.weight is not None:
        synapses.w = trial.weight
    step, names = sampling(duration), list(own_equations(model))
    single = StateMonitor(synapses, names, record=True, dt=step, name="plotted_single*")
    members: list[Any] = [source, cell, synapses, single]
    trace = (
        StateMonitor(cell, neuron.membrane, record=True, dt=step, name="plotted_trace*") if neuron else None
    )
    found = SpikeMonitor(cell, name="plotted_spikes*") if neuron and neuron.threshold else None
    members += [each for each in (trace, found) if each is not None]
    Network(*members).run(in_seconds(duration))

    heights = [0.25, *[1] * len(names), *([1.5] if trace is not None else [])]
    figure = page.prepare(figure, sum(heights))
    axes = list(figure.subplots(len(heights), 1, height_ratios=heights))
    times = page.time_axis(duration)
    target = f", onto {titled(neuron)}" if neuron else ""
    moved = f"moves {trial.port or model.parameter}, with w = {in_field_units(synapses.w[0])}{target}"
    page.head(figure, axes[0], model, "; ".join(filter(None, (changes(model), moved))))
    page.spike_strip(axes[0], spikes, times)
    gain = Expression.parse(model.written_out(model.gain), f"gain of {model.name}").names
    for ax, name in zip(axes[1:], names, strict=False):
        color = page.CONDUCTANCE if name in gain else page.GATE
        values = np.asarray(si(getattr(single, name)))[0]
        page.course(ax, times, np.asarray(single.t_), values, single._dimension(name), name, color)
    if trace is not None and neuron is not None:
        values = np.asarray(si(getattr(trace, neuron.membrane)))[0]
        dimension = trace._dimension(neuron.membrane)
        page.course(
            axes[-1], times, np.asarray(trace.t_), values, dimension, neuron.membrane, page.POTENTIAL,
            "potential of the target",
        )  # fmt: skip
        page.spikes_of_cell(axes[-1], np.asarray(found.t_) if found is not None else np.zeros(0), times)
    page.share_time(axes, times, duration)
    figure.align_ylabels(axes[1:])
    return figure


def join_modulation(trial: Trial) -> Trial:
    """The trial with a neuron that has the parameter, if there is one."""
    model = trial.model
    assert isinstance(model, Modulation)
    return replace(trial, neuron=trial.neuron or neuron_with(trial.port or model.parameter))


def neuron_with(parameter: str) -> Neuron | None:
    """The first registered neuron that has a parameter of this name."""
    for model, _ in registry().models():
        if isinstance(model, Neuron) and parameter in parameter_names(model):
            return model
    return None


def _bare(model: Modulation, port: str) -> str:
    """Equations with nothing but the parameter, where no neuron has it."""
    own = own_equations(model)
    known = {each.name: each.dimension for each in model.parameters} | own.dimensions
    gain = Expression.parse(model.written_out(model.gain), f"gain of {model.name}")
    units = {
        name: each[1] for name, each in resolve_names(gain.names - known.keys(), {}, {}, model.name).items()
    }
    unit = get_unit(gain.dimension(known | units, f"gain of {model.name}"))
    name = repr(unit) if not isinstance(unit, float) else "1"
    return f"{port or model.parameter} : {name}"


def times_of(model: Model) -> list[float]:
    """The time constants among the parameters, in seconds."""
    every = [
        float(np.max(si(model.value(each.name)), initial=0.0))
        for each in model.parameters
        if each.dimension == dimension_of(second)
    ]
    return [each for each in every if each > 0]


def _duration(model: Modulation, neuron: Neuron | None) -> float:
    own = 10 * max(times_of(model), default=0.1)
    return max(own, 3 * usual_duration(neuron)) if neuron is not None else own


def _train(model: Modulation, duration: float) -> Floats:
    interval = min(INTERVAL, min(times_of(model), default=INTERVAL) / 10)
    return np.arange(FIRST * duration, LAST * duration, interval)
