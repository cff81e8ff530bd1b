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
    before = prefs.engine, prefs.threads
    yield
    prefs.engine, prefs.threads = before


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


CHANGED = {"each": 0, "one": 1, "text": 2, "all the same": 3, "weight": 4, "inputs": 5, "other": 6}


class ManyDelays:
    """A feed-forward network of jumps, with several synapses per row and pair, whose delays change between pieces."""

    def __init__(self, number: int) -> None:
        start_scope()
        seed(number)
        self.draw = draw = np.random.default_rng(number)
        n = 40 if number % 5 == 0 else int(draw.choice([3, 6]))
        rest = 0.3123 * ms if number % 3 == 0 and n < 40 else 0 * ms
        model = "dv/dt = -v/(10*ms) : 1\nx : 1"
        self.cells = cells = NeuronGroup(n, model, threshold="v > 1", reset="v = 0", refractory=rest)
        count = int(draw.integers(2, 8))
        given = SpikeGeneratorGroup(2, draw.integers(0, 2, count), np.sort(draw.uniform(0, 6, count)) * ms)
        self.inputs = Synapses(given, cells, on_pre="v_post += 1.5")
        self.inputs.connect(i=[0, 1], j=[0, 1])
        if number % 2:
            self.inputs.delay = [0.02, 0.3] * ms
        codes = [
            "v_post += w",
            "v_post += w\nx_post += w",
            "x_post = x_post*0.5 + w",
            "v_post += w\nw = w*0.9",
        ]
        self.synapses = Synapses(cells, cells, "w : 1", on_pre=codes[number % 4])
        self.synapses.connect("i < j", p=0.6, n=2)
        if not len(self.synapses):
            self.synapses.connect(i=0, j=1)
        self.synapses.w = draw.uniform(0.05, 0.3, len(self.synapses))
        self.synapses.delay = self.some_delays() * ms
        self.other = Synapses(cells, cells, on_pre="x_post += 1", delay=draw.choice([0, 0.25, 0.1]) * ms)
        self.other.connect(i=0, j=n - 1)
        self.trace = StateMonitor(cells, ["v", "x"], record=True, dt=0.1 * ms)
        self.spikes = SpikeMonitor(cells)

    def some_delays(self) -> NDArray[np.float64]:
        """Delays in rings or along rows; short ones and none; on the grid; all alike; long ones.

        In large networks none of few values, and no refractory period: sums of the same delays in another order
        would be another instant to the compiled engine, by the last digit, and the same to the reference engine.
        """
        draw, size = self.draw, len(self.synapses)
        is_large = len(self.cells) == 40
        drawn = [
            draw.uniform(0, 3, size),
            draw.choice([0, 1], size) * draw.uniform(0, 2, size)
            if is_large
            else draw.choice([0, 0.02, 0.1, 0.5, 2, 8], size),
            draw.uniform(0, 0.3, size) if is_large else np.round(draw.uniform(0, 3, size), 1),
            np.full(size, draw.choice([0, 0.03, 0.4, 2.5])),
            draw.uniform(0.3, 60, size),
        ]
        return np.asarray(drawn[int(draw.integers(5))])

    def change(self) -> None:
        what, draw = int(self.draw.integers(len(CHANGED))), self.draw
        one = int(draw.integers(len(self.synapses)))
        if what == CHANGED["each"]:
            self.synapses.delay = self.some_delays() * ms
        elif what == CHANGED["one"]:
            self.synapses.delay[one] = draw.uniform(0, 3) * ms
        elif what == CHANGED["text"]:
            self.synapses.delay = "(0.1 + 0.07*i + 0.013*j + 0.01*sqrt(7.3*i + 1.77*j*j))*ms"
        elif what == CHANGED["all the same"]:
            self.synapses.delay[:] = draw.uniform(0, 0.2) * ms
            self.cells.v[-1:] = 0.3
        elif what == CHANGED["weight"]:
            self.synapses.w[one] = draw.uniform(0, 0.3)
        elif what == CHANGED["inputs"]:
            self.inputs.delay = draw.choice([0, 0.1, 0.77]) * ms
        else:
            self.other.delay = draw.choice([0, 0.1, 0.77, 3.123]) * ms

    def run(self, threads: tuple[int, ...]) -> list[NDArray[np.float64]]:
        draw, values, left = self.draw, [], 12.05
        for piece in range(int(draw.integers(2, 7))):
            ends = [draw.uniform(0, 2), np.round(draw.uniform(0, 2), 1), draw.uniform(0, 0.05), 0]
            duration = min(float(ends[int(draw.integers(4))]), left - 0.1)
            prefs.threads = threads[piece % len(threads)]
            run(duration * ms)
            left -= duration
            values += [np.array(self.cells.v), np.array(self.cells.x)]
            self.change()
        run(left * ms)
        values += [self.trace.v_, self.trace.x_]
        return [*values, np.array(self.spikes.t_), np.array(self.spikes.i)]


@pytest.mark.parametrize(
    "numbers", [range(k, k + 8) for k in range(0, 48, 8)], ids=lambda r: f"{r[0]}-{r[-1]}"
)
def test_delays_that_change_leave_what_is_under_way(numbers: range) -> None:
    """A change acts on spikes made after it; every delivery made before arrives when it would have, once."""
    n_spikes = 0
    for number in numbers:
        prefs.engine = "compiled"
        compiled, threaded = ManyDelays(number).run((1,)), ManyDelays(number).run((2, 3, 1))
        prefs.engine, prefs.threads = "reference", 1
        reference = ManyDelays(number).run((1,))
        for a, b, c in zip(compiled, reference, threaded, strict=True):
            assert a.shape == b.shape, number
            assert a.shape == c.shape, number
            assert np.array_equal(a, c), number
            assert np.abs(a - b).max(initial=0) < 1e-11, number
        n_spikes += compiled[-1].size
    assert n_spikes > 15


@pytest.mark.parametrize("cut", [3.83, 3.8333333, 3.9, 4.0, 4.1])
def test_a_delivery_under_way_keeps_its_delay(cut: float) -> None:
    """The spike at 3.827 ms delivers after 0.03, 0.2, 0.5 or 2 ms, whatever its synapse's delay becomes."""
    for old in (0.03, 0.2, 0.5, 2):
        for new in (None, 0, 0.02, 0.3, 1.5, 2.5):
            start_scope()
            given = SpikeGeneratorGroup(1, [0], [3.827] * ms)
            cells = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
            start = Synapses(given, cells, on_pre="v_post += 1.5")
            start.connect(i=0, j=0)
            synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
            synapses.connect(i=[0, 1], j=[1, 2])
            synapses.w, synapses.delay = 0.25, [old, 0.05] * ms
            run(cut * ms)
            if new is None:
                synapses.w[0] = 0.6
            else:
                synapses.delay[0] = new * ms
            run((8 - cut) * ms)
            weight = 0.6 if new is None and 3.827 + old >= cut else 0.25
            expected = weight * np.exp(-(8 - 3.827 - old) / 10)
            assert cells.v[:] == pytest.approx([0, expected, 0], rel=1e-13)
            assert len(start) == 1


def test_synapses_made_between_runs_take_in_no_spike_from_before() -> None:
    for cut in (1, 1.0321, 1.9):
        start_scope()
        given = SpikeGeneratorGroup(1, [0, 0, 0], [0.95, 1.02, 1.95] * ms)
        cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
        start = Synapses(given, cells, on_pre="v_post += 2")
        start.connect(i=0, j=0)
        run(cut * ms)
        later = Synapses(cells, cells, on_pre="v_post += 0.25", delay=3 * ms)
        later.connect(i=0, j=1)
        run(9 * ms)
        assert len(start) == 1
        assert cells.v[1] == 0.25 * (2 if cut == 1 else 1)
