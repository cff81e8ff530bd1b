"""Linked variables at the start of a run: their sources must stay as they are, since neurons read them once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evsim.equations.declaration import Equations
from evsim.equations.known import VARYING
from evsim.errors import EvsimError
from evsim.words.described.neurons import DescribedGroup
from evsim.words.neurons import NeuronGroup


def refuse_changing_sources(objects: Iterable[Any], known: Mapping[str, DescribedGroup]) -> None:
    """Refuse links to what changes by itself during a run."""
    for group in objects:
        if isinstance(group, NeuronGroup):
            for name, link in group._storage.links.items():
                source = known.get(link.source._group.name)
                if source is not None:
                    _check(f"{group.name}.{name}", link, source)


def mark_changed_links(objects: Iterable[Any]) -> None:
    """A link whose source the user changed counts as changed too."""
    for group in objects:
        if isinstance(group, NeuronGroup):
            links = group._storage.links
            group._storage.changed |= {name for name in links if links[name].has_changed}


def _check(what: str, link: Any, source: DescribedGroup) -> None:
    changing = _changing(link.name, source.equations, source.population.model.states)
    if changing is not None:
        through = "" if changing == link.name else f" (it depends on {changing})"
        raise EvsimError(
            f"{what} is linked to {link.source._label()}.{link.name}, which changes during a run{through}; evsim reads "
            "linked variables as the run begins. Link it to a parameter, or connect the groups by Synapses with a "
            "(summed) variable"
        )


def _changing(name: str, equations: Equations, states: Iterable[str]) -> str | None:
    """The first name by which a variable changes during a run."""
    if name in states:
        return name
    variable = equations[name]
    if variable.expression is None:
        return None
    expression = equations.expanded(variable.expression)
    return next((each for each in sorted(expression.names) if each in {*states, *VARYING}), None)
