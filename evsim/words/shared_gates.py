"""Gates that do not add up: one for each source and delay, in a group of their own, to which targets are linked.

Such a gate depends on the spikes of its source only, so all synapses of a source with one delay have the same gate.
The group of gates and the synapses that lead to it and from it come into the network with the user's Synapses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import PULSE_END, gate_alone
from evsim.composition.attachment import GATE
from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimValueError
from evsim.units import quantity
from evsim.words.gate_arrivals import gate_arrivals
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject
from evsim.words.synapses import Synapses

_PARTS = "_gates"


@dataclass(frozen=True)
class SharedGates:
    """The gates of some synapses: `of` says which gate each synapse has."""

    gates: NeuronGroup
    arrivals: Synapses
    links: Synapses
    of: NDArray[np.int64]
    lag: str

    def follow(self, synapses: Synapses) -> None:
        """Take over weights, delays and parameters as they are now."""
        made = synapses._contribution
        assert made is not None and made.gate is not None
        _update(self.links, "w", synapses._storage.arrays["w"])
        for parameter in made.gate.parameters:
            _update(self.gates, parameter.name, _one_value(synapses, parameter.name))
        delays = _delays(synapses)
        each = np.zeros(len(self.gates))
        each[self.of] = delays
        if not np.array_equal(each[self.of], delays):
            raise EvsimError(
                f"{synapses.name}: delays that were equal have become different after the first run; gates of "
                f"{made.gate.name} are shared by synapses of one source and delay, so set delays before"
            )
        _update(self.arrivals, "delay", each)
        if self.lag:
            _update(self.arrivals, f"{PULSE_END}_delay", each + _one_value(synapses, self.lag))

    @property
    def parts(self) -> list[NetworkObject]:
        """What has to run with the synapses."""
        return [self.gates, self.arrivals, self.links]


def shared_gates_of(member: Any) -> list[NetworkObject]:
    """The objects that synapses with such a gate bring along; none for anything else."""
    made = getattr(member, "_contribution", None) if isinstance(member, Synapses) else None
    if made is None or not made.carried or not member._is_connected:
        return []
    found = member.__dict__.get(_PARTS)
    if found is None:
        found = member.__dict__[_PARTS] = _made(member)
    found.follow(member)
    return list(found.parts)


def _made(synapses: Synapses) -> SharedGates:
    made = synapses._contribution
    assert made is not None and made.gate is not None
    alone = gate_alone(made.gate, is_joined=True)
    pairs = np.column_stack([synapses.i.astype(np.float64), _delays(synapses)])
    kinds, of = np.unique(pairs, axis=0, return_inverse=True)
    of = np.asarray(of, dtype=np.int64).reshape(-1)
    gates = NeuronGroup(len(kinds), alone.equations, name=f"{synapses.name}_gates")
    sources, each, name = kinds[:, 0].astype(np.int64), np.arange(len(kinds)), f"{synapses.name}_arrivals"
    arrivals = gate_arrivals(alone, synapses._source, gates, sources, each, name)
    dimension = alone.equations[GATE].dimension * made.weight
    weight = Variable("w", "parameter", None, made.weight)
    carried = Variable(
        f"{made.carried}_post", "subexpression", Expression.parse(f"w*{GATE}_pre", made.carried), dimension,
        frozenset({"summed"}),
    )  # fmt: skip
    links = Synapses(gates, synapses._target, Equations([weight, carried]), name=f"{synapses.name}_links")
    links.connect(i=of, j=synapses.j)
    return SharedGates(gates, arrivals, links, of, alone.lag)


def _delays(synapses: Synapses) -> NDArray[np.float64]:
    return np.broadcast_to(synapses._storage.arrays["delay"], (len(synapses),))


def _one_value(synapses: Synapses, name: str) -> NDArray[np.float64]:
    """A parameter of the gate, which is one for all: a gate belongs to a source, not to a target."""
    made = synapses._contribution
    assert made is not None
    values: NDArray[np.float64] = synapses._target._group._storage.arrays[made.variables[name]]
    if values.size > 1 and np.any(values != values[0]):
        raise EvsimValueError(
            f"{synapses.name}.{name} has different values, but a gate that all targets of a source share has one; "
            "make one Synapses for each value"
        )
    return values[:1]


def _update(owner: Any, name: str, values: NDArray[np.float64]) -> None:
    present = owner._storage.arrays[name]
    if not np.array_equal(np.broadcast_to(values, present.shape) if values.size == 1 else values, present):
        dimension = owner._storage.variables[name].dimension
        value = quantity(values if values.size > 1 else float(values[0]), dimension)
        setattr(owner, name, value)


__all__ = ["SharedGates", "shared_gates_of"]
