"""Networks of plastic synapses: the same bits however they run, and the reference engine agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evsim_plasticity import stdp_pair, tsodyks_markram

from evsim import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    mV,
    nA,
    nS,
    seed,
    start_scope,
)
from evsim.models import ampa, conductance, current, exponential, lif, nmda
from evsim.verify import verify

MONITORED = ["w", "u", "A_pre"]


def network(is_monitored: bool = False) -> Network:
    """Poisson sources on cells that spike, through gates of two kinds, with delays of both ends."""
    start_scope()
    seed(4)
    sources = PoissonGroup(15, 60 * Hz, name="sources")
    cells = NeuronGroup(20, lif(V_reset=-70 * mV, t_ref=1 * ms), name="cells")
    cells.V = "-70*mV + 20*mV*i/N"
    both = [tsodyks_markram(U=0.4), stdp_pair(dA_pre=0.05 * nA, dA_post=0.06 * nA, w_max=3 * nA)]
    first = Synapses(sources, cells, exponential, output=current, plasticity=both, name="first")
    second = Synapses(
        cells,
        cells,
        ampa,
        output=conductance(g_max=3 * nS),
        plasticity=[stdp_pair(pairing="nearest_neighbour"), tsodyks_markram],
        name="second",
    )
    first.connect(p=0.5)
    second.connect("i != j", p=0.3)
    first.delay, second.delay = "(0.1 + 2*rand())*ms", 1.37 * ms
    first.post.delay = 0.31 * ms
    objects = [sources, cells, first, second, SpikeMonitor(cells, name="spikes")]
    if is_monitored:
        objects += [StateMonitor(each, [*MONITORED, "s", "I"], record=True) for each in (first, second)]
    return Network(objects)


def bits(net: Network) -> dict[str, Any]:
    spikes = net["spikes"]
    found = {"i": np.array(spikes.i), "tick": np.array(spikes.tick), "offset": np.array(spikes.offset)}
    for name in ("first", "second"):
        for variable in ("w", "u", "x", "A_pre", "A_post"):
            found[f"{name}.{variable}"] = np.array(net[name]._present(variable))
    return found


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected["i"].size > 40
    assert np.ptp(expected["first.w"]) > 0
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name


def test_threads_pauses_and_monitors_change_no_bit(tmp_path: Path) -> None:
    whole = network()
    whole.run(120 * ms)
    expected = bits(whole)
    for threads in (2, 3):
        net = network()
        net.run(120 * ms, threads=threads)
        assert_same(bits(net), expected)
    net = network(is_monitored=True)
    for duration in (0.037, 17.31, 40.003, 62.65):
        net.run(duration * ms)
    assert_same(bits(net), expected)
    net = network()
    net.run(33.33 * ms)
    net.store(filename=str(tmp_path / "stored"))
    net.run(86.67 * ms)
    assert_same(bits(net), expected)
    net.restore(filename=str(tmp_path / "stored"))
    net.run(86.67 * ms, threads=2)
    assert_same(bits(net), expected)


TIMES = [1.37, 4.9, 8.03, 8.31, 13.7, 19.05]
CELL = lif(I_stim=0.6 * nA, V_reset=-55 * mV)


def spikes_of(gate: Any, output: Any, plasticity: Any) -> tuple[Network, SpikeMonitor]:
    """One synapse on a cell that spikes."""
    source = SpikeGeneratorGroup(1, np.zeros(len(TIMES), int), TIMES * ms, name="source")
    cell = NeuronGroup(1, CELL, name="cell")
    cell.V = -58 * mV
    synapses = Synapses(
        source, cell, gate, output=output, plasticity=plasticity, delay=0.73 * ms, name="synapses"
    )
    synapses.connect()
    spikes = SpikeMonitor(cell)
    return Network(source, cell, synapses, spikes), spikes


@pytest.mark.parametrize(
    ("gate", "output", "plasticity"),
    [
        (exponential, current, [tsodyks_markram, stdp_pair]),
        (ampa, current, [tsodyks_markram, stdp_pair(update="multiplicative")]),
        (ampa, conductance(g_max=20 * nS), [stdp_pair(pairing="nearest_neighbour"), tsodyks_markram]),
    ],
    ids=["exponential", "ampa-current", "ampa-conductance"],
)
def test_spike_times_are_those_of_the_reference_engine(gate: Any, output: Any, plasticity: Any) -> None:
    net, spikes = spikes_of(gate, output, plasticity)
    report = verify(net, 25 * ms)
    assert report.is_right
    assert report.largest_difference < 1e-9
    net.run(25 * ms)
    assert spikes.num_spikes >= 3


NMDA = """
dV/dt = (g_L*(E_L - V) + I_stim - counted*20*nS*s*V)/C_m : volt
ds/dt = -s/(100*ms) + 0.5/ms*x*(1 - s) : 1
dx/dt = -x/(2*ms) : 1
counted : 1
"""
SHORT = """
du/dt = -u/(1500*ms) : 1 (event-driven)
dy/dt = (1 - y)/(200*ms) : 1 (event-driven)
w : 1
"""
TRACES = """
dA/dt = -A/(10*ms) : 1 (event-driven)
dB/dt = -B/(10*ms) : 1 (event-driven)
"""


@pytest.mark.parametrize("is_long", [False, True], ids=["one per source", "one per synapse"])
def test_gates_that_do_not_add_up_are_those_of_equations_as_text(is_long: bool) -> None:
    plasticity = [tsodyks_markram, stdp_pair] if is_long else [tsodyks_markram]
    net, spikes = spikes_of(nmda, conductance(g_max=20 * nS), plasticity)
    net.run(25 * ms)
    start_scope()
    source = SpikeGeneratorGroup(1, np.zeros(len(TIMES), int), TIMES * ms, name="source")
    names = {each.name: CELL.value(each.name) for each in CELL.parameters}
    cell = NeuronGroup(1, NMDA, threshold="V > V_th", reset="V = V_reset", namespace=names, name="cell")
    cell.V = -58 * mV
    on_pre = "u += 0.15*(1 - u); r = u*y; y -= r; x_post += r; counted_post = w"
    synapses = Synapses(
        source,
        cell,
        SHORT + (TRACES if is_long else ""),
        on_pre=on_pre + ("; A += 0.5; w = clip(w - B, 0, 20)" if is_long else ""),
        on_post="B += 0.5; w = clip(w + A, 0, 20)" if is_long else None,
        delay=0.73 * ms,
        name="synapses",
    )
    synapses.connect()
    synapses.w = synapses.y = 1
    text = SpikeMonitor(cell)
    other = Network(source, cell, synapses, text)
    report = verify(other, 25 * ms)
    assert report.is_right
    assert report.largest_difference < 1e-9
    other.run(25 * ms)
    assert text.num_spikes >= 3
    assert np.asarray(spikes.t / ms) == pytest.approx(np.asarray(text.t / ms), abs=1e-8)
    assert synapses.w_[0] == pytest.approx(net["synapses"].w_[0], rel=1e-8)
