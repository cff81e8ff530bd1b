"""`run()` without a network: every living object made since `start_scope()` takes part."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from evsim.errors import EvsimRuntimeError, EvsimTypeError, EvsimValueError
from evsim.words.clocks import show_time_of
from evsim.words.monitors import EventMonitor, StateMonitor
from evsim.words.network import Network
from evsim.words.objects import NetworkObject, forget_scope, objects_in_scope
from evsim.words.summaries import ProfilingSummary, SchedulingSummary
from evsim.words.surroundings import names_around_call


class MagicNetwork(Network):
    """The network of the present scope; it holds its objects weakly."""

    def __init__(self) -> None:
        super().__init__(name="the network of this scope")
        self._ran: list[tuple[str, weakref.ref[NetworkObject]]] = []

    def _members(self) -> list[NetworkObject]:
        members = [each for each in objects_in_scope() if self._may_run(each)]
        return sorted(members, key=lambda each: each._number)

    def add(self, *objects: Any) -> None:
        """Refused: the objects of the scope take part by themselves."""
        if objects:
            raise EvsimTypeError(
                "the network of this scope has all its objects; choose objects with Network(...)"
            )

    def remove(self, *objects: Any) -> None:
        """Refused: what exists takes part."""
        if objects:
            raise EvsimTypeError(
                "the network of this scope has all its objects; set active = False, delete the object, or choose "
                "objects with Network(...)"
            )

    def _take_in(self, parts: Sequence[NetworkObject]) -> None:
        """Nothing to do: they were made in this scope."""

    def describe(self, namespace: Mapping[str, Any] | None = None) -> Any:
        """The network as plain data; objects that ran before must still exist."""
        gone = [name for name, reference in self._ran if reference() is None]
        if gone:
            raise EvsimRuntimeError(
                f"{', '.join(gone)} took part in an earlier run and no longer exists; "
                "call start_scope() and make the objects anew, or keep them in a Network"
            )
        result = super().describe(namespace)
        lasting = [each for each in self._members() if not isinstance(each, EventMonitor | StateMonitor)]
        self._ran = [(each.name, weakref.ref(each)) for each in lasting]
        return result

    @property
    def is_left(self) -> bool:
        """Whether nothing of what ran is alive any more."""
        return bool(self._ran) and all(reference() is None for _, reference in self._ran)


_current = MagicNetwork()


def magic_network() -> Network:
    """The network that `run()` runs."""
    global _current
    names_around_call()  # the frame of a function keeps deleted objects alive until its names are read again
    if any(vars(each).get("_mon") is not None for each in objects_in_scope()):
        gc.collect()  # a group and its own monitor hold each other, also when nobody else holds them
    if _current.is_left:
        _current = MagicNetwork()
    return _current


def run(
    duration: Any,
    report: Any = None,
    report_period: Any = None,
    namespace: Mapping[str, Any] | None = None,
    profile: bool = False,
    *,
    timing: str | None = None,
    threads: int | None = None,
) -> None:
    """Simulate all objects made since `start_scope()`; the arguments are those of `Network.run`."""
    network = magic_network()
    if not network.objects:
        raise EvsimValueError(
            "run(): there is nothing to simulate; make a NeuronGroup or another object first"
        )
    network.run(duration, report, report_period, namespace, profile, timing=timing, threads=threads)


def scheduling_summary(net: Network | None = None) -> SchedulingSummary:
    """What happens in which order at one instant, in this network or that of the scope."""
    return (magic_network() if net is None else net).scheduling_summary()


def profiling_summary(net: Network | None = None, show: int | None = None) -> ProfilingSummary:
    """Where the wall time of the last run with profile=True went; the `show` longest parts."""
    return ProfilingSummary(magic_network() if net is None else net, show)


def store(name: str = "default", filename: Any = None) -> None:
    """Keep the network of this scope as it is now, see `Network.store`."""
    magic_network().store(name, filename)


def restore(name: str = "default", filename: Any = None, restore_random_state: bool | None = None) -> None:
    """Put the network of this scope where it was when it was stored, see `Network.restore`."""
    magic_network().restore(name, filename, restore_random_state)


def collect() -> list[NetworkObject]:
    """All objects made since `start_scope()`, as for `Network(collect())`."""
    return list(magic_network().objects)


def start_scope() -> None:
    """Begin a new model: objects made so far take no part in what `run()` simulates from now on."""
    global _current
    forget_scope()
    show_time_of(None)
    _current = MagicNetwork()
