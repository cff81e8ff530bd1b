"""Described links in the core: which pairs, and the values that their expressions name."""

from __future__ import annotations

from typing import Any

import numpy as np

from evsim.codegen.cache import link_address
from evsim.codegen.link import link_source
from evsim.description import GeneralModel, Link, Network, Values
from evsim.engine.core import array, check, ffi, lib
from evsim.engine.joined import linked, require_joinable
from evsim.engine.populations import PopulationInCore, require_finite
from evsim.errors import EvsimError

MOST_STATES = 64  # of one neuron, as in csrc/unit.h


class LinkInCore:
    """Keeps the core's copy of one `description.Link` up to date."""

    def __init__(
        self,
        sim: Any,
        link: Link,
        source: PopulationInCore,
        target: PopulationInCore,
        own: PopulationInCore | None = None,
    ) -> None:
        self.sim, self.link, self.source, self.target = sim, link, source, target
        require_joinable(source.population, target.population)
        before, after = source.population.model, target.population.model
        assert isinstance(before, GeneralModel) and isinstance(after, GeneralModel)
        beside = None if own is None else own.population.model
        assert beside is None or isinstance(beside, GeneralModel)
        known = {f"{name}_pre" for name in before.states} | {f"{name}_post" for name in after.states}
        known |= set(beside.states) if beside else set()
        self.variables = tuple(sorted(link.expression.names - known - {"t"}))
        text = link_source(link.expression, before, after, self.variables, beside)
        i, _keep_i = array(link.i, "uint32_t")
        j, keep = array(link.j, "uint32_t")
        number = lib.evsim_add_link(
            sim, source.number, target.number, after.inputs.index(link.variable), keep.size, i, j,
            ffi.cast("void *", link_address(text)), len(self.variables),
        )  # fmt: skip
        self.number = check(number)
        if link.is_direct:
            check(lib.evsim_set_link_direct(sim, self.number))
        if own is not None:
            check(lib.evsim_set_link_own(sim, self.number, own.number))
        self._push(set(self.variables))
        link.changed.clear()

    def take_over(self, changed: set[str]) -> None:
        """Hands the core what the user changed since the last run; `changed`: also parameters of the neurons."""
        names = (self.link.changed | changed) & set(self.variables)
        if names:
            self._push(names)
        self.link.changed.clear()

    def _push(self, names: set[str]) -> None:
        for v, name in enumerate(self.variables):
            if name not in names:
                continue
            values = np.asarray(self._value(name), dtype=np.float64).reshape(-1)
            require_finite(self.link.name, {name: values})
            pointer, keep = array(values if values.size else np.zeros(1), "double")
            check(lib.evsim_set_link_variable(self.sim, self.number, v, pointer, keep.size))

    def _value(self, name: str) -> Values:
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
        if p.emitter not in populations or not ends & names or ends <= names or p.trigger == "post":
            continue
        delays = np.atleast_1d(np.asarray(p.delay))
        if delays.size and p.i.size and delays.min() < window:
            raise EvsimError(
                f"{p.name}: the delay {delays.min() * 1e3:g} ms is shorter than {window * 1e3:g} ms, and of its ends"
                " only one is part of a continuously coupled system; give it a longer delay or make dt smaller."
            )


__all__ = ["LinkInCore", "refuse_short_delays"]
