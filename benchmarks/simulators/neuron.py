"""NEURON with event-driven cells of our own (mechanisms/*.mod), every event at its real time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import neuron
import numpy as np
from neuron import h as h  # others make cells of it too

from benchmarks.measure import Case, Measured, cpu_seconds, since_start

HERE = Path(__file__).resolve().parents[1]
BUILT = HERE.parent / "output" / "mechanisms"


def load_mechanisms() -> None:
    """Compile the mechanisms if they are new, and load them."""
    sources = sorted((HERE / "mechanisms").glob("*.mod"))
    library = next(BUILT.glob("*/libnrnmech.so"), None)
    if library is None or library.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        shutil.rmtree(BUILT, ignore_errors=True)
        BUILT.mkdir(parents=True)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        command = ["nrnivmodl", *map(str, sources)]
        environment = {**os.environ, "PATH": path}
        subprocess.run(command, cwd=BUILT, check=True, capture_output=True, env=environment)
    neuron.load_mechanisms(str(BUILT))


def random_pairs(random: np.random.Generator, sources: range, targets: int, p: float) -> Any:
    """Draw as many pairs (source, target) as a draw with probability p for each pair would give."""
    count = random.binomial(len(sources) * targets, p)
    ends = (random.integers(sources.start, sources.stop, count), random.integers(0, targets, count))
    return np.stack(ends, axis=1)


def connect(sources: list[Any], targets: list[Any], pairs: Any, weight: float, delays: Any) -> list[Any]:
    """Join source i to target j for each pair; the caller keeps what is returned alive."""
    made = []
    for (i, j), delay in zip(pairs.tolist(), delays.tolist(), strict=True):
        link = h.NetCon(sources[i], targets[j])
        link.delay = delay
        link.weight[0] = weight
        made.append(link)
    return made


def balanced(case: Case, kind: str, weights: tuple[float, float]) -> tuple[list[Any], list[Any]]:
    """Make the network of Vogels and Abbott: four in five cells excite, 80 synapses per cell on average."""
    random = np.random.default_rng(case.seed)
    cells = [getattr(h, kind)() for _ in range(case.n)]
    for cell in cells:
        cell.v_start = random.uniform(-60.0, -50.0)
    bounds = [float(text) for text in case.variant.removesuffix(" ms").split("-")]
    links = []
    excitatory = case.n * 4 // 5
    for first, last, weight in ((0, excitatory, weights[0]), (excitatory, case.n, weights[1])):
        pairs = random_pairs(random, range(first, last), case.n, 80.0 / case.n)
        delays = random.uniform(bounds[0], bounds[-1], len(pairs))
        links += connect(cells, cells, pairs, weight, delays)
    return cells, links


def poisson_input(cells: list[Any], rate: float, weight: float, case: Case) -> list[Any]:
    """Give every cell its own Poisson events at `rate` (Hz); the caller keeps what is returned alive."""
    made = []
    for number, cell in enumerate(cells):
        source = h.NetStim()
        source.interval, source.number, source.start, source.noise = 1000.0 / rate, 1e12, 0.0, 1.0
        source.noiseFromRandom123(number, case.seed, 0)
        link = h.NetCon(source, cell)
        link.weight[0] = weight
        made += [source, link]
    return made


def simulate(case: Case, cells: list[Any], kept: list[Any]) -> Measured:
    """Record the spikes of all cells and run from event to event; `kept` are the objects to keep alive."""
    times = h.Vector()
    recorders = [h.NetCon(cell, None) for cell in cells]
    for recorder in recorders:
        recorder.record(times)
    integrator = h.CVode()
    integrator.active(True)
    h.finitialize()
    before = since_start()
    cpu = cpu_seconds(lambda: integrator.solve(case.duration * 1000.0))
    assert kept
    return Measured(before, cpu, int(times.size()), neuron.__version__)
