"""Voltage jumps with real delays: benchmark 4 of Brette et al. 2007 (J. Comput. Neurosci. 23:349).

The variant is the range of the delays, "0.5-1.5 ms".
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main
from benchmarks.simulators.words import balanced

EQUATIONS = "dv/dt = -(v + 49*mV)/(20*ms) : volt (unless refractory)"


def text_network(words: Any, case: Case) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share."""
    return balanced(words, case, EQUATIONS, "v_post += 0.25*mV", "v_post -= 2.25*mV")


def evsim(case: Case) -> Measured:
    """Run on evsim, exact or on the grid."""
    from benchmarks.simulators import ev

    return ev.simulate(case, text_network)


def brian2(case: Case) -> Measured:
    """Run on Brian2 standalone; spikes and delays are on its grid."""
    from benchmarks.simulators import brian

    return brian.simulate(case, text_network)


def nest(case: Case) -> Measured:
    """Run on NEST, its grid model or its precise model; delays are rounded to its step of 0.1 ms."""
    from benchmarks.simulators import nest as simulator

    simulator.start(case, resolution=0.1)
    model = "iaf_psc_delta_ps" if case.timing == "exact" else "iaf_psc_delta"
    parameters = {"tau_m": 20.0, "E_L": -49.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0}
    return simulator.simulate(case, simulator.balanced(case, model, parameters, (0.25, -2.25)))


def neuron(case: Case) -> Measured:
    """Run on NEURON with the event-driven JumpCell; exact."""
    from benchmarks.simulators import neuron as simulator

    simulator.load_mechanisms()
    return simulator.simulate(case, *simulator.balanced(case, "JumpCell", (0.25, -2.25)))


if __name__ == "__main__":
    main("jumps", {"evsim": evsim, "brian2": brian2, "nest": nest, "neuron": neuron})
