"""What is under way: the next deliveries, read without a trace."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim import EvsimError, Network, prefs


def wired(delays: object) -> Network:
    """Two given spikes, at 1.05 and 2.5 ms, to three cells."""
    start_scope()
    train = SpikeGeneratorGroup(2, [0, 1], [1.05, 2.5] * ms, name="train")
    cells = NeuronGroup(3, "n : 1", name="cells")
    wires = Synapses(train, cells, on_pre="n_post += 1", name="wires")
    wires.connect()
    wires.delay = delays
    return Network(train, cells, wires)


def seen(net: Network, n: int = 20) -> list[tuple[float, int, int]]:
    return [(round(float(d.t / ms), 9), d.i, d.j) for d in net.queue.peek(n)]


DIFFERENT = [1.5, 0.25, 7.125, 2, 4, 3] * ms  # of the synapses 0-0, 0-1, 0-2, 1-0, 1-1, 1-2


@pytest.mark.parametrize("end", [1.06, 1.1, 1.2, 1.2999])
def test_the_next_deliveries_come_in_their_order(end: float) -> None:
    net = wired(DIFFERENT)
    assert seen(net) == []
    net.run(1.05 * ms)
    assert seen(net) == []  # the spike is due at the end, and belongs to the next run
    net.run((end - 1.05) * ms)
    assert seen(net) == [(1.3, 0, 1), (2.55, 0, 0), (8.175, 0, 2)]
    assert seen(net, 2) == [(1.3, 0, 1), (2.55, 0, 0)]
    net.run((2.6 - end) * ms)
    assert seen(net) == [(4.5, 1, 0), (5.5, 1, 2), (6.5, 1, 1), (8.175, 0, 2)]
    net.run(7 * ms)
    assert seen(net) == []
    assert net["cells"].n[:].tolist() == [2, 2, 2]


def test_deliveries_of_equal_delay_and_of_neurons_are_seen_too() -> None:
    cells = NeuronGroup(2, "dv/dt = 1/(3*ms) : 1", threshold="v > 1", reset="v = 0", name="cells")
    cells.v = [0, 0.5]
    wires = Synapses(cells, cells, on_pre="v_post += 0", delay=2 * ms, name="wires")
    wires.connect("i != j")
    net = Network(cells, wires)
    net.run(3.05 * ms)
    assert seen(net) == [(3.5, 1, 0), (5.0, 0, 1)]
    (first, _) = net.queue.peek(2)
    assert str(first) == "3.5 ms: wires[1] from cells[1] to cells[0]"


def test_many_spikes_in_flight_give_the_earliest() -> None:
    rng = np.random.default_rng(1)
    train = SpikeGeneratorGroup(500, np.arange(500), rng.random(500) * 5 * ms)
    cells = NeuronGroup(50, "n : 1")
    wires = Synapses(train, cells, on_pre="n_post += 1")
    wires.connect(p=0.5)
    wires.delay = "10*ms + 5*rand()*ms"
    net = Network(train, cells, wires)
    net.run(6.01 * ms)
    arrivals = np.sort(np.array(train._seconds)[np.argsort(train._index)][wires.i] + np.array(wires.delay))
    assert wires.N > 10000
    found = net.queue.peek(100)
    assert [float(d.t / second) for d in found] == pytest.approx(arrivals[:100].tolist(), abs=1e-12)
    assert len(net.queue.peek(20000)) == wires.N


@pytest.mark.parametrize("end", [2, 2.03])
def test_looking_changes_no_bit(end: float) -> None:
    def result(is_looking: bool) -> list[object]:
        start_scope()
        seed(2)
        cells = NeuronGroup(20, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        cells.v = "rand()"
        wires = Synapses(cells, cells, on_pre="v_post += 0.03")
        wires.connect("i != j")
        wires.delay = "0.1*ms + 3*rand()*ms"
        spikes = SpikeMonitor(cells)
        net = Network(cells, wires, spikes)
        for _ in range(10):
            net.run(end * ms)
            if is_looking:
                net.queue.peek(30)
        return [spikes.i.tolist(), spikes.tick.tolist(), np.array(spikes.offset).tolist()]

    assert result(True) == result(False)


def test_a_look_as_a_table_and_what_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    net = wired(DIFFERENT)
    assert repr(net.queue.peek()) == "nothing is under way"
    net.run(2 * ms)
    assert repr(net.queue.peek(1)).splitlines()[-1].split("  ")[0] == "2.55 ms"
    assert "<td>cells[0]</td>" in net.queue.peek()._repr_html_()
    with pytest.raises(EvsimError, match="give 1 or more"):
        net.queue.peek(0)
    with pytest.raises(EvsimError, match="give how many"):
        net.queue.peek("all")  # type: ignore[arg-type]
    monkeypatch.setattr(prefs, "engine", "reference")
    other = wired(1 * ms)
    other.run(1 * ms)
    with pytest.raises(EvsimError, match="reference engine has no queue"):
        other.queue.peek()
