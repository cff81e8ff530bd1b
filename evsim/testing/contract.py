"""Checks of what a model declares: names and units in its equations and events, and that evsim can solve them."""

from __future__ import annotations

from collections.abc import Iterator

from evsim.composition import (
    Contribution,
    Side,
    attach,
    contribution,
    gate_alone,
    junction,
    modulation,
    treatment_of,
)
from evsim.composition.attachment import GATE
from evsim.composition.declared import neuron_equations, own_equations, parameter_variables
from evsim.composition.treatment import EACH_SOURCE
from evsim.equations.check import (
    check_condition,
    check_equations,
    check_refractory,
    check_synapse_code,
    synapse_dimensions,
)
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.equations.neuron_code import local_targets
from evsim.equations.resolve import resolve_names
from evsim.equations.statements import parse_statements
from evsim.equations.synapse_code import local_names
from evsim.models import current, exponential, lif
from evsim.plugin import Gate, Junction, Model, Modulation, Neuron, Output, Plasticity
from evsim.testing.plasticities import check_plasticity
from evsim.units import Dimension, DimensionMismatchError, require
from evsim.words.described.models import Texts, check_dynamic_refractory, model_of


def check_texts(model: Model) -> Iterator[str]:
    """Yield what is wrong in equations and events; units that do not fit raise, as for a user's own text."""
    if isinstance(model, Neuron):
        yield from _check_neuron(model)
    elif isinstance(model, Gate):
        yield from _check_gate(model)
    elif isinstance(model, Output):
        yield from _check_onto(contribution(exponential, model, _target(), "synapses"))
    elif isinstance(model, Modulation):
        yield from _check_modulation(model)
    elif isinstance(model, Junction):
        side = Side(_target(), lif.membrane, has_reset=True)
        junction(model, side, side, "synapses", is_symmetric=True)  # raises what is wrong
    elif isinstance(model, Plasticity):
        yield from check_plasticity(model)


def _target() -> Equations:
    return neuron_equations(lif)


def _check_neuron(model: Neuron) -> Iterator[str]:
    equations = neuron_equations(model)
    where = f"model {model.name}"
    units = _units(equations, where)
    dimensions = {**units, **equations.dimensions}
    check_equations(equations, units, where)
    texts = _texts_of(model, equations)
    model_of(texts, units, frozenset(), where, None, {})
    if texts.threshold:
        check_condition(texts.threshold, dimensions, "threshold")
    check_synapse_code(texts.reset, dimensions, local_targets(texts.reset, equations), "reset")
    if texts.refractory:
        check_dynamic_refractory(texts, dimensions, "refractory")
    elif model.refractory:
        check_refractory(Expression.parse(model.refractory, "refractory"), dimensions, "refractory")
    if model.membrane not in equations.of_kind("differential"):
        yield f"its membrane potential {model.membrane!r} is not a differential variable of its equations"
    if not equations.flagged("input"):
        yield "it has no input; declare one, as in 'I_syn : amp (input)'"
    yield from _check_initial(model, equations)


def _units(equations: Equations, where: str) -> dict[str, Dimension]:
    """The units that equations name: of what lies outside a model, it may know nothing else."""
    return {
        name: dimension
        for name, (_, dimension) in resolve_names(equations.external_names, {}, {}, where).items()
    }


def _texts_of(model: Neuron, equations: Equations) -> Texts:
    rest = Expression.parse(model.refractory, "refractory") if model.refractory else None
    fixed = set(equations.of_kind("parameter"))
    is_dynamic = rest is not None and (rest.is_condition or not rest.names <= fixed)
    return Texts(
        equations,
        Expression.parse(model.threshold, "threshold") if model.threshold else None,
        parse_statements(model.reset, "reset"),
        rest if is_dynamic else None,
    )


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
    where = f"model {model.name}"
    check_equations(alone.equations, _units(alone.equations, where), where)
    if GATE not in alone.equations:
        yield f"it has no variable {GATE!r}, which outputs take"
    elif treatment_of(model).name != EACH_SOURCE:
        yield from _check_onto(contribution(model, current, _target(), "synapses"))


def _check_modulation(model: Modulation) -> Iterator[str]:
    """Check a modulation on a target that has the parameter in the unit of the gain, and nothing else."""
    where = f"model {model.name}"
    own = Equations([*own_equations(model).values(), *parameter_variables(model)])
    gain = Expression.parse(model.written_out(model.gain), f"gain of {model.name}")
    found = gain.dimension({**own.dimensions, **_units(own, where)}, f"gain of {model.name}")
    target = Equations([Variable(model.parameter, "parameter", None, found)])
    made = modulation(model, target, "synapses")
    every = Equations(
        [Variable("w", "parameter", None, made.weight), *made.own.values(), *made.sums.values()]
    )
    units = _units(every, where)
    check_equations(every, units, where)
    statements = parse_statements(made.on_pre, "on_pre")
    dimensions = synapse_dimensions(every.dimensions, target.dimensions, {}, units)
    check_synapse_code(statements, dimensions, local_names(statements, every, target), "on_pre")
    if not {statement.target for statement in statements} & set(own.of_kind("differential")):
        yield "a spike does nothing; say in on_pre which of its variables jumps"


def _check_onto(made: Contribution) -> Iterator[str]:
    """Check what synapses of the model add to a target."""
    here = "attached to a neuron"
    whole = attach(_target(), [made])
    units = _units(whole, here)
    check_equations(whole, units, here)
    own = Equations([Variable("w", "parameter", None, made.weight), *made.own.values()])
    written = set()
    for code in (made.on_pre, made.on_pulse_end):
        statements = [each.bound(made.functions, here) for each in parse_statements(code, "on_pre")]
        dimensions = synapse_dimensions(own.dimensions, whole.dimensions, {}, units)
        check_synapse_code(statements, dimensions, local_names(statements, own, whole), "on_pre")
        written |= {statement.target.removesuffix("_post") for statement in statements} & whole.keys()
    model_of(Texts(whole, None, [], None), units, frozenset(written), here, None, {})
    if not written:
        yield "a spike does nothing; say what it does in on_pre"
