"""Groups and synapses that are made together with a monitor of all their elements: `monitors=["V"]`, then `mon.V`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from evsim.errors import EvsimError
from evsim.words.actions.operations import operations_of
from evsim.words.objects import NetworkObject


class HasMonitor:
    """What may have a monitor of its own."""

    _make_monitor: ClassVar[Callable[..., Any]]  # which the monitors say
    _mon: Any = None
    name: str

    def _monitor(self, variables: Any) -> None:
        """Record these variables of all elements from now on."""
        if variables is not None:
            self._mon = type(self)._make_monitor(
                self, variables, record=True, name=f"monitor_of_{self.name}*"
            )

    @property
    def mon(self) -> Any:
        """The StateMonitor of the variables that `monitors=` named."""
        if self._mon is None:
            raise EvsimError(
                f"{self.name} was made without monitors; give them there, as in monitors=['V'], or make a StateMonitor"
            )
        return self._mon


def parts_of(member: Any) -> list[NetworkObject]:
    """What a group or synapses bring along: operations, and a monitor."""
    own = member.__dict__.get("_mon")
    return [*operations_of(member), *([] if own is None else [own])]


__all__ = ["HasMonitor", "parts_of"]
