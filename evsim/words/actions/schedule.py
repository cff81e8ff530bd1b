"""The actions of a network in the order in which they happen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evsim.words.actions.action import Action


class Instant(NamedTuple):
    """A time of the network's clock, before or after the events of exactly that time."""

    tick: int
    offset: float
    is_after: bool


class Schedule:
    """The actions of one run."""

    def __init__(self, actions: Sequence[Action], now: tuple[int, float], dt: float) -> None:
        self._actions = sorted((each for each in actions if each.active), key=Action._place)
        for each in self._actions:
            each._begin(now, dt)

    def next_before(self, end: tuple[int, float]) -> Instant | None:
        """The next instant at which something happens before the end of the run."""
        first = min((at for each in self._actions if (at := _instant(each))), default=None)
        return first if first is not None and first[:2] < end else None

    def due(self, now: Instant) -> Iterator[Action]:
        """The actions of this instant, each one over when the next is asked for."""
        for each in self._actions:
            at = _instant(each)
            if at is not None and at <= now and each.active:
                yield each
                each._occasions.position += 1


def _instant(action: Action) -> Instant | None:
    at = action._occasions.next() if action.active else None
    return None if at is None else Instant(*at, action.is_after)
