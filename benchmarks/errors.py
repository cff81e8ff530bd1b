"""How right the spikes of a network are by a method, until its chaos takes over, beside a run at a tight tolerance.

python -m benchmarks.errors coba --method "adaptive 1e-6" --duration 0.05
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Case

TIGHT = "adaptive 1e-14"
NETWORKS = ("coba", "cobahh")


def spikes(network: str, case: Case) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return neuron and time (ms) of every spike, in order of time."""
    ev: Any = import_module("evsim")
    ev.start_scope()
    ev.seed(case.seed)
    ev.defaultclock.dt = 0.1 * ev.ms
    objects = import_module(f"benchmarks.{network}").text_network(ev, case)
    ev.Network(objects).run(case.duration * ev.second)
    return np.asarray(objects[-1].i), np.asarray(objects[-1].t / ev.ms)


def compared(network: str, case: Case) -> dict[str, object]:
    """Return how many spikes come in the same order as in the tight run, and how late or early they are (ms)."""
    i, t = spikes(network, case)
    right_i, right_t = spikes(network, Case(**{**case.__dict__, "method": TIGHT}))
    n = min(len(i), len(right_i))
    different = np.flatnonzero(i[:n] != right_i[:n])
    same = int(different[0]) if different.size else n
    errors = np.abs(t[:same] - right_t[:same])
    return {
        "network": network,
        "n": case.n,
        "method": case.method or "default",
        "spikes": len(i),
        "in_order": same,
        "until_ms": round(float(right_t[same - 1]), 3) if same else 0.0,
        "median_error_ms": float(np.median(errors)) if same else None,
        "largest_error_ms": float(errors.max()) if same else None,
    }


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.errors", description=__doc__)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--method", default="")
    parser.add_argument("--duration", type=float, default=0.05, help="seconds of biological time")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    case = Case(options.n, "0.1 ms", "exact", options.duration, options.seed, options.method)
    print(json.dumps(compared(options.network, case)))


if __name__ == "__main__":
    main()
