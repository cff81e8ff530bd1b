"""A look into what is under way: the next deliveries of spikes that have been made."""

from __future__ import annotations

from typing import Any, NamedTuple

from evsim.errors import EvsimRuntimeError, EvsimTypeError, EvsimValueError
from evsim.instants import join
from evsim.units import Quantity
from evsim.words.clocks import in_seconds
from evsim.words.summaries.table import as_html, as_text

_HEAD = ["t", "synapses", "synapse", "source", "target"]


class Delivery(NamedTuple):
    """What one synapse will deliver: when, and from and to which elements of the whole groups."""

    t: Quantity
    synapses: str
    synapse: int
    source: str
    i: int
    target: str
    j: int

    def __str__(self) -> str:
        return f"{self.t}: {self.synapses}[{self.synapse}] from {self.source}[{self.i}] to {self.target}[{self.j}]"


class Deliveries(list[Delivery]):
    """Deliveries in the order in which they will act."""

    def _rows(self) -> list[list[str]]:
        return [
            [str(d.t), d.synapses, str(d.synapse), f"{d.source}[{d.i}]", f"{d.target}[{d.j}]"] for d in self
        ]

    def __repr__(self) -> str:
        return as_text(_HEAD, self._rows()) if self else "nothing is under way"

    def _repr_html_(self) -> str:
        return as_html(_HEAD, self._rows())


class Queue:
    """The deliveries that are under way in a network. Spikes of the future, also of sources, are not in it."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def peek(self, n: int = 5) -> Deliveries:
        """The next n deliveries, in the order in which they will act; fewer when there are fewer."""
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise EvsimTypeError(f"peek: got {n!r}; give how many deliveries, as in peek(5)")
        if int(n) < 1:
            raise EvsimValueError(f"peek: got {n}; give 1 or more deliveries")
        simulation = self._network._simulation
        if simulation is None:
            return Deliveries()
        if not hasattr(simulation, "peek"):
            raise EvsimRuntimeError(
                "the reference engine has no queue to look into; use prefs.engine = 'compiled'"
            )
        return Deliveries(self._delivery(*found) for found in simulation.peek(int(n)))

    def _delivery(self, tick: int, offset: float, projection: Any, synapse: int) -> Delivery:
        t = in_seconds(float(join(tick, offset, self._network._dt)))
        i, j = int(projection.i[synapse]), int(projection.j[synapse])
        return Delivery(t, projection.name, synapse, projection.source, i, projection.target, j)

    def __repr__(self) -> str:
        return f"<what is under way in {self._network.name}; peek(5) shows the next deliveries>"
