"""One neuron: its state at the time of its last event, moved on only when something happens to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import mpmath as mp

from evsim.description import LinearModel
from evsim.equations.functions import MPMATH
from evsim.errors import EvsimRuntimeError
from evsim.reference.crossing import first_crossing, is_over
from evsim.reference.exact import Exact, later, rounded
from evsim.reference.series import Series, solve
from evsim.reference.system import System

Entry = tuple[Exact, int, int, int, int]  # of the list of future events


class Cell:
    """A neuron of a population.

    `values` holds states and parameters at `time`. While `release` is set the neuron is refractory: clamped
    states stand still and lose what is written to them, the threshold is not tested. `pause` is the length of
    that period. `entry` is the one entry of the agenda that this neuron made: its next spike, its release, or
    the time to look again. `address` is (position of the population, number in it).
    """

    def __init__(
        self, name: str, address: tuple[int, int], model: LinearModel, values: dict[str, Exact], time: Exact
    ) -> None:
        self.name = name
        self.address = address
        self.model = model
        self.pause = mp.mpf(0)
        self.values = values
        self.time = time
        self.release: Exact | None = None
        self.last_spike: Exact | None = None
        self.entry: Entry | None = None
        self._systems: dict[bool, System] = {}
        self._series: Series | None = None
        self._patience = mp.mpf(0)

    @property
    def system(self) -> System:
        """The system that governs the neuron now."""
        is_clamped = self.release is not None
        if is_clamped not in self._systems:
            parameters = {name: self.values[name] for name in self.model.parameters}
            self._systems[is_clamped] = System(self.model, parameters, is_clamped)
        return self._systems[is_clamped]

    @property
    def series(self) -> Series:
        """The solution from `time` on, as long as nothing happens."""
        if self._series is None:
            self._series = Series(self.system, [self.values[name] for name in self.model.states])
        return self._series

    def states_at(self, time: Exact) -> dict[str, Exact]:
        """The states at a time before the next event, without moving the neuron."""
        h = mp.fsub(time, self.time)
        if not h:
            return {name: self.values[name] for name in self.model.states}
        if h <= self.series.reach:
            state = self.series.state(h)
        else:
            state = solve(self.system, [self.values[name] for name in self.model.states], h)
        return dict(zip(self.model.states, state, strict=True))

    def advance(self, time: Exact) -> None:
        """Move the neuron on to `time`."""
        if time == self.time:
            return
        states = self.states_at(time)
        self._patience = 2 * mp.fsub(time, self.time)
        self.values.update(states)
        self.time = time
        self._series = None

    def set_release(self, time: Exact | None) -> None:
        """Begin a refractory period that ends at `time`, or end it."""
        self.release = time
        self._series = None

    def is_over(self) -> bool:
        """Whether the neuron spikes at `time`, now that everything of this instant has arrived."""
        if self.model.threshold is None or self.release is not None:
            return False
        return is_over(self.series, self.model.strict)

    def next_crossing(self) -> tuple[Exact, bool]:
        """A time later than `time`, and whether the neuron crosses its threshold then or was silent so far.

        It looks ahead twice as far as the last look was worth, since the next event to come makes it look
        anew.
        """
        horizon = min(self._patience or mp.inf, mp.mpf(self.series.reach))
        crossing = first_crossing(self.series, horizon, self.model.strict)
        if crossing is None:
            return later(self.time, horizon), False
        return max(rounded(later(self.time, crossing)), self.time), True

    def conditioning(self) -> float:
        """By how many seconds one rounding of a double in the threshold form moves the crossing at `time`."""
        slope = abs(self.series.form(1))
        parts = [abs(a * self.series.derivative(0)[state]) for state, a in self.system.form]
        return (
            float(mp.mpf(2) ** -53 * max([*parts, abs(self.system.level)]) / slope) if slope else float("inf")
        )

    def reset(self) -> None:
        """Run the reset code."""
        for each in self.model.reset:
            self.write(each.target, each.operation, each.expression.evaluate(self.values, functions=MPMATH))

    def write(self, name: str, operation: Literal["set", "add"], value: Exact) -> None:
        """Set or add to a state or parameter, as event code does; a clamped state loses it."""
        if self.release is not None and name in self.model.clamped:
            return
        value = mp.fadd(self.values[name], value) if operation == "add" else mp.mpf(value)
        if not mp.isfinite(value):
            raise EvsimRuntimeError(
                f"{name} of {self.name} becomes {value} at t = {mp.nstr(self.time, 17)} s."
            )
        self.put({name: value})

    def put(self, values: Mapping[str, Exact]) -> None:
        """Replace values from outside or from event code."""
        self.values.update(values)
        self._series = None
        if not values.keys().isdisjoint(self.model.parameters):
            self._systems.clear()
