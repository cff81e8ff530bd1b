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
    return joined(words, case, cells, (exciting, inhibiting), delay_of(words, case))


def conducting(
    words: Any,
    case: Case,
    equations: str,
    threshold: str,
    reset: str | None,
    rest: Any,
    weights: tuple[str, str],
) -> list[Any]:
    """The same with conductances ge and gi; evsim's method is that of the case."""
    method, _, rtol = case.method.partition(" ")
    options: dict[str, Any] = {"method": "exponential_euler"}
    if words.__name__ == "evsim":
        options = {"method": method or None, "method_options": {"rtol": float(rtol)} if rtol else None}
    cells = words.NeuronGroup(case.n, equations, threshold=threshold, reset=reset, refractory=rest, **options)
    cells.v = "-60*mV + (randn()*5 - 5)*mV"
    codes = tuple(f"{g}_post += {weight}" for g, weight in zip(("ge", "gi"), weights, strict=True))
    return joined(words, case, cells, codes, delay_of(words, case))


def joined(words: Any, case: Case, cells: Any, codes: tuple[str, ...], delay: Any) -> list[Any]:
    """Join cells by two kinds of synapses, of the first four fifths and of the rest; a spike monitor comes last."""
    excitatory = case.n * 4 // 5
    objects = [cells]
    for source, code in zip((cells[:excitatory], cells[excitatory:]), codes, strict=True):
        synapses = words.Synapses(source, cells, on_pre=code)
        synapses.connect(p=80 / case.n)
        synapses.delay = delay
        objects.append(synapses)
    return [*objects, words.SpikeMonitor(cells)]


def delay_of(words: Any, case: Case) -> Any:
    """Turn a variant, "0.1 ms" or "0.1-5 ms", into a time or a text that draws one for each synapse."""
    low, _, high = case.variant.removesuffix(" ms").partition("-")
    return f"({low} + rand()*({high} - {low}))*ms" if high else float(low) * words.ms
