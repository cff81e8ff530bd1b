"""COBAHH: Hodgkin-Huxley cells, benchmark 3 of Brette et al. 2007 (J. Comput. Neurosci. 23:349).

The variant is the delay, "0.1 ms". evsim takes the method that is asked for, Brian2 always exponential Euler, as the
published script does.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Case, Measured, main
from benchmarks.simulators.words import conducting

EQUATIONS = """
dv/dt = (10*nS*(-60*mV - v) + ge*(0*mV - v) + gi*(-80*mV - v)
         - 20*uS*(m*m*m)*h*(v - 50*mV) - 6*uS*(n*n*n*n)*(v + 90*mV))/(200*pF) : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dge/dt = -ge/(5*ms) : siemens
dgi/dt = -gi/(10*ms) : siemens
alpha_m = 0.32*4/exprel((-50*mV - v)/(4*mV))/ms : Hz
beta_m = 0.28*5/exprel((v + 23*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((-46*mV - v)/(18*mV))/ms : Hz
beta_h = 4/(1 + exp((-23*mV - v)/(5*mV)))/ms : Hz
alpha_n = 0.032*5/exprel((-48*mV - v)/(5*mV))/ms : Hz
beta_n = 0.5*exp((-53*mV - v)/(40*mV))/ms : Hz
"""


def text_network(words: Any, case: Case) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share."""
    objects = conducting(words, case, EQUATIONS, "v > -20*mV", None, 3 * words.ms, ("6*nS", "67*nS"))
    cells = objects[0]
    cells.ge, cells.gi = "(randn()*1.5 + 4)*10*nS", "(randn()*12 + 20)*10*nS"
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
    main("cobahh", {"evsim": evsim, "brian2": brian2})
