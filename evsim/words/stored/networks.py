"""A whole network stored and restored: its objects, its engine, its random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from evsim.errors import EvsimRuntimeError, EvsimValueError
from evsim.words.randomness import next_seed, put_streams, streams_now
from evsim.words.stored.parts import State, put_state, signature_of, state_of


@dataclass
class Stored:
    """A network as it was.

    `parts` are the states of its objects by name and `signatures` what they must be to take these; `engine` is the
    state of the engine, empty before the first run; `streams` are the random numbers drawn for texts.
    """

    parts: dict[str, State]
    signatures: dict[str, dict[str, str]]
    engine: State
    streams: State
    actions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def store_network(network: Any) -> Stored:
    """The network as it is now; inside a run, the operation that asks for it counts as over."""
    if network._is_running and network._acting is None:
        raise EvsimRuntimeError(
            f"store() was called while {network.name} runs; call it between runs, or in an operation"
        )
    network._complete()
    members = network._members()
    if not members:
        raise EvsimValueError(
            f"{network.name} has no objects to store; make a NeuronGroup or another object first"
        )
    simulation = network._simulation
    if simulation is not None and not hasattr(simulation, "state"):
        raise EvsimRuntimeError("the reference engine cannot be stored; use prefs.engine = 'compiled'")
    with _as_over(network._acting):
        parts = {each.name: state_of(each) for each in members}
    return Stored(
        parts=parts,
        signatures={each.name: signature_of(each) for each in members},
        engine={} if simulation is None else simulation.state(),
        streams=streams_now(),
        actions=dict(network._action_numbers),
        seconds=network.t_,
    )


@contextmanager
def _as_over(action: Any) -> Iterator[None]:
    """Count an action that is going on as over."""
    if action is None:
        yield
        return
    action._position += 1
    try:
        yield
    finally:
        action._position -= 1


def restore_network(network: Any, stored: Stored, restore_random_state: bool | None, name: str) -> None:
    """Put the network, or an equal one that was built again, where it was."""
    if network._is_running:
        raise EvsimRuntimeError(
            f"restore() was called by an operation while {network.name} runs; call it between runs"
        )
    network._complete()
    members = {each.name: each for each in network._members()}
    _check_members(members, stored, name)
    has_run = "windows" in stored.engine
    if has_run and network._simulation is None:
        network.describe()
    network._action_numbers.update(stored.actions)
    if has_run:
        network._put_engine(stored.engine)
    elif network._simulation is not None:
        network._begin_again(stored.engine)
    for each in members.values():
        put_state(each, stored.parts[each.name])
        if not has_run:
            _mark_all(each)
    if restore_random_state:
        put_streams(stored.streams)
    elif restore_random_state is not None:
        network._draw_anew(next_seed())


def _mark_all(each: Any) -> None:
    """Before the first run everything is new to the engine."""
    storage = each.__dict__.get("_storage")
    if storage is not None:
        storage.changed |= storage.arrays.keys()
    if "_is_new" in each.__dict__:
        each._is_new = True


def _check_members(members: dict[str, Any], stored: Stored, name: str) -> None:
    """The same objects, or equal ones."""
    here, there = members.keys(), stored.signatures.keys()
    if here - there:
        raise EvsimValueError(
            f"restore({name!r}): {sorted(here - there)[0]} is not part of what was stored; remove it, or store again"
        )
    if there - here:
        raise EvsimValueError(
            f"restore({name!r}): {sorted(there - here)[0]} was stored and is not part of the network; add it"
        )
    for each, signature in stored.signatures.items():
        present = signature_of(members[each])
        for what in sorted(signature.keys() | present.keys()):
            before, now = signature.get(what), present.get(what)
            if before != now:
                raise EvsimValueError(
                    f"restore({name!r}): {each} had {_shown(what, before)} when it was stored and has "
                    f"{_shown(what, now)} now; build it as it was"
                )


def _shown(what: str, value: str | None) -> str:
    if value is None:
        return f"no {what}"
    if what == "connections":
        return f"connections with the checksum {value}"
    return f"{what} {' | '.join(value.split(chr(10)))!r}"


__all__ = ["Stored", "restore_network", "store_network"]
