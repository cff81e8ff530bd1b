"""How evsim solves the equations of a neuron, and why it may or must."""

from __future__ import annotations

import re

from evsim.composition.declared import neuron_equations
from evsim.description import GeneralModel, LinearModel
from evsim.equations.expression import Expression
from evsim.equations.resolve import resolve_names
from evsim.equations.statements import parse_statements
from evsim.errors import EvsimError
from evsim.plugin import Neuron
from evsim.words.described.models import Texts, model_of

EXACT = "solved exactly: its equations are linear, so a propagator takes it over any interval, and finds every crossing"
NOISE = {
    "ornstein_uhlenbeck": "exact steps between grid points: its equations are linear and the noise is Gaussian",
}
ADAPTIVE = "integrated to a tolerance, with spikes located inside the steps"


def solution_of(neuron: Neuron) -> str:
    """Return how the neuron is solved, and what in its equations stands against an exact solution."""
    try:
        found = _model(neuron, None)
    except EvsimError as error:
        return f"not known: {error}"
    if isinstance(found, LinearModel):
        return EXACT
    if found.method in NOISE:
        return NOISE[found.method]
    how = ADAPTIVE if found.method == "adaptive" else f"integrated in steps of the clock ({found.method})"
    return f"{how}: {_obstacle(neuron)}"


def _model(neuron: Neuron, method: str | None) -> LinearModel | GeneralModel:
    equations = neuron_equations(neuron)
    names = resolve_names(equations.external_names, {}, {}, f"model {neuron.name}")
    rest = Expression.parse(neuron.refractory, "refractory") if neuron.refractory else None
    is_fixed = rest is None or (not rest.is_condition and rest.names <= set(equations.of_kind("parameter")))
    texts = Texts(
        equations,
        Expression.parse(neuron.threshold, "threshold") if neuron.threshold else None,
        parse_statements(neuron.reset, "reset"),
        None if is_fixed else rest,
    )
    return model_of(
        texts, {name: each[1] for name, each in names.items()}, frozenset(), neuron.name, method, {}
    )


def _obstacle(neuron: Neuron) -> str:
    """What makes it not linear, as the refusal of the exact method says it."""
    try:
        _model(neuron, "exact")
    except EvsimError as error:
        text = re.sub(r"; method='exact'.*", "", str(error)).removeprefix(f"{neuron.name}: ")
        place, _, reason = text.rpartition(": the part ")
        return f"the part {reason} (in {place})" if place else text
    return "its spikes depend on more than linear equations say"
