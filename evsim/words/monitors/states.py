"""Monitor of states: variables of chosen neurons, sampled on a clock."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.errors import EvsimAttributeError, EvsimTypeError, EvsimValueError
from evsim.units import Dimension, Quantity, quantity
from evsim.words.activity import CanRest
from evsim.words.clocks import Clock, defaultclock, in_seconds, own_step
from evsim.words.connection.pairs import checked_indices
from evsim.words.monitors.derivation import Derivation, checked_variables
from evsim.words.monitors.sums import RecordedSum
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject
from evsim.words.slices import Sliceable
from evsim.words.variables.states import HasStates

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Samples = tuple[Indices, dict[str, Floats]]


class StateMonitor(CanRest, HasStates, NetworkObject):
    """Variables of chosen neurons, sampled on a clock; a sample comes after all events of its instant.

    Parameters
    ----------
    source
        A NeuronGroup or a slice of one; or Synapses, for variables of single synapses, or their gates.
    variables
        One name or several: states, parameters or subexpressions.
    record
        Which elements: True for all, an index, a slice or a list of indices.
    dt, clock
        When to sample: at the multiples of dt; without it, the step of the group.
    """

    _kind = "statemonitor"
    _stored: ClassVar[tuple[str, ...]] = ("_active", "_done", "_chunks", "_known")
    _element = "neuron"
    _kinds: ClassVar[dict[type, type[StateMonitor]]] = {}

    def __new__(cls, source: Any, variables: Any = (), *_: Any, **__: Any) -> StateMonitor:
        """Choose the kind of monitor that the source needs."""
        kinds = cls._kinds.items() if cls is StateMonitor else ()
        kind = next((kind for of, kind in kinds if isinstance(source, of)), cls)
        return super().__new__(kind._kind_for(source, variables))

    def __init_subclass__(cls, of: type | None = None) -> None:
        """Make known for which sources a kind of StateMonitor is chosen."""
        if of is not None:
            StateMonitor._kinds[of] = cls

    @classmethod
    def _kind_for(cls, source: Any, variables: Any) -> type[StateMonitor]:
        """The kind for these variables of a source."""
        return cls

    def __init__(
        self,
        source: Any,
        variables: Any,
        record: Any = None,
        dt: Any = None,
        clock: Clock | None = None,
        name: str | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        self._clock = own_step(dt, clock, self.name)
        self._begin()
        self._choose(source, variables, record)

    def _choose(self, source: Any, variables: Any, record: Any) -> None:
        """What is recorded of which elements."""
        self._source = _checked_neurons(source, self.name)
        self._variables = checked_variables(variables, source, self.name)
        self._indices = _chosen(record, len(source), self.name)

    def _begin(self) -> None:
        """Nothing is recorded yet."""
        self._indices = np.zeros(0, dtype=np.int64)
        self._step = 0.0
        self._needed: tuple[str, ...] = ()
        self._chunks: dict[str, list[Floats]] = {}
        self._done = 0
        self._derivation: Derivation | None = None
        self._sums: dict[str, RecordedSum] = {}
        self._known: tuple[Any, Samples] | None = None

    @property
    def source(self) -> Any:
        """What is recorded."""
        return self._source

    @property
    def record(self) -> Indices:
        """The neurons that are recorded; row k of a variable belongs to record[k]."""
        return self._indices

    @property
    def t(self) -> Quantity:
        """The time of every sample."""
        return in_seconds(self._samples()[0] * self._step)

    @property
    def t_(self) -> Floats:
        """`t` as plain seconds."""
        return np.array(self.t)

    @property
    def N(self) -> int:
        """How many samples there are."""
        return int(self._samples()[0].size)

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> list[str]:
        return ["t", *self._variables, "N"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._variables:
            return quantity(self._values(name), self._dimension(name))
        if name.endswith("_") and name[:-1] in self._variables:
            return self._values(name[:-1])
        close = difflib.get_close_matches(name, self._variables, 1)
        guess = f"; did you mean '{close[0]}'?" if close else f"; it records {', '.join(self._variables)}"
        raise EvsimAttributeError(f"{self.name} does not record '{name}'{guess}")

    def __getitem__(self, item: Any) -> Rows:
        """The recorded variables of neurons, by their index in the group."""
        wanted = np.arange(len(self._source))[item] if isinstance(item, slice) else np.asarray(item)
        if wanted.dtype.kind not in "iu":
            raise EvsimTypeError(
                f"{self.name}[{item!r}]: give the index of a neuron, a slice or a list of them"
            )
        return self._rows(wanted)

    def _rows(self, wanted: NDArray[Any]) -> Rows:
        """What was recorded of one element, or of several."""
        rows = [self._row(int(index)) for index in np.atleast_1d(wanted)]
        return Rows(self, rows[0] if wanted.ndim == 0 else np.array(rows, dtype=np.int64))

    def _row(self, index: int) -> int:
        found = np.flatnonzero(self._indices == index)
        if found.size == 0:
            raise EvsimValueError(
                f"{self.name} does not record {self._element} {index}; it records {_listed(self._indices)}"
            )
        return int(found[0])

    def _dimension(self, name: str) -> Dimension:
        dimension: Dimension = self._source._variable(name).dimension
        return dimension

    def _values(self, name: str) -> Floats:
        _, states = self._samples()
        if name in states:
            return states[name]
        chunks = self._chunks.get(name, [])
        if len(chunks) != 1:
            chunks[:] = [np.concatenate([*chunks, np.zeros((self._indices.size, 0))], axis=1)]
        return chunks[0]

    def _samples(self) -> Samples:
        """All samples so far, read once for every state of the network."""
        if self._network is None:
            return np.zeros(0, np.int64), {
                name: np.zeros((self._indices.size, 0)) for name in self._variables
            }
        now = self._network._now
        if self._known is None or self._known[0] != now:
            self._known = now, self._network._simulation.samples(self.name)
        return self._known[1]

    def _parts(self) -> list[NetworkObject]:
        """Objects that have to run with this monitor."""
        return []

    def _describe(self, network: description.Network, describer: Any) -> None:
        described = describer.groups[self._source._group.name]
        self._step = (self._clock or self._source._group._clock or defaultclock).dt_
        self._derivation = Derivation(self._source, described, self.name)
        self._needed = self._derivation.needed(self._variables)
        indices = self._indices + self._source._bounds()[0]
        network.state_records.append(
            description.StateRecord(self.name, described.population.name, self._needed, indices, self._step)
        )
        populations = {each.name: each for each in network.populations}
        for name in self._derivation.sums(self._variables):
            links = describer.inputs[described.population.name, name]
            found = RecordedSum(f"{self.name}_{name}", links, indices, populations, self._step)
            self._sums[name] = found
            network.state_records += found.records

    def _refresh(self, scope: Mapping[str, Any]) -> None:
        """Before every run: look up what formulas need besides the group's own names."""

    def _collect(self) -> None:
        """After a run: what follows from parameters is worked out with the values they had in it."""
        derived = [name for name in self._variables if name not in self._needed]
        if not derived or self._network is None or self._derivation is None:
            return
        start = self._done
        numbers, recorded = self._network._simulation.samples(self.name, start)
        self._done += int(numbers.size)
        t: Floats = np.asarray(numbers * self._step, dtype=np.float64)
        recorded = {**recorded, **self._summed(start, t)}
        for name in derived:
            values = self._derivation.values(name, recorded, t, lambda x: x[self._indices][:, np.newaxis])
            self._add(name, values, t.size)

    def _add(self, name: str, values: Any, count: int) -> None:
        """Append as many samples of a variable, one for all elements or one each."""
        chunk = np.array(np.broadcast_to(values, (self._indices.size, count)), dtype=np.float64)
        self._chunks.setdefault(name, []).append(chunk)

    def _summed(self, start: int, t: Floats) -> dict[str, Floats]:
        """What other neurons have added up at these times, from sample number `start` on."""
        if not self._sums or self._network is None:
            return {}
        simulation, inactive = self._network._simulation, self._network._describer.network.inactive
        return {
            name: found.values(lambda record: simulation.samples(record, start)[1], t, inactive)
            for name, found in self._sums.items()
        }

    def _record_names(self) -> set[str]:
        return {self.name, *(record.name for found in self._sums.values() for record in found.records)}

    def __repr__(self) -> str:
        names = ", ".join(self._variables)
        return f"<StateMonitor '{self.name}' of {names} of {self._whose}: {self._indices.size} x {self.N}>"

    @property
    def _whose(self) -> str:
        label: str = self._source._label()
        return label


class Rows:
    """Recorded variables of one neuron or of several, as `monitor[3].V`."""

    def __init__(self, monitor: StateMonitor, rows: int | Indices) -> None:
        self._monitor, self._rows = monitor, rows

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        values = getattr(self._monitor, name)
        return values if name in ("t", "t_") else values[self._rows]


def _checked_neurons(source: Any, name: str) -> Any:
    if not isinstance(source, Sliceable) or not isinstance(source._group, NeuronGroup):
        raise EvsimTypeError(f"source of {name}: got {source!r}; give a NeuronGroup or a slice of one")
    return source


def _chosen(record: Any, n: int, name: str) -> Indices:
    if record is None:
        raise EvsimTypeError(f"{name}: say which neurons to record, record=True for all or record=[0, 1]")
    if isinstance(record, (bool, np.bool_)):
        return np.arange(n if record else 0, dtype=np.int64)
    if isinstance(record, slice):
        return np.arange(n, dtype=np.int64)[record]
    return checked_indices(record, n, f"record of {name}")


def _listed(indices: Indices) -> str:
    return ", ".join(map(str, indices[:8])) + (", ..." if indices.size > 8 else "")
