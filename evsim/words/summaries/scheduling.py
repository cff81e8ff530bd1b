"""What happens in which order at one instant, and what follows which step, read from the objects of a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from evsim.words.actions import Action
from evsim.words.actions.occasions import GivenTimes
from evsim.words.clocks import defaultclock, in_seconds
from evsim.words.monitors import PopulationRateMonitor, SpikeMonitor, StateMonitor
from evsim.words.neurons import NeuronGroup
from evsim.words.sources import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from evsim.words.summaries.table import as_html, as_text
from evsim.words.synapses import Synapses

_HEAD = ["order", "object", "what", "when"]

_NOTES = (
    "States move between events, exactly or to a tolerance; spikes and deliveries happen at their own instants.",
    "At one instant things happen in the order of this table; deliveries without delay,",
    "and the tests and resets that follow from them, come again until nothing is left.",
)


class Entry(NamedTuple):
    """One thing that happens."""

    order: str
    name: str
    what: str
    when: str


class SchedulingSummary:
    """The entries of a network in the order in which they happen at one instant."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.entries = list(_entries(network._members()))

    def __repr__(self) -> str:
        title = f"{self._network.name}: what happens at one instant, in exact time"
        return "\n".join([title, "", as_text(_HEAD, self.entries), "", *_NOTES])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{note}</p>" for note in _NOTES)
        return as_html(_HEAD, self.entries) + notes


def _entries(members: list[Any]) -> Iterator[Entry]:
    actions = sorted((each for each in members if isinstance(each, Action)), key=Action._place)
    yield from (_action(each, "1 actions before events") for each in actions if not each.is_after)
    yield from _sources(members)
    yield from _deliveries(members)
    for group in members:
        if isinstance(group, NeuronGroup) and group.threshold:
            yield Entry(
                "4 threshold test", group.name, f"spikes where {group.threshold}", "whenever it is crossed"
            )
    for group in members:
        if isinstance(group, NeuronGroup) and group.threshold:
            yield Entry("5 reset", group.name, _reset(group), "at its spikes")
    yield from _records(members)
    yield from (_action(each, "7 actions after events") for each in actions if each.is_after)


def _sources(members: list[Any]) -> Iterator[Entry]:
    for each in members:
        if isinstance(each, PoissonGroup):
            yield Entry(
                "2 spikes of sources", each.name, f"{len(each)} Poisson processes", "at random instants"
            )
        if isinstance(each, SpikeGeneratorGroup):
            yield Entry("2 spikes of sources", each.name, f"{len(each)} given trains", "at the given times")


def _deliveries(members: list[Any]) -> Iterator[Entry]:
    for each in members:
        if isinstance(each, Synapses):
            for pathway in each._pathways:
                what = f"{'spikes of' if pathway.trigger == 'pre' else 'spikes of targets'} "
                what += each._source._label() if pathway.trigger == "pre" else each._target._label()
                yield Entry(
                    "3 deliveries",
                    each.name,
                    f"{what}: {_line(pathway.code)}",
                    _delay(each, pathway.delay_name),
                )
        if isinstance(each, PoissonInput):
            yield Entry(
                "3 deliveries",
                each.name,
                f"adds to {each._target._label()}.{each._variable.name}",
                "at random instants",
            )


def _delay(synapses: Synapses, name: str) -> str:
    delays = synapses._storage.arrays[name]
    if not delays.size:
        return "not connected yet"
    low, high = in_seconds(float(delays.min())), in_seconds(float(delays.max()))
    return f"{low} after a spike" if low == high else f"{low} to {high} after a spike"


def _reset(group: NeuronGroup) -> str:
    what = _line(group.reset or "") or "nothing"
    return what if group.refractory is None else f"{what}; refractory {group.refractory}"


def _records(members: list[Any]) -> Iterator[Entry]:
    for each in members:
        if isinstance(each, StateMonitor):
            clock = each._clock or each._source._group._clock or defaultclock
            yield Entry("6 records", each.name, f"samples {', '.join(each._variables)}", f"every {clock.dt}")
        elif isinstance(each, SpikeMonitor) and not isinstance(each, PopulationRateMonitor):
            yield Entry("6 records", each.name, f"spikes of {each._source._label()}", "at every spike")
        elif isinstance(each, SpikeMonitor):
            yield Entry("6 records", each.name, f"rate of {each._source._label()}", "at every spike")


def _action(each: Action, order: str) -> Entry:
    if isinstance(each._occasions, GivenTimes):
        when = f"at {in_seconds(np.asarray(each._occasions.seconds))}"
    else:
        when = f"every {(each._clock or each._default_clock()).dt}"
    code = getattr(each, "code", None)
    return Entry(
        order,
        each.name,
        "calls its function" if code is None else _line(code),
        f"{when}, {each.when}, {each.order}",
    )


def _line(code: str) -> str:
    return "; ".join(line.strip() for line in code.strip().splitlines() if line.strip())
