"""Described links in the core: which pairs, and the values that their expressions name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.codegen.cache import link_address
from evsim.codegen.link import factor_source, link_source
from evsim.codegen.tables import table_name, tables_of
from evsim.description import GeneralModel, Link, Network, Values
from evsim.engine.core import array, check, ffi, lib
from evsim.engine.joined import linked, require_joinable
from evsim.engine.parted import Part
from evsim.engine.populations import PopulationInCore, require_finite, set_table
from evsim.errors import EvsimError

MOST_STATES = 64  # of one neuron, as in csrc/unit.h


class LinkInCore:
    """Keeps the core's copy of one `description.Link` up to date: of each part a link of its own."""

    def __init__(
        self,
        sim: Any,
        link: Link,
        parts: tuple[Part, ...],
        source: PopulationInCore,
        target: PopulationInCore,
        own: PopulationInCore | None = None,
        *,
        is_alone: bool = False,
    ) -> None:
        self.sim, self.link, self.parts, self.source, self.target = sim, link, parts, source, target
        self.own = own
        require_joinable(source.population, *(() if is_alone else (target.population,)))
        self.variables: list[tuple[str, ...]] = []
        self.numbers = [self._add(part) for part in parts]
        self._push(None)
        self._push_tables()
        link.changed.clear()

    def take_over(self, changed: set[str]) -> None:
        """Hands the core what the user changed since the last run; `changed`: also parameters of the neurons."""
        if "functions" in self.link.changed:
            self._push_tables()
        if self.link.changed or changed:
            self._push(self.link.changed | changed)
        self.link.changed.clear()

    def activate(self, *, is_active: bool) -> None:
        """Let it rest, or take part again."""
        for number in self.numbers:
            lib.evsim_activate_link(self.sim, number, is_active)

    def _add(self, part: Part) -> int:
        """A link in the core; `variables` are those that its C names."""
        before, after = self.source.model, self.target.model
        assert isinstance(before, GeneralModel) and isinstance(after, GeneralModel)
        beside = None if self.own is None else self.own.model
        assert beside is None or isinstance(beside, GeneralModel)
        known = {f"{name}_pre" for name in before.states} | {f"{name}_post" for name in after.states}
        known |= set(beside.states) if beside else set()
        self.variables.append(tuple(sorted(part.factor.names - known - {"t"})))
        places = (*self.variables[-1], *map(table_name, tables_of([part.factor])))
        if part.weight:
            text = factor_source(part.factor, before, places)
        else:
            text = link_source(part.factor, before, after, places, beside)
        i, _keep_i = array(self.link.i, "uint32_t")
        j, keep = array(self.link.j, "uint32_t")
        number = check(lib.evsim_add_link(
            self.sim, self.source.number, self.target.number, after.inputs.index(part.input), keep.size,
            i, j, ffi.cast("void *", link_address(text)), len(places),
        ))  # fmt: skip
        if self.link.is_direct:
            check(lib.evsim_set_link_direct(self.sim, number))
        if self.own is not None:
            check(lib.evsim_set_link_own(self.sim, number, self.own.number))
        return number

    def _push_tables(self) -> None:
        for number, variables in zip(self.numbers, self.variables, strict=True):
            for k, table in enumerate(tables_of([self.link.expression]).values(), start=len(variables)):
                set_table(lib.evsim_set_table_of_link, self.sim, number, k, table)

    def _push(self, names: set[str] | None) -> None:
        """The values of these names, or of all; and the weights that depend on them."""
        for part, number, variables in zip(self.parts, self.numbers, self.variables, strict=True):
            for v, name in enumerate(variables):
                if names is None or name in names:
                    values = self._finite(name)
                    pointer, keep = array(self._by_source(values) if part.weight else values, "double")
                    check(lib.evsim_set_link_variable(self.sim, number, v, pointer, keep.size))
            if part.weight and (names is None or names & part.weight.names):
                weight = part.weight.evaluate({name: self._finite(name) for name in part.weight.names})
                values = np.atleast_1d(np.asarray(weight, dtype=np.float64))
                require_finite(self.link.name, {part.weight.text: values})
                pointer, keep = array(values, "double")
                check(lib.evsim_set_link_weight(self.sim, number, pointer, keep.size))

    def _by_source(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values that all pairs of a source neuron share, by source neuron."""
        if values.size == 1:
            return values
        found = np.zeros(self.source.population.size)
        found[self.link.i] = values
        return found

    def _finite(self, name: str) -> NDArray[np.float64]:
        values = np.asarray(self.value(name), dtype=np.float64).reshape(-1)
        require_finite(self.link.name, {name: values})
        return values if values.size else np.zeros(1)

    def value(self, name: str) -> Values:
        """What a name of the link's expression stands for, other than a state."""
        if name in self.link.variables:
            return self.link.variables[name]
        for suffix, end, index in (("_pre", self.source, self.link.i), ("_post", self.target, self.link.j)):
            bare = name.removesuffix(suffix)
            if bare != name and bare in end.population.parameters:
                values = np.asarray(end.population.parameters[bare])
                return values[index] if values.ndim else float(values)
        raise EvsimError(f"{self.link.name}: {name} in {self.link.expression.text!r} has no value.")


def refuse_short_delays(network: Network, window: float) -> None:
    """A delivery inside a window from or to populations that links join must stay among them."""
    names = linked(network)
    populations = {population.name for population in network.populations}
    for p in network.projections:
        ends = {p.emitter, p.target}
        is_free = not p.code or p.emitter not in populations or p.trigger == "post"
        if is_free or not ends & names or ends <= names:
            continue
        delays = np.atleast_1d(np.asarray(p.delay))
        if delays.size and p.i.size and delays.min() < window:
            raise EvsimError(
                f"{p.name}: the delay {delays.min() * 1e3:g} ms is shorter than {window * 1e3:g} ms, and of its ends"
                " only one is part of a continuously coupled system; give it a longer delay or make dt smaller."
            )


__all__ = ["LinkInCore", "refuse_short_delays"]
