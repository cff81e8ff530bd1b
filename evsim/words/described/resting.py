"""Objects that take no part: those that are inactive for now, and those that were removed after they have run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from evsim.errors import EvsimError
from evsim.words.activity import CanRest
from evsim.words.described.network import Describer
from evsim.words.monitors import EventMonitor, PopulationRateMonitor, StateMonitor
from evsim.words.neurons import NeuronGroup
from evsim.words.objects import NetworkObject
from evsim.words.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.words.synapses import Synapses


def names_at_rest(
    members: Iterable[NetworkObject], retired: Iterable[NetworkObject], describer: Describer
) -> set[str]:
    """Names in the description of what takes no part in the next run."""
    resting = [each for each in members if isinstance(each, CanRest) and not each.active]
    resting += [each for each in retired if isinstance(each, CanRest)]
    names: set[str] = set()
    for each in resting:
        is_monitor = isinstance(each, EventMonitor | StateMonitor)
        names |= each._record_names() if is_monitor else describer.names_of(each)
    return names


def rest_for_good(each: Any, describer: Describer | None, seconds: float) -> None:
    """An object leaves the network: its values stay as they are."""
    assert describer is not None
    if isinstance(each, NeuronGroup):
        population = describer.groups[each.name].population
        population.state = {name: values.copy() for name, values in population.state.items()}
    if isinstance(each, Synapses):
        describer.synapses[each.name].continuous.leave()
    if isinstance(each, PoissonGroup | SpikeGeneratorGroup):
        _silence(each, describer)
    if isinstance(each, PopulationRateMonitor):
        each._close()


def _silence(each: Any, describer: Describer) -> None:
    source: Any = next(source for source in describer.network.sources if source.name == each.name)
    if isinstance(each, PoissonGroup):
        source.rates = 0.0
    else:
        source.indices, source.ticks = np.zeros(0, np.int64), np.zeros(0, np.int64)
        source.offsets = np.zeros(0)
    source.changed = True


def forget_changes(each: Any) -> None:
    """What the user does to a source that has been removed reaches no network."""
    if isinstance(each, PoissonGroup):
        each._storage.changed.clear()
    if isinstance(each, SpikeGeneratorGroup):
        each._is_new = False


def wake(each: Any, describer: Describer | None) -> None:
    """An object comes back."""
    if not isinstance(each, EventMonitor | StateMonitor | Synapses | PoissonInput):
        raise EvsimError(f"{each.name} has run, was removed and cannot come back; make a new one")
    if isinstance(each, PopulationRateMonitor) and each.active:
        each._open()
    if isinstance(each, Synapses) and describer is not None:
        describer.synapses[each.name].continuous.come_back(each)
