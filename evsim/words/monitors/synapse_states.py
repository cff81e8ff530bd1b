"""Monitors of single synapses made from a gate: its variables, and the current that each one injects.

The engine keeps one sum per target, not one gate per synapse. So a monitor brings a copy of every synapse that it
records, each onto an element of its own: once without delay and weight, which shows the gate at the source, and
once with both, which shows the current where it arrives. The copies act on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition.attachment import Contribution, gate_alone
from evsim.equations.declaration import Equations, Variable
from evsim.errors import EvsimAttributeError, EvsimTypeError
from evsim.plugin import Gate
from evsim.plugin.model import nearest
from evsim.units import Dimension, Quantity, quantity, second
from evsim.words.clocks import Clock, own_step
from evsim.words.connection.pairs import checked_indices
from evsim.words.monitors.states import Rows, StateMonitor
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject
from evsim.words.synapses import Synapses
from evsim.words.variables.storage import is_shared

CURRENT = "I"


@dataclass(frozen=True)
class _Copy:
    """A copy of synapses onto elements of their own; `variables` are the names of the models' variables there."""

    cells: NeuronGroup
    synapses: Synapses
    monitor: StateMonitor
    variables: Mapping[str, str]

    def follow(self, original: Synapses, indices: NDArray[np.int64]) -> None:
        """Take over parameters, delays and weights that were changed since the last run."""
        made = original._contribution
        assert made is not None
        for name in _parameters(made):
            values = _values_on_target(original, made.variables[name], indices)
            if name in self.variables:
                _update(self.cells, self.variables[name], values)
        if self.synapses._contribution is not None:
            for name in ("w", "delay"):
                values = original._storage.arrays[name]
                _update(self.synapses, name, values[indices] if values.size > 1 else values)


class SynapseMonitor(StateMonitor):
    """Variables of chosen synapses, sampled on a clock; `StateMonitor(synapses, ...)` makes one.

    Parameters
    ----------
    source
        Synapses made from a gate and an output.
    variables
        Variables of the gate, as they are at the source, and "I", the current after the delay.
    record
        Which synapses: True for all, an index or a list of indices.
    """

    _stored = ("_active",)

    def __init__(
        self,
        source: Synapses,
        variables: Any,
        record: Any = None,
        dt: Any = None,
        clock: Clock | None = None,
        name: str | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        self._synapses = source
        self._source = source._target
        self._made = _checked_contribution(source, self.name)
        assert self._made.gate is not None
        self._gate: Gate = self._made.gate
        self._equations = gate_alone(self._gate).equations
        own = [name for name, variable in self._equations.items() if variable.kind != "parameter"]
        self._variables = _checked_names(variables, [*own, CURRENT], self.name)
        self._chosen = record
        self._clock = own_step(dt, clock, self.name)
        self._indices: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._copies: dict[str, _Copy] = {}

    # The copies

    def _parts(self) -> list[NetworkObject]:
        """The objects that have to run with this monitor, as the synapses are now; none before connect()."""
        if not self._synapses._is_connected:
            return []
        if not self._copies:
            self._indices = _chosen_synapses(self._chosen, len(self._synapses), self.name)
            names = [name for name in self._variables if name != CURRENT]
            self._copies = {"gate": self._gate_copy(names)} if names else {}
            if CURRENT in self._variables:
                self._copies[CURRENT] = self._current_copy()
        for copy in self._copies.values():
            copy.follow(self._synapses, self._indices)
        return [part for copy in self._copies.values() for part in (copy.cells, copy.synapses, copy.monitor)]

    def _gate_copy(self, names: list[str]) -> _Copy:
        alone = gate_alone(_as_now(self._gate, self._synapses, self._indices))
        cells = NeuronGroup(self._indices.size, alone.equations, name=f"{self.name}_gates")
        synapses = Synapses(self._synapses._source, cells, on_pre=alone.on_pre, name=f"{self.name}_spikes")
        return self._copy(cells, synapses, names, alone.variables)

    def _current_copy(self) -> _Copy:
        models = [_as_now(model, self._synapses, self._indices) for model in (self._gate, self._made.output)]
        port = Variable(CURRENT, "parameter", None, self._dimension(CURRENT), frozenset({"input"}))
        cells = NeuronGroup(self._indices.size, Equations([port]), name=f"{self.name}_currents")
        synapses = Synapses(
            self._synapses._source, cells, models[0], output=models[1], name=f"{self.name}_arrivals"
        )
        assert synapses._contribution is not None
        return self._copy(cells, synapses, [CURRENT], synapses._contribution.variables)

    def _copy(
        self, cells: NeuronGroup, synapses: Synapses, names: list[str], variables: Mapping[str, str]
    ) -> _Copy:
        synapses.connect(i=self._synapses.i[self._indices], j=np.arange(self._indices.size))
        synapses._is_copy = True
        clock = self._clock or self._source._group._clock
        monitor = StateMonitor(cells, names, True, clock=clock, name=f"{self.name}_{names[0]}")
        return _Copy(cells, synapses, monitor, variables)

    def _record_names(self) -> set[str]:
        return {copy.monitor.name for copy in self._copies.values()}

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
        return next(iter(self._copies.values())).monitor

    def _values(self, name: str) -> NDArray[np.float64]:
        copy = self._copies.get(name if name == CURRENT else "gate")
        if copy is None:
            return np.zeros((self._indices.size, 0))
        return copy.monitor._values(name)

    def _dimension(self, name: str) -> Dimension:
        target: Equations = self._synapses._target._group._equations
        return target[self._made.port].dimension if name == CURRENT else self._equations[name].dimension

    def __getitem__(self, item: Any) -> Rows:
        """The recorded variables of synapses, by their number."""
        wanted = np.arange(len(self._synapses))[item] if isinstance(item, slice) else np.asarray(item)
        rows = [self._row(int(index)) for index in np.atleast_1d(wanted)]
        return Rows(self, rows[0] if wanted.ndim == 0 else np.array(rows, dtype=np.int64))

    def _describe(self, network: Any, describer: Any) -> None:
        """The copies describe themselves."""

    def _collect(self) -> None:
        """The copies collect themselves."""

    def __repr__(self) -> str:
        names = ", ".join(self._variables)
        return f"<StateMonitor '{self.name}' of {names} of {self._synapses.name}: {self._indices.size} x {self.N}>"


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


def _parameters(made: Contribution) -> list[str]:
    """The parameters of gate and output, under their own names."""
    return [name for name, there in made.variables.items() if there in made.parameters]


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
