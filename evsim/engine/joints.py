"""Which populations something other than a link joins."""

from __future__ import annotations

from collections.abc import Iterator

from evsim.description import GeneralModel, Network, Population, Projection


def joints(network: Network) -> Iterator[tuple[str, str]]:
    """Pairs of populations that something other than a link joins."""
    yield from network.joined
    populations = {population.name: population for population in network.populations}
    for projection in network.projections:
        if names_source(projection, populations.get(projection.source)):
            yield projection.source, projection.target
    for projection in network.projections:
        if projection.own:
            yield projection.own, projection.target
    for link in network.links:
        if link.own:
            yield link.own, link.target


def names_source(projection: Projection, source: Population | None) -> bool:
    """Whether the code reads or changes states of the source neuron."""
    if source is None:
        return False
    model = source.model
    inputs = model.inputs if isinstance(model, GeneralModel) else ()
    return bool(projection.states_of_source((*model.states, *inputs)))


__all__ = ["joints", "names_source"]
