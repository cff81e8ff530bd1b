"""CUBA: cells with exponential currents, benchmark 2 of Brette et al. 2007 (J. Comput. Neurosci. 23:349).

Variants are delays: "0.1 ms", "1.0 ms", or "0.1-5 ms" for delays of their own, uniform and real-valued.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main
from benchmarks.simulators.words import balanced

EQUATIONS = """
dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
"""


def text_network(words: Any, case: Case) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share."""
    return balanced(words, case, EQUATIONS, "ge_post += 1.62*mV", "gi_post -= 9*mV")


def evsim(case: Case) -> Measured:
    """Run on evsim, exact or on the grid."""
    from benchmarks.simulators import ev

    return ev.simulate(case, text_network)


def brian2(case: Case) -> Measured:
    """Run on Brian2 standalone; spikes and delays are on its grid."""
    from benchmarks.simulators import brian

    return brian.simulate(case, text_network)


def nest(case: Case) -> Measured:
    """Run on NEST: its grid model, or its precise model with the longest step that the delays allow."""
    from benchmarks.simulators import nest as simulator

    is_exact = case.timing == "exact"
    simulator.start(case, resolution=1.0 if is_exact and case.variant == "1.0 ms" else 0.1)
    resistance = 0.1  # mV/pA, so that currents in pA give the potentials above
    parameters = {"tau_m": 20.0, "C_m": 20.0 / resistance, "E_L": -49.0, "V_th": -50.0, "V_reset": -60.0}
    parameters |= {"t_ref": 5.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
    weights = (1.62 / resistance, -9.0 / resistance)
    cells = simulator.balanced(case, "iaf_psc_exp_ps" if is_exact else "iaf_psc_exp", parameters, weights)
    return simulator.simulate(case, cells)


def neuron(case: Case) -> Measured:
    """Run on NEURON with the event-driven CurrentCell; exact."""
    from benchmarks.simulators import neuron as simulator

    simulator.load_mechanisms()
    return simulator.simulate(case, *simulator.balanced(case, "CurrentCell", (1.62, -9.0)))


if __name__ == "__main__":
    main("cuba", {"evsim": evsim, "brian2": brian2, "nest": nest, "neuron": neuron})
