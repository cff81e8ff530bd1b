"""What electrical synapses add to the cells at their ends: a current at every instant, and spikelets at spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evsim.composition.attachment import WEIGHT, no_potential, port_of, ports, usual_one
from evsim.composition.contribution import Contribution
from evsim.composition.declared import own_equations, parameter_variables
from evsim.composition.plain import plain_dimension, plain_value
from evsim.composition.superposition import degree
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError
from evsim.plugin import Junction
from evsim.units import DIMENSIONLESS, Dimension, DimensionMismatchError, dimension_of, si, unit_named

BEFORE, AFTER = "V_pre", "V_post"  # what a junction's formulas are written in


@dataclass(frozen=True)
class Side:
    """One end of junctions: equations, membrane potential, and whether spikes reset anything."""

    equations: Equations
    membrane: str
    has_reset: bool


def junction(
    model: Junction, source: Side, target: Side, name: str, port: str = "", is_symmetric: bool = False
) -> tuple[Contribution, Contribution | None]:
    """Return what Synapses called `name` add to their target, and to their source if that is another group.

    Parameters
    ----------
    port
        The input that receives the current; may be left out where a group has only one.
    is_symmetric
        Whether what enters the target leaves the source.
    """
    return _Coupling(model, source, target, name, port, is_symmetric).contributions()


@dataclass(frozen=True)
class _Coupling:
    """The pieces of both contributions, and the checks that they fit."""

    model: Junction
    source: Side
    target: Side
    name: str
    port: str
    is_symmetric: bool

    def contributions(self) -> tuple[Contribution, Contribution | None]:
        self._check_ends()
        weight = self._weight()
        kept = [
            each for each in self._parameters if self._has_spikelets or each.name in self._names_in_current
        ]
        own = [*self._formulas.values(), *kept]
        made = Contribution(
            equations=self._current_variable(),
            port=self._port,
            term=self._summed,
            on_pre=self._spikelet("post", self.target) if self._passes(self.source) else "",
            on_post=self._spikelet("pre", self.source) if self._passes(self.target, is_back=True) else "",
            weight=weight,
            default_weight=usual_one(weight),
            own=Equations(own, self._where),
            own_values={each.name: self._start(each.name) for each in kept},
            sums=self._sums(),
        )
        self._check_spikelet(weight)
        return made, self._contribution_back(weight)

    def _contribution_back(self, weight: Dimension) -> Contribution | None:
        if not self.is_symmetric or self.source.equations is self.target.equations:
            return None
        known = ports(self.source.equations)
        port = port_of(self.source.equations, self._port if self._port in known else "", self._where)
        here, there = (
            side.equations[p].dimension for side, p in ((self.target, self._port), (self.source, port))
        )
        if here != there:
            raise DimensionMismatchError(
                f"{self._where}: a symmetric junction has one current, and the inputs of both groups differ",
                here,
                there,
            )
        return Contribution(self._current_variable(), port, self._summed, "", weight, 1.0)

    # Names

    @property
    def _where(self) -> str:
        return f"synapses {self.name} ({self.model.name})"

    @property
    def _summed(self) -> str:
        return f"I_{self.name}"

    @cached_property
    def _port(self) -> str:
        return port_of(self.target.equations, self.port, self._where)

    def _spelled(self, expression: Expression) -> Expression:
        return expression.rename(
            {BEFORE: f"{self.source.membrane}_pre", AFTER: f"{self.target.membrane}_post"}
        )

    # Formulas

    @cached_property
    def _is_plain(self) -> bool:
        """Whether the cells know no units."""
        own = [self.target.equations[self._port], *(side.equations[side.membrane] for side in self._sides)]
        return all(each.dimension == DIMENSIONLESS for each in own)

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.source, self.target

    def _dimension(self, dimension: Dimension) -> Dimension:
        return plain_dimension(dimension) if self._is_plain else dimension

    @cached_property
    def _declared(self) -> Equations:
        """The equations of the model, in units of the cells."""
        own = own_equations(self.model).values()
        return Equations([replace(each, dimension=self._dimension(each.dimension)) for each in own])

    @cached_property
    def _formulas(self) -> dict[str, Variable]:
        return {
            name: replace(each, expression=self._spelled(each.expression))
            for name, each in self._declared.items()
            if each.expression is not None
        }

    @cached_property
    def _parameters(self) -> list[Variable]:
        """One value for each junction."""
        for each in self.model.parameters:
            if np.ndim(si(self.model.value(each.name))):
                raise EvsimTypeError(
                    f"{self._where}: {each.name} is an array; give one value here, and set it per junction after "
                    "connect()"
                )
        own = parameter_variables(self.model)
        return [replace(v, flags=frozenset(), dimension=self._dimension(v.dimension)) for v in own]

    def _start(self, name: str) -> float:
        value = self.model.value(name)
        is_plain = self._is_plain and self._dimension(dimension_of(value)) == DIMENSIONLESS
        return float(plain_value(value) if is_plain else si(value))

    @cached_property
    def _current(self) -> Expression:
        text = self.model.written_out(self.model.current)
        return Expression.parse(text, f"current of {self.model.name}")

    @cached_property
    def _names_in_current(self) -> frozenset[str]:
        parts = [each.expression.names for each in self._declared.values() if each.expression is not None]
        return frozenset(self._current.names.union(*parts))

    def _current_variable(self) -> Equations:
        for side in self._sides:
            if self._summed in side.equations:
                raise EvsimValueError(
                    f"{self._where}: the cells have a variable {self._summed} already; give the synapses another name="
                )
        dimension = self.target.equations[self._port].dimension
        return Equations([Variable(self._summed, "parameter", None, dimension)], self._where)

    def _sums(self) -> dict[str, Variable]:
        dimension = self.target.equations[self._port].dimension
        enters = self._spelled(self._current)
        sums = {f"{self._summed}_post": enters}
        if self.is_symmetric:
            sums[f"{self._summed}_pre"] = Expression.parse(
                f"-({enters.text})", f"current of {self.model.name}"
            )
        return {
            name: Variable(name, "subexpression", formula, dimension, frozenset({"summed"}))
            for name, formula in sums.items()
        }

    # Spikelets

    @cached_property
    def _jump(self) -> Expression:
        text = self.model.written_out(self.model.spikelet) or "0"
        return Expression.parse(text, f"spikelet of {self.model.name}")

    @cached_property
    def _is_chosen(self) -> bool:
        """Whether the user has set a parameter of the spikelet."""
        return not self.model.values.keys().isdisjoint(self._jump.names)

    def _passes(self, spiking: Side, is_back: bool = False) -> bool:
        is_there = bool(self.model.spikelet) and (self.is_symmetric or not is_back)
        return is_there and (spiking.has_reset or self._is_chosen)

    @property
    def _has_spikelets(self) -> bool:
        return self._passes(self.source) or self._passes(self.target, is_back=True)

    def _spikelet(self, end: str, side: Side) -> str:
        return f"{side.membrane}_{end} += {self._spelled(self._jump)}"

    # Checks

    def _check_ends(self) -> None:
        for side, end in zip(self._sides, ("source", "target"), strict=True):
            if not side.membrane:
                raise no_potential(side.equations, self._where, end)
        before, after = (side.equations[side.membrane].dimension for side in self._sides)
        if before != after:
            raise DimensionMismatchError(
                f"{self._where}: the potentials {self.source.membrane} of the source and {self.target.membrane} of the "
                "target are in different units",
                before,
                after,
            )
        if changing := self._declared.of_kind("differential"):
            raise EvsimError(
                f"{self._where}: {changing[0]} has an equation of its own, and a junction's current can depend on "
                "potentials and parameters only; write formulas"
            )
        whole = self._declared.expanded(self._current)
        if degree(whole, {WEIGHT}) != 1:
            raise EvsimError(
                f"{self._where}: the current of {self.model.name}, {whole}, is not proportional to {WEIGHT}; write it "
                f"as {WEIGHT} times something"
            )

    def _known(self, weight: Dimension) -> dict[str, Dimension]:
        volt = self.target.equations[self.target.membrane].dimension
        named = {name: unit_named(name) for name in self._declared.external_names}
        units = {name: unit.dimension for name, unit in named.items() if unit is not None}
        own = {each.name: each.dimension for each in self._parameters}
        return {**units, **own, WEIGHT: weight, BEFORE: volt, AFTER: volt}

    def _weight(self) -> Dimension:
        """The dimension of w: with it the current fits the port."""
        here = f"{self._where}: current of {self.model.name}"
        whole = self._declared.expanded(self._current)
        found = whole.dimension(self._known(DIMENSIONLESS), here)
        weight = self.target.equations[self._port].dimension / found
        self._check_formulas(self._known(weight))
        return weight

    def _check_formulas(self, known: Mapping[str, Dimension]) -> None:
        known = {**known, **self._declared.dimensions}
        for name, each in self._declared.items():
            assert each.expression is not None
            found = each.expression.dimension(known, f"{self._where}: {name}")
            if found != each.dimension:
                raise DimensionMismatchError(
                    f"{self._where}: {name} = {each.expression} does not fit the cells", found, each.dimension
                )

    def _check_spikelet(self, weight: Dimension) -> None:
        if not self._has_spikelets:
            return
        here = f"{self._where}: spikelet of {self.model.name}"
        found = self._jump.dimension({**self._known(weight), **self._declared.dimensions}, here)
        volt = self.target.equations[self.target.membrane].dimension
        if found != volt:
            raise DimensionMismatchError(f"{here}, {self._jump}, does not fit the potential", found, volt)


__all__ = ["Side", "junction"]
