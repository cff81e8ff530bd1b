"""Monitor of variables of single synapses, sampled on a clock: weights and all that event code or equations change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.composition.declared import own_equations
from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.resolve import resolve_functions, resolve_names
from evsim.errors import EvsimAttributeError, EvsimError, EvsimTypeError, EvsimValueError
from evsim.plugin.model import nearest
from evsim.units import Dimension
from evsim.words.clocks import defaultclock
from evsim.words.connection.chosen import ChosenSynapses, chosen_numbers
from evsim.words.monitors.states import Rows, StateMonitor
from evsim.words.monitors.synapse_states import SynapseMonitor
from evsim.words.objects import NetworkObject
from evsim.words.synapses import Synapses

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_SECOND = KNOWN_NAMES["dt"]
_STATES = "_states"  # of synapses that are integrated


class SynapseVariables(StateMonitor, of=Synapses):
    """Variables of chosen synapses, sampled on a clock; `StateMonitor(synapses, ...)` makes one.

    A sample at time t comes after all events up to t. Variables with equations have the value of that time, not of
    their last update.

    Parameters
    ----------
    source
        The synapses.
    variables
        Names of variables, subexpressions and parameters, also of both ends (`v_post`).
    record
        Which synapses: True for all, indices, `S[0, :]`, or a condition as text.
    dt, clock
        When to sample: at the multiples of dt; without it, the step of the default clock.
    """

    _element = "synapse"

    def _choose(self, source: Synapses, variables: Any, record: Any) -> None:
        self._synapses, self._source = source, source._target
        self._variables = _checked_names(variables, source, self.name)
        self._chosen = record
        if source._is_connected:
            self._indices = chosen_numbers(record, source, self.name)
        self._equations = source._equations
        self._groups: dict[str, Any] = {}
        self._constants: Mapping[str, Any] = {}
        self._of_ends: dict[str, tuple[str, ...]] = {}

    @classmethod
    def _kind_for(cls, source: Any, variables: Any) -> type[StateMonitor]:
        """Synapses made from a gate have the gate's variables, which belong to another kind of monitor."""
        made = source._contribution
        names = {variables} if isinstance(variables, str) else set(variables)
        if made is not None and made.rules.models:
            if not names <= source._storage.variables.keys():
                source._show_single(sorted(names))
            is_shared = bool(made.carried) and not names <= source._storage.variables.keys()
            return SynapseMonitor if is_shared else cls
        of_gate = set() if made is None or made.gate is None else own_equations(made.gate).keys()
        is_own = made is None or names <= source._storage.variables.keys() - of_gate
        return cls if is_own or not of_gate else SynapseMonitor

    @property
    def source(self) -> Any:
        """The synapses that are recorded."""
        return self._synapses

    def __getitem__(self, item: Any) -> Rows:
        """The recorded variables of synapses, by number, as `monitor[0, 1]` by their ends, or as S[...] chooses."""
        wanted = item._numbers if isinstance(item, ChosenSynapses) else self._synapses._positions(item)
        wanted = np.arange(len(self._synapses))[wanted] if isinstance(wanted, slice) else np.asarray(wanted)
        return self._rows(wanted)

    def _dimension(self, name: str) -> Dimension:
        group, bare = self._owner(name)
        dimension: Dimension = group._storage.variables[bare].dimension
        return dimension

    def _owner(self, name: str) -> tuple[Any, str]:
        """Whose variable a name is, and what it is called there."""
        if name in self._synapses._storage.variables:
            return self._synapses, name
        bare, _, suffix = name.rpartition("_")
        return (self._synapses._source if suffix == "pre" else self._synapses._target)._group, bare

    # Before a run

    def _record_names(self) -> set[str]:
        return {self.name, *(f"{self.name}{suffix}" for suffix, names in self._of_ends.items() if names)}

    def _parts(self) -> list[NetworkObject]:
        if self._network is None and self._synapses._is_connected:
            self._indices = chosen_numbers(self._chosen, self._synapses, self.name)
        return []

    def _describe(self, network: description.Network, describer: Any) -> None:
        synapses = self._synapses
        known = describer.synapses.get(synapses.name)
        if known is None:
            raise EvsimValueError(
                f"source of {self.name}, {synapses.name}, is not part of the network; add it"
            )
        ends = [("_pre", synapses._source, synapses.i), ("_post", synapses._target, synapses.j)]
        self._step = (self._clock or synapses._clock or defaultclock).dt_
        self._groups = {suffix: describer.groups.get(end._group.name) for suffix, end, _ in ends}
        names = {name for each in self._variables for name in self._expanded(each).names}
        self._refuse_sums(names)
        changing = {name for each in known.projections for name in _changing(each)}
        self._needed = tuple(sorted(names & changing))
        if known.projections:
            self._record(network, "", known.projections[0].name, self._needed, self._indices)
        else:
            self._record(network, "", synapses._target._group.name, (), self._indices[:0])
        self._of_ends[_STATES] = tuple(sorted(names & known.integrated))
        if known.continuous.population is None:
            self._of_ends[_STATES] = ()
        if self._of_ends[_STATES]:
            states = known.continuous.population.name
            self._record(network, _STATES, states, self._of_ends[_STATES], self._indices)
        for suffix, end, index in ends:
            described = self._groups[suffix]
            states = () if described is None else described.population.model.states
            needed = tuple(state for state in states if f"{state}{suffix}" in names)
            self._of_ends[suffix] = needed
            if needed:
                elements = index[self._indices] + end._bounds()[0]
                self._record(network, suffix, described.population.name, needed, elements)

    def _refuse_sums(self, names: Collection[str]) -> None:
        """Sums over synapses belong to neurons."""
        for suffix, described in self._groups.items():
            coupled = () if described is None else described.outline.coupled
            for name in sorted(n for n in coupled if f"{n}{suffix}" in names):
                group = described.population.name
                raise EvsimError(
                    f"{self.name}: {name}{suffix} is what {group} adds up at every instant; record {name} of {group}"
                )

    def _record(
        self,
        network: description.Network,
        suffix: str,
        target: str,
        states: tuple[str, ...],
        indices: Indices,
    ) -> None:
        record = description.StateRecord(f"{self.name}{suffix}", target, states, indices, self._step)
        network.state_records.append(record)

    def _refresh(self, scope: Mapping[str, Any]) -> None:
        """Look up constants and functions of the formulas, as they are for the run to come."""
        own, where = self._synapses._equations, self._synapses.name
        self._equations = own.bound(resolve_functions(own.foreign, self._synapses._namespace, scope, where))
        names = {name for each in self._variables for name in self._expanded(each).names}
        known = {*self._synapses._storage.variables, *self._synapses._implicit(), *KNOWN_NAMES, "t"}
        outside = {name for name in names - known if not self._is_constant_of_end(name)}
        self._constants = resolve_names(outside, self._synapses._namespace, scope, where) if outside else {}

    def _is_constant_of_end(self, name: str) -> bool:
        bare, _, suffix = name.rpartition("_")
        described = self._groups.get(f"_{suffix}")
        return described is not None and bare in described.constants

    def _expanded(self, name: str) -> Expression:
        """The formula of a variable, with the subexpressions of the synapses and of both ends put in."""
        expression = self._equations.expanded(Expression.parse(name, self.name))
        for suffix, described in self._groups.items():
            equations = {} if described is None else described.equations
            inner = {
                each: described.equations.expanded(Expression.parse(each.removesuffix(suffix), self.name))
                for each in expression.names
                if each.endswith(suffix)
                and each.removesuffix(suffix) in equations
                and equations[each.removesuffix(suffix)].kind == "subexpression"
            }
            expression = expression.substitute(
                {each: _at_end(formula, suffix) for each, formula in inner.items()}
            )
        return expression

    # After a run

    def _collect(self) -> None:
        """What follows from samples and parameters is worked out with the values that these had in the run."""
        derived = [name for name in self._variables if name not in self._needed]
        if not derived or self._network is None:
            return
        simulation, start = self._network._simulation, self._done
        numbers, recorded = simulation.samples(self.name, start)
        self._done += int(numbers.size)
        for suffix, names in self._of_ends.items():
            found = simulation.samples(f"{self.name}{suffix}", start)[1] if names else {}
            of = "" if suffix == _STATES else suffix
            recorded |= {f"{name}{of}": values for name, values in found.items()}
        t: Floats = np.asarray(numbers * self._step, dtype=np.float64)
        for name in derived:
            expression = self._expanded(name)
            known = {each: self._known_value(each, recorded, t) for each in expression.names}
            values, _ = evaluate_text(expression, known, None, f"{self.name}.{name}")
            self._add(name, values, t.size)

    def _known_value(self, name: str, recorded: dict[str, Floats], t: Floats) -> Any:
        if name == "t":
            return t, _SECOND
        if name == "dt":
            return defaultclock.dt_, _SECOND
        if name in recorded:
            return recorded[name], self._dimension(name)
        if name in self._constants:
            return self._constants[name]
        if self._is_constant_of_end(name):
            bare, _, suffix = name.rpartition("_")
            return self._groups[f"_{suffix}"].constants[bare]
        found = self._synapses._known([name], slice(None))
        if name not in found:
            raise EvsimError(
                f"{self.name}: {name} cannot be recorded; record what else stands in the formula"
            )
        values, dimension = found[name]
        return (np.asarray(values)[self._indices][:, np.newaxis] if np.ndim(values) else values), dimension

    @property
    def _whose(self) -> str:
        return self._synapses.name


def _at_end(formula: Expression, suffix: str) -> Expression:
    """A formula of a group's variables, as synapses name them."""
    element = "i" if suffix == "_pre" else "j"
    renamed = {
        name: element if name == "i" else f"{name}{suffix}" for name in formula.names - KNOWN_NAMES.keys()
    }
    if "i" in formula.names:
        renamed["i"] = element
    return formula.substitute({name: Expression.parse(new, name) for name, new in renamed.items()})


def _changing(projection: description.Projection) -> set[str]:
    """Variables of synapses that change in a run."""
    code = {each.target for each in projection.code if each.where == "synapse"}
    return code | projection.equations.keys()


def _checked_names(variables: Any, source: Synapses, name: str) -> tuple[str, ...]:
    known = source._storage.variables
    if variables is True:
        return tuple(known)
    if not isinstance(variables, (str, list, tuple, set, frozenset)):
        raise EvsimTypeError(f"variables of {name}: got {variables!r}; give names, as in ['w', 'v_post']")
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    ends = source._ends.names - {"i", "j", "N_pre", "N_post"}
    for each in names:
        if each not in known and each not in ends:
            raise EvsimAttributeError(
                f"{name}: {source.name} has no variable {each!r}{nearest(each, [*known, *ends])}; "
                f"there are {', '.join(known)}"
            )
    return tuple(dict.fromkeys(names))
