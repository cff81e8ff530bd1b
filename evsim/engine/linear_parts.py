"""Which populations are linear together with all that they are joined to: the core solves these as they are."""

from __future__ import annotations

from collections.abc import Mapping

from evsim.description import GeneralModel, Link, Network
from evsim.engine.joints import joints
from evsim.equations.linear_system import linear_pairs, linear_system


def linear_populations(network: Network) -> frozenset[str]:
    """Names of populations that links or other things join, where all joined ones and all their links are linear."""
    models = {each.name: each.model for each in network.populations}
    pairs = [*joints(network), *((link.source, link.target) for link in network.links)]
    parts = _parts(pairs)
    wrong = {name for name in parts if not _is_linear(models[name])}
    wrong |= {link.target for link in network.links if not _is_linear_link(link, models)}
    refused = {parts[name] for name in wrong}
    return frozenset(name for name, part in parts.items() if part not in refused)


def _parts(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """For every name one of those that it is joined to, directly or by others: the same one for all of them."""
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for one, two in pairs:
        leader[first(one)] = first(two)
    return {name: first(name) for name in list(leader)}


def _is_linear(model: object) -> bool:
    return isinstance(model, GeneralModel) and linear_system(model) is not None


def _is_linear_link(link: Link, models: Mapping[str, object]) -> bool:
    before, after = models[link.source], models[link.target]
    if not (isinstance(before, GeneralModel) and isinstance(after, GeneralModel)):
        return False
    return not link.expression.meanings and linear_pairs(link, before, after) is not None


__all__ = ["linear_populations"]
