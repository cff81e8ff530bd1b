"""What a model declares, as equations and event code."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evsim.equations.declaration import Equations, Variable
from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimError
from evsim.plugin import Gate, InC, Model, Neuron, Pulse
from evsim.units import si


def neuron_equations(neuron: Neuron) -> Equations:
    """Return the equations of a neuron model, its parameters among them."""
    return Equations([*own_equations(neuron).values(), *parameter_variables(neuron)], f"model {neuron.name}")


def own_equations(model: Model) -> Equations:
    """Return a model's equations without its parameters."""
    return Equations(model.written_out(model.equations), f"model {model.name}")


def parameter_names(model: Model) -> list[str]:
    """Return the names of the parameters in their order."""
    return [parameter.name for parameter in model.parameters]


def parameter_variables(model: Model, names: Mapping[str, str] | None = None) -> list[Variable]:
    """Return the parameters as variables: one value for all elements unless they were given as arrays."""
    result = []
    for parameter in model.parameters:
        name = (names or {}).get(parameter.name, parameter.name)
        flags = frozenset({"shared"} if np.ndim(si(model.value(parameter.name))) == 0 else ())
        result.append(Variable(name, "parameter", None, parameter.dimension, flags))
    return result


def pulse_of(gate: Gate) -> Pulse | None:
    """Return the pulse that opens a gate, if one does; its length must be a parameter."""
    pulse = gate.on_pre
    if not isinstance(pulse, Pulse):
        return None
    if pulse.duration not in parameter_names(gate):
        raise EvsimError(
            f"gate {gate.name}: the duration of its pulse, {pulse.duration!r}, is not one of its parameters "
            f"({', '.join(parameter_names(gate)) or 'none'}); declare it, as in "
            'Parameter("T_duration", 0.5*ms, "length of the pulse")'
        )
    return pulse


def events(gate: Gate, where: str) -> list[Statement]:
    """Return what a spike does to the gate's variables."""
    if isinstance(gate.on_pre, Pulse):
        raise EvsimError(
            f"{where}: gate {gate.name} opens by a pulse of {gate.on_pre.variable}, not by event code"
        )
    if isinstance(gate.on_pre, InC):
        raise EvsimError(f"{where}: gate {gate.name} has no event code; its C says what a spike does")
    return parse_statements(gate.written_out(gate.on_pre), f"on_pre of gate {gate.name}")
