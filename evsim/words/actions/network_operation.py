"""Operations on a network: Python functions of the user, called at chosen instants of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from evsim.errors import EvsimTypeError
from evsim.words.actions.action import Action
from evsim.words.actions.occasions import EveryStep, GivenTimes
from evsim.words.actions.times import given_seconds, refuse_past
from evsim.words.clocks import Clock, in_seconds, own_step


class NetworkOperation(Action):
    """A function without arguments, or of the time, that is called at the multiples of dt, or at given times.

    Parameters
    ----------
    function
        What to call; it may read and change the variables of all objects, and call `stop()`.
    dt, clock
        Call it at 0, dt, 2 dt, ...; the step of `defaultclock` when nothing is given.
    times
        Call it at these times instead; any times, they need not lie on a grid.
    when, order
        Where in the order of an instant, see `Action`.
    """

    _kind = "networkoperation"

    def __init__(
        self,
        function: Callable[..., Any],
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        *,
        times: Any = None,
    ) -> None:
        is_regular = times is None
        super().__init__(name, when, order, EveryStep() if is_regular else GivenTimes(np.zeros(0)))
        if not is_regular:
            if dt is not None or clock is not None:
                raise EvsimTypeError(f"{self.name}: got times and a step; give one of them")
            self._occasions = GivenTimes(given_seconds(times, self.name))
        self._clock = own_step(dt, clock, self.name)
        self._function = function
        self._takes_time = _takes_time(function, self.name)

    def __call__(self, *arguments: Any) -> Any:
        """Call the function itself."""
        return self._function(*arguments)

    def _refuse_past(self, now: tuple[int, float], dt: float) -> None:
        refuse_past(self._occasions, now, dt, self.name)

    def _perform(self, network: Any, seconds: float) -> None:
        if self._takes_time:
            self._function(in_seconds(seconds))
        else:
            self._function()

    def __repr__(self) -> str:
        return f"<NetworkOperation '{self.name}' calls {getattr(self._function, '__name__', self._function)}>"


def network_operation(*arguments: Any, **options: Any) -> Any:
    """Decorate a function that a run calls at 0, dt, 2 dt, ...: `@network_operation(dt=1*ms)`, or without brackets.

    The options are those of `NetworkOperation`.
    """
    if len(arguments) == 1 and callable(arguments[0]) and not isinstance(arguments[0], Clock):
        return NetworkOperation(arguments[0], **options)
    if len(arguments) > 1 or (arguments and not isinstance(arguments[0], Clock)):
        raise EvsimTypeError(
            f"network_operation: got {arguments!r}; write @network_operation, or with names, as in "
            "@network_operation(dt=1*ms)"
        )
    if arguments:
        options.setdefault("clock", arguments[0])
    return lambda function: NetworkOperation(function, **options)


def _takes_time(function: Any, name: str) -> bool:
    """Whether the function wants the present time."""
    if not callable(function):
        raise EvsimTypeError(f"{name}: got {function!r}; give a function without arguments, or of the time")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C tell nothing
        return False
    needed = [
        each
        for each in signature.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) and each.default is each.empty
    ]
    if len(needed) > 1:
        known = ", ".join(each.name for each in needed)
        hint = (
            "; for a method, decorate nothing and give NetworkOperation(self.method)"
            if known.startswith("self")
            else ""
        )
        raise EvsimTypeError(
            f"{name}: its function takes {known}; give a function without arguments, or of the time{hint}"
        )
    if needed and needed[0].name == "self":
        raise EvsimTypeError(
            f"{name}: its function is a method of a class; in __init__, make NetworkOperation(self.{function.__name__})"
        )
    return bool(needed)
