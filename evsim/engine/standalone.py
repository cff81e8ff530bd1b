"""A network as a program of its own: the calls that bring a new core to where a run of it would begin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evsim.codegen.project import Arrays, FinalValues, Program, SpikeFile, StateFile, write_project
from evsim.description import Link, Network, PoissonSource, Population, Projection, SpikeTrainSource
from evsim.engine.core import listening
from evsim.engine.parted import parted
from evsim.engine.projections import written_variables
from evsim.engine.recording import Recording
from evsim.engine.simulation import Simulation


def write_program(
    live: Simulation, folder: Path, duration: float, timing: Any, threads: int, identity: str
) -> tuple[int, float]:
    """Write the C project of a run that `live` could begin now; return the run's end as (tick, offset).

    `live` takes over what the user has changed, and stays where it is.
    """
    state = None
    if live._windows is not None:
        live.run(
            0.0, timing=timing
        )  # what the user has changed acts from now on, not from the window's start
        state = live.state()
    simulation = Simulation(_copy(live.network))
    arrays = Arrays(folder / "arrays.bin")
    is_held = timing == "grid" if state is None else live._parted.is_held
    recording = Recording(arrays, _names_by_function(live.network, is_held=is_held))
    try:
        with listening(recording):
            if state is not None:
                simulation.set_state(state)
            end = simulation.end_of(duration, timing)
            windows = simulation._begin(timing)
            simulation._take_over()
            simulation._load_all_courses(end)
    finally:
        arrays.close()
    window, late = windows.from_clock(*end)
    program = Program(
        calls=recording.calls,
        n_tables=len(recording.texts),
        seed=live.network.seed & 0xFFFFFFFFFFFFFFFF,
        dt=windows.dt,
        steps=windows.steps,
        parts=windows.parts,
        length=windows.length,
        end=(int(window), float(late)),
        is_grid=timing == "grid",
        threads=threads,
        populations=tuple(each.name for each in live.network.populations),
        spike_files=_spike_files(simulation),
        state_files=_state_files(simulation),
        final_values=(*_states(simulation), *_variables(simulation)),
    )
    write_project(folder, program, recording.texts, identity)
    _forget_changes(live.network)
    return end


def _forget_changes(network: Network) -> None:
    """What the user has changed so far is in the program."""
    parts: list[Population | Projection | Link] = [*network.populations, *network.projections, *network.links]
    for each in parts:
        each.changed.clear()
    for source in network.sources:
        source.changed = False


def _copy(network: Network) -> Network:
    """A network that can be taken over and set without a change to the first; what does not change is shared."""
    dicts: dict[int, Any] = {}  # pathways of the same synapses have one dict

    def own(variables: Any) -> Any:
        return dicts.setdefault(id(variables), dict(variables))

    return replace(
        network,
        populations=[
            replace(
                each,
                state={name: values.copy() for name, values in each.state.items()},
                parameters=dict(each.parameters),
                changed=set(),
            )
            for each in network.populations
        ],
        sources=[replace(each, changed=False) for each in network.sources],
        projections=[replace(p, variables=own(p.variables), changed=set()) for p in network.projections],
        links=[replace(link, variables=own(link.variables), changed=set()) for link in network.links],
        drives=[*network.drives],
        spike_records=[*network.spike_records],
        state_records=[*network.state_records],
        inactive={*network.inactive},
    )


def _names_by_function(network: Network, *, is_held: bool) -> dict[str, list[str]]:
    """The names of the parts in the order in which these functions add them."""
    at_synapses = {p.name for p in network.projections}
    links = zip(network.links, parted(network, is_held=is_held).parts, strict=True)
    sampled = [(each.name, each.target in at_synapses) for each in network.state_records]
    return {
        "evsim_add_population": [each.name for each in network.populations],
        "evsim_add_poisson": [each.name for each in network.sources if isinstance(each, PoissonSource)],
        "evsim_add_train": [each.name for each in network.sources if isinstance(each, SpikeTrainSource)],
        "evsim_add_projection": [each.name for each in network.projections],
        "evsim_add_link": [link.name for link, parts in links for _part in parts],
        "evsim_add_drive": [each.name for each in network.drives],
        "evsim_record_spikes": [each.name for each in network.spike_records],
        "evsim_record_states": [name for name, is_synaptic in sampled if not is_synaptic],
        "evsim_record_synapses": [name for name, is_synaptic in sampled if is_synaptic],
    }


def _spike_files(simulation: Simulation) -> tuple[SpikeFile, ...]:
    return tuple(
        SpikeFile(each.name, simulation._spike_records[each.name], each.states)
        for each in simulation.network.spike_records
    )


def _state_files(simulation: Simulation) -> tuple[StateFile, ...]:
    return tuple(
        StateFile(
            each.name,
            simulation._state_records[each.name],
            each.states,
            int(each.indices.size),
            each.dt,
            tuple(int(number) for number in np.ravel(simulation._first_samples[each.name])),
        )
        for each in simulation.network.state_records
    )


def _states(simulation: Simulation) -> tuple[FinalValues, ...]:
    known = [simulation._populations[each.name] for each in simulation.network.populations]
    return tuple(
        FinalValues(
            each.population.name,
            each.number,
            is_projection=False,
            is_brought=False,
            variables={name: k for k, name in enumerate(each.population.model.states)},
            n=each.population.size,
        )
        for each in known
    )


def _variables(simulation: Simulation) -> tuple[FinalValues, ...]:
    """Variables that code changes, and those with equations as they are at the end."""
    found = []
    for each in simulation._projections:
        p = each.projection
        changed = sorted(written_variables(p) - each.equations.keys())
        for names, is_brought in ((changed, False), (sorted(each.shown), True)):
            numbers = {name: each.variables.index(name) for name in names}
            if numbers:
                found.append(FinalValues(p.name, each.number, True, is_brought, numbers, p.i.size))
    return tuple(found)


__all__ = ["write_program"]
