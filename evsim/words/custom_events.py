"""Custom events of neurons: conditions besides the threshold, and the code that runs when one begins to hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evsim.equations.expression import Expression
from evsim.equations.statements import parse_statements
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError

MOST = 31  # the core keeps a bit for each


class HasEvents:
    """Elements with events of their own.

    An event happens at the first instant at which its condition holds, also in a refractory neuron, and again after the
    condition has not held in between. With timing="grid" it happens at every step at which the condition holds, as in
    clock-driven simulators.
    """

    name: str
    _conditions: dict[str, str]
    _event_code: dict[str, str]
    _event_order: dict[str, int]
    _network: Any

    def _take_events(self, events: Any) -> None:
        self._conditions, self._event_code, self._event_order = _checked(events, self.name), {}, {}

    def run_on_event(
        self, event: str, code: str, when: str = "after_thresholds", order: int | None = None
    ) -> None:
        """Run code at every event of this name.

        At one instant the code of events comes before synapses and resets: that of lower `order` first, then by the
        name of the event.
        """
        where = f"run_on_event() of {self.name}"
        if when != "after_thresholds":
            raise EvsimValueError(f"{where}: got when={when!r}; code of events runs 'after_thresholds'")
        if order is not None and (isinstance(order, bool) or not isinstance(order, int)):
            raise EvsimTypeError(f"{where}: got order={order!r}; give a whole number")
        if event == "spike":
            raise EvsimValueError(f"{where}: what a spike does is the reset of {self.name}; give it there")
        self._check_event(event, where)
        if not isinstance(code, str):
            raise EvsimTypeError(f"{where}: got {code!r}; give text, as in 'v = 0*mV'")
        if event in self._event_code:
            raise EvsimValueError(f"{where}: the event '{event}' runs {self._event_code[event]!r} already")
        if self._network is not None:
            raise EvsimError(
                f"{where}: {self.name} has run already; give all code of its events before the first run"
            )
        parse_statements(code, f"the event '{event}' of {self.name}")
        self._event_code[event] = code
        self._event_order[event] = order or 0

    def _events_in_order(self) -> list[str]:
        return sorted(self._conditions, key=lambda event: (self._event_order.get(event, 0), event))

    def _check_event(self, event: str, where: str) -> None:
        if event not in self._conditions:
            known = ", ".join(self._conditions) or "none"
            raise EvsimValueError(
                f"{where}: {self.name} has no event '{event}' (there are {known}); give its condition, as in "
                f"events={{'{event}': 'v > 0.5*mV'}}"
            )


def require_event(group: Any, event: str, where: str) -> None:
    """Refuse an event that the group does not have; sources of spikes have no others."""
    if isinstance(group, HasEvents):
        group._check_event(event, where)
    else:
        raise EvsimValueError(
            f"{where}: {group.name} has no event '{event}'; a source of spikes has 'spike' only"
        )


def _checked(events: Any, name: str) -> dict[str, str]:
    if events is None:
        return {}
    if not isinstance(events, Mapping):
        raise EvsimTypeError(
            f"events of {name}: got {events!r}; give a dict, as in {{'custom': 'v > 0.5*mV'}}"
        )
    for event, condition in events.items():
        where = f"the event '{event}' of {name}"
        if not (isinstance(event, str) and event.isidentifier() and event.isascii()) or event.startswith("_"):
            raise EvsimValueError(
                f"events of {name}: {event!r} cannot name an event; give letters, digits and _"
            )
        if event == "spike":
            raise EvsimValueError(
                f"events of {name}: the condition of 'spike' is the threshold; give it there"
            )
        if not isinstance(condition, str):
            raise EvsimTypeError(f"{where}: got {condition!r}; give text, as in 'v > 0.5*mV'")
        Expression.parse(condition, where)
    if len(events) > MOST:
        raise EvsimValueError(f"events of {name}: got {len(events)}; give at most {MOST}")
    return dict(events)


__all__ = ["HasEvents", "require_event"]
