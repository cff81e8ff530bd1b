"""The neurons in NEURON with CVODE, each event at its real time; cells written for this (../mechanisms/*.mod)."""

from __future__ import annotations

from typing import Any

from neuron import h

from benchmarks.accuracy.cells import CELLS, Cell, events
from benchmarks.measure import cpu_seconds
from benchmarks.simulators.neuron import load_mechanisms

SETTINGS = {"atol 1e-5": 1e-5, "atol 1e-9": 1e-9}
POINTS = {"conductances": "ConductanceCell", "exponential": "ExponentialCell", "quadratic": "QuadraticCell"}


def point_cell(cell: Cell, section: Any) -> tuple[list[Any], Any]:
    """A cell that is a point process; return its inputs and the connection that sees its spikes."""
    point = getattr(h, POINTS[cell.family])(section(0.5))
    for name, value in cell.values.items():
        setattr(point, {"I": "drive"}.get(name, name), value)
    return [point] * len(cell.weights), h.NetCon(point, None)


def membrane(cell: Cell, section: Any) -> tuple[list[Any], Any]:
    """A cell of channels; return its synapses, its current, and what sees its spikes."""
    is_squid = cell.family == "squid"
    area = 1e5 if is_squid else 2e4  # um2: 1 uF/cm2 makes 1 nF or 0.2 nF
    section.L = section.diam = (area / 3.141592653589793) ** 0.5
    section.insert("hh" if is_squid else "traub_miles")
    section.ena, section.ek = 50.0, -77.0 if is_squid else -90.0
    if is_squid:
        h.celsius = 6.3
        h.usetable_hh = 0
        section(0.5).hh.el = -54.387
    clamp = h.IClamp(section(0.5))
    clamp.delay, clamp.dur, clamp.amp = 0.0, 1e9, cell.values["I"]
    synapses = []
    for reversal, tau in ((0.0, 5.0), (-80.0, 10.0)):
        synapse = h.ExpSyn(section(0.5))
        synapse.e, synapse.tau = reversal, tau
        synapses.append(synapse)
    seen = h.NetCon(section(0.5)._ref_v, None, sec=section)
    seen.threshold = cell.values["th"]
    return [*synapses, clamp], seen


def run(name: str, setting: str, duration: float, n: int) -> tuple[list[float], float]:
    """Run one cell, whatever n is; return its spikes (ms) and CPU seconds."""
    load_mechanisms()
    cell = CELLS[name]
    section = h.Section(name="soma")
    targets, seen = (point_cell if cell.family in POINTS else membrane)(cell, section)
    links = []
    for kind, weight in enumerate(cell.weights):
        link = h.NetCon(None, targets[kind])
        link.weight[0] = -weight if kind and cell.family in POINTS else weight
        links.append(link)
    train = events(cell, duration)

    def schedule() -> None:
        for time, kind in train:
            links[kind].event(time)

    kept = h.FInitializeHandler(schedule)
    spikes = h.Vector()
    seen.record(spikes)
    integrator = h.CVode()
    integrator.active(True)
    integrator.atol(SETTINGS[setting])
    integrator.condition_order(2)
    h.finitialize(cell.values["start"])
    cpu = cpu_seconds(lambda: integrator.solve(1000.0 * duration))
    assert kept
    return list(spikes), cpu
