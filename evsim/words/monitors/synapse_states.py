"""Monitors of single synapses made from a gate: its variables, and the current that each one injects.

The engine keeps sums per target, not one gate per synapse. So a monitor brings a copy of every synapse that it
records, each onto an element of its own: once without delay and weight, which shows the gate at the source, and
once with both, which shows the gate where it arrives. Conductance and current follow from that and from the
potential of the target. The copies act on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import PULSE_END, Contribution, gate_alone
from evsim.composition.attachment import GATE
from evsim.equations.declaration import Equations, Variable
from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.equations.resolve import resolve_names
from evsim.errors import EvsimAttributeError, EvsimTypeError
from evsim.plugin import Gate, Output, Pulse
from evsim.plugin.model import nearest
from evsim.units import Dimension, Quantity, quantity, second
from evsim.words.clocks import Clock
from evsim.words.connection.pairs import checked_indices
from evsim.words.gate_arrivals import gate_arrivals
from evsim.words.monitors.states import Rows, StateMonitor
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject
from evsim.words.synapses import Synapses
from evsim.words.variables.storage import is_shared

CURRENT, PORT = "I", "carried"
_CARRIED = Output(name="carried", current="w*s", weighs_in_port_unit=True)  # shows the gate itself


@dataclass(frozen=True)
class _Copy:
    """A copy of synapses onto elements of their own; `variables` are the names of the gate's variables there.

    Gates that do not add up are alone there, without weights.
    """

    cells: NeuronGroup
    synapses: Synapses
    monitor: StateMonitor
    variables: Mapping[str, str]
    is_at_source: bool

    def follow(self, original: Synapses, indices: NDArray[np.int64]) -> None:
        """Take over parameters, delays and weights that were changed since the last run."""
        made, storage = original._contribution, original._storage.arrays
        assert made is not None and made.gate is not None
        for parameter in made.gate.parameters:
            values = _values_on_target(original, made.variables[parameter.name], indices)
            _update(self.cells, self.variables[parameter.name], values)
        is_alone = self.synapses._contribution is None
        delays = storage["delay"][indices] if storage["delay"].size > 1 else storage["delay"]
        delays = np.zeros(1) if self.is_at_source else delays
        _update(self.synapses, "delay", delays)
        if is_alone and isinstance(made.gate.on_pre, Pulse):
            lag = _values_on_target(original, made.variables[made.gate.on_pre.duration], indices)
            _update(self.synapses, f"{PULSE_END}_delay", delays + lag)
        if not is_alone and not self.is_at_source:
            _update(self.synapses, "w", storage["w"][indices])
        for name in made.rules.values:
            self.take_value(original, name, indices)

    def take_value(self, original: Synapses, name: str, indices: NDArray[np.int64]) -> None:
        """Take over a variable of plasticity."""
        values = original._storage.arrays[name]
        _update(self.synapses, name, values[indices] if values.size > 1 else values)

    def values(self, name: str) -> NDArray[np.float64]:
        """What was recorded of a variable of the gate."""
        return self.monitor._values(self.variables[name])


class SynapseMonitor(StateMonitor):
    """Variables of chosen synapses, sampled on a clock; `StateMonitor(synapses, ...)` makes one.

    Parameters
    ----------
    source
        Synapses made from a gate and an output.
    variables
        Variables of the gate, as they are at the source; after the delay "I", the current, and what else the output
        has, such as the conductance "g"; and variables of the synapses, such as the weight "w".
    record
        Which synapses: True for all, an index or a list of indices.
    """

    _element = "synapse"
    _stored = ("_active", "_done", "_chunks")

    def _choose(self, source: Synapses, variables: Any, record: Any) -> None:
        self._synapses = source
        self._source = source._target
        self._made = _checked_contribution(source, self.name)
        self._formulas = _formulas(self._made)
        self._gate_variables = _variables_of_gate(self._made)
        of_gate = [*self._gate_variables, *self._formulas]
        others = [name for name in source._storage.variables if name not in of_gate]
        self._variables = _checked_names(variables, [*of_gate, *others], self.name)
        self._others = [name for name in self._variables if name in others]
        self._chosen = record
        self._copies: list[_Copy] = []
        self._potential: StateMonitor | None = None
        self._own: StateMonitor | None = None  # of the synapses' other variables, such as w

    # The copies

    def _parts(self) -> list[NetworkObject]:
        """The objects that have to run with this monitor, as the synapses are now; none before connect()."""
        if not self._synapses._is_connected:
            return []
        if not self._copies:
            self._indices = _chosen_synapses(self._chosen, len(self._synapses), self.name)
            self._copy()
        for copy in self._copies:
            copy.follow(self._synapses, self._indices)
        parts: list[NetworkObject] = [each for each in (self._potential, self._own) if each is not None]
        return parts + [part for each in self._copies for part in (each.cells, each.synapses, each.monitor)]

    def _copy(self) -> None:
        """Make what the recorded variables need."""
        at_source = [name for name in self._variables if name in self._gate_variables]
        arrived = [self._formulas[name] for name in self._variables if name in self._formulas]
        if at_source:
            self._copies.append(self._copied(at_source, is_at_source=True))
        if arrived:
            self._copies.append(self._copied([GATE], is_at_source=False))
        if self._others:
            self._own = StateMonitor(
                self._synapses,
                self._others,
                self._indices,
                clock=self._step_of_samples,
                name=f"{self.name}_own",
            )
        potential = self._made.potential
        if any(potential in formula.names for formula in arrived):
            group, first = self._source._group, self._source._bounds()[0]
            cells = self._synapses.j[self._indices] + first
            self._potential = StateMonitor(
                group, potential, cells, clock=self._step_of_samples, name=f"{self.name}_{potential}"
            )

    @property
    def _step_of_samples(self) -> Clock | None:
        return self._clock or self._source._group._clock

    def _copied(self, names: list[str], is_at_source: bool) -> _Copy:
        gate = _as_now(self._gate, self._synapses, self._indices)
        name = f"{self.name}_{'gates' if is_at_source else 'arrivals'}"
        made = self._alone(gate, name) if self._made.carried else self._adding(gate, name, is_at_source)
        cells, synapses, variables = made
        synapses._is_copy = True
        for each in self._made.own if self._made.compiled else ():
            synapses._storage.arrays[each][:] = self._synapses._storage.arrays[each][self._indices]
        if is_at_source and synapses._contribution is not None:
            synapses._storage.arrays["w"][:] = 1.0
        there = [variables[each] for each in names]
        monitor = StateMonitor(cells, there, True, clock=self._step_of_samples, name=f"{name}_states")
        copy = _Copy(cells, synapses, monitor, variables, is_at_source)
        for kept in self._made.rules.own:
            copy.take_value(self._synapses, kept.name, self._indices)
        return copy

    def _adding(
        self, gate: Gate, name: str, is_at_source: bool
    ) -> tuple[NeuronGroup, Synapses, Mapping[str, str]]:
        """Synapses of the same gate, each onto a cell that only shows what it carries."""
        weight = self._gate_variables[GATE].dimension
        if not is_at_source:
            weight = weight * self._made.weight
        port = Variable(PORT, "parameter", None, weight, frozenset({"input"}))
        cells = NeuronGroup(self._indices.size, Equations([port]), name=f"{name}_cells")
        synapses = Synapses(self._synapses._source, cells, gate, output=_CARRIED, name=name)
        synapses.connect(i=self._synapses.i[self._indices], j=np.arange(self._indices.size))
        assert synapses._contribution is not None
        return cells, synapses, synapses._contribution.variables

    def _alone(self, gate: Gate, name: str) -> tuple[NeuronGroup, Synapses, Mapping[str, str]]:
        """One gate for each synapse."""
        alone = gate_alone(gate, rules=self._made.rules)
        cells = NeuronGroup(self._indices.size, alone.equations, name=f"{name}_cells")
        for parameter, value in alone.parameters.items():
            cells._storage.expandable.add(parameter)
            setattr(cells, parameter, value)
        i, j = self._synapses.i[self._indices], np.arange(self._indices.size)
        synapses = gate_arrivals(alone, self._synapses._source, cells, i, j, name)
        return cells, synapses, alone.variables

    def _record_names(self) -> set[str]:
        others = {each.name for each in (self._potential, self._own) if each is not None}
        return {copy.monitor.name for copy in self._copies} | others

    @property
    def _gate(self) -> Gate:
        assert self._made.gate is not None
        return self._made.gate

    # What was recorded

    @property
    def source(self) -> Any:
        """The synapses that are recorded."""
        return self._synapses

    @property
    def t(self) -> Quantity:
        """The time of every sample."""
        return self._any().t if self._copies else np.zeros(0) * second

    @property
    def N(self) -> int:
        """How many samples there are."""
        return self._any().N if self._copies else 0

    def _any(self) -> StateMonitor:
        return self._copies[0].monitor

    def _values(self, name: str) -> NDArray[np.float64]:
        if name in self._formulas:
            chunks = self._chunks.get(name, [])
            return np.concatenate([*chunks, np.zeros((self._indices.size, 0))], axis=1)
        if not self._copies:
            return np.zeros((self._indices.size, 0))
        if name in self._others:
            assert self._own is not None
            return self._own._values(name)
        return self._copies[0].values(name)

    def _dimension(self, name: str) -> Dimension:
        if name in self._others:
            return self._synapses._storage.variables[name].dimension
        if name not in self._formulas:
            return self._gate_variables[name].dimension
        target: Equations = self._synapses._target._group._equations
        there = self._made.equations
        own = self._made.variables.get(name, "")
        return there[own].dimension if own in there else target[self._made.port].dimension

    def __getitem__(self, item: Any) -> Rows:
        """The recorded variables of synapses, by their number."""
        wanted = np.arange(len(self._synapses))[item] if isinstance(item, slice) else np.asarray(item)
        return self._rows(wanted)

    def _describe(self, network: Any, describer: Any) -> None:
        """The copies describe themselves."""

    def _collect(self) -> None:
        """Conductances and currents of a run, with the parameters that it had."""
        wanted = [name for name in self._variables if name in self._formulas]
        if not wanted or not self._copies:
            return
        arrived = self._copies[-1]
        arrived.monitor._collect()
        carried = arrived.values(GATE)
        if self._made.carried:
            carried = carried * self._synapses._storage.arrays["w"][self._indices, np.newaxis]
        recorded = {self._made.variables[GATE]: carried}
        if self._potential is not None:
            recorded[self._made.potential] = self._potential._values(self._made.potential)
        new = slice(self._done, arrived.monitor.N)
        self._done = arrived.monitor.N
        recorded = {name: values[:, new] for name, values in recorded.items()}
        for name in wanted:
            known = {each: self._known_value(each, recorded) for each in self._formulas[name].names}
            values, _ = evaluate_text(self._formulas[name], known, None, f"{self.name}.{name}")
            self._add(name, values, new.stop - new.start)

    def _known_value(self, name: str, recorded: Mapping[str, NDArray[np.float64]]) -> Any:
        """A recorded variable, a parameter on the targets of the synapses, or a unit."""
        group = self._source._group
        variables = {**group._storage.variables, **self._made.equations}
        if name in recorded:
            return recorded[name], variables[name].dimension
        if name in variables and variables[name].kind == "parameter":
            values = _values_on_target(self._synapses, name, self._indices)
            return values[:, np.newaxis], variables[name].dimension
        return resolve_names([name], None, {}, self.name)[name]

    @property
    def _whose(self) -> str:
        return self._synapses.name


def _checked_contribution(source: Synapses, name: str) -> Contribution:
    made = source._contribution
    if made is None or made.gate is None:
        raise EvsimTypeError(
            f"source of {name}: {source.name} has no gate to record; record variables of its target group"
        )
    return made


def _checked_names(variables: Any, known: list[str], name: str) -> tuple[str, ...]:
    names = [variables] if isinstance(variables, str) else list(variables)
    for each in names:
        if each not in known:
            raise EvsimAttributeError(
                f"{name} cannot record {each!r}{nearest(each, known)}; there are {', '.join(known)}"
            )
    if not names:
        raise EvsimTypeError(f"variables of {name}: got none; there are {', '.join(known)}")
    return tuple(dict.fromkeys(names))


def _chosen_synapses(record: Any, n: int, name: str) -> NDArray[np.int64]:
    if record is None or record is False:
        raise EvsimTypeError(
            f"record of {name}: got {record!r}; give True for all synapses, or a list of indices"
        )
    if record is True:
        return np.arange(n, dtype=np.int64)
    return checked_indices(np.atleast_1d(record), n, f"record of {name}")


def _formulas(made: Contribution) -> dict[str, Expression]:
    """What the output makes of the gate: of the sum of gates times weights on the target, and of its potential."""
    assert made.output is not None
    own = Equations(made.output.written_out(made.output.equations), made.output.name)
    on_target = {name: made.variables[name] for name in own}
    output = Equations([made.equations[there] for there in on_target.values()], made.output.name)
    texts = {CURRENT: made.term, **on_target}
    return {name: output.expanded(Expression.parse(text, name)) for name, text in texts.items()}


def _variables_of_gate(made: Contribution) -> dict[str, Variable]:
    assert made.gate is not None
    equations = Equations(made.gate.written_out(made.gate.equations), made.gate.name)
    return dict(equations)


def _as_now(model: Any, synapses: Synapses, indices: NDArray[np.int64]) -> Any:
    """The model with the values that its parameters have on the targets of these synapses."""
    made = synapses._contribution
    assert made is not None
    changes = {}
    for parameter in model.parameters:
        values = _values_on_target(synapses, made.variables[parameter.name], indices)
        changes[parameter.name] = quantity(
            values if values.size > 1 else float(values[0]), parameter.dimension
        )
    return model(**changes)


def _values_on_target(synapses: Synapses, name: str, indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """A parameter of the target group for each of these synapses, one value if it is shared."""
    target = synapses._target
    values: NDArray[np.float64] = target._group._storage.arrays[name]
    if is_shared(target._group._storage.variables[name]):
        return values
    chosen: NDArray[np.float64] = values[synapses.j[indices] + target._bounds()[0]]
    return chosen


def _update(owner: Any, name: str, values: NDArray[np.float64]) -> None:
    if not np.array_equal(np.broadcast_to(owner._storage.arrays[name], values.shape), values):
        dimension = owner._storage.variables[name].dimension
        setattr(owner, name, quantity(values if values.size > 1 else float(values[0]), dimension))
