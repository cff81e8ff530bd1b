"""Objects of an exported network keep their values: the program that was written has these and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evsim.errors import EvsimRuntimeError


@dataclass(frozen=True)
class Exported:
    """What was written: where, under which identity, and the names of all parts."""

    folder: Path
    identity: str
    names: frozenset[str]


def refuse_exported(each: Any, what: str) -> None:
    """Refuse, saying what cannot happen, a change of an object, or of a slice of one, whose network was exported."""
    owner = getattr(each, "_group", each)
    network = owner if hasattr(owner, "_exported") else getattr(owner, "_network", None)
    exported = getattr(network, "_exported", None)
    if exported is not None:
        raise _refusal(what, network, exported)


def refuse_run_with_changes(network: Any) -> None:
    """Refuse a run in which a network that was exported is no longer what was written."""
    exported = network._exported
    if exported is None:
        return
    for name in sorted(network._described - exported.names):
        raise _refusal(f"{name} is new and cannot take part", network, exported)
    for what in _changes(network._describer.network):
        raise _refusal(f"{what} has changed, and the run would differ", network, exported)


def _changes(described: Any) -> Iterator[str]:
    for each in (*described.populations, *described.projections, *described.links):
        yield from (f"{each.name}.{name}" for name in sorted(each.changed))
    yield from (each.name for each in described.sources if each.changed)


def _refusal(what: str, network: Any, exported: Exported) -> EvsimRuntimeError:
    return EvsimRuntimeError(
        f"{what}: {network.name} was exported to {exported.folder}, and the program there is fixed; "
        "make the network anew, change it, and call export_c() again"
    )
