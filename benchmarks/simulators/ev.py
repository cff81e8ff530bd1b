"""evsim; the time of `run`, after an empty run has compiled the kernels and laid out the synapses."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.measure import Case, Measured, cpu_seconds, since_start

ev: Any = import_module("evsim")  # the units are names that no type checker sees


def simulate(case: Case, build: Callable[[Any, Case], list[Any]]) -> Measured:
    """Let `build` return the objects, a spike monitor last, and run them on one thread."""
    ev.seed(case.seed)
    ev.defaultclock.dt = 0.1 * ev.ms
    ev.prefs.threads = 1
    objects = build(ev, case)
    network = ev.Network(objects)
    network.run(0 * ev.ms, timing=case.timing)
    before = since_start()
    cpu = cpu_seconds(lambda: network.run(case.duration * ev.second, timing=case.timing))
    return Measured(before, cpu, int(objects[-1].num_spikes), _version())


def _version() -> str:
    try:
        return version("evsim")
    except PackageNotFoundError:
        return "from source"
