"""Linked variables: those that read what stays are values, those that read what changes are links, one to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from evsim import description
from evsim.equations.expression import Expression
from evsim.equations.synapse_code import OF_TARGET
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimError
from evsim.words.described.ends import refuse_functions
from evsim.words.described.neurons import DescribedGroup, group_value
from evsim.words.neurons import NeuronGroup
from evsim.words.variables.linked import Root, root_of


class DescribedLinked:
    """A linked variable that reads what changes, as a link; the group comes along with every call."""

    def __init__(self, group: NeuronGroup, name: str, groups: Mapping[str, DescribedGroup]) -> None:
        root = root_of(group._storage.links[name], len(group))
        source = groups[root.group.name]
        here = f"{group.name}.{name}, linked to {root.group.name}.{root.name}"
        formula = source.equations.expanded(Expression.parse(root.name, here))
        _check(formula, source, here)
        states = {each: f"{each}_pre" for each in formula.names if each in source.population.model.states}
        self._name = name
        self._gathered = {each: f"{each}_of_source" for each in formula.names - states.keys() - {"t"}}
        self.link = description.Link(
            name=f"{group.name}_{name}",
            source=root.group.name,
            target=group.name,
            i=root.index,
            j=np.arange(len(group), dtype=np.int64),
            variable=name,
            expression=formula.rename({**states, **self._gathered}),
            variables={},
            of_source=frozenset(self._gathered.values()),
            is_direct=True,
        )
        self._refresh(root, source)
        self.link.changed.clear()

    def refresh(self, group: NeuronGroup, groups: Mapping[str, DescribedGroup]) -> None:
        """Take over parameters that stand in the formula of what is read."""
        root = root_of(group._storage.links[self._name], len(group))
        if root.group.name != self.link.source or not np.array_equal(root.index, self.link.i):
            raise EvsimError(
                f"{group.name}.{self._name} has run and reads {self.link.source}; a link to what changes stays as it "
                "is: begin again with start_scope()"
            )
        self._refresh(root, groups[root.group.name])

    def _refresh(self, root: Root, source: DescribedGroup) -> None:
        for name, new in self._gathered.items():
            found = group_value(root.group, name, source.constants)
            value = found if isinstance(found, float) else np.asarray(found, dtype=np.float64)[root.index]
            before = self.link.variables.get(new)
            if before is None or not np.array_equal(before, value):
                self.link.variables[new] = value
                self.link.changed.add(new)


def mark_changed_links(objects: Iterable[Any]) -> None:
    """A link whose source the user changed counts as changed too."""
    for group in objects:
        if isinstance(group, NeuronGroup):
            links = group._storage.links
            group._storage.changed |= {name for name in links if links[name].has_changed}


def _check(formula: Expression, source: DescribedGroup, here: str) -> None:
    refuse_functions(formula, here)
    for name in sorted(formula.names & {*OF_TARGET, *source.equations.flagged(COUPLED)}):
        raise EvsimError(
            f"{here}: {name} is no variable with an equation, so it cannot be read at every instant; link to what "
            "stands in its formula"
        )


__all__ = ["DescribedLinked", "mark_changed_links"]
