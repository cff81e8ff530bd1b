"""What the reader of an exported network must know: a description as JSON, with the monitors by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evsim.description import Population
from evsim.errors import EvsimValueError
from evsim.units import Dimension
from evsim.words.monitors import EventMonitor, PopulationRateMonitor, StateMonitor, SynapseMonitor
from evsim.words.monitors.synapse_variables import SynapseVariables
from evsim.words.neurons import NeuronGroup
from evsim.words.synapses import Synapses
from evsim.words.variables.storage import is_shared

FILE, FORMAT = "export.json", 1
FINISHED = "finished"  # a file of results, with the identity of the export

Contents = dict[str, Any]


def monitors_of(members: list[Any]) -> dict[str, Contents]:
    """Every monitor with the files that its variables are in."""
    found = {}
    for each in members:
        if isinstance(each, PopulationRateMonitor):
            found[each.name] = _rate(each)
        elif isinstance(each, EventMonitor):
            found[each.name] = _spikes(each)
        elif isinstance(each, StateMonitor):
            found[each.name] = _samples(each)
    return found


def values_of(members: list[Any], describer: Any) -> dict[str, Contents]:
    """Every group and synapses with the files of the variables that a run changes."""
    found = {}
    for each in members:
        if isinstance(each, NeuronGroup):
            found[each.name] = _values(each, _states(describer.groups[each.name].population))
        elif isinstance(each, Synapses):
            found[each.name] = _values(each, _changing(describer.synapses[each.name]))
    return found


def _values(owner: Any, files: Mapping[str, str]) -> Contents:
    variables = owner._storage.variables
    known = [name for name in files if name in variables]
    return {
        "kind": "values",
        "files": {name: files[name] for name in known},
        "dimensions": {name: exponents_of(variables[name].dimension) for name in known},
        "shared": [name for name in known if is_shared(variables[name])],
    }


def _states(population: Population) -> dict[str, str]:
    return {name: f"{population.name}.{name}.final" for name in population.model.states}


def _changing(described: Any) -> dict[str, str]:
    """Variables of synapses that code changes, that have equations, and that are integrated."""
    solved = [(each, name) for each in described.projections for name in each.equations]
    statements = [(each, statement) for each in described.projections for statement in each.code]
    written = [(each, statement.target) for each, statement in statements if statement.where == "synapse"]
    owners: dict[str, Any] = {}
    for projection, name in (*solved, *written):
        owners.setdefault(name, projection)
    files = {name: f"{projection.name}.{name}.final" for name, projection in owners.items()}
    integrated = described.continuous.population
    return files | ({} if integrated is None else _states(integrated))


def write_contents(folder: Path, contents: Contents) -> None:
    """Write the description into the folder of the program."""
    text = json.dumps({"format": FORMAT, **contents}, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_contents(folder: Path) -> Contents:
    """The description of the program in a folder."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise EvsimValueError(
            f"{folder} holds no exported network ({error}); give the folder that export_c() has written"
        ) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise EvsimValueError(f"{folder} was exported by another version of evsim; export the network again")
    return found


def exponents_of(dimension: Dimension) -> dict[str, str]:
    """The exponents of the SI bases as text."""
    return {str(base): str(exponent) for base, exponent in dimension.exponents.items()}


def _spikes(monitor: EventMonitor) -> Contents:
    recorded = [name for name in monitor._variables if name in monitor._needed]
    chosen = monitor._chosen
    return {
        "kind": "spikes",
        "size": len(monitor._source),
        "keeps": bool(monitor._keeps_spikes),
        "chosen": None if chosen is None else [int(index) for index in chosen],
        "dimensions": {name: exponents_of(monitor._source._variable(name).dimension) for name in recorded},
        "derived": [name for name in monitor._variables if name not in recorded],
    }


def _rate(monitor: PopulationRateMonitor) -> Contents:
    step = monitor._step()
    return {"kind": "rate", "size": len(monitor._source), "dt": step, "pieces": monitor._pieces.tolist()}


def _samples(monitor: StateMonitor) -> Contents:
    files = _files(monitor)
    return {
        "kind": "samples",
        "dt": _sampled(monitor)._step,
        "k": f"{_sampled(monitor).name}.k",
        "indices": [int(index) for index in monitor._indices],
        "files": files,
        "dimensions": {name: exponents_of(monitor._dimension(name)) for name in files},
        "derived": [name for name in monitor._variables if name not in files],
    }


def _sampled(monitor: StateMonitor) -> StateMonitor:
    """The monitor whose record has the times of the samples."""
    is_copied = isinstance(monitor, SynapseMonitor) and monitor._copies
    return monitor._copies[0].monitor if is_copied else monitor


def _files(monitor: StateMonitor) -> dict[str, str]:
    """By variable, the file of what was sampled of it."""
    if isinstance(monitor, SynapseMonitor):
        copied = [copy for copy in monitor._copies if copy.is_at_source]
        return {
            name: f"{copy.monitor.name}.{copy.variables[name]}"
            for copy in copied
            for name in monitor._variables
            if name not in monitor._formulas
        }
    files = {name: f"{monitor.name}.{name}" for name in monitor._needed if name in monitor._variables}
    if isinstance(monitor, SynapseVariables):
        for suffix, names in monitor._of_ends.items():
            of = suffix if suffix in ("_pre", "_post") else ""
            found = {f"{name}{of}": f"{monitor.name}{suffix}.{name}" for name in names}
            files |= {name: file for name, file in found.items() if name in monitor._variables}
    return files
