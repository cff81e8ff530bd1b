"""The response of any model as a figure: the same as `evsim plot`, from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.plot.scales import seconds
from evsim.plugin import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def response(
    model: Model | str,
    *,
    gate: Model | str | None = None,
    output: Model | str | None = None,
    neuron: Model | str | None = None,
    spikes: Any = None,
    duration: Any = None,
    weight: Any = None,
    current: Any = None,
    target: str = "",
    figure: Figure | None = None,
) -> Figure:
    """Run a model and draw what it does: a neuron under steps of current, all others at the spikes that arrive.

    Parameters
    ----------
    model
        A model, or the name of a registered one.
    gate, output, neuron
        What it is joined to; the usual ones unless given.
    spikes, duration
        When spikes arrive, and how long the run is; by default as long as the model needs to show what it does.
    weight
        Of the synapse.
    current
        Steps of current into a neuron, one value or several.
    target
        The input that receives the current, or the parameter that a modulation moves.
    figure
        Where to draw: a figure without axes, as of `plt.figure()`; a new one, which needs no display, unless given.
    """
    from evsim.plot.responses import Trial, draw

    given = {"gate": gate, "output": output, "neuron": neuron}
    partners: dict[str, Any] = {role: _model(each) for role, each in given.items() if each is not None}
    length = None if duration is None else float(np.max(seconds(duration, "duration of the figure")))
    return draw(
        Trial(
            _model(model),
            **partners,
            spikes=None if spikes is None else np.sort(np.ravel(seconds(spikes, "spikes of the figure"))),
            duration=length,
            weight=weight,
            current=current,
            port=target,
        ),
        figure,
    )


def _model(model: Model | str) -> Model:
    from evsim.plugin.registry import find_model

    found = find_model(model) if isinstance(model, str) else model
    if not isinstance(found, Model):
        raise EvsimTypeError(f"response: give a model or the name of one, got {model!r}")
    return found
