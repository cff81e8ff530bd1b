"""Monitors of spikes and other events: times, indices and counts of a group or slice, and variables at them."""

from __future__ import annotations

import difflib
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimAttributeError, EvsimError, EvsimTypeError, EvsimValueError
from evsim.instants import join
from evsim.units import Dimension, Quantity, quantity
from evsim.words.activity import CanRest
from evsim.words.clocks import in_seconds
from evsim.words.connection.pairs import checked_indices
from evsim.words.custom_events import require_event
from evsim.words.monitors.derivation import Derivation, checked_variables
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject
from evsim.words.slices import Sliceable
from evsim.words.variables.states import HasStates

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Spikes = tuple[Indices, Floats, Indices]

_SECOND = KNOWN_NAMES["dt"]


class EventMonitor(CanRest, HasStates, NetworkObject):
    """Every event of one name of a group or slice; indices count in the slice.

    Parameters
    ----------
    source
        A group, a source of spikes, or a slice of one.
    event
        The name of the event: "spike", or one of the group's `events`.
    variables
        Names of variables whose values at the spikes are kept, as they were just before the reset.
    record
        Which elements to keep: all (True), none but their `count` (False), or a list of indices.
    """

    _kind = "eventmonitor"
    _stored: ClassVar[tuple[str, ...]] = ("_active", "_done", "_chunks", "_known")

    def __init__(
        self,
        source: Any,
        event: str,
        variables: Any = None,
        record: Any = True,
        name: str | None = None,
    ) -> None:
        NetworkObject.__init__(self, name)
        self._source = _checked_source(source, event, self.name)
        self._event = event
        wanted = () if variables is None else checked_variables(variables, self._source, self.name)
        self._variables = tuple(name for name in dict.fromkeys(wanted) if name not in ("i", "t"))
        is_all_or_none = isinstance(record, (bool, np.bool_))
        self._chosen = (
            None if is_all_or_none else checked_indices(record, len(source), f"record of {self.name}")
        )
        self._keeps_spikes = not is_all_or_none or bool(record)
        self._known: tuple[Any, Spikes] | None = None
        self._needed: tuple[str, ...] = ()
        self._derivation: Derivation | None = None
        self._chunks: dict[str, list[Floats]] = {name: [] for name in self._variables}
        self._done = 0

    @property
    def source(self) -> Any:
        """What is recorded."""
        return self._source

    @property
    def event(self) -> str:
        """The name of the event."""
        return self._event

    @property
    def t(self) -> Quantity:
        """Time of every spike, in seconds as doubles; `tick` and `offset` have every digit."""
        tick, offset, _ = self._kept()
        return in_seconds(self._seconds(tick, offset))

    @property
    def t_(self) -> Floats:
        """`t` as plain seconds."""
        return np.array(self.t)

    @property
    def i(self) -> Indices:
        """The element that each spike belongs to."""
        return self._kept()[2]

    @property
    def tick(self) -> Indices:
        """Whole grid steps before each spike: its time is tick*defaultclock.dt + offset."""
        return self._kept()[0]

    @property
    def offset(self) -> Quantity:
        """Time of each spike after its grid tick."""
        return in_seconds(self._kept()[1])

    @property
    def it(self) -> tuple[Indices, Quantity]:
        """Elements and times."""
        return self.i, self.t

    @property
    def count(self) -> Indices:
        """How many spikes each element had."""
        return np.bincount(self._spikes()[2], minlength=len(self._source))

    @property
    def num_spikes(self) -> int:
        """How many spikes there were."""
        return int(self._spikes()[2].size)

    @property
    def N(self) -> int:
        """How many spikes there were."""
        return self.num_spikes

    @property
    def num_events(self) -> int:
        """How many spikes there were."""
        return self.num_spikes

    def spike_trains(self) -> dict[int, Quantity]:
        """The spike times of every element."""
        return self.values("t")

    def event_trains(self) -> dict[int, Quantity]:
        """The spike times of every element."""
        return self.values("t")

    def values(self, var: str) -> dict[int, Any]:
        """For every element, the values of a recorded variable at its spikes, or their times ("t")."""
        values, dimension = self._of(var)
        index = self.i
        order = np.argsort(index, kind="stable")
        ends = np.cumsum(np.bincount(index, minlength=len(self._source)))
        parts = np.split(values[order], ends[:-1])
        return {k: quantity(part, dimension) for k, part in enumerate(parts)}

    def all_values(self) -> dict[str, dict[int, Any]]:
        """`values` of every recorded variable and of "t", by name."""
        return {name: self.values(name) for name in (*self._variables, "t")}

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> list[str]:
        return [*(("t", "i", *self._variables) if self._keeps_spikes else ()), "count", "N"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name.removesuffix("_") not in self._variables:
            raise EvsimAttributeError(self._unknown(name))
        values, dimension = self._of(name.removesuffix("_"))
        return values if name.endswith("_") else quantity(values, dimension)

    def _of(self, name: str) -> tuple[Floats, Dimension]:
        """Values at the spikes that are kept, and their unit."""
        if name == "t":
            return self.t_, _SECOND
        if name not in self._variables:
            raise EvsimValueError(self._unknown(name))
        tick, _, _ = self._kept()
        values = np.concatenate([*self._chunks[name], np.zeros(0)])
        self._chunks[name][:] = [values]
        assert self._chosen is not None or values.size == tick.size
        chosen = (
            values[np.isin(self._spikes()[2], self._chosen)] if self._chosen is not None else values.copy()
        )
        return chosen, self._source._variable(name).dimension

    def _unknown(self, name: str) -> str:
        close = difflib.get_close_matches(name, [*self._variables, "t", "i", "count", "num_spikes"], 1)
        guess = (
            f"did you mean '{close[0]}'?"
            if close
            else f"it records {', '.join((*self._variables, 't', 'i'))}"
        )
        return f"{self.name} has no '{name}'; {guess}"

    def _spikes(self) -> Spikes:
        """All spikes so far, read once for every state of the network."""
        if self._network is None:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
        now = self._network._now
        if self._known is None or self._known[0] != now:
            spikes = self._network._simulation.spikes(self.name)
            for values in spikes:
                values.flags.writeable = False
            self._known = now, spikes
        return self._known[1]

    def _seconds(self, tick: Indices, offset: Floats) -> Floats:
        """Times as doubles. (A network whose objects have ended is empty, and false.)"""
        return join(tick, offset, 1.0 if self._network is None else self._network._dt)

    def _kept(self) -> Spikes:
        if not self._keeps_spikes:
            raise EvsimError(f"{self.name} was made with record=False and has only count and num_spikes")
        tick, offset, index = self._spikes()
        if self._chosen is None:
            return tick, offset, index
        kept = np.isin(index, self._chosen)
        return tick[kept], offset[kept], index[kept]

    def _describe(self, network: description.Network, describer: Any) -> None:
        start, stop = self._source._bounds()
        group = self._source._group.name
        self._derivation = Derivation(self._source, describer.groups.get(group), self.name)
        self._needed = self._derivation.needed(self._variables)
        network.spike_records.append(
            description.SpikeRecord(self.name, group, start, stop, self._needed, self._event)
        )

    def _collect(self) -> None:
        """After a run: the values at its spikes, with parameters as they were in it."""
        if not self._variables or not self._keeps_spikes or self._network is None or self._derivation is None:
            return
        simulation, start = self._network._simulation, self._done
        tick, offset, index = simulation.spikes(self.name, start)
        recorded = simulation.spike_states(self.name, start) if self._needed else {}
        t = self._seconds(tick, offset)
        self._done += int(tick.size)
        for name in self._variables:
            values = self._derivation.values(name, recorded, t, lambda x: x[index])
            self._chunks[name].append(np.array(np.broadcast_to(values, t.shape)))

    def __repr__(self) -> str:
        what = "spikes" if self._event == "spike" else f"events '{self._event}'"
        return f"<{type(self).__name__} '{self.name}' of {self._source._label()}: {self.num_spikes} {what}>"


class SpikeMonitor(EventMonitor):
    """Every spike of a group or slice; indices count in the slice.

    Parameters
    ----------
    source
        A group, a source of spikes, or a slice of one.
    variables
        Names of variables whose values at the spikes are kept, as they were just before the reset.
    record
        Which elements to keep: all (True), none but their `count` (False), or a list of indices.
    """

    _kind = "spikemonitor"

    def __init__(
        self, source: Any, variables: Any = None, record: Any = True, name: str | None = None
    ) -> None:
        super().__init__(source, "spike", variables, record, name)


def _checked_source(source: Any, event: str, name: str) -> Any:
    if not isinstance(source, Sliceable):
        raise EvsimTypeError(
            f"source of {name}: got {source!r}; give a group, a source of spikes, or a slice of one"
        )
    if event != "spike":
        require_event(source._group, event, f"event of {name}")
    elif isinstance(source._group, NeuronGroup) and not source._group.threshold:
        raise EvsimValueError(
            f"source of {name}: {source._group.name} has no threshold and never spikes; give it one, as in 'V > -50*mV'"
        )
    return source
