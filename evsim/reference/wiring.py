"""Synapses of one projection: rows by emitting element, exact delays, exact variables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import mpmath as mp
import numpy as np

from evsim.description import Assignment, Projection, Values
from evsim.equations.user_functions import engine_functions
from evsim.reference.calls import as_number, callable_table
from evsim.reference.cell import Cell
from evsim.reference.exact import Exact, duration
from evsim.reference.relaxation import Relaxation


class Variables:
    """The variables of synapses, which all pathways of these synapses share."""

    def __init__(self, projection: Projection, group: list[Projection], time: Exact) -> None:
        self._projection = projection
        equations = {name: form for each in group for name, form in each.equations.items()}
        self.relaxation = Relaxation(equations)
        self.written = {each.target for p in group for each in p.code if each.where == "synapse"}
        self.values: dict[str, list[Exact]] = {}
        self._updates: list[Exact] = []
        self.take_over(set(projection.variables), time)

    def take_over(self, names: set[str], time: Exact) -> None:
        """Read variables anew from the description; those with equations as of now, if that makes a difference."""
        if not names.isdisjoint(self.relaxation.names):
            names = names | self.relaxation.equations.keys()
            self._updates = [time] * len(self._projection.i)
        for name in names:
            self.values[name] = [
                mp.mpf(value) for value in spread(self._projection.variables[name], self._projection)
            ]

    def bring(self, synapse: int, time: Exact) -> None:
        """Bring the variables with equations to the present."""
        for name, value in self.at(synapse, time).items():
            self.values[name][synapse] = value
        self._updates[synapse] = time

    def at(self, synapse: int, time: Exact) -> Mapping[str, Exact]:
        """The variables with equations as they are at `time`, from which nothing else follows."""
        here = {name: self.values[name][synapse] for name in self.relaxation.names}
        return self.relaxation.after(here, mp.fsub(time, self._updates[synapse], exact=True))

    def shown(self, synapse: int, time: Exact) -> Mapping[str, Exact]:
        """All variables of a synapse as they are at `time`."""
        values = {name: each[synapse] for name, each in self.values.items()}
        return {**values, **self.at(synapse, time)} if self.relaxation.equations else values

    def write_back(self, time: Exact) -> None:
        """Put the variables that events change into the description, as they are at `time`."""
        n = len(self._projection.i)
        shown = {name: self.values[name] for name in self.written - self.relaxation.equations.keys()}
        if self.relaxation.equations:
            rows = [self.at(synapse, time) for synapse in range(n)]
            shown |= {name: [row[name] for row in rows] for name in self.relaxation.equations}
        for name, values in shown.items():
            new = np.array([float(value) for value in values])
            old = self._projection.variables[name]
            if isinstance(old, np.ndarray) and old.shape == new.shape:
                old[:] = new
            else:
                self._projection.variables[name] = new


class Wiring:
    """A projection, with the delays and variables of its synapses."""

    def __init__(self, projection: Projection, variables: Variables, dt: float) -> None:
        self.projection, self.variables = projection, variables
        self._rows: dict[int, list[int]] = defaultdict(list)
        for synapse, element in enumerate(projection.elements):
            self._rows[int(element)].append(synapse)
        self._dt = dt
        self._delays: list[Exact] = []
        self.take_delays()

    def take_delays(self) -> None:
        """Read delays anew from the description."""
        seconds = spread(self.projection.delay, self.projection)
        exact = {value: duration(value, self._dt) for value in set(seconds)}
        self._delays = [exact[value] for value in seconds]

    def row(self, element: int) -> list[int]:
        """The synapses of an emitting element, ascending."""
        return self._rows.get(element, [])

    def delay(self, synapse: int) -> Exact:
        """The exact delay of a synapse."""
        return self._delays[synapse]

    def target(self, synapse: int) -> int:
        """The target element of a synapse."""
        return int(self.projection.j[synapse])

    def source(self, synapse: int) -> int:
        """The source element of a synapse."""
        return int(self.projection.i[synapse])

    def deliver(
        self, synapse: int, target: Cell, source: Cell | None = None, own: Cell | None = None
    ) -> None:
        """Run the code of a synapse on its target, and on its source and on the cell of its integrated variables if it
        names states of these; all stand now."""
        if self.projection.equations:
            self.variables.bring(synapse, target.time)
        local: dict[str, Exact] = {}
        for assignment in self.projection.code:
            expression = assignment.expression
            values = {
                name: self._value(name, synapse, target, source, own, local) for name in expression.names
            }
            value = as_number(expression.evaluate(values, functions=self._functions(assignment)))
            cell = {"neuron": target, "source": source, "integrated": own}.get(assignment.where)
            if cell is not None:
                cell.write(assignment.target, assignment.operation, value)
                continue
            is_own = assignment.where == "synapse"
            before = (
                self.variables.values[assignment.target][synapse] if is_own else local.get(assignment.target)
            )
            value = before + value if assignment.operation == "add" else mp.mpf(value)
            if is_own:
                self.variables.values[assignment.target][synapse] = value
            else:
                local[assignment.target] = value

    def _functions(self, assignment: Assignment) -> Mapping[str, Callable[..., Any]]:
        return callable_table(engine_functions([assignment.expression], self.projection.name), self._dt)

    def _value(
        self,
        name: str,
        synapse: int,
        target: Cell,
        source: Cell | None,
        own: Cell | None,
        local: Mapping[str, Exact],
    ) -> Exact:
        if name in local:
            return local[name]
        if own is not None and name in own.values:
            return own.values[name]
        if name in self.variables.values:
            return self.variables.values[name][synapse]
        if name == "t":
            return target.time
        if name == "lastspike_post":
            return mp.mpf("-inf") if target.last_spike is None else target.last_spike
        if name == "not_refractory_post":
            return mp.mpf(target.release is None)
        if source is not None and name.endswith("_pre"):
            return source.value(name.removesuffix("_pre"))
        return target.value(name.removesuffix("_post"))


def spread(values: Values, projection: Projection) -> list[float]:
    """One value for each synapse."""
    return [float(value) for value in np.broadcast_to(values, len(projection.i))]
