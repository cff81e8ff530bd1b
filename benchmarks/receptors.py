"""Receptors with three kinetic states each, from n sources of 10 Hz onto n cells, all to all: n**2 synapses.

Variants: "ternary", receptors, desensitised receptors and open channels, linear; "gaba_b", the same with four molecules
of a G-protein for a channel, which does not add up; each with one weight for all, or " own weights".
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main

CELL = """dV/dt = (20*nS*(-70*mV - V) + I_syn)/(0.4*nF) : volt
          I_syn : amp"""
KINETICS = """
dR/dt = 0.66/(mM*ms)*T*(1 - R - D) - 0.02/ms*R + 0.0053/ms*D : 1
dD/dt = 0.017/ms*R - 0.0053/ms*D : 1
"""
OPENING = {
    "ternary": "ds/dt = 0.083/ms*R - 7.9e-3/ms*s : 1",
    "gaba_b": "dG/dt = 8.3e-5*mM/ms*R - 7.9e-3/ms*G : mM\ns = G**4/(G**4 + 100*uM**4) : 1",
}


def weight(case: Case) -> str:
    """Every weight is 1 pA, or about that."""
    return "(1 + 0.1*rand())*pA" if case.variant.endswith("own weights") else "1*pA"


def evsim(case: Case) -> Measured:
    """Run a gate with these equations and the output current: evsim finds out how."""
    from benchmarks.simulators import ev
    from evsim.models import current
    from evsim.plugin import Gate, Parameter, Pulse

    def network(words: Any, case: Case) -> list[Any]:
        gate = Gate(
            name="receptor",
            equations=KINETICS + OPENING[case.variant.split()[0]],
            parameters=[Parameter("T_duration", 0.5 * words.ms, "length of the pulse")],
            on_pre=Pulse("T", height="0.5*mM", duration="T_duration"),
        )
        sources = words.PoissonGroup(case.n, 10 * words.Hz)
        cells = words.NeuronGroup(case.n, CELL.replace("I_syn : amp", "I_syn : amp (input)"))
        cells.V = -70 * words.mV
        synapses = words.Synapses(sources, cells, gate, output=current)
        synapses.connect()
        synapses.w = weight(case)
        return [sources, cells, synapses, words.SpikeMonitor(sources)]

    return ev.simulate(case, network)


def brian2(case: Case) -> Measured:
    """Run the equations at every synapse, stepped on the clock by Euler's method, the cheapest that there is."""
    from benchmarks.simulators import brian

    def network(words: Any, case: Case) -> list[Any]:
        opening = OPENING[case.variant.split()[0]]
        lines = [*KINETICS.strip().splitlines(), *opening.splitlines()]
        lines = [f"{line} (clock-driven)" if line.startswith("d") else line for line in lines]
        lines += ["T = 0.5*mM*int(t < t_end) : mM", "t_end : second", "w : amp"]
        lines.append("I_syn_post = w*s : amp (summed)")
        units = {"mM": words.mmolar, "uM": words.umolar}
        text = "\n".join(lines).replace(": mM", ": mmolar")
        sources = words.PoissonGroup(case.n, 10 * words.Hz)
        cells = words.NeuronGroup(case.n, CELL, method="exact")
        cells.V = -70 * words.mV
        synapses = words.Synapses(
            sources, cells, text, on_pre="t_end = t + 0.5*ms", method="euler", namespace=units
        )
        synapses.connect()
        synapses.w = weight(case)
        return [sources, cells, synapses, words.SpikeMonitor(sources)]

    return brian.simulate(case, network)


if __name__ == "__main__":
    main("receptors", {"evsim": evsim, "brian2": brian2})
