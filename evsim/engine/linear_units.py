"""Joined populations that are linear, with links that are: their numbers go to the core, which solves them exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.description import GeneralModel, Network, Values
from evsim.engine.core import array, check, lib
from evsim.engine.linear_parts import linear_populations
from evsim.engine.links import LinkInCore
from evsim.engine.populations import PopulationInCore
from evsim.equations.linear_system import Factors, LinearSystem, linear_pairs, linear_system

Floats = NDArray[np.float64]


class LinearUnits:
    """Keeps the core's numbers of all that is linear up to date."""

    def __init__(self) -> None:
        self._systems: dict[str, LinearSystem] = {}
        self._pairs: dict[str, Factors] = {}
        self._seen = (0, 0)

    def take_over(
        self,
        sim: Any,
        network: Network,
        populations: Mapping[str, PopulationInCore],
        links: Sequence[LinkInCore],
        changed: Mapping[str, Collection[str]],
        changed_links: Collection[str],
    ) -> None:
        """Hands the core what is new, and what depends on what the user changed (of populations; whole links)."""
        new: set[str] = set()
        if self._seen != (len(populations), len(links)):
            self._seen = len(populations), len(links)
            new = self._look(linear_populations(network), populations, links)
        for name, system in self._systems.items():
            if name in new or set(changed.get(name, ())) - set(populations[name].model.states):
                _push_cells(sim, populations[name], system)
        for link in links:
            name = link.link.name
            if name in self._pairs and (name in new or name in changed_links):
                _push_pairs(sim, link, self._pairs[name])

    def _look(
        self, names: Collection[str], populations: Mapping[str, PopulationInCore], links: Sequence[LinkInCore]
    ) -> set[str]:
        """Notes what is linear and not yet known; its names."""
        new: set[str] = set()
        for name in sorted(set(names) - self._systems.keys()):
            model = populations[name].model
            system = linear_system(model) if isinstance(model, GeneralModel) else None
            if system is not None:
                self._systems[name] = system
                new.add(name)
        for link in links:
            if link.link.target not in names or link.link.name in self._pairs:
                continue
            pairs = _pairs_of(link)
            if pairs is not None:
                self._pairs[link.link.name] = pairs
                new.add(link.link.name)
        return new


def _pairs_of(link: LinkInCore) -> Factors | None:
    before, after = link.source.model, link.target.model
    if len(link.parts) > 1 or link.parts[0].weight is not None:
        return None
    assert isinstance(before, GeneralModel)
    assert isinstance(after, GeneralModel)
    return linear_pairs(link.link, before, after)


def _push_cells(sim: Any, known: PopulationInCore, system: LinearSystem) -> None:
    population = known.population

    def values(factors: Factors) -> Floats:
        return _values(factors, lambda name: population.parameters[name], population.size)

    rates, _keep_rates = array(np.stack([values(each) for each in system.rates]), "double")
    has_form = system.threshold is not None
    form, _keep_form = array(values(system.threshold) if system.threshold else np.zeros(1), "double")
    states, clamped = population.model.states, population.model.clamped
    flags, _keep_flags = array([name in clamped for name in states], "int32_t")
    check(lib.evsim_set_linear_cells(sim, known.number, rates, form, has_form, system.is_strict, flags))


def _push_pairs(sim: Any, known: LinkInCore, factors: Factors) -> None:
    values = np.ascontiguousarray(_values(factors, known.value, known.link.i.size).T)
    pointer, keep = array(values if values.size else np.zeros(1), "double")
    check(lib.evsim_set_linear_link(sim, known.numbers[0], pointer, keep.size))


def _values(factors: Factors, value: Callable[[str], Values], size: int) -> Floats:
    """A row for each factor, with a value for each element."""
    rows = [each.evaluate({name: value(name) for name in each.names}) for each in factors]
    return np.stack([np.broadcast_to(np.asarray(row, dtype=np.float64), (size,)) for row in rows])


__all__ = ["LinearUnits"]
