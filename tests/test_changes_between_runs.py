"""What a user changes between runs that end anywhere: against the reference engine, and on any number of threads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *

MODEL = """
dv/dt = (I + x - v)/tau : 1 (unless refractory)
dx/dt = -x/(3*ms) : 1
I : 1
tau : second
"""
PIECES = [0.5, 3.3, 1.2345, 4.56789, 0.0321, 2.0]


@pytest.fixture(autouse=True)
def engine_of_before() -> Iterator[None]:
    before = prefs.engine
    yield
    prefs.engine = before


class Script:
    """A recurrent network run in pieces, with a change of something after each."""

    def __init__(self, n: int, chance: float, longest: float, number: int) -> None:
        start_scope()
        seed(1)
        self.draw = draw = np.random.default_rng(number)
        self.cells = cells = NeuronGroup(
            n, MODEL, threshold="v > 1", reset="v = 0", refractory=0.83 * ms, name="cells"
        )
        cells.tau, cells.I, cells.v = 10 * ms, 1.3, draw.uniform(0, 1, n)
        self.synapses = Synapses(cells, cells, "w : 1", on_pre="x_post += w")
        self.synapses.connect("i != j", p=chance)
        size = len(self.synapses)
        self.synapses.w, self.synapses.delay = draw.normal(0, 0.2, size), draw.uniform(0, longest, size) * ms
        self.fading = Synapses(cells, cells, "u : 1", on_pre="v_post += u\nu = u*0.99", delay=0.7 * ms)
        self.fading.connect(f"i == (j + 1) % {n}")
        self.fading.u = 0.05
        given = SpikeGeneratorGroup(2, [0, 1] * 20, draw.uniform(0, 60, 40) * ms)
        starting = Synapses(given, cells, on_pre="x_post += 0.3", delay=0.3 * ms)
        starting.connect(i=[0, 1], j=[2, 4])
        self.rest = [given, starting]
        self.spikes = SpikeMonitor(cells)
        self.trace = StateMonitor(cells, ["v", "x"], record=True, dt=0.37 * ms)

    def change(self, what: int) -> None:
        cells, synapses, draw, n = self.cells, self.synapses, self.draw, len(self.cells)
        if what == 0:
            cells.v[2] = draw.uniform(0, 1.2)
        elif what == 1:
            cells.I[draw.integers(n)] = draw.uniform(1, 2)
        elif what == 2:
            synapses.w[3] = 0.5
        elif what == 3:
            synapses.delay[5] = draw.uniform(0, 3) * ms
        elif what == 4:
            cells.tau = draw.uniform(5, 15, n) * ms
        elif what == 5:
            cells.x = "0.1*i/N"
        elif what == 6:
            self.fading.u[1] = 0.3

    def run(self) -> list[NDArray[np.float64]]:
        """Run all; return states after every piece, then samples, spike times in seconds and ticks."""
        values = []
        for k in range(14):
            run(PIECES[k % len(PIECES)] * ms)
            values += [np.array(self.cells.v), np.array(self.cells.x), np.array(self.fading.u)]
            self.change(self.draw.integers(8))
        values += [self.trace.v_, self.trace.x_]
        return [*values, self.spikes.tick * 1e-4 + np.array(self.spikes.offset), self.spikes.i.astype(float)]


@pytest.mark.parametrize("longest", [3, 0.2, 0.02])
@pytest.mark.parametrize("number", [1, 2])
def test_changes_at_any_instant_agree_with_the_reference(longest: float, number: int) -> None:
    found = []
    for engine in ("compiled", "reference"):
        prefs.engine = engine
        found.append(Script(6, 1.0, longest, number).run())
    *compiled, times, index = found[0]
    *reference, true_times, true_index = found[1]
    assert index.size > 8
    assert np.array_equal(index, true_index)
    assert np.abs(times - true_times).max() < 1e-15
    for a, b in zip(compiled, reference, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() < 1e-13


@pytest.mark.parametrize("longest", [3, 0.2, 0.02])
def test_changes_at_any_instant_leave_the_same_bits_for_any_number_of_threads(longest: float) -> None:
    found = []
    for threads in (1, 2, 4, 3):
        prefs.threads = threads
        script = Script(150, 0.1, longest, 7)
        found.append([values.tobytes() for values in script.run()])
        assert script.spikes.num_spikes > 100
    assert all(each == found[0] for each in found[1:])


@pytest.mark.parametrize("what", ["nothing", "state", "weight", "delay of another", "parameter"])
def test_a_delivery_on_its_way_inside_a_step_survives_a_change(what: str) -> None:
    """The spike at 3.827 ms arrives at 3.837 ms; a run ends in between, and something is changed there."""
    cells = NeuronGroup(3, "dv/dt = pull*Hz : 1\npull : 1", threshold="v > 1", reset="v = 0")
    given = SpikeGeneratorGroup(1, [0], [3.827] * ms)
    start = Synapses(given, cells, on_pre="v_post += 1.5")
    start.connect(i=0, j=0)
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    synapses.connect(i=[0, 1], j=[1, 2])
    synapses.w, synapses.delay = 0.25, [0.01, 0.5] * ms
    run(3.8321 * ms)
    assert cells.v[:].tolist() == [0, 0, 0]
    changed = {
        "state": (cells.v, 2, 0.125),
        "parameter": (cells.pull, 2, 0.0),
        "weight": (synapses.w, 0, 0.5),
    }
    if what in changed:
        view, item, value = changed[what]
        view[item] = value
    if what == "delay of another":
        synapses.delay[1] = 0.7 * ms
    run(1 * ms)
    assert len(start) == 1
    assert cells.v[:].tolist() == [0, 0.5 if what == "weight" else 0.25, 0.125 if what == "state" else 0]
