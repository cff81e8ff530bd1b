"""Coupled systems written once for Brian and for evsim: `w` is the module with the words, either `brian2` or `evsim`.

Each case takes the words and returns plain numbers: states sampled at whole milliseconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def gates_behind_a_block(w: Any) -> np.ndarray:
    """NMDA-like gates in each synapse, and a block that depends on the potential of the target."""
    source = w.SpikeGeneratorGroup(4, [0, 1, 2, 3, 0, 2, 1], [1, 2, 2.4, 5, 9, 12.2, 12.4] * w.ms)
    cells = w.NeuronGroup(
        3,
        """dv/dt = (-(v + 70*mV) + drive - total*v/(1 + exp(-v/(16*mV))/3.57))/(10*ms) : volt
        total : 1
        drive : volt""",
        method="rk4" if w.__name__ == "brian2" else None,
    )
    gates = w.Synapses(
        source,
        cells,
        """dg/dt = -g/(40*ms) + x*(1 - g)/ms : 1 (clock-driven)
        dx/dt = -x/(2*ms) : 1 (clock-driven)
        weight : 1
        total_post = weight*g : 1 (summed)""",
        on_pre="x += 1",
        method="rk4" if w.__name__ == "brian2" else None,
    )
    gates.connect()
    gates.weight = "0.4*(1 + i + 2*j)/(i + j + 1)"
    cells.v, cells.drive = -70 * w.mV, [0, 10, 25] * w.mV
    monitor = w.StateMonitor(cells, "v", record=True, dt=1 * w.ms)
    w.Network(source, cells, gates, monitor).run(20 * w.ms)
    return np.asarray(monitor.v / w.mV)


def junctions_of_nonlinear_cells(w: Any) -> np.ndarray:
    """A ring of FitzHugh-Nagumo cells with junctions to both neighbours."""
    cells = w.NeuronGroup(
        5,
        """dv/dt = (v - v**3/3 - u + 0.5 + pull)/ms : 1
        du/dt = 0.08*(v + 0.7 - 0.8*u)/ms : 1
        pull : 1""",
        method="rk4" if w.__name__ == "brian2" else None,
    )
    ring = w.Synapses(cells, cells, "k : 1\npull_post = k*(v_pre - v_post) : 1 (summed)")
    ring.connect("abs(i - j) == 1 or abs(i - j) == 4")
    ring.k = "0.05 + 0.02*i"
    cells.v = "-1 + 0.5*i"
    monitor = w.StateMonitor(cells, "v", record=True, dt=1 * w.ms)
    w.Network(cells, ring, monitor).run(20 * w.ms)
    return np.asarray(monitor.v)


CASES = {case.__name__: case for case in (gates_behind_a_block, junctions_of_nonlinear_cells)}
STEPS = (0.02, 0.01, 0.005)  # ms, of Brian
