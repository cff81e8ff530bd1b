"""The state of a simulation as plain arrays: what the core has, and the numbers that it was given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.engine.core import check, ffi, lib
from evsim.engine.parted import parted
from evsim.engine.windows import Windows
from evsim.errors import EvsimRuntimeError, EvsimValueError

State = dict[str, NDArray[Any]]

_STRUCTURE = {"i", "j", "state", "start", "stop", "size", "n", "dt"}  # part of the network, not of its values


def state_of(simulation: Any) -> State:
    """Everything that a run may change or that the user may have changed between runs."""
    if simulation._sim is not None and lib.evsim_is_broken(simulation._sim):
        raise EvsimRuntimeError(
            "the network cannot be stored: an earlier run found no memory to end at a consistent time; restore() a "
            "state from before, or begin again"
        )
    state: State = {"names": np.array(list(_names(simulation)), dtype=np.str_)}
    state["seed"] = np.array([simulation.network.seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    windows = simulation._windows
    if windows is None:
        return state
    state["windows"] = np.array([windows.steps, windows.parts], dtype=np.int64)
    state["dt"] = np.array([windows.dt])
    state["held"] = np.array([simulation._parted.is_held])
    state |= {key: np.array(value, copy=True) for key, _, _, value in _numbers(simulation)}
    for name, first in simulation._first_samples.items():
        state[f"first/{name}"] = first.copy()
    state["inactive"] = np.array(sorted(simulation.inactive), dtype=np.str_)
    state["core"] = _core_of(simulation)
    return state


def _core_of(simulation: Any) -> NDArray[np.uint8]:
    memory = np.zeros(check(lib.evsim_archive_size(simulation._sim)), dtype=np.uint8)
    check(lib.evsim_archive_save(simulation._sim, ffi.from_buffer("uint8_t[]", memory), memory.size))
    return memory


def put_state(simulation: Any, state: State) -> None:
    """Put a simulation of the same network where another one, or this one, was when its state was taken."""
    _check_names(simulation, state)
    if "windows" not in state:
        raise EvsimValueError("the stored state has no run in it; make the simulation anew")
    _use_windows(simulation, state)
    for key, owner, name, value in list(_numbers(simulation)):
        if key in state and not _equal(value, state[key]):
            _give(owner, name, state[key])
    simulation.network.inactive = {str(name) for name in state["inactive"]}
    simulation._take_over()
    shown = ffi.new("double *")
    core = np.ascontiguousarray(state["core"])
    code = lib.evsim_archive_load(simulation._sim, ffi.from_buffer("uint8_t[]", core), core.size, shown)
    if code < 0:
        raise EvsimValueError(
            "the stored state does not fit this network, or it is damaged; build the network as it was when it was "
            "stored, or store it again"
        )
    for name in simulation._first_samples:
        simulation._first_samples[name] = state[f"first/{name}"].copy()
    _show(simulation, shown[0])


def fits(simulation: Any, state: State) -> bool:
    """Whether the state can be put into the core that the simulation has, or into one that it will make."""
    windows = simulation._windows
    return windows is None or (
        "windows" in state
        and [windows.steps, windows.parts] == state["windows"].tolist()
        and simulation._parted.is_held == bool(state["held"][0])
    )


def _use_windows(simulation: Any, state: State) -> None:
    """A core with the windows of the state, and its random numbers."""
    steps, parts = (int(each) for each in state["windows"])
    seed, dt = int(state["seed"][0]), float(state["dt"][0])
    simulation.network.seed = seed
    if simulation._windows is not None:
        lib.evsim_set_seed(simulation._sim, seed)
        return
    core = lib.evsim_new(dt, steps, parts, seed)
    if core == ffi.NULL:
        raise MemoryError("evsim: no memory for a simulation")
    simulation._sim, simulation._windows = ffi.gc(core, lib.evsim_free), Windows(dt, steps, parts)
    simulation._parted = parted(simulation.network, is_held=bool(state["held"][0]))


def _show(simulation: Any, offset: float) -> None:
    """States as they were at the end of a run inside a window; nothing is recorded twice."""
    tick, present = simulation._core_now()
    simulation._load_courses()
    while present != offset and not check(lib.evsim_run(simulation._sim, tick, offset, 1, 0, 1e9)):
        pass
    simulation._write_back()


def _names(simulation: Any) -> Iterator[str]:
    network = simulation.network
    for kind in ("populations", "sources", "projections", "drives", "spike_records", "state_records"):
        yield from (f"{kind} {each.name}" for each in getattr(network, kind))


def _check_names(simulation: Any, state: State) -> None:
    mine, stored = list(_names(simulation)), [str(each) for each in state["names"]]
    if mine == stored:
        return
    wrong = sorted({*mine} ^ {*stored})
    what = f"{wrong[0].split()[-1]} is in one of them only" if wrong else "their parts come in another order"
    raise EvsimValueError(
        f"the stored network and this one differ: {what}; build the network as it was when it was stored"
    )


def _numbers(simulation: Any) -> Iterator[tuple[str, Any, str, Any]]:
    """Key, owner, name and value of every number and array in the description that is no part of its structure."""
    network = simulation.network
    for each in [*network.populations, *network.sources, *network.projections]:
        for field in fields(each):
            value = getattr(each, field.name)
            if field.name in _STRUCTURE or field.name == "changed":
                continue
            if isinstance(value, dict):
                numbers = {n: v for n, v in value.items() if isinstance(v, float | int | np.ndarray)}
                yield from ((f"of/{each.name}/{field.name}/{n}", each, n, v) for n, v in numbers.items())
            elif isinstance(value, float | int | np.ndarray) and not isinstance(value, bool):
                yield f"of/{each.name}/{field.name}", each, field.name, value


def _equal(present: Any, stored: NDArray[Any]) -> bool:
    return np.shape(present) == stored.shape and bool(np.array_equal(present, stored))


def _give(owner: Any, name: str, stored: NDArray[Any]) -> None:
    value = stored.item() if stored.ndim == 0 else stored.copy()
    holder = next(
        (v for f in fields(owner) if isinstance(v := getattr(owner, f.name), dict) and name in v), None
    )
    if holder is None:
        setattr(owner, name, value)
    else:
        holder[name] = value
    if isinstance(owner.changed, set):
        owner.changed.add(name)
    else:
        owner.changed = True


__all__ = ["State", "fits", "put_state", "state_of"]
