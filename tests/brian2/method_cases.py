"""Cases for what equations may know in a step: tables of time, the last spike, refractoriness; each method by its name.

Written once for Brian and for evsim, as in `cases.py`; nothing is random but the numbers that numpy gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _ring(w: Any, cells: Any, code: str, name: str = "ring") -> Any:
    """Each neuron acts on the third after it, with delays from 0.3 to 2.9 ms."""
    n = len(cells)
    ring = w.Synapses(cells, cells, on_pre=code, name=name)
    ring.connect(i=np.arange(n), j=(np.arange(n) + 3) % n)
    ring.delay = np.linspace(0.3, 2.9, n) * w.ms
    return ring


def _run(w: Any, duration: float, cells: Any, *objects: Any) -> dict[str, Any]:
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, *objects, monitor).run(duration * w.ms)
    return {"cells": monitor}


def tables_that_switch_between_steps(w: Any) -> dict[str, Any]:
    """Each stage of a method sees the value of its time, a threshold that of the step."""
    current = w.TimedArray(np.random.default_rng(1).uniform(0.3, 3, 300), dt=0.47 * w.ms)
    currents = w.TimedArray(np.random.default_rng(2).uniform(0.3, 3, (300, 20)), dt=0.3 * w.ms)
    monitors, net = {}, w.Network()
    for method in ("euler", "rk2", "rk4", "exponential_euler"):
        cells = w.NeuronGroup(
            20, "dv/dt = (0.5*I(t) + 0.6*J(t, i) + 0.02*i - v)/(8*ms) : 1",
            threshold="v > 0.1*I(t - 1*ms) + 0.9", reset="v = 0.1*I(t)", method=method, name=f"cells_{method}",
            namespace={"I": current, "J": currents},
        )  # fmt: skip
        monitors[method] = w.SpikeMonitor(cells, name=f"spikes_{method}")
        net.add(cells, monitors[method])
    net.run(120 * w.ms)
    return monitors


def equations_that_know_the_last_spike(w: Any) -> dict[str, Any]:
    """A depression after each spike, and a trace of the time spent without rest."""
    cells = w.NeuronGroup(
        20,
        """dv/dt = (1.8 + 0.05*i - 0.5*exp(-(t - lastspike)/(4*ms)) - v)/(8*ms) : 1
           du/dt = (int(not_refractory) - u)/(9*ms) : 1""",
        threshold="v > 1.2 + 0.1*u", reset="v = 0.02*t/ms/10", refractory="v < 0.3", method="rk2", name="cells",
    )  # fmt: skip
    return _run(w, 200, cells, _ring(w, cells, "v_post += 0.1"))


def refractoriness_that_arrivals_shorten(w: Any) -> dict[str, Any]:
    """The potential stands still while u is large; what arrives makes u small and is lost on v."""
    cells = w.NeuronGroup(
        20, "dv/dt = (1.5 + 0.05*i - v)/(8*ms) : 1 (unless refractory)\ndu/dt = -u/(6*ms) : 1",
        threshold="v > 1.1", reset="v = 0; u = 1", refractory="u > 0.4", method="euler", name="cells",
    )  # fmt: skip
    return _run(w, 200, cells, _ring(w, cells, "u_post *= 0.5; v_post += 0.05"))


def periods_that_change_while_they_last(w: Any) -> dict[str, Any]:
    """A refractory time of state variables is what it is now, in every step."""
    cells = w.NeuronGroup(
        20, "dv/dt = (1.5 + 0.05*i - v)/(8*ms) : 1 (unless refractory)\ndu/dt = -u/(15*ms) : 1",
        threshold="v > 1.2", reset="v = 0; u += 1", refractory="(1 + 2*u)*ms", method="euler", name="cells",
    )  # fmt: skip
    return _run(w, 200, cells, _ring(w, cells, "v_post += 0.1"))


def conductances_by_exponential_euler(w: Any) -> dict[str, Any]:
    cells = w.NeuronGroup(
        30,
        """dv/dt = (ge*(0*mV - v) + gi*(-80*mV - v) - (v + 49*mV) + 0.2*i*mV)/(20*ms) : volt (unless refractory)
           dge/dt = -ge/(5*ms) : 1
           dgi/dt = -gi/(10*ms) : 1""",
        threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * w.ms, method="exponential_euler", name="cells",
    )  # fmt: skip
    cells.v = -60 * w.mV
    exciting = w.Synapses(cells, cells, on_pre="ge_post += 0.3", name="exciting")
    exciting.connect(i=np.arange(24), j=(np.arange(24) + 5) % 30)
    inhibiting = w.Synapses(cells, cells, on_pre="gi_post += 1", delay=1.3 * w.ms, name="inhibiting")
    inhibiting.connect(i=np.arange(24, 30), j=np.arange(6) * 4)
    return _run(w, 300, cells, exciting, inhibiting)


CASES = {
    case.__name__: case
    for case in (
        tables_that_switch_between_steps, equations_that_know_the_last_spike, refractoriness_that_arrivals_shorten,
        periods_that_change_while_they_last, conductances_by_exponential_euler,
    )
}  # fmt: skip
