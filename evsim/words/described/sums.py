"""Sums over synapses at every instant, `x_post = ... (summed)`, as links."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.declaration import Variable
from evsim.equations.expression import Expression
from evsim.equations.known import is_noise
from evsim.errors import EvsimError, EvsimValueError
from evsim.words.described.ends import Ends, refuse_functions
from evsim.words.synapses import Synapses

Place = tuple[str, NDArray[np.int64]]
"""A population, and its element for each synapse."""


@dataclass(frozen=True)
class Summation:
    """What one formula needs: both ends, and the variables of the synapses that are integrated."""

    ends: Ends
    places: Mapping[str, Place]  # by "pre" and "post"
    integrated: Collection[str]
    states: Place

    def link(self, name: str, variable: Variable, owner: str) -> description.Link:
        """The link of one summed variable, `X_post` or `X_pre`, still without values of what it gathers."""
        here = f"{owner}, {name}"
        formula = self._resolved(variable, here)
        near = name.rpartition("_")[2]
        far = "pre" if near == "post" else "post"
        inner = formula.names & set(self.integrated)
        distant = sorted(n for n in formula.names if n.endswith(f"_{far}") and self.ends.is_changing(n))
        has_own = bool(inner and distant)
        source = self.states if inner and not distant else self.places[far if distant else near]
        spelled = {n: n if has_own else f"{n}_pre" for n in inner}
        spelled |= {n: f"{n.removesuffix(f'_{far}')}_pre" for n in distant}
        closer = [n for n in formula.names if n.endswith(f"_{near}") and self.ends.is_changing(n)]
        spelled |= {n: f"{n.removesuffix(f'_{near}')}_post" for n in closer}
        target, j = self.places[near]
        return description.Link(
            name=f"{owner}_{name}",
            source=source[0],
            target=target,
            i=source[1],
            j=j,
            variable=name.rpartition("_")[0],
            expression=formula.rename(spelled),
            variables=dict.fromkeys(formula.names - spelled.keys() - {"t"}, 0.0),
            own=self.states[0] if has_own else "",
            of_source=frozenset() if source is self.states else self._of(far if distant else near, formula),
        )

    def _of(self, end: str, formula: Expression) -> frozenset[str]:
        """Names of values that belong to the neurons at one end."""
        return frozenset(n for n in formula.names if self.ends.gathered.get(n, ("", ""))[0] == end)

    def _resolved(self, variable: Variable, here: str) -> Expression:
        assert variable.expression is not None
        for name in sorted(variable.expression.names):
            if is_noise(name):
                raise EvsimValueError(f"{here}: {name} is noise; write it in an equation of the neurons")
        formula = self.ends.resolved(variable.expression, here, self.integrated)
        if formula.draws:
            raise EvsimValueError(
                f"{here}: {variable.expression.text!r} draws random numbers, and it is looked at at every instant; "
                "draw them once, into a variable of the synapses"
            )
        refuse_functions(formula, here)
        return formula


def refuse_double_sums(synapses: Iterable[Synapses]) -> None:
    """One variable of a neuron is summed by one Synapses."""
    known: dict[tuple[str, str], list[tuple[Synapses, str, tuple[int, int]]]] = {}
    for each in synapses:
        for name in each._sums:
            near = each._near(name)
            bare = name.rpartition("_")[0]
            others = known.setdefault((near._group.name, bare), [])
            start, stop = near._bounds()
            for other, _, bounds in others:
                if other is not each and start < bounds[1] and bounds[0] < stop:
                    raise _twice(near._group, bare, other, each)
            others.append((each, name, (start, stop)))


def _twice(group: Any, bare: str, first: Synapses, second: Synapses) -> EvsimError:
    return EvsimError(
        f"summed variable assigned twice: {group.name}.{bare} by {first.name} and by {second.name}; declare a variable "
        f"for each of them in {group.name} and add these up there"
    )


__all__ = ["Summation", "refuse_double_sums"]
