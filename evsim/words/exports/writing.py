"""`export_c`: a network and a run of it as a C project that needs no Python."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evsim.errors import EvsimError, EvsimRuntimeError, EvsimTypeError, EvsimValueError
from evsim.words.actions import Action
from evsim.words.exports.contents import FILE, monitors_of, read_contents, values_of, write_contents
from evsim.words.frozen import Exported, refuse_run_with_changes
from evsim.words.network import Network, checked_duration, refuse_other_steps
from evsim.words.preferences import check_threads, check_timing, prefs


def export_c(
    net: Network,
    folder: str | os.PathLike[str],
    *,
    duration: Any,
    threads: int = 1,
    timing: str | None = None,
    namespace: Mapping[str, Any] | None = None,
) -> None:
    """Write a C project whose program makes the run that `net.run(duration)` would make, to the last bit.

    `make` in the folder builds the program `run`; it needs a C compiler and no Python. `./run` writes spikes, samples
    and last values into `results` beside it, `read_export` reads them. From then on the network refuses to be
    changed; it can still run here.

    Parameters
    ----------
    folder
        Where to write: a new or empty folder, or that of an earlier export, which is replaced.
    duration
        How long the program simulates, from the present time of the network on.
    threads
        How many threads the program uses, if its second argument does not say another number.
    timing, namespace
        As for `run`.
    """
    if not isinstance(net, Network):
        raise EvsimTypeError(
            f"export_c(): got {net!r}; give a Network, or magic_network() for that of the scope"
        )
    timing = check_timing(prefs.timing if timing is None else timing, "timing of export_c()")
    threads = check_threads(threads, "threads of export_c()")
    seconds = checked_duration(duration, net._dt, "duration of export_c()")
    target = _checked_folder(folder)
    _refuse_python(net)
    net.describe(namespace)
    refuse_run_with_changes(net)
    _refuse_python(net)
    if timing == "grid":
        refuse_other_steps(net._members(), net._dt)
    identity = secrets.token_hex(16)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as aside:
            _write(net, Path(aside), seconds, timing, threads, identity)
            _move(Path(aside), target)
    except OSError as error:
        raise EvsimError(f"export_c(): {target} cannot be written ({error}); give another folder") from error
    net._exported = Exported(target, identity, frozenset(net._described))


def _write(net: Network, folder: Path, seconds: float, timing: str, threads: int, identity: str) -> None:
    from evsim.engine.standalone import write_program

    end = write_program(net._simulation, folder, seconds, timing, threads, identity)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    contents = {
        "identity": identity,
        "dt": net._dt,
        "end": list(end),
        "objects": monitors_of(net._members()) | values_of(net._members(), net._describer),
        "files": [*files, FILE],
    }
    write_contents(folder, contents)


def _checked_folder(folder: Any) -> Path:
    """Nothing of the user's own may stand in the way."""
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise EvsimTypeError(f"folder of export_c(): got {folder!r}; give a path, as in 'program'")
    path = Path(folder).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise EvsimValueError(f"folder of export_c(): {path} is a file; give another folder")
    if path.is_dir() and not (path / FILE).exists() and any(path.iterdir()):
        raise EvsimValueError(
            f"folder of export_c(): {path} holds files that are no export; give a new folder, or an empty one"
        )
    return path


def _refuse_python(net: Network) -> None:
    """What calls Python inside a run has no place in a program without it."""
    if net._is_running:
        raise EvsimRuntimeError(
            f"export_c() was called by an operation while {net.name} runs; call it between runs"
        )
    if prefs.engine == "reference" or (net._simulation is not None and not hasattr(net._simulation, "state")):
        raise EvsimRuntimeError(
            "export_c(): the reference engine cannot be exported; use prefs.engine = 'compiled' and a new network"
        )
    for each in net._members():
        if isinstance(each, Action):
            raise EvsimError(
                f"export_c(): {each.name} ({type(each).__name__}) runs in Python, and the program has none; "
                "take it out, or say the same in equations, events or a TimedArray"
            )


def _move(made: Path, target: Path) -> None:
    """Put the finished files into the folder, instead of those of an earlier export."""
    if (target / FILE).exists():
        for name in read_contents(target)["files"]:
            _inside(target, name).unlink(missing_ok=True)
    for path in sorted(made.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place)


def _inside(target: Path, name: Any) -> Path:
    """A file that an export may have written: never one outside its folder."""
    path = target / str(name)
    if not path.resolve().is_relative_to(target.resolve()):
        raise EvsimValueError(f"{target / FILE} names a file outside its folder, {name}; remove that folder")
    return path
