"""Stored networks in a file: arrays and one line of JSON in a zip, nothing that could be executed."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimValueError
from evsim.words.stored.networks import Stored

VERSION = 1
_HEAD = "evsim"  # what the file begins with: kind, version, names of the states


def write_file(path: str | os.PathLike[str], name: str, stored: Stored) -> None:
    """Add a state to a file, which is made if it is not there; one of the same name is replaced."""
    target = Path(path)
    states = _read_all(target) if target.exists() else {}
    states[name] = stored
    arrays = {_HEAD: _json({"version": VERSION, "states": list(states)})}
    for number, each in enumerate(states.values()):
        arrays |= {f"{number}/{key}": value for key, value in _arrays_of(each)}
    present = target.with_name(f"{target.name}.writing")
    try:
        with open(present, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(present, target)
    finally:
        present.unlink(missing_ok=True)


def read_file(path: str | os.PathLike[str], name: str) -> Stored:
    """A state out of a file."""
    states = _read_all(Path(path))
    if name not in states:
        raise EvsimValueError(
            f"restore({name!r}): {path} has no state of that name; it has {', '.join(states)}"
        )
    return states[name]


def _arrays_of(stored: Stored) -> Iterator[tuple[str, NDArray[Any]]]:
    yield (
        "about",
        _json({"signatures": stored.signatures, "actions": stored.actions, "seconds": stored.seconds}),
    )
    for part, state in [*stored.parts.items(), (":engine", stored.engine), (":streams", stored.streams)]:
        for key, value in state.items():
            yield f"{part}/{key}", value


def _read_all(path: Path) -> dict[str, Stored]:
    if not path.exists():
        raise EvsimValueError(f"{path}: there is no such file; store() makes it")
    try:
        with open(path, "rb") as opened, np.load(opened) as file:
            arrays = {key: file[key] for key in file.files}
        head = json.loads(str(arrays[_HEAD][()]))
        version, names = int(head["version"]), [str(each) for each in head["states"]]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise EvsimValueError(
            f"{path}: this is no file that store() has written, or it is damaged ({type(error).__name__})"
        ) from None
    if version != VERSION:
        raise EvsimValueError(
            f"{path}: the file has version {version} and this evsim reads version {VERSION}; store the network again"
        )
    return {name: _stored_from(arrays, f"{number}/", path) for number, name in enumerate(names)}


def _stored_from(arrays: dict[str, NDArray[Any]], prefix: str, path: Path) -> Stored:
    inside = {key[len(prefix) :]: value for key, value in arrays.items() if key.startswith(prefix)}
    try:
        about = json.loads(str(inside.pop("about")[()]))
        signatures = about["signatures"]
        states: dict[str, dict[str, NDArray[Any]]] = {
            part: {} for part in [*signatures, ":engine", ":streams"]
        }
        for key, value in inside.items():
            part, _, rest = key.partition("/")
            states[part][rest] = value
        return Stored(
            parts=states,
            engine=states.pop(":engine"),
            streams=states.pop(":streams"),
            signatures=signatures,
            actions=about["actions"],
            seconds=float(about["seconds"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EvsimValueError(f"{path}: the file is damaged ({type(error).__name__} {error})") from None


def _json(content: Any) -> NDArray[Any]:
    return np.array(json.dumps(content), dtype=np.str_)
