"""Variables of synapses that are integrated at every instant: a population with one element for each synapse.

Users see it as variables of the synapses, whose arrays it works on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from evsim import description
from evsim.description import Assignment
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.equations.integrated import Code
from evsim.equations.nodes import Name, Operation
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimValueError
from evsim.units import DIMENSIONLESS
from evsim.words.described.ends import Ends
from evsim.words.described.models import Texts, model_of
from evsim.words.pathways import Pathway

ACTIVE = "is active"
"""1 where the synapses take part, else 0; no name of an equation has a blank."""


def states_population(
    synapses: Any, own: Equations, integrated: Collection[str], ends: Ends, name: str, is_joined: bool
) -> description.Population:
    """The population of the variables, without values of parameters yet."""
    variables = [_resolved(own[each], ends, integrated, synapses.name) for each in own if each in integrated]
    used = {n for each in variables if each.expression is not None for n in each.expression.names}
    inputs = sorted(n for n in used if ends.is_changing(n))
    variables += [Variable(n, "parameter", None, DIMENSIONLESS, frozenset({COUPLED})) for n in inputs]
    standing = [each.name for each in variables if each.kind == "parameter" and each.name not in inputs]
    model = model_of(
        Texts(Equations(variables, f"model of {synapses.name}"), None, [], None),
        dict.fromkeys(used - set(inputs)),
        frozenset(standing),
        synapses.name,
        synapses._method,
        synapses._method_options,
        is_joined or bool(inputs),
    )
    state = {each: synapses._storage.arrays[each] for each in model.states}
    return description.Population(name, synapses.N, model, state, {}, 0.0)


def _resolved(variable: Variable, ends: Ends, integrated: Collection[str], where: str) -> Variable:
    if variable.expression is None:
        return variable
    here = f"{where}, d{variable.name}/dt"
    ends.gathered[ACTIVE] = "own", ACTIVE
    return replace(variable, expression=while_active(ends.resolved(variable.expression, here, integrated)))


def while_active(rate: Expression) -> Expression:
    """A rate that is zero while the synapses are not active."""
    return Expression(Operation("*", (Name(ACTIVE), rate.tree)))


def input_links(
    synapses: Any, population: description.Population, places: dict[str, tuple[str, Any]]
) -> list[description.Link]:
    """What fills the inputs of the population: states of the neurons at both ends, `places` by "pre" and "post"."""
    model = population.model
    found = []
    for name in model.inputs if isinstance(model, description.GeneralModel) else ():
        bare, _, end = name.rpartition("_")
        group, index = places[end]
        found.append(
            description.Link(
                name=f"{population.name}_{name}",
                source=group,
                target=population.name,
                i=index,
                j=np.arange(synapses.N, dtype=np.int64),
                variable=name,
                expression=Expression.parse(f"{bare}_pre", synapses.name),
                variables={},
            )
        )
    return found


def states_code(code: Code, integrated: Collection[str], ends: Ends, here: str) -> Code:
    """Code of the synapses as code on the elements of the population, which it calls `X_post`."""
    spelled = {name: f"{name}_post" for name in integrated}
    local = {each.target for each in code if each.where == "local"}
    return tuple(_on_states(each, spelled, local, ends, here) for each in code)


def _on_states(
    each: Assignment, spelled: dict[str, str], local: Collection[str], ends: Ends, here: str
) -> Assignment:
    expression = ends.with_ends(each.expression, here, {*spelled, *local})
    for name in sorted(n for n in expression.names if ends.is_changing(n) and n not in local):
        raise EvsimValueError(
            f"{here}: {each.target} is integrated at every instant, and code that changes it cannot read {name}, which "
            "changes in a run too; use parameters of the neurons, or an equation of the synapse"
        )
    where = "neuron" if each.where == "synapse" else each.where
    return replace(each, where=where, expression=expression.rename(spelled))


def states_projection(
    synapses: Any, pathway: Pathway, code: Code, population: str, emitter: tuple[str, Any], delay: Any
) -> description.Projection:
    """What a pathway does to the population; `emitter` is whose spikes run it, with an element for each synapse."""
    return description.Projection(
        name=f"{population}_{pathway.name}",
        source=emitter[0],
        target=population,
        i=emitter[1],
        j=np.arange(synapses.N, dtype=np.int64),
        delay=delay,
        code=code,
        variables={},
        event=pathway.event,
    )


__all__ = ["ACTIVE", "input_links", "states_code", "states_population", "states_projection", "while_active"]
