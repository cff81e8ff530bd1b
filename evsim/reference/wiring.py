"""Synapses of one projection: rows by source element, exact delays, exact variables."""

from __future__ import annotations

from collections import defaultdict

import mpmath as mp
import numpy as np

from evsim.description import Projection, Values
from evsim.equations.functions import MPMATH
from evsim.reference.cell import Cell
from evsim.reference.exact import Exact, duration


class Wiring:
    """A projection, with the delays and variables of its synapses."""

    def __init__(self, projection: Projection, dt: float) -> None:
        self.projection = projection
        self._rows: dict[int, list[int]] = defaultdict(list)
        for synapse, element in enumerate(projection.i):
            self._rows[int(element)].append(synapse)
        self._dt = dt
        self._written = {each.target for each in projection.code if each.where == "synapse"}
        self._delays: list[Exact] = []
        self._variables: dict[str, list[Exact]] = {}
        self.take_over({"delay", *projection.variables})

    def take_over(self, names: set[str]) -> None:
        """Read delays or variables anew from the description."""
        for name in names - {"delay"}:
            self._variables[name] = [mp.mpf(value) for value in self._spread(self.projection.variables[name])]
        if "delay" in names:
            exact = {value: duration(value, self._dt) for value in set(self._spread(self.projection.delay))}
            self._delays = [exact[value] for value in self._spread(self.projection.delay)]

    def write_back(self) -> None:
        """Put the variables that event code wrote into the description."""
        for name in self._written:
            new = np.array([float(value) for value in self._variables[name]])
            old = self.projection.variables[name]
            if isinstance(old, np.ndarray) and old.shape == new.shape:
                old[:] = new
            else:
                self.projection.variables[name] = new

    def row(self, element: int) -> list[int]:
        """The synapses of a source element, ascending."""
        return self._rows.get(element, [])

    def delay(self, synapse: int) -> Exact:
        """The exact delay of a synapse."""
        return self._delays[synapse]

    def target(self, synapse: int) -> int:
        """The target element of a synapse."""
        return int(self.projection.j[synapse])

    def deliver(self, synapse: int, target: Cell) -> None:
        """Run the code of a synapse on its target, which stands at this instant."""
        for assignment in self.projection.code:
            expression = assignment.expression
            values = {name: self._value(name, synapse, target) for name in expression.names}
            value = expression.evaluate(values, functions=MPMATH)
            if assignment.where == "neuron":
                target.write(assignment.target, assignment.operation, value)
            else:
                row = self._variables[assignment.target]
                row[synapse] = row[synapse] + value if assignment.operation == "add" else mp.mpf(value)

    def _value(self, name: str, synapse: int, target: Cell) -> Exact:
        if name in self._variables:
            return self._variables[name][synapse]
        return target.values[name.removesuffix("_post")]

    def _spread(self, values: Values) -> list[float]:
        return [float(value) for value in np.broadcast_to(values, len(self.projection.i))]
