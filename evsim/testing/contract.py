"""Checks of what a model declares: names and units in its equations and events, and that evsim can solve them."""

from __future__ import annotations

from collections.abc import Iterator

from evsim.composition import attach
from evsim.composition.attachment import GATE, Contribution, contribution, gate_alone
from evsim.composition.declared import neuron_equations
from evsim.equations.check import check_condition, check_equations, check_refractory, check_statements
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.linear import linear_model
from evsim.equations.statements import parse_statements
from evsim.models import current, exponential, lif
from evsim.plugin import Gate, Model, Neuron, Output
from evsim.units import DimensionMismatchError, require


def check_texts(model: Model) -> Iterator[str]:
    """Yield what is wrong in equations and events; units that do not fit raise, as for a user's own text."""
    if isinstance(model, Neuron):
        yield from _check_neuron(model)
    elif isinstance(model, Gate):
        yield from _check_gate(model)
    elif isinstance(model, Output):
        yield from _check_onto(contribution(exponential, model, _target(), "synapses"))


def _target() -> Equations:
    return neuron_equations(lif)


def _check_neuron(model: Neuron) -> Iterator[str]:
    equations = neuron_equations(model)
    dimensions = equations.dimensions
    where = f"model {model.name}"
    check_equations(equations, {}, where)
    linear_model(equations, model.threshold, model.reset, (), where=where)
    if model.threshold:
        check_condition(Expression.parse(model.threshold, "threshold"), dimensions, "threshold")
    check_statements(parse_statements(model.reset, "reset"), dimensions, "reset")
    if model.refractory:
        check_refractory(Expression.parse(model.refractory, "refractory"), dimensions, "refractory")
    if model.membrane not in equations.of_kind("differential"):
        yield f"its membrane potential {model.membrane!r} is not a differential variable of its equations"
    if not equations.flagged("input"):
        yield "it has no input; declare one, as in 'I_syn : amp (input)'"
    yield from _check_initial(model, equations)


def _check_initial(model: Neuron, equations: Equations) -> Iterator[str]:
    for name, value in model.initial.items():
        if name not in equations.of_kind("differential"):
            yield f"it starts {name!r}, which is not a differential variable of its equations"
        elif isinstance(value, str):
            text = Expression.parse(value, f"initial {name}")
            found = text.dimension(equations.dimensions, f"initial {name}")
            if found != equations[name].dimension:
                raise DimensionMismatchError(f"initial {name} = {value}", found, equations[name].dimension)
        else:
            require(value, equations[name].dimension, f"initial {name}")


def _check_gate(model: Gate) -> Iterator[str]:
    if not model.equations.strip():
        yield from _check_onto(contribution(model, None, _target(), "synapses"))
        return
    alone = gate_alone(model)
    check_equations(alone.equations, {}, f"model {model.name}")
    if GATE not in alone.equations:
        yield f"it has no variable {GATE!r}, which outputs take"
    yield from _check_onto(contribution(model, current, _target(), "synapses"))


def _check_onto(made: Contribution) -> Iterator[str]:
    """Check what synapses of the model add to a target."""
    whole = attach(_target(), [made])
    check_equations(whole, {}, "attached to a neuron")
    statements = parse_statements(made.on_pre, "on_pre")
    target = {f"{name}_post": dimension for name, dimension in whole.dimensions.items()}
    check_statements(statements, {**target, "w": made.weight}, "on_pre")
    linear_model(whole, None, "", (), [statement.target.removesuffix("_post") for statement in statements])
    if not statements:
        yield "a spike does nothing; say what it does in on_pre"
