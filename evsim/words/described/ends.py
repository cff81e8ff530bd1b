"""Formulas of synapses in terms of what changes at both ends, and what is gathered for each synapse before a run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evsim import description
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.known import VARYING, is_noise
from evsim.equations.nodes import Call, Name, leaves
from evsim.equations.synapse_code import IMPLICIT, OF_TARGET, spelled
from evsim.equations.timed_array import TimedArray
from evsim.equations.variable import COUPLED
from evsim.errors import EvsimValueError
from evsim.words.described.neurons import DescribedGroup, group_value

ENDS = {"pre": "source", "post": "target"}


@dataclass
class Ends:
    """Both ends of some synapses. `gathered` tells for the names of gathered values whose they are, and which.

    In a resolved formula `X_pre` and `X_post` are states of the neurons; parameters and constants of groups are
    gathered as `X_of_source` and `X_of_target`, and no other name ends in _pre or _post.
    """

    where: str
    groups: Mapping[str, DescribedGroup | None]  # by "pre" and "post"
    own: Equations
    constants: Collection[str]
    source_variables: Collection[str]
    gathered: dict[str, tuple[str, str]] = field(default_factory=dict)

    def resolved(self, formula: Expression, here: str, own_states: Collection[str] = ()) -> Expression:
        """A formula as above; names in `own_states` stay as they are."""
        post = self.groups["post"]
        target = Equations("") if post is None else post.equations
        found = spelled(formula, self.own, target, self.constants, self.source_variables, here)
        return self.with_ends(found, here, own_states)

    def with_ends(self, formula: Expression, here: str, own_states: Collection[str] = ()) -> Expression:
        """The same for a formula whose names have been found."""
        names = sorted(name for name in formula.names if not is_noise(name) and name != "t")
        return formula.substitute({name: self._leaf(name, here) for name in names if name not in own_states})

    def _leaf(self, name: str, here: str) -> Expression:
        for end, group in self.groups.items():
            bare = name.removesuffix(f"_{end}")
            if bare == name or name in IMPLICIT or name in self.own or name in self.constants:
                continue
            if bare in OF_TARGET:
                raise EvsimValueError(
                    f"{here}: {name} {VARYING[bare]}; what acts at every instant depends on variables only"
                )
            if group is None:
                return self._gathered(f"{bare}_of_{ENDS[end]}", end, bare)
            return self._of_group(group, bare, end, here)
        return self._gathered(f"{name}_of_synapse" if name.endswith(("_pre", "_post")) else name, "own", name)

    def _of_group(self, group: DescribedGroup, bare: str, end: str, here: str) -> Expression:
        formula = group.equations.expanded(Expression.parse(bare, here))
        parts = {}
        for name in sorted(formula.names - {"t"}):
            if name in OF_TARGET:
                raise EvsimValueError(
                    f"{here}: {bare}_{end} depends on {name}, which {VARYING[name]}; what acts at every instant "
                    "depends on variables only"
                )
            if name in group.equations.flagged(COUPLED):
                raise EvsimValueError(
                    f"{here}: {name}_{end} is itself what other neurons add up to at every instant; write a variable "
                    "with an equation in its place"
                )
            if name in group.population.model.states:
                parts[name] = Expression.parse(f"{name}_{end}", here)
            else:
                parts[name] = self._gathered(f"{name}_of_{ENDS[end]}", end, name)
        return formula.substitute(parts)

    def _gathered(self, new: str, whose: str, name: str) -> Expression:
        self.gathered[new] = (whose, name)
        return Expression.parse(new, self.where)

    def is_changing(self, name: str) -> bool:
        """Whether a name of a resolved formula is a state of the neurons at one end."""
        return name.endswith(("_pre", "_post")) and name not in self.own


Own = Callable[[str], description.Values]
Groups = Mapping[str, DescribedGroup | None]


@dataclass
class Gathering:
    """Values that a part of the description needs of other places: `whose` each one is, and which."""

    values: dict[str, description.Values]
    changed: set[str]
    whose: Mapping[str, tuple[str, str]]

    @classmethod
    def of(
        cls, values: dict[str, description.Values], changed: set[str], ends: Ends, names: Collection[str]
    ) -> Gathering:
        """The gathering of these names, which formulas resolved by `ends` have."""
        return cls(values, changed, {name: ends.gathered[name] for name in sorted(names)})

    def refresh(self, synapses: Any, groups: Groups, own: Own) -> None:
        """The values as they are now; those that differ count as changed."""
        for new, (whose, name) in self.whose.items():
            value = own(name) if whose == "own" else value_at_end(synapses, groups[whose], whose, name)
            is_set = whose == "own" and name in synapses._storage.changed
            if is_set or new not in self.values or not np.array_equal(self.values[new], value):
                self.values[new] = value
                self.changed.add(new)


def value_at_end(synapses: Any, group: DescribedGroup | None, whose: str, name: str) -> description.Values:
    """A value of the neurons at one end for each synapse, or one for all."""
    end = synapses._source if whose == "pre" else synapses._target
    index = synapses.j if whose == "post" else synapses.i
    if group is None:
        if name in end._group._storage.variables and end._group._variable(name).expression is not None:
            raise EvsimValueError(
                f"{end._group.name}.{name} changes with time, and synapses take what it is once; give it numbers, or "
                "write the formula in the code"
            )
        found, _ = end._group._known([name], slice(None))[name]
    else:
        found = group_value(end._group, name, group.constants)
    values = np.asarray(found, dtype=np.float64)
    return values[index + end._bounds()[0]] if values.ndim else float(values)


def refuse_functions(formula: Expression, here: str) -> None:
    """What neurons add up at every instant may call functions of time at the time itself only."""
    for leaf in leaves(formula.tree):
        if isinstance(leaf, Call) and isinstance(leaf.meaning, TimedArray) and leaf.operands[0] != Name("t"):
            raise EvsimValueError(
                f"{here}: what acts at every instant calls {leaf.function} at the time, as in {leaf.function}(t), and "
                "not at another one; call it in an equation of the neurons"
            )


__all__ = ["ENDS", "Ends", "Gathering", "refuse_functions", "value_at_end"]
