"""What changes in groups, before they are described: which variables others add up, and which groups links join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evsim.composition import attach
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.statements import parse_statements
from evsim.words.neurons import NeuronGroup
from evsim.words.synapses import Synapses
from evsim.words.variables.linked import root_of


@dataclass
class Outline:
    """The equations of a group, its states, and the variables that are what others add up to."""

    equations: Equations
    states: frozenset[str]
    coupled: set[str] = field(default_factory=set)
    is_joined: bool = False

    def first_change(self, name: str) -> str | None:
        """The first state by which a variable changes during a run."""
        if name not in self.equations:
            return None
        names = self.equations.expanded(Expression.parse(name, name)).names
        return next((each for each in sorted(names) if each in self.states | self.coupled), None)

    def is_used(self, name: str) -> bool:
        """Whether a rate depends on the variable."""
        rates = (self.equations[each].expression for each in self.equations.of_kind("differential"))
        return any(name in self.equations.expanded(rate).names for rate in rates if rate is not None)


def outlines(objects: Iterable[Any], written: Mapping[str, frozenset[str]]) -> dict[str, Outline]:
    """The outline of each group; `written` are variables that code of synapses and drives change."""
    found: dict[str, Outline] = {}
    objects = list(objects)
    synapses = [each for each in objects if isinstance(each, Synapses)]
    for each in objects:
        if isinstance(each, NeuronGroup):
            found[each.name] = _outline(each, synapses, written.get(each.name, frozenset()))
    for each in synapses:
        _join_by_synapses(each, found)
    for each in objects:
        if isinstance(each, NeuronGroup):
            _join_by_linked(each, found)
    return found


def _outline(group: NeuronGroup, synapses: Iterable[Synapses], written: frozenset[str]) -> Outline:
    incoming = [each for each in synapses if each._target._group is group]
    made = [each._contribution for each in incoming if each._contribution is not None]
    equations = attach(group._equations, made) if made else group._equations
    code = [group._reset or "", *group._event_code.values()]
    changed = {each.target for text in code for each in parse_statements(text, group.name)}
    return Outline(equations, frozenset({*equations.of_kind("differential"), *changed, *written}))


def _join_by_synapses(synapses: Synapses, found: Mapping[str, Outline]) -> None:
    ends = {"pre": synapses._source._group.name, "post": synapses._target._group.name}
    own = synapses._equations
    used: set[str] = set()
    for name, variable in synapses._sums.items():
        assert variable.expression is not None
        end = name.rpartition("_")[2]
        near = found.get(ends[end])
        bare = name.removesuffix(f"_{end}")
        if near is None or bare not in near.equations:
            continue  # refused with a reason later
        near.coupled.add(bare)
        if near.is_used(bare):
            near.is_joined = True
            used |= own.expanded(variable.expression).names
    for name in own.of_kind("differential"):
        rate = own[name].expression
        assert rate is not None
        used |= own.expanded(rate).names
    for end, group in ends.items():
        outline = found.get(group)
        if outline is not None and any(_changes(each, end, own, outline) for each in used):
            outline.is_joined = True


def _changes(name: str, end: str, own: Equations, outline: Outline) -> bool:
    """Whether a name in formulas of synapses stands for something that changes at this end."""
    if name in own:
        return False
    bare = name.removesuffix(f"_{end}")
    is_named = bare != name or (end == "post" and name in outline.equations)
    return is_named and outline.first_change(bare) is not None


def _join_by_linked(group: NeuronGroup, found: Mapping[str, Outline]) -> None:
    for name, link in group._storage.links.items():
        root = root_of(link, len(group))
        source = found.get(root.group.name)
        if source is None or source.first_change(root.name) is None:
            continue
        outline = found[group.name]
        outline.coupled.add(name)
        if outline.is_used(name):
            outline.is_joined = source.is_joined = True


def summed_targets(synapses: Iterable[Synapses]) -> dict[tuple[str, str], list[Synapses]]:
    """The synapses that add up each variable of each group."""
    found: dict[tuple[str, str], list[Synapses]] = defaultdict(list)
    for each in synapses:
        for name in each._sums:
            bare, _, end = name.rpartition("_")
            group = (each._source if end == "pre" else each._target)._group
            found[group.name, bare].append(each)
    return found


__all__ = ["Outline", "outlines", "summed_targets"]
