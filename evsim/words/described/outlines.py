"""What changes in groups, before they are described: which variables others add up, and which groups links join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evsim.composition import attach
from evsim.description import Assignment
from evsim.equations.declaration import Equations
from evsim.equations.event_driven import event_driven_rate
from evsim.equations.expression import Expression
from evsim.equations.integrated import integrated_names, is_mixed
from evsim.equations.statements import Statement, parse_statements
from evsim.equations.synapse_code import IMPLICIT, OF_TARGET
from evsim.errors import EvsimError
from evsim.words.neurons import NeuronGroup
from evsim.words.synapses import Synapses
from evsim.words.variables.linked import root_of


@dataclass
class Outline:
    """The equations of a group, its states, and the variables that are what others add up to."""

    equations: Equations
    states: frozenset[str]
    coupled: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)  # variables that conditions, and code at events, name
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
        """Whether a rate depends on the variable, or something that happens at events."""
        if name in self.asked:
            return True
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
        _ask_by_code(each, found)
    for each in synapses:
        _join_by_synapses(each, found)
    for each in synapses:
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
    asked = {name for formula in _formulas_of_events(group) for name in equations.expanded(formula).names}
    can_join = not equations.is_stochastic and not group._conditions
    return Outline(equations, states, asked=asked, can_join=can_join)


def _formulas_of_events(group: NeuronGroup) -> list[Expression]:
    """Conditions of the group, and what its code reads."""
    texts = [group._threshold, group._refractory, *group._conditions.values()]
    found = [Expression.parse(each, group.name) for each in texts if isinstance(each, str)]
    code = [group._reset or "", *group._event_code.values()]
    return [*found, *(each.expression for text in code for each in parse_statements(text, group.name))]


def _ask_by_code(synapses: Synapses, found: Mapping[str, Outline]) -> None:
    """What code of synapses reads of the neurons at both ends."""
    own = synapses._equations
    for end, group in (("pre", synapses._source._group), ("post", synapses._target._group)):
        outline = found.get(group.name)
        if outline is None:
            continue
        for pathway in synapses._pathways:
            for statement in pathway.statements(synapses.name):
                for name in own.expanded(statement.expression).names - own.keys():
                    bare = name.removesuffix(f"_{end}")
                    if (bare != name or end == "post") and bare in outline.equations:
                        outline.asked |= outline.equations.expanded(Expression.parse(bare, bare)).names


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
    if target is None:
        return
    own = synapses._equations
    for pathway in synapses._pathways if source is not None else ():
        assert source is not None
        for statement in pathway.statements(synapses.name):
            names = own.expanded(statement.expression).names - own.keys()
            names |= {statement.target} - own.keys() - target.equations.keys()
            if any(_changes(name, "pre", own, source) for name in names):
                source.is_joined = target.is_joined = True
    if _mixes(synapses, source, target):
        target.is_joined = True


def _mixes(synapses: Synapses, source: Outline | None, target: Outline) -> bool:
    """Whether code at events passes variables that are integrated on to others, or the other way round."""
    own = synapses._equations
    if not own.of_kind("differential"):
        return False
    codes = [
        tuple(_assigned(each, own, target) for each in pathway.statements(synapses.name))
        for pathway in synapses._pathways
    ]
    standing = [*_standing(synapses._source, "pre", source), *_standing(synapses._target, "post", target)]

    def is_solvable(name: str) -> bool:
        try:
            event_driven_rate(name, own, standing, [*own.external_names, *IMPLICIT - {"t"}], synapses.name)
        except EvsimError:
            return False
        return True

    sums = [each.expression for each in synapses._sums.values() if each.expression is not None]
    integrated = integrated_names(own, codes, sums, is_solvable)

    def is_changing(name: str) -> bool:
        at_source = source is not None and _changes(name, "pre", own, source)
        return at_source or _changes(name, "post", own, target) or name.removesuffix("_post") in OF_TARGET

    return any(is_mixed(code, integrated, is_changing) for code in codes)


def _assigned(statement: Statement, own: Equations, target: Outline) -> Assignment:
    """A line of code as far as it matters here: whose variable it changes, and what it reads."""
    name, where = statement.target, "local"
    if name in own:
        where = "synapse"
    elif name.endswith(("_pre", "_post")) or name in target.equations:
        where = "neuron"
    expression = own.expanded(statement.expression)
    operation = "set" if statement.operator == "=" else "add"
    return Assignment(name, where, operation, expression)  # type: ignore[arg-type]


def _standing(end: Any, suffix: str, outline: Outline | None) -> list[str]:
    """Parameters of the neurons at one end that stay as they are."""
    changing = outline.states | outline.coupled if outline is not None else set()
    return [
        f"{name}_{suffix}"
        for name, each in end._storage.variables.items()
        if each.kind == "parameter" and name not in changing and "input" not in each.flags
    ]


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
