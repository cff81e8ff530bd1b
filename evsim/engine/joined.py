"""Which populations are one system, in which at any instant all states are known."""

from __future__ import annotations

from collections.abc import Iterator

from evsim.description import GeneralModel, Network, Population, Projection
from evsim.errors import EvsimError


def linked(network: Network) -> frozenset[str]:
    """Names of the populations that are integrated together with others, or as a whole."""
    pairs = [*joints(network), *((link.source, link.target) for link in network.links)]
    return frozenset(name for pair in pairs for name in pair)


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


def require_joinable(*populations: Population) -> None:
    """Refuse what is not integrated together with others."""
    for each in populations:
        model = each.model
        if not isinstance(model, GeneralModel):
            raise EvsimError(
                f"{each.name}: its model is linear, and it is joined to others; make it a general one."
            )
        what = "noise" if model.noise else "custom events" if model.events else ""
        if what:
            raise EvsimError(
                f"{each.name}: its equations have {what}, and it is continuously coupled to others, or code of synapses"
                " reads the states of both ends; evsim integrates such neurons without that: take one of the two out."
            )


__all__ = ["joints", "linked", "names_source", "require_joinable"]
