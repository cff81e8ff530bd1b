"""One neuron: its state at the time of its last event, moved on only when something happens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import mpmath as mp

from evsim.description import Assignment, CustomEvent, GeneralModel, LinearModel
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH
from evsim.errors import EvsimRuntimeError
from evsim.reference.calls import as_number, callable_table
from evsim.reference.exact import Exact, duration, later
from evsim.reference.general import GeneralDynamics, refuse_chance
from evsim.reference.linear import LinearDynamics
from evsim.reference.motion import Dynamics, Motion

Entry = tuple[Exact, int, int, int, int]  # of the list of future events


class Cell:
    """A neuron of a population.

    `values` holds states and parameters at `time`. A refractory neuron has clamped states, which stand still and
    lose what is written to them, and its threshold is not tested; it is so until `release`, or while `is_held` by
    its refractory condition. `pause` is the length of that period where the model does not say. `entry` is the
    one entry of the agenda that this neuron made: its next spike, its release, or the time to look again.
    `address` is (position of the population, number in it).
    """

    def __init__(
        self,
        name: str,
        address: tuple[int, int],
        model: LinearModel | GeneralModel,
        values: dict[str, Exact],
        time: Exact,
        dt: float,
    ) -> None:
        self.name = name
        self.address = address
        self.model = model
        self.pause = mp.mpf(0)
        self.values = values
        self.time = time
        self.release: Exact | None = None
        self.is_held = False
        self._is_let_go = (
            False  # just now, by the refractory condition: the threshold counts from just after on
        )
        self.last_spike: Exact | None = None
        self.entry: Entry | None = None
        self._dt = dt
        self._holding: set[str] = set()  # names of custom events whose conditions hold
        self._dynamics: Dynamics
        self._functions: Mapping[str, Callable[..., Any]] = MPMATH
        self._motion: Motion | None = None
        self.take_functions()
        self._patience = mp.mpf(0)

    @property
    def is_refractory(self) -> bool:
        """Whether it cannot spike now."""
        return self.release is not None or self.is_held

    @property
    def surroundings(self) -> dict[str, Exact]:
        """Everything that its expressions may name, now."""
        return self.values | {
            "t": self.time,
            "lastspike": mp.ninf if self.last_spike is None else self.last_spike,
            "not_refractory": mp.mpf(not self.is_refractory),
        }

    @property
    def motion(self) -> Motion:
        """The solution from `time` on, as long as nothing happens."""
        if self._motion is None:
            self._motion = self._dynamics.motion(self.surroundings, self.time, self.is_refractory)
        return self._motion

    @property
    def mates(self) -> Iterable[Cell]:
        """The cells whose solution depends on this one, itself not among them."""
        return ()

    def forget_motion(self) -> None:
        """Something has happened to it: what follows is another solution."""
        self._motion = None

    def input(self, name: str) -> Exact:
        """What links add up to now."""
        raise EvsimRuntimeError(f"{self.name}: nothing is linked to {name}")

    def value(self, name: str) -> Exact:
        """A state, a parameter or an input, now."""
        return self.values[name] if name in self.values else self.input(name)

    def states_at(self, time: Exact) -> dict[str, Exact]:
        """The states at a time before the next event, without moving the neuron."""
        if time == self.time:
            return {name: self.values[name] for name in self.model.states}
        return self.motion.states_at(time)

    def advance(self, time: Exact) -> None:
        """Move the neuron on to `time`."""
        if time == self.time:
            return
        states = self.states_at(time)
        self._patience = 2 * mp.fsub(time, self.time)
        self.values.update(states)
        self.time = time
        self._is_let_go = False
        self.forget_motion()

    def set_release(self, time: Exact | None) -> None:
        """Begin a refractory period that ends at `time`, or end it."""
        self.release = time
        self._is_let_go = self.is_held and time is None
        self.is_held = False
        self.forget_motion()

    def is_over(self) -> bool:
        """Whether the neuron spikes at `time`, now that everything of this instant has arrived."""
        if self.model.threshold is None or self.is_refractory:
            return False
        return self.motion.is_over(also_at_start=not self._is_let_go)

    def settle(self) -> None:
        """End refractoriness if what arrived made the condition of it false."""
        if self.is_held and not self.motion.is_held():
            self.set_release(None)

    def next_crossing(self) -> tuple[Exact, bool]:
        """A time later than `time`, and whether the neuron crosses its threshold then or was silent so far.

        It looks ahead twice as far as the last look was worth, since the next event to come makes it look
        anew.
        """
        return self.motion.next_crossing(self._patience)

    def next_end(self) -> tuple[Exact, bool]:
        """A time later than `time`, and whether the refractory condition ends then or held so far."""
        return self.motion.next_end()

    def conditioning(self) -> float:
        """By how many seconds one rounding of a double in the threshold form moves the crossing at `time`."""
        return self.motion.conditioning()

    def spike(self) -> None:
        """Reset, and begin to be refractory."""
        self.last_spike = self.time
        self.forget_motion()
        condition = self.model.refractory if isinstance(self.model, GeneralModel) else None
        if condition is None or condition.is_condition:
            pause = self.pause
        else:
            pause = self._pause_of(condition)
        self.reset()
        if condition is not None and condition.is_condition:
            self.is_held = True
            self.forget_motion()
            self.settle()
        else:
            self.set_release(later(self.time, pause) if pause > 0 else None)

    def _pause_of(self, expression: Expression) -> Exact:
        pause = self._evaluated(expression)
        if not mp.isfinite(pause):
            raise EvsimRuntimeError(
                f"the refractory period of {self.name}, {str(expression)!r}, is {pause} "
                f"at t = {mp.nstr(self.time, 17)} s; it must be a finite time."
            )
        whole = duration(float(pause), self._dt)
        return whole if abs(whole - pause) <= 4 * abs(pause) * mp.mpf(2) ** -52 else pause

    @property
    def events(self) -> tuple[CustomEvent, ...]:
        """The custom events of its model."""
        return self.model.events if isinstance(self.model, GeneralModel) else ()

    def happened(self) -> list[CustomEvent]:
        """Custom events whose conditions hold now and have not held before; from now on they count as holding."""
        motion: Any = self.motion if self.events else None
        before = self._holding
        self._holding = {e.name for e in self.events if motion.is_true(e.name, e.name not in before)}
        return [each for each in self.events if each.name in self._holding - before]

    def next_event(self) -> Exact | None:
        """A later time, until which no condition of a custom event changes; None without custom events."""
        motion: Any = self.motion if self.events else None
        return min(
            (motion.next_change(e.name, e.name not in self._holding)[0] for e in self.events), default=None
        )

    def reset(self) -> None:
        """Run the reset code."""
        self.react(self.model.reset)

    def react(self, code: Iterable[Assignment]) -> None:
        """Run code of an event of its own."""
        local: dict[str, Exact] = {}
        for each in code:
            value = self._evaluated(each.expression, local)
            if each.where == "local":
                local[each.target] = value + (local[each.target] if each.operation == "add" else 0)
            else:
                self.write(each.target, each.operation, value)

    def _evaluated(self, expression: Expression, local: Mapping[str, Exact] | None = None) -> Exact:
        values = {**self.surroundings, **(local or {})}
        values |= {name: self.input(name) for name in expression.names - values.keys()}
        return as_number(expression.evaluate(values, functions=self._functions))

    def write(self, name: str, operation: Literal["set", "add"], value: Exact) -> None:
        """Set or add to a state or parameter, as event code does; a clamped state loses it."""
        if self.is_refractory and name in self.model.clamped:
            return
        value = mp.fadd(self.values[name], value) if operation == "add" else mp.mpf(value)
        if not mp.isfinite(value):
            raise EvsimRuntimeError(
                f"{name} of {self.name} becomes {value} at t = {mp.nstr(self.time, 17)} s."
            )
        self.put({name: value})

    def take_functions(self) -> None:
        """Take over the functions that the model has now."""
        self.forget_motion()
        if isinstance(self.model, LinearModel):
            refuse_chance(self.model, self.name)
            self._dynamics = LinearDynamics(self.model)
        else:
            self._dynamics = GeneralDynamics(self.model, self.name, self._dt)
            self._functions = callable_table(self.model.functions, self._dt)

    def put(self, values: Mapping[str, Exact]) -> None:
        """Replace values from outside or from event code."""
        self.values.update(values)
        self.forget_motion()
        if not values.keys().isdisjoint(self.model.parameters):
            self._dynamics.forget()
