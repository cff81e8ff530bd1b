"""What all actions have: a slot in the order of an instant, the instants themselves, and whether they are active."""

from __future__ import annotations

import difflib
from abc import abstractmethod
from typing import Any

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.words.actions.occasions import EveryStep, GivenTimes, Occasions
from evsim.words.clocks import Clock, defaultclock
from evsim.words.objects import NetworkObject

_SLOTS = ("start", "groups", "thresholds", "synapses", "resets", "end")

SLOTS = tuple(f"{prefix}{slot}" for slot in _SLOTS for prefix in ("before_", "", "after_"))
"""What `when` may be, in order."""

LAST_BEFORE = SLOTS.index("groups")
"""Actions up to this slot come before the events of exactly their instant, later ones after them."""


class Action(NetworkObject):
    """Something that the user does at chosen instants of a run.

    In exact time an instant has two sides: slots up to "groups" come before the spikes and deliveries of exactly that
    instant, slots from "after_groups" on come after them. Inside a side the order is that of slots, then `order`, then
    names.
    """

    _kind = "action"
    _stored = ("active", "_position", "_present_step")

    def __init__(self, name: str | None, when: str, order: int, occasions: Occasions) -> None:
        NetworkObject.__init__(self, name)
        self.when = _checked_slot(when, self.name)
        self.order = _checked_order(order, self.name)
        self.active = True
        self._occasions = occasions
        self._clock: Clock | None = None

    @property
    def is_after(self) -> bool:
        """Whether it comes after the events of exactly its instant."""
        return SLOTS.index(self.when) > LAST_BEFORE

    def _default_clock(self) -> Clock:
        return defaultclock

    def _begin(self, now: tuple[int, float], dt: float) -> None:
        """Get ready for a run from `now` on."""
        if isinstance(self._occasions, EveryStep):
            self._occasions.use((self._clock or self._default_clock()).dt_)
        elif isinstance(self._occasions, GivenTimes) and self._occasions.position == 0:
            self._refuse_past(now, dt)
        self._occasions.begin(now, dt)

    def _refuse_past(self, now: tuple[int, float], dt: float) -> None:
        pass

    @property
    def _position(self) -> int:
        """How many instants are over, or the number of the next one."""
        return self._occasions.position

    @_position.setter
    def _position(self, position: int) -> None:
        self._occasions.position = position

    @property
    def _present_step(self) -> float:
        return self._occasions.step if isinstance(self._occasions, EveryStep) else 0.0

    @_present_step.setter
    def _present_step(self, step: float) -> None:
        if isinstance(self._occasions, EveryStep):
            self._occasions.step = step

    def _place(self) -> tuple[int, int, str]:
        return SLOTS.index(self.when), self.order, self.name

    def _prepare(self, scope: Any, number: int, seed: int) -> None:
        """Before a run: find the names of texts; `number` and `seed` are for random numbers."""

    @abstractmethod
    def _perform(self, network: Any, seconds: float) -> None:
        """Do it, at this time."""

    def _pace(self) -> float | None:
        """Seconds from one instant to the next, where they are regular."""
        if isinstance(self._occasions, EveryStep):
            return (self._clock or self._default_clock()).dt_
        return None


def _checked_slot(when: Any, name: str) -> str:
    if when not in SLOTS:
        close = difflib.get_close_matches(str(when), SLOTS, 1)
        guess = (
            f"did you mean '{close[0]}'?"
            if close
            else f"give {', '.join(_SLOTS)}, or before_... or after_..."
        )
        raise EvsimValueError(f"when of {name}: there is no slot {when!r}; {guess}")
    return str(when)


def _checked_order(order: Any, name: str) -> int:
    if isinstance(order, bool) or not hasattr(order, "__index__"):
        raise EvsimTypeError(f"order of {name}: got {order!r}; give a whole number")
    return int(order.__index__())
