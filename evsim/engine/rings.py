"""Rings of synapses without delay: which of the neurons that fired at one instant keep each other firing."""

from __future__ import annotations

import numpy as np

from evsim.description import Network

Neuron = tuple[int, int]  # position of the population in the network, and element


def ring_members(network: Network, fired: set[Neuron]) -> list[Neuron]:
    """Those that fired, sorted, without those that only listen to a ring or only led into one."""
    forward: dict[Neuron, set[Neuron]] = {neuron: set() for neuron in fired}
    backward: dict[Neuron, set[Neuron]] = {neuron: set() for neuron in fired}
    for source, target in _pairs_at_once(network, fired):
        forward[source].add(target)
        backward[target].add(source)
    members = _peeled(_peeled(set(fired), forward, backward), backward, forward)
    return sorted(members or fired)


def _pairs_at_once(network: Network, fired: set[Neuron]) -> set[tuple[Neuron, Neuron]]:
    """Source and target of every synapse without delay between these neurons."""
    numbers = {population.name: k for k, population in enumerate(network.populations)}
    pairs = set()
    for p in network.projections:
        if p.emitter not in numbers:
            continue
        source, target = numbers[p.emitter], numbers[p.target]
        at_once = np.flatnonzero(np.broadcast_to(np.asarray(p.delay) == 0, p.i.shape))
        inside = at_once[np.isin(p.elements[at_once], [i for k, i in fired if k == source])]
        for i, j in zip(p.elements[inside].tolist(), p.j[inside].tolist(), strict=True):
            if (target, j) in fired:
                pairs.add(((source, i), (target, j)))
    return pairs


def _peeled(
    members: set[Neuron], onward: dict[Neuron, set[Neuron]], back: dict[Neuron, set[Neuron]]
) -> set[Neuron]:
    """Without the neurons from which no member is reached, and then those that reached only these, and so on."""
    open_ends = {neuron: len(onward[neuron] & members) for neuron in members}
    ends = [neuron for neuron, count in open_ends.items() if count == 0]
    left = set(members)
    while ends:
        end = ends.pop()
        left.discard(end)
        for neuron in back[end] & left:
            open_ends[neuron] -= 1
            if open_ends[neuron] == 0:
                ends.append(neuron)
    return left


__all__ = ["Neuron", "ring_members"]
