"""The network of Brunel 2000 (J. Comput. Neurosci. 8:183): delta synapses, external Poisson input, model A.

12 500 cells, each pair joined with probability 0.1, J 0.1 mV, g 5, external rate twice the threshold rate,
delay 1.5 ms. (Brunel gives every cell the same number of inputs; drawing pairs is what all simulators here do
alike.) A smaller n scales J so that the mean input stays.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main

EQUATIONS = "dv/dt = -v/(20*ms) : volt (unless refractory)"
DELAY = 1.5  # ms
EXTERNAL = 20_000.0  # events per second and cell at n = 12 500
PROBABILITY = 0.1
INHIBITION = 5.0


def weight_of(case: Case) -> float:
    """Return J in mV: 0.1 at full size."""
    return 0.1 * 12_500 / case.n


def external_rate(case: Case) -> float:
    """Return the rate (Hz) of external events that each cell receives."""
    return EXTERNAL * case.n / 12_500


def text_network(words: Any, case: Case) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share."""
    mV, ms, excitatory, weight = words.mV, words.ms, case.n * 4 // 5, weight_of(case)
    cells = words.NeuronGroup(
        case.n, EQUATIONS, threshold="v > 20*mV", reset="v = 0*mV", refractory=2 * ms, method="exact"
    )
    exciting = words.Synapses(cells[:excitatory], cells, on_pre=f"v_post += {weight}*mV", delay=DELAY * ms)
    exciting.connect(p=PROBABILITY)
    code = f"v_post -= {INHIBITION * weight}*mV"
    inhibiting = words.Synapses(cells[excitatory:], cells, on_pre=code, delay=DELAY * ms)
    inhibiting.connect(p=PROBABILITY)
    rate = external_rate(case) / 1000 * words.Hz
    external = words.PoissonInput(cells, "v", N=1000, rate=rate, weight=weight * mV)
    return [cells, exciting, inhibiting, external, words.SpikeMonitor(cells)]


def evsim(case: Case) -> Measured:
    """Run on evsim, exact or on the grid."""
    from benchmarks.simulators import ev

    return ev.simulate(case, text_network)


def brian2(case: Case) -> Measured:
    """Run on Brian2 standalone; external input is binomial per step."""
    from benchmarks.simulators import brian

    return brian.simulate(case, text_network)


def nest(case: Case) -> Measured:
    """Run on NEST: grid model and generator, or the precise ones."""
    from benchmarks.simulators import nest as simulator

    simulator.start(case, resolution=0.1)
    kind = "_ps" if case.timing == "exact" else ""
    create, connect = simulator.nest.Create, simulator.nest.Connect
    parameters = {"tau_m": 20.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 0.0, "V_m": 0.0, "t_ref": 2.0}
    cells = create(f"iaf_psc_delta{kind}", case.n, parameters)
    excitatory, weight = case.n * 4 // 5, weight_of(case)
    groups = (cells[:excitatory], cells[excitatory:])
    rule = {"rule": "pairwise_bernoulli", "p": PROBABILITY}
    for group, w in zip(groups, (weight, -INHIBITION * weight), strict=True):
        connect(group, cells, rule, {"weight": w, "delay": DELAY})
    external = create(f"poisson_generator{kind}", 1, {"rate": external_rate(case)})
    connect(external, cells, syn_spec={"weight": weight, "delay": DELAY})
    return simulator.simulate(case, cells)


def neuron(case: Case) -> Measured:
    """Run on NEURON with the event-driven JumpCell; exact. Full size takes 6 GB and many minutes."""
    import numpy as np

    from benchmarks.simulators import neuron as simulator

    simulator.load_mechanisms()
    h, random = simulator.h, np.random.default_rng(case.seed)
    cells = [h.JumpCell() for _ in range(case.n)]
    for cell in cells:
        cell.v_rest, cell.v_th, cell.v_reset, cell.t_ref, cell.v_start = 0, 20, 0, 2, 0
    excitatory, weight = case.n * 4 // 5, weight_of(case)
    kept = []
    for first, last, w in ((0, excitatory, weight), (excitatory, case.n, -INHIBITION * weight)):
        pairs = simulator.random_pairs(random, range(first, last), case.n, PROBABILITY)
        kept += simulator.connect(cells, cells, pairs, w, np.full(len(pairs), DELAY))
    kept += simulator.poisson_input(cells, external_rate(case), weight, case)
    return simulator.simulate(case, cells, kept)


if __name__ == "__main__":
    main("brunel", {"evsim": evsim, "brian2": brian2, "nest": nest, "neuron": neuron})
