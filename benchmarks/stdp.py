"""Pair STDP: 1000 Poisson inputs at 15 Hz, all to all onto n cells (Song, Miller, Abbott 2000, Nat. Neurosci. 3:919).

100 cells have 100 000 plastic synapses. Spikes are delivered without delay, traces decay with 20 ms.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main

CELLS = """dv/dt = (ge*80*mV - 74*mV - v)/(10*ms) : volt
           dge/dt = -ge/(5*ms) : 1"""
SYNAPSES = """w : 1
              dApre/dt = -Apre/(20*ms) : 1 (event-driven)
              dApost/dt = -Apost/(20*ms) : 1 (event-driven)"""
ON_PRE = """ge += w
            Apre += 0.0001
            w = clip(w + Apost, 0, 0.01)"""
ON_POST = """Apost -= 0.000105
             w = clip(w + Apre, 0, 0.01)"""


def text_network(words: Any, case: Case) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share."""
    inputs = words.PoissonGroup(1000, rates=15 * words.Hz)
    cells = words.NeuronGroup(case.n, CELLS, threshold="v > -54*mV", reset="v = -60*mV", method="exact")
    cells.v = -60 * words.mV
    synapses = words.Synapses(inputs, cells, SYNAPSES, on_pre=ON_PRE, on_post=ON_POST)
    synapses.connect()
    synapses.w = "rand()*0.01"
    return [inputs, cells, synapses, words.SpikeMonitor(cells)]


def evsim(case: Case) -> Measured:
    """Run on evsim, exact or on the grid."""
    from benchmarks.simulators import ev

    return ev.simulate(case, text_network)


def brian2(case: Case) -> Measured:
    """Run on Brian2 standalone; spikes and pairs are on its grid."""
    from benchmarks.simulators import brian

    return brian.simulate(case, text_network)


if __name__ == "__main__":
    main("stdp", {"evsim": evsim, "brian2": brian2})
