"""Run one cell in one simulator and print one line: its spikes, and CPU ms per neuron and biological second."""

from __future__ import annotations

import argparse
import json
import os
from importlib import import_module

MODULES = {"evsim": "ev", "nest": "nest_cells", "neuron": "neuron_cells"}


def main() -> None:
    """Read what to run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.one", description=__doc__)
    parser.add_argument("simulator", choices=list(MODULES))
    parser.add_argument("cell")
    parser.add_argument("setting")
    parser.add_argument("--duration", type=float, default=1.0)
    parser.add_argument("--n", type=int, default=16)
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    simulator = import_module(f"benchmarks.accuracy.{MODULES[options.simulator]}")
    spikes, cpu = simulator.run(options.cell, options.setting, options.duration, options.n)
    print(json.dumps({"spikes": spikes, "ms_per_neuron_second": 1e3 * cpu / options.duration}))


if __name__ == "__main__":
    main()
