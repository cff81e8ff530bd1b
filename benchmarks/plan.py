"""Which runs make up a comparison, and the Python that each simulator lives in."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

PYTHON_OF = {
    "evsim": sys.executable,
    "brian2": os.environ.get("EVSIM_BENCH_BRIAN2"),
    "nest": os.environ.get("EVSIM_BENCH_NEST"),
    "neuron": os.environ.get("EVSIM_BENCH_NEURON"),
}
ENTRANTS = [
    ("evsim", "exact"),
    ("evsim", "grid"),
    ("brian2", "grid"),
    ("nest", "grid"),
    ("nest", "exact"),
    ("neuron", "exact"),
]
COMPARISONS = {
    "cuba": ("cuba", 4000, ["0.1 ms", "1.0 ms", "0.1-5 ms"]),
    "cuba40k": ("cuba", 40_000, ["0.1 ms", "0.1-5 ms"]),
    "jumps": ("jumps", 4000, ["0.5-1.5 ms"]),
    "brunel": ("brunel", 12_500, [""]),
    "junctions": ("junctions", 500, [""]),
    "coba": ("coba", 4000, ["0.1 ms"]),
    "cobahh": ("cobahh", 4000, ["0.1 ms"]),
    "stdp": ("stdp", 100, [""]),
    "receptors": ("receptors", 1000, ["gaba_b", "ternary", "ternary own weights"]),
}
METHODS = {  # of evsim, beside its default
    "coba": ["adaptive 1e-6", "exponential_euler"],
    "cobahh": ["adaptive 1e-6", "exponential_euler"],
}
HAVE_NO = {(name, peer) for name in ("coba", "cobahh", "stdp", "receptors") for peer in ("nest", "neuron")}
NOT_THERE = {
    ("receptors", "evsim", "grid"),
    ("junctions", "evsim", "grid"),
    ("junctions", "nest", "exact"),
    ("junctions", "neuron", "exact"),
}
TOO_LARGE = {("brunel", "neuron")}  # 6 GB and the better part of an hour; run it by hand with a smaller --n


@dataclass(frozen=True)
class Run:
    """One line of the comparison."""

    network: str
    n: int
    variant: str
    simulator: str
    timing: str
    method: str = ""

    @property
    def is_installed(self) -> bool:
        """Say whether there is a Python for the simulator."""
        return PYTHON_OF[self.simulator] is not None

    def command(self, duration: float, seed: int, core: int) -> list[str]:
        """Return the command line that measures this run."""
        named = {"n": self.n, "variant": self.variant, "timing": self.timing, "duration": duration}
        if self.method:
            named["method"] = self.method
        options = [f"--{key}={value}" for key, value in {**named, "seed": seed, "core": core}.items()]
        python = PYTHON_OF[self.simulator] or "python"
        return [python, "-m", f"benchmarks.{self.network}", self.simulator, *options]


def methods(network: str, simulator: str, timing: str) -> list[str]:
    """Return the methods to compare: the default, and for evsim off the grid those of the plan."""
    return ["", *METHODS.get(network, [])] if (simulator, timing) == ("evsim", "exact") else [""]


def runs(names: list[str], simulators: list[str]) -> list[Run]:
    """Return the runs of the comparisons named, of the simulators that are installed."""
    every = [
        Run(network, n, variant, simulator, timing, method)
        for network, n, variants in (COMPARISONS[name] for name in names)
        for variant in variants
        for simulator, timing in ENTRANTS
        if simulator in simulators and (network, simulator) not in TOO_LARGE | HAVE_NO
        if (network, simulator, timing) not in NOT_THERE
        for method in methods(network, simulator, timing)
    ]
    return [run for run in every if run.is_installed]
