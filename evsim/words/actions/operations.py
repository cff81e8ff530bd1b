"""Code that a group or synapses run for all their elements: `run_regularly` and `run_at`."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from evsim.words.actions.action import Action
from evsim.words.actions.element_code import ElementCode
from evsim.words.actions.occasions import EveryStep, GivenTimes, Occasions
from evsim.words.actions.times import given_seconds, refuse_past
from evsim.words.clocks import Clock, defaultclock, own_step
from evsim.words.objects import checked_namespace


class Operation(Action):
    """Statements over the variables of a group or of synapses, evaluated for all elements at chosen instants."""

    _kind = "operation"

    def __init__(
        self,
        elements: Any,
        code: str,
        occasions: Occasions,
        when: str,
        order: int,
        name: str | None,
        namespace: Mapping[str, Any] | None,
        clock: Clock | None,
    ) -> None:
        super().__init__(name, when, order, occasions)
        owner = elements._group if hasattr(elements, "_group") else elements
        self._owner = weakref.ref(owner)  # which holds its operations
        self._bounds = elements._bounds()
        self._clock = clock
        self._namespace = checked_namespace(namespace, self.name)
        self._code = ElementCode(code, elements, f"{self.name} of {elements._label()}")

    @property
    def code(self) -> str:
        """The statements."""
        return self._code.text

    def _default_clock(self) -> Clock:
        owner = self._owner()
        return getattr(owner, "_clock", None) or defaultclock

    def _elements(self) -> Any:
        """The group, synapses or slice that the code is for; None when it has ended."""
        owner = self._owner()
        if owner is None or self._bounds == owner._bounds() or not hasattr(owner, "_group"):
            return owner
        return owner[self._bounds[0] : self._bounds[1]]

    def _refuse_past(self, now: tuple[int, float], dt: float) -> None:
        refuse_past(self._occasions, now, dt, self.name)

    def _prepare(self, scope: Any, number: int, seed: int) -> None:
        elements = self._elements()
        if elements is not None:
            step = (self._clock or self._default_clock()).dt_
            self._code.prepare(elements, self._namespace, scope, (seed, number), step)

    def _perform(self, network: Any, seconds: float) -> None:
        elements = self._elements()
        if elements is not None:
            self._code.run(elements, seconds, self._occasions.position)

    def __repr__(self) -> str:
        return f"<Operation '{self.name}': {self.code!r}>"


class HasOperations:
    """Elements that can run code at chosen instants."""

    def run_regularly(
        self,
        code: str,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> Operation:
        """Run statements for all elements at 0, dt, 2 dt, ...

        Parameters
        ----------
        code
            As in "v = v_rest + rand()*mV"; each statement works on the values that those before it have made.
        dt, clock
            The step; that of the group unless given.
        when, order
            Where in the order of an instant, see `Action`.
        """
        name = _name_for(self, "run_regularly", name)
        return self._operate(
            code, EveryStep(), when, order, name, namespace, own_step(dt, clock, name.rstrip("*"))
        )

    def run_at(
        self,
        code: str,
        times: Any,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> Operation:
        """Run statements for all elements at given times, which are real numbers and need not lie on a grid."""
        name = _name_for(self, "run_at", name)
        occasions = GivenTimes(given_seconds(times, name.rstrip("*")))
        return self._operate(code, occasions, when, order, name, namespace, None)

    def _operate(
        self,
        code: str,
        occasions: Occasions,
        when: str,
        order: int,
        name: str,
        namespace: Mapping[str, Any] | None,
        clock: Clock | None,
    ) -> Operation:
        made = Operation(self, code, occasions, when, order, name, namespace, clock)
        owner: Any = made._owner()
        owner.__dict__.setdefault("_operations", []).append(made)
        return made


def operations_of(member: Any) -> list[Operation]:
    """The operations that a group or synapses brought along."""
    return list(member.__dict__.get("_operations", ()))


def _name_for(elements: Any, what: str, name: str | None) -> str:
    if name is not None:
        return name
    owner = elements._group if hasattr(elements, "_group") else elements
    return f"{owner.name}_{what}*"


__all__ = ["HasOperations", "Operation", "operations_of"]
