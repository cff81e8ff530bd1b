"""The response of a registered model as a figure: to spikes where synapses are made of it, to current for a neuron."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.plot.responses.gates import draw_gate, join_gate
from evsim.plot.responses.junctions import draw_junction, join_junction
from evsim.plot.responses.modulations import draw_modulation, join_modulation
from evsim.plot.responses.neurons import draw_neuron
from evsim.plot.responses.plasticities import draw_plasticity, join_plasticity
from evsim.plot.responses.trial import Trial, usual_clock
from evsim.plugin import Gate, Junction, Model, Modulation, Neuron, Output, Plasticity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Trial", "draw", "joined"]


@dataclass(frozen=True)
class _Kind:
    """How models of one kind are drawn, what they are joined to, and what a user may choose."""

    draw: Callable[[Trial, Figure | None], Figure]
    join: Callable[[Trial], Trial]
    choices: frozenset[str]


def _alone(trial: Trial) -> Trial:
    return trial


_KINDS: dict[type[Model], _Kind] = {
    Neuron: _Kind(draw_neuron, _alone, frozenset({"duration", "current", "port"})),
    Gate: _Kind(
        draw_gate, join_gate, frozenset({"output", "neuron", "spikes", "duration", "weight", "port"})
    ),
    Output: _Kind(
        draw_gate, join_gate, frozenset({"gate", "neuron", "spikes", "duration", "weight", "port"})
    ),
    Modulation: _Kind(
        draw_modulation, join_modulation, frozenset({"neuron", "spikes", "duration", "weight", "port"})
    ),
    Junction: _Kind(
        draw_junction, join_junction, frozenset({"neuron", "duration", "weight", "current", "port"})
    ),
    Plasticity: _Kind(
        draw_plasticity,
        join_plasticity,
        frozenset({"gate", "output", "neuron", "spikes", "duration", "weight", "port"}),
    ),
}


def draw(trial: Trial, figure: Figure | None = None) -> Figure:
    """Run the trial and draw it, in a figure of its own unless one is given."""
    kind = _kind_of(trial)
    _refuse_what_has_no_use(trial, kind)
    with usual_clock():
        return kind.draw(trial, figure)


def joined(trial: Trial) -> Trial:
    """The trial with the partners that its model needs: the usual ones where none was chosen."""
    kind = _kind_of(trial)
    _refuse_what_has_no_use(trial, kind)
    return kind.join(trial)


def _kind_of(trial: Trial) -> _Kind:
    for kind, found in _KINDS.items():
        if isinstance(trial.model, kind):
            return found
    raise EvsimError(f"model {trial.model.name} is a {trial.model.kind}, of which there is no figure")


def _refuse_what_has_no_use(trial: Trial, kind: _Kind) -> None:
    roles: dict[str, type[Model]] = {"gate": Gate, "output": Output, "neuron": Neuron}
    for name in (*roles, "spikes", "duration", "weight", "current", "port"):
        if name in roles and isinstance(trial.model, roles[name]):
            continue
        given = getattr(trial, name)
        if name not in kind.choices and given is not None and not (name == "port" and given == ""):
            raise EvsimValueError(
                f"the figure of the {trial.model.kind} {trial.model.name} has no {name} to choose; leave it out "
                f"(there are {', '.join(sorted(kind.choices))})"
            )
        if name in roles and given is not None and not isinstance(given, roles[name]):
            raise EvsimTypeError(
                f"{name} of the figure of {trial.model.name}: {given.name} is a {given.kind}"
            )
