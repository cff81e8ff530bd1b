"""Every gate with every output: largest errors of the gate, of potentials and of spike times, against many digits.

The gate: matrix exponentials of thirty digits, or extrapolation where it is not linear; cells that are silent and
cells that spike: extrapolation in mpmath numbers.
"""

from __future__ import annotations

import json
import random
from importlib import import_module
from typing import Any

import mpmath

from benchmarks.accuracy.kinetics import KINETICS, Cell, course

ev: Any = import_module("evsim")  # the units are names that no type checker sees
models: Any = import_module("evsim.models")

OUTPUTS = ("current", "conductance", "magnesium_block")
# nA and uS at which the cell spikes several times
SIZES = {
    "exponential": (0.1, 0.02),
    "dual_exponential": (0.2, 0.03),
    "alpha": (0.15, 0.02),
    "ampa": (1.5, 0.1),
    "gaba_a": (1.5, 0.1),
    "nmda": (1.0, 0.05),
    "gaba_b": (50.0, 5.0),
    "gaba_b_desensitising": (5.0, 0.5),
}
DELAY = 1.2345678
HEADER = """| gate | output | error of s | of V, silent (mV) | of V, spiking (mV) | of spikes (ms) | spikes |
|---|---|--:|--:|--:|--:|--:|"""


def train(duration: float, seed: int = 3) -> list[float]:
    """Spikes at real times, 0.8 per ms, many of them closer than a pulse is long (ms)."""
    draw = random.Random(seed)
    return sorted(draw.uniform(0.3, duration) for _ in range(round(0.8 * duration)))


def run(gate: str, output: str, duration: float) -> tuple[Any, Any, Any]:
    """Run one synapse on a silent and on a spiking cell; return monitors of the gate, of potentials and of spikes."""
    ev.start_scope()
    model, kind = getattr(models, gate), getattr(models, output)
    size = SIZES[gate][output != "current"]
    times = train(duration)
    source = ev.SpikeGeneratorGroup(1, [0] * len(times), times * ev.ms)
    cells = ev.NeuronGroup(2, models.lif(I_stim=[0, 0.55] * ev.nA, V_th=[1000, -50] * ev.mV))
    full = kind if output == "current" else kind(g_max=size * ev.uS)
    synapses = ev.Synapses(source, cells, model, output=full, delay=DELAY * ev.ms)
    synapses.connect()
    if output == "current":
        synapses.w = size * ev.nA
    found = (
        ev.StateMonitor(synapses, "s", record=[0]),
        ev.StateMonitor(cells, "V", record=True),
        ev.SpikeMonitor(cells),
    )
    ev.Network(source, cells, synapses, *found).run(duration * ev.ms)
    return found


def compared(gate: str, output: str, duration: float) -> dict[str, Any]:
    """Return the largest errors of one pair."""
    trace, potentials, spikes = run(gate, output, duration)
    times, at = train(duration), [0.1 * k for k in range(len(trace.t))]
    with mpmath.workdps(30):
        errors: dict[str, Any] = {"s": _largest(trace.s[0], course(gate, times, at).of("s"))}
    late = [time + DELAY for time in times]
    size = repr(SIZES[gate][output != "current"])
    for k, (name, current, threshold) in enumerate((("silent", "0", 1000), ("spiking", "0.55", -50))):
        with mpmath.workdps(25):
            truth = course(gate, late, at, Cell(output, size, "0", current, threshold))
        errors[name] = _largest(potentials.V[k] / ev.mV, truth.of("V"))
    right = [float(time) for time in truth.spikes]
    left = [float(t) for t, i in zip(spikes.t / ev.ms, spikes.i, strict=True) if i == 1 and t < at[-1]]
    errors["ms"] = _largest(left, right) if len(left) == len(right) else float("inf")
    return {"gate": gate, "output": output, **errors, "spikes": len(right)}


def _largest(found: Any, right: list[float]) -> float:
    return max((abs(float(a) - b) for a, b in zip(found, right, strict=True)), default=0.0)


def table(duration: float) -> str:
    """Compare every pair; print a line for each, and return the table."""
    rows = [HEADER]
    for gate in KINETICS:
        for output in OUTPUTS:
            line = compared(gate, output, duration)
            print(json.dumps(line), flush=True)
            errors = [f"{line[key]:.1e}" for key in ("s", "silent", "spiking", "ms")]
            rows.append("| " + " | ".join([gate, output, *errors, str(line["spikes"])]) + " |")
    return "\n".join(rows)
