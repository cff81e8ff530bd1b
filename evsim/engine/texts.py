"""The generated C that a described network needs, without running it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from evsim.codegen.code import code_source
from evsim.codegen.general import GeneralLayout, general_source
from evsim.codegen.kernel import kernel_source
from evsim.codegen.structure import Layout
from evsim.description import GeneralModel, Network, Population
from evsim.engine.projections import are_additions, group_of, parameters_read, shared_variables, variables_of
from evsim.engine.propagator import system_of


def texts_of(network: Network, each: Iterable[str] = ()) -> dict[str, str]:
    """Return every text with a word on what it is.

    `each` names what differs between neurons, beyond what differs in this network: of A, b and form of a linear
    model, the parameters of a general one.
    """
    texts: dict[str, str] = {}
    for population in network.populations:
        texts |= _texts_of_population(network, population, each)
    return texts


def _texts_of_population(network: Network, population: Population, each: Iterable[str]) -> dict[str, str]:
    model = population.model
    projections = [p for p in network.projections if p.target == population.name]
    read = dict.fromkeys(name for p in projections for name in parameters_read(p, model))
    kernel, layout = _kernel(population, each, tuple(read))
    texts = {kernel: f"cells with the states {', '.join(model.states)}"}
    for p in projections:
        group = group_of(p, projections)
        if p.compiled is None and not are_additions(p, group, model):
            variables, shared = variables_of(group), shared_variables(group)
            number = group.index(p)
            code = code_source(p.code, model, variables, layout.parameters, p.equations, number, shared)
            texts[code] = f"event code on the states {', '.join(model.states)}"
    return texts


def _kernel(
    population: Population, each: Iterable[str], read: tuple[str, ...]
) -> tuple[str, Layout | GeneralLayout]:
    model, values = population.model, population.parameters
    if isinstance(model, GeneralModel):
        differing = [name for name in model.parameters if np.ndim(values[name]) > 0]
        return general_source(model, {*differing, *each}, read)
    return kernel_source(model, {*system_of(model, values).each, *each}, read)
