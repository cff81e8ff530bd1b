"""The state of one object of a network as plain arrays, and what it must have in common with the one it goes to."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.words.objects import NetworkObject
from evsim.words.variables.storage import Storage, is_shared

State = dict[str, NDArray[Any]]

_TEXTS = ("_threshold", "_reset", "_on_pre", "_on_post", "_variables", "_weight", "_function_name")


def state_of(each: NetworkObject) -> State:
    """What an object has that changes: values of variables, and what its kind keeps besides."""
    state: State = {}
    storage = each.__dict__.get("_storage")
    if isinstance(storage, Storage):
        state |= {f"value/{name}": values.copy() for name, values in storage.arrays.items()}
        state["changed"] = np.array(sorted(storage.changed), dtype=np.str_)
    for name in each._stored:
        state |= _kept(name, getattr(each, name))
    return state


def put_state(each: NetworkObject, state: State) -> None:
    """Give an object the state of an equal one."""
    storage = each.__dict__.get("_storage")
    if isinstance(storage, Storage):
        for name in storage.arrays:
            if f"value/{name}" in state:  # the first run declares what registered models bring along
                _put_values(storage, name, state[f"value/{name}"])
        storage.changed = {str(name) for name in state["changed"]}
    for name in each._stored:
        setattr(each, name, _taken(name, state))


def _kept(name: str, value: Any) -> State:
    """An attribute as arrays: a number, an array, lists of arrays by name; not what is known of the engine."""
    if isinstance(value, dict):
        joined = {key: np.concatenate(chunks, axis=-1) for key, chunks in value.items() if chunks}
        return {f"chunks/{name}/{key}": array for key, array in joined.items()} | {
            f"names/{name}": np.array(list(value), dtype=np.str_)
        }
    return {} if value is None or isinstance(value, tuple) else {f"own/{name}": np.array(value)}


def _taken(name: str, state: State) -> Any:
    if f"names/{name}" in state:
        keys = [str(key) for key in state[f"names/{name}"]]
        return {key: [a.copy() for a in [state.get(f"chunks/{name}/{key}")] if a is not None] for key in keys}
    if f"own/{name}" not in state:
        return None
    value = state[f"own/{name}"]
    return value.copy() if value.ndim else value.item()


def _put_values(storage: Storage, name: str, values: NDArray[np.float64]) -> None:
    """Into the same array where it fits, as the engine works on it; a variable may have become one per element."""
    if storage.arrays[name].shape == values.shape:
        storage.arrays[name][:] = values
        return
    variable = storage.variables[name]
    flags = variable.flags - {"shared"} if is_shared(variable) else variable.flags | {"shared"}
    storage.variables[name] = replace(variable, flags=frozenset(flags))
    storage.arrays[name] = values.copy()


def signature_of(each: NetworkObject) -> dict[str, str]:
    """What must be equal in the object that a state is put into, by a word for it."""
    found = {"kind": type(each).__name__}
    storage = each.__dict__.get("_storage")
    if isinstance(storage, Storage):
        found["number of elements"] = str(storage.size)
    equations = each.__dict__.get("_equations")
    if equations is not None:
        found["equations"] = "\n".join(sorted(str(variable) for variable in equations.values()))
    if each.__dict__.get("_sums"):
        found["sums"] = "\n".join(sorted(str(variable) for variable in each.__dict__["_sums"].values()))
    for name in _TEXTS:
        if each.__dict__.get(name) is not None:
            found[name.strip("_").replace("_", " ")] = str(each.__dict__[name])
    for name in ("_source", "_target"):
        end = each.__dict__.get(name)
        if end is not None:
            found[name.strip("_")] = str(end._label())
    pairs = each.__dict__.get("_pairs")
    if pairs is not None:
        found["connections"] = (
            f"{zlib.crc32(np.stack([np.asarray(index, np.int64) for index in pairs]).tobytes()):08x}"
        )
    return found
