"""What synapses made from a modulation add to their target: a sum that a parameter is raised by at every instant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evsim.composition.contribution import Contribution
from evsim.composition.declared import own_equations, parameter_variables
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.plugin import Modulation
from evsim.plugin.model import nearest
from evsim.units import DIMENSIONLESS, si


def modulation(model: Modulation, target: Equations, name: str, parameter: str = "") -> Contribution:
    """Return what Synapses called `name` add to a parameter of the target: that of the model, unless one is given."""
    where = f"synapses {name} ({model.name})"
    parameter = parameter or model.parameter
    _check_target(target, parameter, where)
    raised = f"{parameter}_{name}"
    if raised in target:
        raise EvsimValueError(
            f"{where}: the target has a variable {raised} already; give the synapses another name="
        )
    dimension = target[parameter].dimension
    own = [*own_equations(model).values(), *_parameters(model, where)]
    gain = Expression.parse(f"w*({model.written_out(model.gain)})", f"gain of {model.name}")
    return Contribution(
        equations=Equations([Variable(raised, "parameter", None, dimension)], where),
        port=parameter,
        term=raised,
        on_pre=model.written_out(model.on_pre),
        weight=DIMENSIONLESS,
        default_weight=1.0,
        own=Equations(own, where),
        own_values={each.name: float(si(model.value(each.name))) for each in model.parameters},
        sums={
            f"{raised}_post": Variable(
                f"{raised}_post", "subexpression", gain, dimension, frozenset({"summed"})
            )
        },
    )


def _check_target(target: Equations, parameter: str, where: str) -> None:
    parameters = target.of_kind("parameter")
    inputs = target.flagged("input")
    known = [each for each in parameters if each not in inputs]
    if parameter not in known:
        raise EvsimValueError(
            f"{where}: the target has no parameter {parameter!r}{nearest(parameter, known)}; name one that they "
            f"raise, as in target='{known[0] if known else 'gain'}'; it has {', '.join(known) or 'none'}"
        )


def _parameters(model: Modulation, where: str) -> list[Variable]:
    """One value for each synapse."""
    for each in model.parameters:
        if np.ndim(si(model.value(each.name))):
            raise EvsimTypeError(
                f"{where}: {each.name} is an array; give one value here, and set it per synapse after connect()"
            )
    return [replace(each, flags=frozenset()) for each in parameter_variables(model)]


__all__ = ["modulation"]
