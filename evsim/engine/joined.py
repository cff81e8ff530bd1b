"""Which populations are one system, in which at any instant all states are known."""

from __future__ import annotations

import numpy as np

from evsim.description import GeneralModel, Network, Population
from evsim.engine.joints import joints, names_source
from evsim.engine.parted import Parted
from evsim.errors import EvsimError


def linked(network: Network) -> frozenset[str]:
    """Names of the populations that are integrated together with others, or as a whole."""
    pairs = [*joints(network), *((link.source, link.target) for link in network.links)]
    return frozenset(name for pair in pairs for name in pair)


def goes_alone(name: str, network: Network, parted: Parted, window: float) -> bool:
    """Whether a population that reads others takes their sums as functions of time, and is read by nobody.

    As csrc/order.c finds it, on the safe side: then it goes neuron by neuron, whatever its model has. So do all on the
    grid, where sums are held.
    """
    if any(name in pair for pair in joints(network)):
        return False
    if parted.is_held:
        return True
    if any(link.source == name for link in network.links):
        return False
    if len(parted.parts) < len(network.links):
        return False
    pairs = zip(network.links, parted.parts, strict=True)
    parts = [part for link, each in pairs if link.target == name for part in each]
    if not all(part.weight for part in parts) or len({part.input for part in parts}) < len(parts):
        return False
    names = linked(network)
    short = (
        p for p in network.projections if p.emitter == name and p.code and p.target in names and p.i.size
    )
    return not any(float(np.min(p.delay)) < window for p in short)


def has_events(population: Population) -> bool:
    """Whether it has custom events, which common steps do not watch for."""
    return isinstance(population.model, GeneralModel) and bool(population.model.events)


def has_noise(population: Population) -> bool:
    """Whether it has noise; by itself it then takes other steps than in common with others."""
    return isinstance(population.model, GeneralModel) and bool(population.model.noise)


def require_joinable(*populations: Population) -> None:
    """Refuse what is not integrated together with others."""
    for each in populations:
        if not isinstance(each.model, GeneralModel):
            raise EvsimError(
                f"{each.name}: its model is linear, and it is joined to others; make it a general one."
            )
        if has_events(each):
            raise EvsimError(
                f"{each.name}: its equations have custom events, and it is continuously coupled to others, or code of "
                "synapses reads the states of both ends; evsim integrates such neurons without events: take one of the "
                "two out."
            )


__all__ = ["goes_alone", "has_events", "has_noise", "joints", "linked", "names_source", "require_joinable"]
