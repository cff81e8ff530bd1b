"""What synapses do at every instant: variables that are integrated, what these read, and what neurons add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.equations.integrated import Code
from evsim.equations.timed_array import TimedArray
from evsim.words.described.ends import Ends, Gathering, Groups, Own
from evsim.words.described.sums import Summation
from evsim.words.described.synapse_states import (
    input_links,
    states_code,
    states_population,
    states_projection,
)
from evsim.words.objects import free_name
from evsim.words.pathways import Pathway
from evsim.words.synapses import Synapses


class Continuous:
    """The population of one Synapses' integrated variables, None without any, its links, and code on it.

    The user's object comes along with every call.
    """

    def __init__(
        self,
        synapses: Synapses,
        own: Equations,
        sums: Mapping[str, Variable],
        ends: Ends,
        integrated: frozenset[str],
        is_named: bool,
    ) -> None:
        """`is_named`: whether code that acts on neurons names integrated variables."""
        self._ends, self._integrated = ends, integrated
        self._places: dict[str, tuple[str, NDArray[np.int64]]] = {}
        if sums or integrated:
            self._places["pre"] = _place(synapses._source, synapses.i)
            self._places["post"] = _place(synapses._target, synapses.j)
        self._gatherings: list[Gathering] = []
        self.population: description.Population | None = None
        self.pathways: list[tuple[Pathway, description.Projection]] = []
        name = free_name(f"{synapses.name}_states")
        states = name, np.arange(synapses.N if self._places else 0, dtype=np.int64)
        summation = Summation(ends, self._places, integrated, states)
        self.links = [summation.link(each, variable, synapses.name) for each, variable in sums.items()]
        if not synapses.N:
            self.links = [_without_pairs(link) for link in self.links]
        for link in self.links:
            self._gatherings.append(Gathering.of(link.variables, link.changed, ends, link.variables))
        if integrated and synapses.N:
            self._integrate(synapses, own, name, is_named)

    def _integrate(self, synapses: Synapses, own: Equations, name: str, is_named: bool) -> None:
        is_joined = is_named or any(name in (link.source, link.own) for link in self.links)
        made = states_population(synapses, own, self._integrated, self._ends, name, is_joined)
        self.population = made
        self.links = [*input_links(synapses, made, self._places), *self.links]
        self._gatherings.append(
            Gathering.of(made.parameters, made.changed, self._ends, made.model.parameters)
        )

    def add_code(self, synapses: Synapses, pathway: Pathway, code: Code, delay: description.Values) -> None:
        """Let spikes run code on the integrated variables."""
        if self.population is None:
            return  # there are no synapses
        code = states_code(code, self._integrated, self._ends, pathway.where(synapses.name))
        place = self._places[pathway.trigger]
        made = states_projection(synapses, pathway, code, self.population.name, place, delay)
        self.pathways.append((pathway, made))
        used = names_in(code) - {each.target for each in code if each.where == "local"} - {"t"}
        used -= {f"{name}_post" for name in self._integrated}
        self._gatherings.append(Gathering.of(made.variables, made.changed, self._ends, used))

    @property
    def is_there(self) -> bool:
        """Whether anything happens at every instant."""
        return bool(self.population or self.links)

    # Between runs

    def gather(self, synapses: Synapses, groups: Groups, own: Own) -> None:
        """Values of what is gathered for each synapse, as they are now."""
        for each in self._gatherings:
            each.refresh(synapses, groups, own)

    def forget_changes(self) -> None:
        """What is new is no change; only populations are handed over whole by what has changed."""
        for link in self.links:
            link.changed.clear()
        for _, projection in self.pathways:
            projection.changed.clear()

    def refresh_states(self, synapses: Synapses) -> None:
        """Integrated variables that the user has set."""
        if self.population is not None:
            self.population.changed |= synapses._storage.changed & self.population.state.keys()

    def refresh_tables(self, tables: Mapping[str, TimedArray]) -> None:
        """Functions of time that the user replaced."""
        for link in self.links:
            found = link.expression.rebound(tables)
            if any(found.meanings[name] is not link.expression.meanings[name] for name in found.meanings):
                link.expression = found
                link.changed.add("functions")
        if self.population is None or not isinstance(self.population.model, description.GeneralModel):
            return
        functions = self.population.model.functions
        for name in functions.keys() & tables.keys():
            if functions[name] is not tables[name].table:
                functions[name] = tables[name].table
                self.population.changed.add(name)

    def leave(self) -> None:
        """The synapses leave the network: the variables that the user sees stay as they are."""
        if self.population is not None:
            self.population.state = {name: values.copy() for name, values in self.population.state.items()}

    def come_back(self, synapses: Synapses) -> None:
        """The synapses are part of the network again, with the values that the user sees."""
        if self.population is not None:
            arrays = synapses._storage.arrays
            self.population.state = {name: arrays[name] for name in self.population.state}
            self.population.changed |= self.population.state.keys()


def _without_pairs(link: description.Link) -> description.Link:
    """A link that adds nothing."""
    zero = Expression.number(0.0)
    return replace(link, source=link.target, i=link.j, expression=zero, variables={}, own="")


def _place(end: object, index: NDArray[np.int64]) -> tuple[str, NDArray[np.int64]]:
    group, start = end._group, end._bounds()[0]  # type: ignore[attr-defined]
    return group.name, shifted(index, start)


def shifted(index: NDArray[Any], start: int) -> NDArray[Any]:
    """Elements of a slice as elements of the whole group."""
    return index + start if start else index


def names_in(code: Iterable[description.Assignment]) -> set[str]:
    """Every name that the code reads."""
    return {name for each in code for name in each.expression.names}


__all__ = ["Continuous", "names_in", "shifted"]
