"""What one run is asked, what it measures, and the line it prints.

Only the standard library: this file runs in the Python of every simulator.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

BEGUN = time.perf_counter()


@dataclass(frozen=True)
class Case:
    """One run: number of cells, variant of the network, exact or on the grid, seconds to simulate, seed.

    `method` is evsim's, with a relative tolerance if one is given: "adaptive 1e-8"; "" for the default.
    """

    n: int
    variant: str
    timing: str
    duration: float
    seed: int
    method: str = ""


@dataclass(frozen=True)
class Measured:
    """What a run measured: CPU seconds of the simulation call alone, and the number of spikes.

    `before` is the wall time from the start to that call: imports, compilation, connections. A simulator that
    runs in a process of its own gives the peak memory of that process.
    """

    before: float
    cpu: float
    spikes: int
    version: str
    memory_mb: float | None = None
    more: Mapping[str, object] | None = None  # for the line


def since_start() -> float:
    """Return the seconds since this process began to work."""
    return time.perf_counter() - BEGUN


def cpu_seconds(simulate: Callable[[], object]) -> float:
    """Call and return the CPU seconds that this process spent on it."""
    start = time.process_time()
    simulate()
    return time.process_time() - start


def main(network: str, simulators: Mapping[str, Callable[[Case], Measured]]) -> None:
    """Run one case, named on the command line, and print its line."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{network}")
    parser.add_argument("simulator", choices=list(simulators))
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--variant", default="")
    parser.add_argument("--timing", choices=["exact", "grid"], required=True)
    parser.add_argument("--duration", type=float, default=1.0, help="seconds of biological time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--method", default="", help="of evsim, where the network lets it choose")
    parser.add_argument("--core", type=int, help="the processor core to stay on")
    options = vars(parser.parse_args())
    simulator, core = options.pop("simulator"), options.pop("core")
    if core is not None:
        os.sched_setaffinity(0, {core})
    case = Case(**options)
    print(json.dumps(line(network, simulator, case, simulators[simulator](case))))


def line(network: str, simulator: str, case: Case, measured: Measured) -> dict[str, object]:
    """Return what one run prints."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "network": network,
        "simulator": simulator,
        **asdict(case),
        "seconds_cpu": round(measured.cpu, 5),
        "seconds_build": round(measured.before, 3),
        "spikes": measured.spikes,
        "rate": round(measured.spikes / case.n / case.duration, 3),
        "memory_mb": round(measured.memory_mb or peak, 1),
        "version": measured.version,
        **(measured.more or {}),
    }
