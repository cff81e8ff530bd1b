"""COBA: cells with synaptic conductances, benchmark 1 of Brette et al. 2007 (J. Comput. Neurosci. 23:349).

The variant is the delay, "0.1 ms". evsim takes the method that is asked for, Brian2 always exponential Euler, as the
published script does.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main
from benchmarks.simulators.words import conducting

EQUATIONS = """
dv/dt = (ge*(0*mV - v) + gi*(-80*mV - v) - (v + 60*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : 1
dgi/dt = -gi/(10*ms) : 1
"""


def text_network(words: Any, case: Case) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share."""
    objects = conducting(
        words, case, EQUATIONS, "v > -50*mV", "v = -60*mV", 5 * words.ms, ("6/10.0", "67/10.0")
    )
    cells = objects[0]
    cells.ge, cells.gi = "randn()*1.5 + 4", "randn()*12 + 20"
    return objects


def evsim(case: Case) -> Measured:
    """Run on evsim, exact or on the grid."""
    from benchmarks.simulators import ev

    return ev.simulate(case, text_network)


def brian2(case: Case) -> Measured:
    """Run on Brian2 standalone, exponential Euler; spikes and delays are on its grid."""
    from benchmarks.simulators import brian

    return brian.simulate(case, text_network)


if __name__ == "__main__":
    main("coba", {"evsim": evsim, "brian2": brian2})
