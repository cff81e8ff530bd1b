"""Cases of what a script does around its groups: arrays of values, actions, clocks, events of its own, store.

Written once for Brian and for evsim, as in `cases.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def arrays_of_values(w: Any) -> dict[str, Any]:
    """A current from a one-dimensional array for all, from a two-dimensional one for each; the latter's switches are
    off the grid, and wait for the next step."""
    rng = np.random.default_rng(31)
    common = w.TimedArray(0.4 * rng.standard_normal(90), dt=2 * w.ms)
    own = w.TimedArray(0.8 * rng.random((300, 20)), dt=0.77 * w.ms)
    monitors, net = {}, w.Network()
    for method in ("euler", "exponential_euler"):
        cells = w.NeuronGroup(
            20, "dv/dt = (0.9 + common(t) + own(t, i) - v)/(6*ms) : 1", threshold="v > 1", reset="v = 0",
            method=method, namespace={"common": common, "own": own}, name=f"cells_{method}",
        )  # fmt: skip
        monitors[method] = w.SpikeMonitor(cells, name=f"spikes_{method}")
        net.add(cells, monitors[method])
    net.run(220 * w.ms)
    return monitors


def actions_at_regular_times(w: Any) -> dict[str, Any]:
    """Code of a group every 3 ms, of its own, besides an action in Python every 10 ms."""
    cells = w.NeuronGroup(
        20, "dv/dt = (I - v)/(7*ms) : 1\nI : 1\nphase : 1", threshold="v > 1", reset="v = 0.2", method="euler",
        name="cells",
    )  # fmt: skip
    cells.phase = np.linspace(0, 6, 20)
    cells.run_regularly("phase += 0.7\nI = 1.5 + sin(phase)", dt=3 * w.ms, name="swing")

    @w.network_operation(dt=10 * w.ms)
    def kick() -> None:
        cells.v = np.asarray(cells.v) * 0.5

    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, kick, monitor).run(300 * w.ms)
    return {"cells": monitor, "v": cells.v[:]}


def events_of_its_own(w: Any) -> dict[str, Any]:
    """A custom event with code and synapses of its own, besides the spike."""
    cells = w.NeuronGroup(
        20, "dv/dt = (1.3 + 0.05*i - v)/(10*ms) : 1\ndx/dt = (v - x)/(4*ms) : 1", threshold="v > 1", reset="v = 0",
        method="euler", events={"high": "x > 0.5"}, name="cells",
    )  # fmt: skip
    cells.run_on_event("high", "x = 0.1")
    synapses = w.Synapses(cells, cells, on_pre="v_post -= 0.05", on_event={"pre": "high"}, name="synapses")
    synapses.connect(i=np.arange(20), j=(np.arange(20) + 1) % 20)
    spikes, high = w.SpikeMonitor(cells, name="spikes"), w.EventMonitor(cells, "high", name="highs")
    w.Network(cells, synapses, spikes, high).run(300 * w.ms)
    return {"cells": spikes, "high": high}


def stored_and_restored(w: Any) -> dict[str, Any]:
    """What happens after store() is taken back by restore(), spikes in flight included."""
    cells = w.NeuronGroup(
        20, "dv/dt = (I - v)/(8*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0", refractory=1.5 * w.ms,
        method="euler", name="cells",
    )  # fmt: skip
    cells.I = np.linspace(1.1, 2, 20)
    ring = w.Synapses(cells, cells, on_pre="v_post += 0.15", name="ring")
    ring.connect(i=np.arange(20), j=(np.arange(20) + 1) % 20)
    ring.delay = np.linspace(0.2, 8, 20) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    net = w.Network(cells, ring, monitor)
    net.run(50 * w.ms)
    net.store()
    cells.I = 5
    net.run(30 * w.ms)
    net.restore()
    net.run(100 * w.ms)
    return {"cells": monitor, "v": cells.v[:]}


def variables_of_another_group(w: Any) -> dict[str, Any]:
    """Cells that read a slow oscillator of another group through a linked variable."""
    waves = w.NeuronGroup(4, "dx/dt = y/(20*ms) : 1\ndy/dt = -x/(20*ms) : 1", method="euler", name="waves")
    waves.x = [0.2, 0.4, 0.6, 0.8]
    cells = w.NeuronGroup(
        20, "dv/dt = (1.3 + 0.03*i + wave - v)/(7*ms) : 1\nwave : 1 (linked)", threshold="v > 1", reset="v = 0",
        method="euler", name="cells",
    )  # fmt: skip
    cells.wave = w.linked_var(waves, "x", index=np.arange(20) % 4)
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(waves, cells, monitor).run(300 * w.ms)
    return {"cells": monitor}


CASES = {
    case.__name__: case
    for case in (
        arrays_of_values, actions_at_regular_times, events_of_its_own,
        stored_and_restored, variables_of_another_group,
    )
}  # fmt: skip
