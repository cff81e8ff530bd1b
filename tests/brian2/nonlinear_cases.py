"""Cases with nonlinear equations: each method by its name, thresholds, refractoriness and resets of every kind.

Written once for Brian and for evsim, as in `cases.py`; nothing is random but the numbers that numpy gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _ring(w: Any, cells: Any, code: str, n: int, name: str = "ring") -> Any:
    """Each neuron acts on the third after it, with delays from 0 to 2.9 ms, off the grid for most."""
    ring = w.Synapses(cells, cells, on_pre=code, name=name)
    ring.connect(i=np.arange(n), j=(np.arange(n) + 3) % n)
    ring.delay = np.linspace(0, 2.9, n) * w.ms
    return ring


def _run(w: Any, duration: float, *objects: Any) -> dict[str, Any]:
    """Run the objects with a monitor of the first one's spikes."""
    monitor = w.SpikeMonitor(objects[0], name="spikes")
    w.Network(*objects, monitor).run(duration * w.ms)
    return {"cells": monitor}


def quadratic_cells_by_rk2(w: Any) -> dict[str, Any]:
    cells = w.NeuronGroup(
        40, "dv/dt = (0.07*(v + 65)*(v + 50) + I)/(10*ms) : 1\nI : 1", threshold="v > -30", reset="v = -68",
        method="rk2", name="cells",
    )  # fmt: skip
    cells.v = -65
    cells.I = 4 + 0.2 * np.arange(40)
    return _run(w, 300, cells, _ring(w, cells, "v_post += 0.4", 40))


HODGKIN_HUXLEY = """
dv/dt = (120*m**3*h*(50 - v) + 36*n**4*(-77 - v) + 0.3*(-54.387 - v) + I + g*(-v))/ms : 1
dm/dt = ((1 - m)/exprel(-(v + 40)/10) - 4*exp(-(v + 65)/18)*m)/ms : 1
dh/dt = (0.07*exp(-(v + 65)/20)*(1 - h) - h/(1 + exp(-(v + 35)/10)))/ms : 1
dn/dt = (0.1*(1 - n)/exprel(-(v + 55)/10) - 0.125*exp(-(v + 65)/80)*n)/ms : 1
dg/dt = -g/(3*ms) : 1
I : 1
"""


def _hodgkin_huxley(w: Any, method: str, duration: float) -> dict[str, Any]:
    """Refractory as long as the potential is high."""
    cells = w.NeuronGroup(
        20, HODGKIN_HUXLEY, threshold="v > -20", refractory="v > -40", method=method, name="cells"
    )
    cells.v, cells.m, cells.h, cells.n = -65, 0.05, 0.6, 0.32
    cells.I = 5 + np.arange(20.0)
    ring = w.Synapses(cells, cells, on_pre="g_post += 0.05", name="ring")
    ring.connect(i=np.arange(20), j=(np.arange(20) + 3) % 20)
    ring.delay = np.linspace(0.3, 2.9, 20) * w.ms
    return _run(w, duration, cells, ring)


def hodgkin_huxley_by_rk4(w: Any) -> dict[str, Any]:
    """Steps of 0.02 ms."""
    w.defaultclock.dt = 0.02 * w.ms
    return _hodgkin_huxley(w, "rk4", 100)


def hodgkin_huxley_by_exponential_euler(w: Any) -> dict[str, Any]:
    return _hodgkin_huxley(w, "exponential_euler", 200)


def adaptive_cells_by_euler(w: Any) -> dict[str, Any]:
    """The exponential runs away in one step; the potential is clamped for 2 ms, the adaptation is not."""
    cells = w.NeuronGroup(
        30,
        """dv/dt = (leak + 60*nS*mV*exp((v + 50.4*mV)/(2*mV)) - a + I)/(281*pF) : volt (unless refractory)
           leak = 30*nS*(-70.6*mV - v) : amp
           da/dt = (4*nS*(v + 70.6*mV) - a)/(144*ms) : amp
           I : amp""",
        threshold="v > -40.4*mV", reset="v = -60*mV\na += 80.5*pA", refractory=2 * w.ms, method="euler", name="cells",
    )  # fmt: skip
    cells.v = -70.6 * w.mV
    cells.I = np.linspace(700, 2500, 30) * w.pA
    return _run(w, 300, cells, _ring(w, cells, "v_post += 0.5*mV", 30))


def conductances_by_rk4(w: Any) -> dict[str, Any]:
    """Excitation and inhibition by conductance, with delays off the grid."""
    rng = np.random.default_rng(11)
    cells = w.NeuronGroup(
        100,
        """dv/dt = (-(v + 49*mV) - ge*v - gi*(v + 80*mV))/(20*ms) : volt (unless refractory)
           dge/dt = -ge/(5*ms) : 1
           dgi/dt = -gi/(10*ms) : 1""",
        threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * w.ms, method="rk4", name="cells",
    )  # fmt: skip
    cells.v = (-60 + 10 * rng.random(100)) * w.mV
    synapses = []
    for name, code, first, last in (("exc", "ge += 0.1", 0, 80), ("inh", "gi += 0.6", 80, 100)):
        i, j = np.nonzero(rng.random((last - first, 100)) < 0.1)
        s = w.Synapses(cells, cells, on_pre=code, delay=1.24 * w.ms, name=name)
        s.connect(i=i + first, j=j)
        synapses.append(s)
    return _run(w, 150, cells, *synapses)


def izhikevich_by_euler(w: Any) -> dict[str, Any]:
    cells = w.NeuronGroup(
        30,
        """dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
           du/dt = a*(0.2*v - u)/ms : 1
           a : 1
           I : 1""",
        threshold="v >= 30", reset="v = -65 + 0.5*i\nu += 8 - 0.2*i", method="euler", name="cells",
    )  # fmt: skip
    cells.v = -65
    cells.u = -13
    cells.a = 0.02 + 0.002 * np.arange(30)
    cells.I = 6 + 0.3 * np.arange(30)
    return _run(w, 200, cells, _ring(w, cells, "v_post += 1.5", 30))


def thresholds_of_several_conditions(w: Any) -> dict[str, Any]:
    """A spike needs two variables at once, or a third alone; and none while a fourth is negative."""
    cells = w.NeuronGroup(
        24,
        """dv/dt = (1.4 + 0.02*i - v)/(10*ms) : 1
           dx/dt = y/(5*ms) : 1
           dy/dt = -x/(5*ms) - y/(60*ms) : 1
           dz/dt = (0.1*v - z)/(30*ms) : 1""",
        threshold="((v > 1 and x > 0.2) or z >= 0.12) and not y < -0.9", reset="v = 0; z -= 0.05; y += 0.3",
        method="euler", name="cells",
    )  # fmt: skip
    cells.x = np.linspace(0.5, 1.5, 24)
    return _run(w, 400, cells, _ring(w, cells, "x_post += 0.1*y_post", 24))


def refractoriness_by_text(w: Any) -> dict[str, Any]:
    """A period of each neuron's own; a condition on the potential; one on the time since the last spike."""
    monitors, net = {}, w.Network()
    texts = {
        "period": "period",
        "potential": "v < 0.8",
        "time": "t - lastspike < 2.55*ms",
        "both": "v < 0.75 or t - lastspike <= 1*ms",
    }
    for name, refractory in texts.items():
        cells = w.NeuronGroup(
            20,
            """dv/dt = (1.2 + 0.1*i - v)/(8*ms) : 1
               dx/dt = -x/(20*ms) : 1 (unless refractory)
               period : second""",
            threshold="v > 1", reset="v *= 0.7; x += 1", refractory=refractory, method="rk2", name=f"cells_{name}",
        )  # fmt: skip
        cells.period = np.linspace(0.07, 6.3, 20) * w.ms
        pull = w.Synapses(
            cells, cells, on_pre="v_post -= 0.2; x_post += 0.05", delay=1 * w.ms, name=f"pull_{name}"
        )
        pull.connect(i=np.arange(20), j=(np.arange(20) + 7) % 20)
        monitors[name] = w.SpikeMonitor(cells, name=f"spikes_{name}")
        net.add(cells, pull, monitors[name])
    net.run(250 * w.ms)
    return monitors


def resets_that_read_and_write_in_turn(w: Any) -> dict[str, Any]:
    """Each statement sees what the one before has written; subexpressions are computed anew."""
    cells = w.NeuronGroup(
        25,
        """dv/dt = (drive - v)/tau : 1
           drive = 1.6 + 0.4*sin(0.3*count) + 0.05*clip(k, 2, 9) : 1
           tau = (6.0 + 4.0*int(count > 5))*ms : second
           k : 1
           count : 1
           odd : 1""",
        threshold="v > 1 + 0.1*odd", method="euler", name="cells",
        reset="""count += 1
                 odd = int(int(count % 2) == 1)
                 v = v - 1 + 0.1*floor(3*drive) - 0.2*odd
                 count *= int(count < 40)""",
    )  # fmt: skip
    cells.k = np.arange(25.0)
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, monitor).run(250 * w.ms)
    return {"cells": monitor, "v": cells.v[:], "count": cells.count[:]}


def functions_of_time(w: Any) -> dict[str, Any]:
    """The stages of each method see the time at which they are taken."""
    monitors, net = {}, w.Network()
    for method in ("euler", "rk2", "rk4", "exponential_euler"):
        cells = w.NeuronGroup(
            15, "dv/dt = (1.2 + 0.05*i + sin(2*pi*t/(7*ms)) - v)/(9*ms) : 1", threshold="v > 1", reset="v = 0.1",
            method=method, name=f"cells_{method}",
        )  # fmt: skip
        monitors[method] = w.SpikeMonitor(cells, name=f"spikes_{method}")
        net.add(cells, monitors[method])
    net.run(200 * w.ms)
    return monitors


def gap_junctions_as_summed_variables(w: Any) -> dict[str, Any]:
    """The sum is taken once a step and held through it; spikes pass through the junctions as jumps."""
    rng = np.random.default_rng(12)
    i, j = np.nonzero(np.triu(rng.random((30, 30)) < 0.2, 1))
    monitors, net = {}, w.Network()
    for method in ("euler", "rk4"):
        cells = w.NeuronGroup(
            30, "dv/dt = (1.1 + 0.04*i - v + c)/(10*ms) : 1\nc : 1", threshold="v > 1", reset="v = 0",
            method=method, name=f"cells_{method}",
        )  # fmt: skip
        cells.v = np.linspace(0, 0.95, 30)
        gaps = w.Synapses(
            cells, cells, "u : 1\nc_post = u*(v_pre - v_post) : 1 (summed)", on_pre="v_post += 0.1*u",
            name=f"gaps_{method}",
        )  # fmt: skip
        gaps.connect(i=np.concatenate([i, j]), j=np.concatenate([j, i]))
        gaps.u = 0.05
        monitors[method] = w.SpikeMonitor(cells, name=f"spikes_{method}")
        net.add(cells, gaps, monitors[method])
    net.run(200 * w.ms)
    return monitors


CASES = {
    case.__name__: case
    for case in (
        quadratic_cells_by_rk2, hodgkin_huxley_by_rk4, hodgkin_huxley_by_exponential_euler, adaptive_cells_by_euler,
        conductances_by_rk4, izhikevich_by_euler, thresholds_of_several_conditions, refractoriness_by_text,
        resets_that_read_and_write_in_turn, functions_of_time, gap_junctions_as_summed_variables,
    )
}  # fmt: skip
