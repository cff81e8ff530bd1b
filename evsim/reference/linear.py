"""The dynamics of a `LinearModel`: power series with a proven remainder."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath as mp

from evsim.description import LinearModel
from evsim.reference.crossing import first_crossing, is_over
from evsim.reference.exact import Exact, later, rounded
from evsim.reference.series import Series, solve
from evsim.reference.system import System


class LinearDynamics:
    """The systems that govern a neuron while it is refractory and while it is not."""

    def __init__(self, model: LinearModel) -> None:
        self.model = model
        self._systems: dict[bool, System] = {}

    def motion(self, values: Mapping[str, Exact], time: Exact, is_refractory: bool) -> LinearMotion:
        """The solution from a time and the values there on."""
        if is_refractory not in self._systems:
            parameters = {name: values[name] for name in self.model.parameters}
            self._systems[is_refractory] = System(self.model, parameters, is_refractory)
        return LinearMotion(self._systems[is_refractory], [values[name] for name in self.model.states], time)

    def forget(self) -> None:
        """Parameters have changed."""
        self._systems.clear()


class LinearMotion:
    """The solution of a linear system from `time` on."""

    def __init__(self, system: System, start: list[Exact], time: Exact) -> None:
        self.system = system
        self.time = time
        self._start = start
        self._series = Series(system, start)

    def states_at(self, time: Exact) -> dict[str, Exact]:
        """Every state at a time that is not before the start."""
        h = mp.fsub(time, self.time)
        is_near = h <= self._series.reach
        state = self._series.state(h) if is_near else solve(self.system, self._start, h)
        return dict(zip(self.system.model.states, state, strict=True))

    def is_over(self, also_at_start: bool) -> bool:
        """Whether the threshold condition holds at the start, or from the start on."""
        return is_over(self._series, self.system.model.strict)

    def next_crossing(self, patience: Exact) -> tuple[Exact, bool]:
        """A later time, and whether the threshold condition becomes true then or was false so far."""
        horizon = min(patience or mp.inf, mp.mpf(self._series.reach))
        crossing = first_crossing(self._series, horizon, self.system.model.strict)
        if crossing is None:
            return later(self.time, horizon), False
        return max(rounded(later(self.time, crossing)), self.time), True

    def is_held(self) -> bool:
        """A linear model has no refractory condition."""
        return False

    def next_end(self) -> tuple[Exact, bool]:
        """A linear model has no refractory condition."""
        return self.time, True

    def conditioning(self) -> float:
        """By how many seconds one rounding of a double in the threshold form moves the crossing at the start."""
        slope = abs(self._series.form(1))
        parts = [abs(a * self._series.derivative(0)[state]) for state, a in self.system.form]
        size = max([*parts, abs(self.system.level)])
        return float(mp.mpf(2) ** -53 * size / slope) if slope else float("inf")
