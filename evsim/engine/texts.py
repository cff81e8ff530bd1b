"""The generated C that a described network needs, without running it."""

from __future__ import annotations

from collections.abc import Iterable

from evsim.codegen.code import code_source
from evsim.codegen.kernel import kernel_source
from evsim.description import Network, Population
from evsim.engine.projections import are_additions, group_of, parameters_read, variables_of
from evsim.engine.propagator import system_of


def texts_of(network: Network, each: Iterable[str] = ()) -> dict[str, str]:
    """Return every text with a word on what it is.

    `each` names those of A, b and form that differ between neurons, beyond what differs in this network.
    """
    texts: dict[str, str] = {}
    for population in network.populations:
        texts |= _texts_of_population(network, population, each)
    return texts


def _texts_of_population(network: Network, population: Population, each: Iterable[str]) -> dict[str, str]:
    model = population.model
    projections = [p for p in network.projections if p.target == population.name]
    read = dict.fromkeys(name for p in projections for name in parameters_read(p, model))
    varied = {*system_of(model, population.parameters).each, *each}
    kernel, layout = kernel_source(model, varied, tuple(read))
    texts = {kernel: f"cells with the states {', '.join(model.states)}"}
    for p in projections:
        group = group_of(p, projections)
        if not are_additions(p, group, model):
            code = code_source(p.code, model, variables_of(group), layout.parameters, p.equations)
            texts[code] = f"event code on the states {', '.join(model.states)}"
    return texts
