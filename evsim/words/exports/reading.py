"""`read_export`: the results of an exported network's program, by the names of its objects."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimValueError
from evsim.words.exports.contents import FINISHED, read_contents
from evsim.words.exports.results import ExportedRate, ExportedSamples, ExportedSpikes, ExportedValues, Load

Result = ExportedSpikes | ExportedSamples | ExportedRate | ExportedValues

_KINDS: dict[str, type[ExportedSpikes | ExportedSamples | ExportedValues]] = {
    "spikes": ExportedSpikes,
    "samples": ExportedSamples,
    "values": ExportedValues,
}


def read_export(
    folder: str | os.PathLike[str], results: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """What the program of an exported network has recorded: `read_export("program")["spikes"].t`.

    There is an entry for each monitor, and one with the last values of each group and synapses.

    Parameters
    ----------
    folder
        The folder that `export_c` has written.
    results
        Where the program has written, unless it is `results` in that folder.
    """
    home = Path(folder).expanduser()
    contents = read_contents(home)
    place = home / "results" if results is None else Path(results).expanduser()
    _check_finished(place, contents["identity"], home)
    load, dt, end = _loader(place), contents["dt"], tuple(contents["end"])
    return {name: _result(name, each, dt, load, end) for name, each in contents["objects"].items()}


def _result(name: str, contents: dict[str, Any], dt: float, load: Load, end: Any) -> Result:
    if contents["kind"] == "rate":
        return ExportedRate(name, contents, dt, load, end)
    return _KINDS[contents["kind"]](name, contents, dt, load)


def _check_finished(place: Path, identity: str, home: Path) -> None:
    try:
        found = (place / FINISHED).read_text(encoding="utf-8").strip()
    except OSError:
        raise EvsimValueError(
            f"{place} holds no results of a run that has finished; call `make && ./run` in {home} first"
        ) from None
    if found != identity:
        raise EvsimValueError(
            f"{place} holds the results of another export; call `make && ./run` in {home} again"
        )


def _loader(place: Path) -> Load:
    def load(name: str) -> NDArray[Any]:
        found: NDArray[Any] = np.load(place / f"{name}.npy")
        return found

    return load
