"""NEST on one thread; the time of `Run`, after `Prepare` has sorted the connections."""

from __future__ import annotations

from typing import Any

import nest as nest  # others create nodes with it too

from benchmarks.measure import Case, Measured, cpu_seconds, since_start


def start(case: Case, resolution: float) -> None:
    """Empty the kernel and set step (ms) and seed."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": resolution, "rng_seed": case.seed, "local_num_threads": 1})


def balanced(case: Case, model: str, parameters: dict[str, float], weights: tuple[float, float]) -> Any:
    """Make the network of Vogels and Abbott: four in five cells excite, 80 synapses per cell on average."""
    cells = nest.Create(model, case.n, parameters)
    cells.V_m = nest.random.uniform(-60.0, -50.0)
    excitatory = case.n * 4 // 5
    rule = {"rule": "pairwise_bernoulli", "p": 80.0 / case.n}
    for source, weight in zip((cells[:excitatory], cells[excitatory:]), weights, strict=True):
        nest.Connect(source, cells, rule, {"weight": weight, "delay": delay_of(case)})
    return cells


def delay_of(case: Case) -> Any:
    """Turn a variant, "0.1 ms" or "0.1-5 ms", into a number or a distribution; NEST rounds it to its step."""
    bounds = [float(text) for text in case.variant.removesuffix(" ms").split("-")]
    return bounds[0] if len(bounds) == 1 else nest.random.uniform(*bounds)


def simulate(case: Case, cells: Any) -> Measured:
    """Record the spikes of all cells and run."""
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Prepare()
    before = since_start()
    cpu = cpu_seconds(lambda: nest.Run(case.duration * 1000.0))
    nest.Cleanup()
    return Measured(before, cpu, int(recorder.n_events), nest.__version__)
