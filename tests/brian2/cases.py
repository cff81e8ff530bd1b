"""Networks written once for Brian and for evsim: `w` is the module with the words, either `brian2` or `evsim`.

Each case takes the words and returns the `SpikeMonitor` objects to compare, by name, after its run. Whatever is
random comes from numpy, so that both simulators get the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

CUBA = """dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
          dge/dt = -ge/taue : volt
          dgi/dt = -gi/taui : volt"""


def _constants(w: Any) -> dict[str, Any]:
    return {
        "taum": 20 * w.ms, "taue": 5 * w.ms, "taui": 10 * w.ms,
        "El": -49 * w.mV, "Vt": -50 * w.mV, "Vr": -60 * w.mV,
    }  # fmt: skip


def _cuba(w: Any, delay: Any, seed: int, duration: float = 300.0) -> dict[str, Any]:
    """160 excitatory and 40 inhibitory neurons; `delay(rng, n)` in ms, one for all or one for each synapse."""
    rng = np.random.default_rng(seed)
    cells = w.NeuronGroup(
        200, CUBA, threshold="v > Vt", reset="v = Vr", refractory=5 * w.ms, method="exact",
        namespace=_constants(w), name="cells",
    )  # fmt: skip
    cells.v = (-60 + 10 * rng.random(200)) * w.mV
    synapses = []
    for name, code, first, last in (("exc", "ge += 3.1*mV", 0, 160), ("inh", "gi -= 17*mV", 160, 200)):
        i, j = np.nonzero(rng.random((last - first, 200)) < 0.1)
        s = w.Synapses(cells, cells, on_pre=code, name=name)
        s.connect(i=i + first, j=j)
        s.delay = delay(rng, i.size) * w.ms
        synapses.append(s)
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, *synapses, monitor).run(duration * w.ms)
    return {"cells": monitor}


def cuba_without_delay(w: Any) -> dict[str, Any]:
    """Deliveries act in the step of the spike, after the threshold test."""
    return _cuba(w, lambda rng, n: 0.0, 1)


def cuba_with_one_step(w: Any) -> dict[str, Any]:
    return _cuba(w, lambda rng, n: 0.1, 2)


def cuba_with_thirteen_steps(w: Any) -> dict[str, Any]:
    return _cuba(w, lambda rng, n: 1.3, 3)


def cuba_with_mixed_delays(w: Any) -> dict[str, Any]:
    """Delays off the grid are rounded to the nearest step; some are zero."""
    return _cuba(w, lambda rng, n: np.maximum(8 * rng.random(n) - 0.5, 0.0), 4)


def refractory_periods(w: Any) -> dict[str, Any]:
    """Strongly driven neurons with each period; 0.05 ms is no step, 1 ms ten, 5.03 ms fifty."""
    monitors = {}
    net = w.Network()
    for name, period in (("none", False), ("half", 0.05), ("step", 0.1), ("ten", 1.0), ("off", 5.03)):
        cells = w.NeuronGroup(
            20, "dv/dt = (2 + k*0.1 - v)/(3*ms) : 1\nk : 1", threshold="v > 1", reset="v = 0.5",
            refractory=period if period is False else period * w.ms, method="exact", name=f"cells_{name}",
        )  # fmt: skip
        cells.k = np.arange(20.0)
        monitors[name] = w.SpikeMonitor(cells, name=f"spikes_{name}")
        net.add(cells, monitors[name])
    net.run(60 * w.ms)
    return monitors


def writes_while_refractory(w: Any) -> dict[str, Any]:
    """Jumps onto clamped potentials are lost from the step of the spike to the end of the period."""
    rng = np.random.default_rng(6)
    times = np.sort(rng.integers(0, 2000, 1500)) * 0.1 + 0.03
    indices = rng.integers(0, 30, 1500)
    indices, times = np.unique(np.stack([indices, times]), axis=1)
    given = w.SpikeGeneratorGroup(30, indices.astype(int), times * w.ms, name="given")
    net, monitors = w.Network(given), {}
    for name, period in (("half", 0.05), ("step", 0.1), ("two", 0.2), ("three", 3.0)):
        cells = w.NeuronGroup(
            10, "dv/dt = (0.9 - v)/(7*ms) : 1 (unless refractory)", threshold="v > 1", reset="v -= 1",
            refractory=period * w.ms, method="exact", name=f"cells_{name}",
        )  # fmt: skip
        input_ = w.Synapses(given, cells, "u : 1", on_pre="v_post += u", name=f"input_{name}")
        input_.connect(i=np.repeat(np.arange(30), 10), j=np.tile(np.arange(10), 30))
        input_.u = 0.6 * rng.random(300) - 0.2
        among = w.Synapses(cells, cells, on_pre="v_post += 0.31", name=f"among_{name}")
        among.connect(i=np.arange(10), j=(np.arange(10) + 1) % 10)
        monitors[name] = w.SpikeMonitor(cells, name=f"spikes_{name}")
        net.add(cells, input_, among, monitors[name])
    net.run(200 * w.ms)
    return monitors


def states_that_go_on_seeing_clamped_ones(w: Any) -> dict[str, Any]:
    """A threshold that follows the clamped potential through the refractory period."""
    cells = w.NeuronGroup(
        25,
        """dv/dt = (1.5 + k*0.05 - v)/(10*ms) : 1 (unless refractory)
           da/dt = (0.4*v - a)/(15*ms) : 1
           k : 1""",
        threshold="v - a > 0.8", reset="v = 0.1*k\na += 0.02", refractory=4 * w.ms, method="exact", name="cells",
    )  # fmt: skip
    cells.k = np.arange(25.0)
    cells.v = np.arange(25.0) / 25
    ring = w.Synapses(cells, cells, on_pre="a_post -= 0.03", delay=0.74 * w.ms, name="ring")
    ring.connect(i=np.arange(25), j=(np.arange(25) + 3) % 25)
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, ring, monitor).run(400 * w.ms)
    return {"cells": monitor}


def code_that_is_no_addition(w: Any) -> dict[str, Any]:
    """Statements that read what they write, on clamped and free states and on the synapses' own variables."""
    rng = np.random.default_rng(7)
    given = w.SpikeGeneratorGroup(12, np.arange(900) % 12, (np.arange(900) * 0.3 + 0.05) * w.ms, name="given")
    cells = w.NeuronGroup(
        12, "dv/dt = (0.8 - v)/(6*ms) : 1 (unless refractory)\ndx/dt = -x/(30*ms) : 1", threshold="v > 1",
        reset="v = x", refractory=1.5 * w.ms, method="exact", name="cells",
    )  # fmt: skip
    code = "v_post += u*(1.6 - v_post)\nx_post = 0.5*x_post + 0.2*u\nu *= 0.995"
    synapses = w.Synapses(given, cells, "u : 1", on_pre=code, name="synapses")
    synapses.connect(i=np.arange(12), j=(5 * np.arange(12)) % 12)
    synapses.u = 0.2 + 0.6 * rng.random(12)
    synapses.delay = 3 * rng.random(12) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(280 * w.ms)
    return {"cells": monitor}


def given_spikes(w: Any) -> dict[str, Any]:
    """A generator's spikes at real times belong to the step that they fall into; two runs make one."""
    rng = np.random.default_rng(8)
    times = (np.arange(300) + 0.9 * rng.random(300)) * 0.37
    times[::5] = np.round(times[::5], 1)
    indices = np.arange(300) % 7
    given = w.SpikeGeneratorGroup(7, indices, times * w.ms, name="given")
    cells = w.NeuronGroup(
        7, "dv/dt = (x - v)/(8*ms) : 1\ndx/dt = -x/(2*ms) : 1", threshold="v > 0.4", reset="v = 0",
        method="exact", name="cells",
    )  # fmt: skip
    synapses = w.Synapses(given, cells, "u : 1", on_pre="x_post += u", name="synapses")
    synapses.connect(i=np.repeat(np.arange(7), 7), j=np.tile(np.arange(7), 7))
    synapses.u = 0.9 * rng.random(49)
    synapses.delay = 2 * rng.random(49) * w.ms
    sources = {"given": given, "cells": cells}
    monitors = {name: w.SpikeMonitor(group, name=f"spikes_{name}") for name, group in sources.items()}
    net = w.Network(given, cells, synapses, *monitors.values())
    net.run(41.3 * w.ms)
    net.run(70 * w.ms)
    return monitors


CASES = {
    case.__name__: case
    for case in (
        cuba_without_delay, cuba_with_one_step, cuba_with_thirteen_steps, cuba_with_mixed_delays, refractory_periods,
        writes_while_refractory, states_that_go_on_seeing_clamped_ones, code_that_is_no_addition, given_spikes,
    )
}  # fmt: skip
