"""The figure of a gate or an output: spikes, gate, conductance, current, and what a cell makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.composition.attachment import GATE
from evsim.composition.declared import own_equations
from evsim.models import conductance, current, exponential, lif, magnesium_block, nmda
from evsim.plot.responses import page
from evsim.plot.responses.characteristics import characteristic, draw_characteristic
from evsim.plot.responses.trial import Trial, rounded, sampling, titled
from evsim.plot.scales import Floats
from evsim.plugin import Gate, Output
from evsim.testing import gate_response
from evsim.units import DIMENSIONLESS, Dimension, mV, nA, nS, si
from evsim.units.field import in_field_units
from evsim.words.clocks import in_seconds
from evsim.words.monitors import SpikeMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import SpikeGeneratorGroup
from evsim.words.synapses import Synapses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURRENT = "I"
USUAL_OUTPUTS = {
    "gaba_a": conductance(g_max=5 * nS, E=-80 * mV),
    "gaba_b": conductance(g_max=5 * nS, E=-95 * mV),
    "gaba_b_desensitising": conductance(g_max=5 * nS, E=-95 * mV),
    "nmda": magnesium_block(g_max=5 * nS),
}
"""What receptors of these names open; any other gate opens a conductance that excites."""
USUAL_GATES = {"magnesium_block": nmda}
EXCITING = conductance(g_max=5 * nS)
RESTING = lif(I_stim=0 * nA)
SCALE_OF_JUMPS = 0.02  # seconds, about that of a membrane
LONGEST = 10.0  # seconds that a gate is looked at to find out how slow it is
USUAL_WEIGHT = 0.1  # times 1 nA, so that a usual cell does not spike at once
WEIGHT_OF_OUTPUT = 0.05  # with the usual 0.1 uS, for the same reason


@dataclass(frozen=True)
class _Recorded:
    """What happened: variables of the synapse by name with their dimensions, and the cell."""

    t: Floats
    courses: dict[str, tuple[Floats, Dimension]]
    potential: tuple[Floats, Dimension, str]
    spikes: Floats
    weight: str


def draw_gate(trial: Trial, figure: Figure | None) -> Figure:
    """Draw what spikes do to a gate, and the gate to a cell."""
    whole = with_times(join_gate(trial))
    return _drawn(whole, _recorded(whole), figure)


def join_gate(trial: Trial) -> Trial:
    """The trial with a gate, an output and a neuron: the usual ones where none was chosen."""
    gate = trial.model if isinstance(trial.model, Gate) else trial.gate
    gate = gate or USUAL_GATES.get(trial.model.name, exponential)
    output = trial.model if isinstance(trial.model, Output) else trial.output
    if output is None and gate.equations.strip():
        has_no_unit = own_equations(gate)[GATE].dimension == DIMENSIONLESS
        output = USUAL_OUTPUTS.get(gate.name, EXCITING) if has_no_unit else current
    return replace(trial, gate=gate, output=output, neuron=trial.neuron or RESTING)


def with_times(trial: Trial) -> Trial:
    """The trial with spikes and a duration: a spike and later four in a row, as fast as the gate is."""
    assert trial.gate is not None
    if trial.spikes is not None and trial.duration is not None:
        return trial
    scale = _time_scale(trial.gate) if trial.gate.equations.strip() else SCALE_OF_JUMPS
    spikes = trial.spikes
    if spikes is None:
        last = trial.duration if trial.duration is not None else 10 * scale
        spikes = np.array([rounded(each * last, 3) for each in (0.08, 0.33, 0.36, 0.39, 0.42)])
    last = rounded(float(spikes.max(initial=0.0)) + 6 * scale, 2)
    return replace(trial, spikes=spikes, duration=trial.duration if trial.duration is not None else last)


def _time_scale(gate: Gate) -> float:
    """The time from a spike to when the gate has come down to a third of its peak, in seconds."""
    duration = 0.02
    while True:
        found = gate_response(gate, [0] * in_seconds(1), in_seconds(duration), in_seconds(duration / 400))
        s = np.abs(np.asarray(si(getattr(found, GATE)))[0])
        peak = int(s.argmax())
        below = np.flatnonzero(s[peak:] < s[peak] / 3)
        if below.size or duration >= LONGEST:
            return float(peak + below[0]) * duration / 400 if below.size else duration
        duration *= 4


def _recorded(trial: Trial) -> _Recorded:
    """Run one synapse onto one cell."""
    gate, output, neuron = trial.gate, trial.output, trial.neuron
    assert gate is not None
    assert neuron is not None
    assert trial.spikes is not None
    assert trial.duration is not None
    source = SpikeGeneratorGroup(
        1, np.zeros(trial.spikes.size, dtype=int), in_seconds(trial.spikes), name="plotted_source*"
    )
    cell = NeuronGroup(1, neuron, name="plotted_cell*")
    synapses = Synapses(source, cell, gate, output=output, target=trial.port or None, name="plotted_synapse*")
    synapses.connect()
    synapses.w = _weight(synapses, trial)
    step = sampling(trial.duration)
    names = [] if output is None else [GATE, *own_equations(output)]
    if output is not None and CURRENT not in names:
        names.append(CURRENT)
    single = StateMonitor(synapses, names, record=True, dt=step) if names else None
    trace = StateMonitor(cell, neuron.membrane, record=True, dt=step)
    spikes = SpikeMonitor(cell)
    members = [source, cell, synapses, trace, spikes, *([single] if single is not None else [])]
    Network(*members).run(in_seconds(trial.duration))
    courses = {}
    if single is not None:
        courses = {
            name: (np.asarray(si(getattr(single, name)))[0], single._dimension(name)) for name in names
        }
    potential = np.asarray(si(getattr(trace, neuron.membrane)))[0]
    return _Recorded(
        np.asarray(trace.t_),
        courses,
        (potential, trace._dimension(neuron.membrane), neuron.membrane),
        np.asarray(spikes.t_),
        in_field_units(synapses.w[0]),
    )


def _weight(synapses: Synapses, trial: Trial) -> Any:
    """The weight that was asked for, else one at which a usual cell stays below its threshold."""
    if trial.weight is not None:
        return trial.weight
    if trial.output is not None and trial.output.weighs_in_port_unit:
        return USUAL_WEIGHT * synapses.w[:]
    return WEIGHT_OF_OUTPUT if isinstance(trial.model, Output) else synapses.w[:]


def _drawn(trial: Trial, found: _Recorded, figure: Figure | None) -> Figure:
    assert trial.duration is not None
    assert trial.spikes is not None
    wanted = [name for name in found.courses if name == GATE or _is_worth_a_panel(name, found, trial)]
    curve = characteristic(trial) if isinstance(trial.model, Output) else None
    heights = [0.25, *[1] * len(wanted), 1.15, *([1.6] if curve is not None else [])]
    figure = page.prepare(figure, sum(heights))
    axes = list(figure.subplots(len(heights), 1, height_ratios=heights))
    if curve is not None:
        draw_characteristic(axes.pop(), *curve)
    times = page.time_axis(trial.duration)
    page.head(figure, axes[0], trial.model, _described(trial, found))
    page.spike_strip(axes[0], trial.spikes, times)
    for ax, name in zip(axes[1:], wanted, strict=False):
        values, dimension = found.courses[name]
        title, color = _TITLES.get(name, ("", page.OTHER))
        page.course(ax, times, found.t, values, dimension, name, color, title)
    values, dimension, name = found.potential
    page.course(axes[-1], times, found.t, values, dimension, name, page.POTENTIAL, "potential of the target")
    page.spikes_of_cell(axes[-1], found.spikes, times)
    page.share_time(axes, times, trial.duration)
    figure.align_ylabels(figure.axes[1:])
    return figure


_TITLES = {
    GATE: ("gate", page.GATE),
    "g": ("conductance", page.CONDUCTANCE),
    CURRENT: ("current of the synapse", page.CURRENT),
}


def _is_worth_a_panel(name: str, found: _Recorded, trial: Trial) -> bool:
    """Factors without a unit, such as a block, are shown where the output is what the figure is about."""
    return found.courses[name][1] != DIMENSIONLESS or isinstance(trial.model, Output) or name == CURRENT


def _described(trial: Trial, found: _Recorded) -> str:
    assert trial.gate is not None
    assert trial.neuron is not None
    parts = [titled(trial.gate), *([titled(trial.output)] if trial.output else [])]
    return f"{' through '.join(parts)} with w = {found.weight}, onto {titled(trial.neuron)}"
