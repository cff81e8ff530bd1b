"""What Brian2 and evsim build with the same words; `words` is either module."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case


def balanced(words: Any, case: Case, equations: str, exciting: str, inhibiting: str) -> list[Any]:
    """Make cells and join them as Vogels and Abbott do: four in five excite, 80 synapses per cell on average."""
    cells = words.NeuronGroup(
        case.n,
        equations,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * words.ms,
        method="exact",
    )
    cells.v = "-60*mV + rand()*10*mV"
    excitatory = case.n * 4 // 5
    objects = [cells]
    for source, code in ((cells[:excitatory], exciting), (cells[excitatory:], inhibiting)):
        synapses = words.Synapses(source, cells, on_pre=code)
        synapses.connect(p=80 / case.n)
        synapses.delay = delay_of(words, case)
        objects.append(synapses)
    return [*objects, words.SpikeMonitor(cells)]


def delay_of(words: Any, case: Case) -> Any:
    """Turn a variant, "0.1 ms" or "0.1-5 ms", into a time or a text that draws one for each synapse."""
    low, _, high = case.variant.removesuffix(" ms").partition("-")
    return f"({low} + rand()*({high} - {low}))*ms" if high else float(low) * words.ms
