"""Cases with synapses that have a life of their own: plasticity, gates, several pathways, delays on both sides.

Written once for Brian and for evsim, as in `cases.py`; final weights are compared besides the spikes. Variables
marked (event-driven) are not: Brian shows them as they were at the last event, evsim as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _given(w: Any, n: int, spikes: int, seed: int, last: float, name: str = "given") -> Any:
    """Spikes of `n` elements at real times up to `last` ms, at most one of an element in a step."""
    rng = np.random.default_rng(seed)
    step = rng.choice(n * int(last * 10), size=spikes, replace=False)
    times = (step // n) * 0.1 + 0.05
    order = np.argsort(step)
    return w.SpikeGeneratorGroup(n, (step % n)[order], times[order] * w.ms, name=name)


def _driven(w: Any, n: int, name: str = "cells") -> Any:
    return w.NeuronGroup(
        n, "dv/dt = (g + 0.3 - v)/(10*ms) : 1\ndg/dt = -g/(3*ms) : 1", threshold="v > 1", reset="v = 0",
        refractory=2 * w.ms, method="exact", name=name,
    )  # fmt: skip


PAIR = """
w : 1
dp/dt = -p/(20*ms) : 1 (event-driven)
dq/dt = -q/(30*ms) : 1 (event-driven)
"""


def pair_rule_with_delays_on_both_sides(w: Any) -> dict[str, Any]:
    """Spikes of the source take up to 4 ms to the synapse, those of the target up to 3 ms back to it."""
    rng = np.random.default_rng(21)
    given, cells = _given(w, 20, 3000, 21, 500), _driven(w, 10)
    synapses = w.Synapses(
        given, cells, PAIR, name="synapses",
        on_pre="g_post += w\np += 0.02\nw = clip(w + q, 0, 1.5)",
        on_post="q -= 0.008\nw = clip(w + p, 0, 1.5)",
    )  # fmt: skip
    synapses.connect(i=np.repeat(np.arange(20), 10), j=np.tile(np.arange(10), 20))
    synapses.w = 0.3 + 0.5 * rng.random(200)
    synapses.pre.delay = 4 * rng.random(200) * w.ms
    synapses.post.delay = 3 * rng.random(200) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(500 * w.ms)
    return {"cells": monitor, "w": synapses.w[:]}


def multiplicative_rule_without_delay(w: Any) -> dict[str, Any]:
    """A recurrent ring with zero delays: in a step, deliveries before spikes of the targets before resets."""
    cells = w.NeuronGroup(
        24,
        "dv/dt = (1.3 + 0.03*i - v)/(12*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        name="cells",
    )
    cells.v = np.linspace(0, 0.9, 24)
    synapses = w.Synapses(
        cells, cells, PAIR, name="synapses",
        on_pre="v_post += 0.1*w\np += 0.1\nw += w*q", on_post="q -= 0.1\nw += (1 - w)*p",
    )  # fmt: skip
    i = np.repeat(np.arange(24), 2)
    synapses.connect(i=i, j=(i + np.tile([1, 5], 24)) % 24)
    synapses.w = 0.5
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, synapses, monitor).run(300 * w.ms)
    return {"cells": monitor, "w": synapses.w[:]}


def nearest_neighbours_only(w: Any) -> dict[str, Any]:
    """Traces are set, not added to; the change reads potentials of both sides."""
    given, cells = _given(w, 15, 2000, 22, 400), _driven(w, 15)
    synapses = w.Synapses(
        given, cells, PAIR, name="synapses", delay=0.7 * w.ms,
        on_pre="g_post += 0.7*w\np = 0.05\nw = clip(w + q*(1 - v_post), 0.1, 2)",
        on_post="q = -0.04\nw = clip(w + p, 0.1, 2)",
    )  # fmt: skip
    i = np.repeat(np.arange(15), 3)
    synapses.connect(i=i, j=(i * 4 + np.tile([0, 1, 2], 15)) % 15)
    synapses.w = np.linspace(0.3, 1.2, 45)
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(400 * w.ms)
    return {"cells": monitor, "w": synapses.w[:]}


def depression_and_facilitation(w: Any) -> dict[str, Any]:
    """Short-term plasticity with constants of each synapse's own; the resource recovers towards one."""
    given, cells = _given(w, 30, 4000, 23, 500), _driven(w, 10)
    synapses = w.Synapses(
        given, cells,
        """U : 1
           tau_d : second
           tau_f : second
           r : 1
           du/dt = -u/tau_f : 1 (event-driven)
           dx/dt = (1 - x)/tau_d : 1 (event-driven)""",
        on_pre="u += U*(1 - u)\nr = u*x\nx -= r\ng_post += 4*r", name="synapses",
    )  # fmt: skip
    synapses.connect(i=np.repeat(np.arange(30), 3), j=np.arange(90) % 10)
    synapses.x = 1
    synapses.U = np.linspace(0.05, 0.6, 90)
    synapses.tau_d = np.linspace(300, 50, 90) * w.ms
    synapses.tau_f = np.linspace(20, 500, 90) * w.ms
    synapses.delay = np.linspace(0, 5, 90) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(500 * w.ms)
    return {"cells": monitor, "released": synapses.r[:]}


def gates_of_single_synapses(w: Any) -> dict[str, Any]:
    """A saturating gate in every synapse, advanced by the clock; its sum drives the target."""
    given = _given(w, 12, 700, 24, 400)
    cells = w.NeuronGroup(
        8,
        "dv/dt = (S*(5 - v) - v)/(10*ms) : 1\nS : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        name="cells",
    )
    synapses = w.Synapses(
        given, cells,
        """u : 1
           S_post = u*s : 1 (summed)
           ds/dt = -s/(40*ms) + 0.5*x*(1 - s)/ms : 1 (clock-driven)
           dx/dt = -x/(2*ms) : 1 (clock-driven)""",
        on_pre="x += 1", method="rk2", name="synapses",
    )  # fmt: skip
    synapses.connect(
        i=np.repeat(np.arange(12), 4), j=(np.repeat(np.arange(12), 4) + np.tile([0, 1, 2, 3], 12)) % 8
    )
    synapses.u = np.linspace(0.1, 0.5, 48)
    synapses.delay = np.linspace(0, 3, 48) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(400 * w.ms)
    return {"cells": monitor, "s": synapses.s[:]}


def several_pathways_with_their_own_delays(w: Any) -> dict[str, Any]:
    """Two pathways of the source's spikes and one of the target's, by name, in the order of their names."""
    given, cells = _given(w, 16, 2500, 25, 400), _driven(w, 16)
    synapses = w.Synapses(
        given, cells, "w : 1\ndp/dt = -p/(25*ms) : 1 (event-driven)", name="synapses",
        on_pre={"arrival": "g_post += w*(1 + p)", "trace": "p += 0.2"},
        on_post={"echo": "w *= 1 - 0.05*p"},
        delay={"arrival": 2 * w.ms, "echo": 0.4 * w.ms},
    )  # fmt: skip
    synapses.connect(
        i=np.repeat(np.arange(16), 2), j=(np.repeat(np.arange(16), 2) * 3 + np.tile([0, 5], 16)) % 16
    )
    synapses.w = np.linspace(1, 0.3, 32)
    synapses.trace.delay = np.linspace(0, 4, 32) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(400 * w.ms)
    return {"cells": monitor, "w": synapses.w[:]}


def inhibition_that_learns_a_rate(w: Any) -> dict[str, Any]:
    """A recurrent network with conductances and plastic inhibition, after Vogels and others 2011."""
    rng = np.random.default_rng(26)
    cells = w.NeuronGroup(
        100,
        """dv/dt = (-(v + 45*mV) - ge*v - gi*(v + 80*mV))/(20*ms) : volt (unless refractory)
           dge/dt = -ge/(5*ms) : 1
           dgi/dt = -gi/(10*ms) : 1""",
        threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * w.ms, method="exponential_euler", name="cells",
    )  # fmt: skip
    cells.v = (-60 + 10 * rng.random(100)) * w.mV
    exc = w.Synapses(cells[:80], cells, on_pre="ge += 0.05", delay=0.5 * w.ms, name="exc")
    i, j = np.nonzero(rng.random((80, 100)) < 0.1)
    exc.connect(i=i, j=j)
    inh = w.Synapses(
        cells[80:], cells[:80], PAIR, name="inh",
        on_pre="p += 1\nw = clip(w + 0.02*(q - 0.2), 0, 10)\ngi_post += w",
        on_post="q += 1\nw = clip(w + 0.02*p, 0, 10)",
    )  # fmt: skip
    i, j = np.nonzero(rng.random((20, 80)) < 0.2)
    inh.connect(i=i, j=j)
    inh.w = 0.01
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(cells, exc, inh, monitor).run(200 * w.ms)
    return {"cells": monitor, "w": inh.w[:]}


def weights_that_read_the_potential(w: Any) -> dict[str, Any]:
    """A rule by voltage: depression at arrivals, potentiation as long as the target is depolarised."""
    given = _given(w, 10, 1500, 27, 400)
    cells = w.NeuronGroup(
        10, "dv/dt = (0.2 - v)/(15*ms) : 1\ndm/dt = (v - m)/(10*ms) : 1", threshold="v > 1", reset="v = 0",
        method="exact", name="cells",
    )  # fmt: skip
    synapses = w.Synapses(
        given, cells,
        """dw/dt = 0.004*x*clip(v_post - 0.6, 0, 1)*clip(m_post - 0.2, 0, 1)/ms : 1 (clock-driven)
           dx/dt = -x/(15*ms) : 1 (clock-driven)
           d : 1""",
        on_pre="d += 0.005*clip(m_post - 0.1, 0, 1)\nx += 1\nv_post += 0.2 - d", method="euler", name="among",
    )  # fmt: skip
    synapses.connect(
        i=np.repeat(np.arange(10), 3), j=(np.repeat(np.arange(10), 3) + np.tile([0, 3, 7], 10)) % 10
    )
    synapses.w = np.linspace(0.05, 0.4, 30)
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, synapses, monitor).run(400 * w.ms)
    return {"cells": monitor, "w": synapses.w[:], "d": synapses.d[:], "x": synapses.x[:]}


def code_that_reads_and_changes_the_source(w: Any) -> dict[str, Any]:
    """Synapses use up what their source has, targets move sources, and weights follow the potential of the source."""
    rng = np.random.default_rng(28)
    given = _given(w, 12, 900, 28, 300)
    cells = w.NeuronGroup(
        12, "dv/dt = (0.9 - v)/(10*ms) : 1 (unless refractory)\ndx/dt = (1 - x)/(40*ms) : 1", threshold="v > 1",
        reset="v = 0", refractory=3 * w.ms, method="exact", name="cells",
    )  # fmt: skip
    cells.v = rng.random(12)
    cells.x = 1
    driving = w.Synapses(given, cells, on_pre="v_post += 0.2", name="driving")
    driving.connect(j="i")
    among = w.Synapses(
        cells, cells, "w : 1", name="among",
        on_pre={"now": "v_post += w*x_pre*(1.2 - v_post)\nx_pre -= 0.2*x_pre", "late": "v_pre += 0.3*w*v_post"},
        on_post="w = clip(w + 0.05*(v_pre - 0.5), 0, 1)\nx_pre += 0.01",
    )  # fmt: skip
    i, j = np.nonzero(rng.random((12, 12)) < 0.3)
    among.connect(i=i, j=j)
    among.w = rng.random(i.size)
    among.now.delay = 3 * rng.random(i.size) * w.ms
    among.late.delay = 1.5 * w.ms
    among.post.delay = 2 * rng.random(i.size) * w.ms
    monitor = w.SpikeMonitor(cells, name="spikes")
    w.Network(given, cells, driving, among, monitor).run(300 * w.ms)
    return {"cells": monitor, "w": among.w[:], "x": cells.x[:]}


CASES = {
    case.__name__: case
    for case in (
        pair_rule_with_delays_on_both_sides, multiplicative_rule_without_delay, nearest_neighbours_only,
        depression_and_facilitation, gates_of_single_synapses, several_pathways_with_their_own_delays,
        inhibition_that_learns_a_rate, weights_that_read_the_potential,
        code_that_reads_and_changes_the_source,
    )
}  # fmt: skip
