"""Gates that do not add up: one for each source and delay, in a group of their own, to which targets are linked.

Such a gate depends on the spikes of its source only, so all synapses of a source with one delay have the same gate.
The group of gates and the synapses that lead to it and from it come into the network with the user's Synapses. Where
these release shares of the gate, so do the synapses that lead to it, which have the same variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.composition import PULSE_END, Contribution, gate_alone
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
        each = self._of_gates(synapses, "delay", delays)
        _update(self.arrivals, "delay", each)
        for name in _own_names(made):
            _update(self.arrivals, name, self._of_gates(synapses, name, synapses._storage.arrays[name]))
        if self.lag:
            _update(self.arrivals, f"{PULSE_END}_delay", each + _one_value(synapses, self.lag))

    def _of_gates(self, synapses: Synapses, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value for each gate of what its synapses share."""
        if values.size == 1:
            return np.full(len(self.gates), values[0]) if name == "delay" else values
        each = np.zeros(len(self.gates))
        each[self.of] = values
        if not np.array_equal(each[self.of], values):
            made = synapses._contribution
            assert made is not None and made.gate is not None
            what = "delays" if name == "delay" else f"values of {name}"
            raise EvsimError(
                f"{synapses.name}: {what} that were equal have become different after the first run; gates of "
                f"{made.gate.name} are shared by synapses of one source and delay, so set {what} before"
            )
        return each

    @property
    def parts(self) -> list[NetworkObject]:
        """What has to run with the synapses."""
        return [self.gates, self.arrivals, self.links]


def shared_gates_of(member: Any) -> list[NetworkObject]:
    """The objects that synapses with such a gate bring along; none for anything else."""
    made = getattr(member, "_contribution", None) if isinstance(member, Synapses) else None
    if made is None or not made.carried or not member._is_connected or not len(member):
        return []
    found = member.__dict__.get(_PARTS)
    if found is None:
        found = member.__dict__[_PARTS] = _made(member)
    found.follow(member)
    return list(found.parts)


def _made(synapses: Synapses) -> SharedGates:
    made = synapses._contribution
    assert made is not None and made.gate is not None
    alone = gate_alone(made.gate, is_joined=True, rules=made.rules)
    own = [synapses._storage.arrays[name] for name in _own_names(made)]
    columns = [synapses.i.astype(np.float64), _delays(synapses), *(each for each in own if each.size > 1)]
    pairs = np.column_stack(columns)
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


def _own_names(made: Contribution) -> list[str]:
    """Variables of plasticity that have values."""
    return [each.name for each in made.rules.own if each.kind != "subexpression"]


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
