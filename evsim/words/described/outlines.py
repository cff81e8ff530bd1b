"""What changes in groups, before they are described: which variables others add up, and which groups links join."""

from __future__ import annotations

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
    can_join: bool = True  # only because spikes arrive so soon
    is_joined: bool = False
    beside: str = ""  # the group whose joint system this one takes part in without links of its own

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


def outlines(objects: Iterable[Any], written: Mapping[str, frozenset[str]], dt: float) -> dict[str, Outline]:
    """The outline of each group.

    Parameters
    ----------
    written
        Variables that code of synapses and drives change.
    dt
        The step of the clock. Groups with shorter delays between them are joined, or both are not.
    """
    found: dict[str, Outline] = {}
    objects = list(objects)
    synapses = [each for each in objects if isinstance(each, Synapses)]
    for each in objects:
        if isinstance(each, NeuronGroup):
            found[each.name] = _outline(each, synapses, written.get(each.name, frozenset()))
    for each in synapses:
        _join_by_synapses(each, found)
        _join_by_code(each, found)
    for each in objects:
        if isinstance(each, NeuronGroup):
            _join_by_linked(each, found)
    while any(_join_by_delay(each, found, dt) for each in synapses):
        pass
    return found


def _outline(group: NeuronGroup, synapses: Iterable[Synapses], written: frozenset[str]) -> Outline:
    made = [part for each in synapses for part in each._contributions_to(group)]
    equations = attach(group._equations, made) if made else group._equations
    code = [group._reset or "", *group._event_code.values()]
    changed = {each.target for text in code for each in parse_statements(text, group.name)}
    states = frozenset({*equations.of_kind("differential"), *changed, *written})
    return Outline(equations, states, can_join=not equations.is_stochastic and not group._conditions)


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


def _join_by_code(synapses: Synapses, found: Mapping[str, Outline]) -> None:
    """Code that reads or changes what changes in the source needs both ends at its instant."""
    source, target = (found.get(end._group.name) for end in (synapses._source, synapses._target))
    if source is None or target is None:
        return
    own = synapses._equations
    for pathway in synapses._pathways:
        for statement in pathway.statements(synapses.name):
            names = own.expanded(statement.expression).names - own.keys()
            names |= {statement.target} - own.keys() - target.equations.keys()
            if any(_changes(name, "pre", own, source) for name in names):
                source.is_joined = target.is_joined = True


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


def _join_by_delay(synapses: Synapses, found: Mapping[str, Outline], dt: float) -> bool:
    """Whether spikes arrive so soon that a group becomes part of the joint system at the other end."""
    names = [synapses._source._group.name, synapses._target._group.name]
    if not all(name in found for name in names) or synapses._is_copy:
        return False
    first, second = (found[name] for name in names)
    delays = [synapses._storage.arrays[each.delay_name] for each in synapses._pathways if each.code.strip()]
    is_soon = any(each.size and each.min() < dt for each in delays) and synapses.N > 0
    if not is_soon or first.is_joined == second.is_joined:
        return False
    outside, inside = (second, names[0]) if first.is_joined else (first, names[1])
    if not outside.can_join:
        return False
    outside.is_joined, outside.beside = True, inside
    return True


__all__ = ["Outline", "outlines"]
