"""What evsim does beyond other simulators, as scripts of a user: one test for each row of the list of features."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evsim.kernels
from evsim import *
from evsim.codegen import shipped
from evsim.models import ampa, conductance, lif

lif_file = sys.modules["evsim.models.lif"].__file__ or ""
KERNELS = evsim.kernels.folder() / shipped.INDEX
CELL = """dV/dt = (-70*mV - V + R*I)/(20*ms) : volt
          dI/dt = -I/(5*ms) : amp"""
R = 50 * Mohm


def driven(dt: float) -> np.ndarray:
    """Spike times (ms) of cells with off-grid input, on a clock of this step (ms)."""
    start_scope()
    defaultclock.dt = dt * ms
    random = np.random.default_rng(4)
    source = SpikeGeneratorGroup(50, random.integers(0, 50, 600), np.sort(random.random(600)) * 200 * ms)
    cells = NeuronGroup(10, CELL, threshold="V > -60*mV", reset="V = -70*mV", refractory=1.23 * ms)
    cells.V = -70 * mV
    synapses = Synapses(source, cells, on_pre="I += 0.3*nA")
    synapses.connect("(i + j) % 3 == 0")
    synapses.delay = "0.5*ms + i*0.0377*ms"
    spikes = SpikeMonitor(cells)
    run(200 * ms)
    return spikes.t / ms


def test_140_halving_the_step_leaves_the_spikes_of_a_linear_model_as_they_are() -> None:
    times = [driven(dt) for dt in (0.2, 0.1, 0.05)]
    assert times[0].size > 100
    for other in times[1:]:
        assert np.max(np.abs(other - times[0])) < 1e-12


def test_141_delays_and_refractory_periods_are_real_numbers() -> None:
    seed(7)
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    cells = NeuronGroup(13, "v : 1", threshold="v > 0.5", reset="v = 0")
    synapses = Synapses(source, cells, on_pre="v_post += 1")
    synapses.connect()
    synapses.delay = "rand()*5*ms"
    synapses.delay[3] = 1.2345678 * ms
    spikes = SpikeMonitor(cells)
    pausing = NeuronGroup(
        2, "dv/dt = 1/ms : 1\npause : second", threshold="v > 1", reset="v = 0", refractory="pause"
    )
    pausing.pause = [0.777, 1.23456] * ms
    pauses = SpikeMonitor(pausing)
    run(10 * ms)
    assert len(set(spikes.t_.tolist())) == 13
    by_cell = np.argsort(spikes.i)
    assert spikes.t[by_cell] / ms == pytest.approx(1 + synapses.delay / ms, rel=1e-15)
    assert spikes.t[by_cell][3] / ms == pytest.approx(2.2345678, rel=1e-15)
    for k, pause in enumerate((0.777, 1.23456)):
        assert np.diff(pauses.spike_trains()[k] / ms) == pytest.approx(max(1, pause), rel=1e-12)


def test_142_an_excursion_inside_a_step_gives_its_spike() -> None:
    # V = x - y passes its maximum of a few uV above the threshold between two steps of 1 ms
    defaultclock.dt = 1 * ms
    a, b = 2 * ms, 1 * ms
    peak_time = 2 * np.log(2)  # ms, of exp(-t/2) - exp(-t), where it is 1/4
    cell = NeuronGroup(
        1,
        "dx/dt = -x/a : volt\ndy/dt = -y/b : volt\nV = x - y : volt",
        threshold="V > height",
        reset="x = 0*mV",
    )
    cell.x = cell.y = 1 * mV
    height = 0.25 * mV - 1e-6 * mV
    spikes = SpikeMonitor(cell)
    run(5 * ms)
    # near the peak V = 1/4 - (t - peak)**2/16
    before = np.sqrt(16 * 1e-6)
    assert spikes.num_spikes == 1
    assert spikes.t[0] / ms == pytest.approx(peak_time - before, abs=2e-5)
    assert before < 0.05


def test_143_a_chain_without_delay_fires_at_one_instant_and_a_ring_is_refused_by_name() -> None:
    chain = NeuronGroup(10, "v : 1", threshold="v > 0.5", reset="v = 0", name="chain")
    start = SpikeGeneratorGroup(1, [0], [1.2345] * ms)
    first, links = Synapses(start, chain, on_pre="v_post += 1"), Synapses(chain, chain, on_pre="v_post += 1")
    first.connect(i=0, j=0)
    links.connect("j == i + 1")
    spikes = SpikeMonitor(chain)
    run(2 * ms)
    assert spikes.i.tolist() == list(range(10))
    assert spikes.t / ms == pytest.approx(1.2345, rel=1e-15)
    assert len(set(zip(spikes.tick, spikes.offset, strict=True))) == 1
    start_scope()
    ring = NeuronGroup(3, "v : 1", threshold="v > 0.5", reset="v = 0", name="ring")
    start = SpikeGeneratorGroup(1, [0], [1] * ms)
    first, links = Synapses(start, ring, on_pre="v_post += 1"), Synapses(ring, ring, on_pre="v_post += 1")
    first.connect(i=0, j=0)
    links.connect("j == (i + 1) % 3")
    with pytest.raises(EvsimError, match=r"ring"):
        run(2 * ms)


def test_144_plasticity_happens_at_real_spike_times() -> None:
    random = np.random.default_rng(2)
    pre, post = np.sort(random.random((2, 30)) * 300, axis=1)  # ms
    source, teacher = SpikeGeneratorGroup(1, [0] * 30, pre * ms), SpikeGeneratorGroup(1, [0] * 30, post * ms)
    target = NeuronGroup(1, "v : 1", threshold="v > 0.5", reset="v = 0")
    teaching = Synapses(teacher, target, on_pre="v_post += 1")
    teaching.connect()
    synapses = Synapses(
        source,
        target,
        """w : 1
           dApre/dt = -Apre/(17*ms) : 1 (event-driven)
           dApost/dt = -Apost/(34*ms) : 1 (event-driven)""",
        on_pre="Apre += 1\nw -= 0.5*Apost",
        on_post="Apost += 1\nw += Apre",
    )
    synapses.connect()
    run(301 * ms)
    lags = post[:, None] - pre
    expected = np.sum(np.exp(-lags[lags > 0] / 17)) - 0.5 * np.sum(np.exp(lags[lags < 0] / 34))
    assert synapses.w[0] == pytest.approx(expected, rel=1e-13)


def test_145_a_pulse_of_transmitter_ends_when_it_ends() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1.037, 1.381] * ms)
    target = NeuronGroup(1, lif)
    synapses = Synapses(source, target, ampa, output=conductance)  # 0.98/(mM ms), 0.18/ms, 0.5 mM for 0.5 ms
    synapses.connect()
    trace = StateMonitor(synapses, "s", record=True, dt=0.1 * ms)
    run(5 * ms)
    t = trace.t / ms
    start, end, rate = 1.037, 1.381 + 0.5, 0.98 * 0.5 + 0.18  # the second spike starts the pulse anew
    top = 0.49 / rate
    expected = np.where(t < start, 0, top * (1 - np.exp(-rate * (np.minimum(t, end) - start))))
    expected *= np.exp(-0.18 * np.maximum(t - end, 0))
    assert np.max(np.abs(trace.s[0] - expected)) < 4e-15


def test_146_gap_junctions_of_linear_cells_are_exact() -> None:
    # two cells, tau = 10 ms, w = 0.5: the mean goes with 1/10 ms, the difference with (1 + 2*0.5)/10 ms
    cells = NeuronGroup(
        2, "dv/dt = (I - v + gap)/(10*ms) : 1\nI : 1\ngap : 1", threshold="v > 10", reset="v = 0"
    )
    cells.I = [30, 0]
    junctions = Synapses(cells, cells, "w : 1\ngap_post = w*(v_pre - v_post) : 1 (summed)")
    junctions.connect("i != j")
    junctions.w = 0.5
    spikes = SpikeMonitor(cells)
    run(12 * ms)
    low, high = 0.0, 10.0
    for _ in range(200):  # v of cell 0 is the mean and half the difference
        middle = (low + high) / 2
        v = 15 * (1 - np.exp(-middle / 10)) + 7.5 * (1 - np.exp(-middle / 5))
        low, high = (middle, high) if v < 10 else (low, middle)
    assert spikes.i[0] == 0
    assert spikes.t[0] / ms == pytest.approx(low, abs=1e-10)


def digest(pieces: list[float], threads: int = 1, watched: bool = False, stored: Path | None = None) -> str:
    """A hash of the spikes (i, t) of a noisy network."""
    start_scope()
    seed(5)
    cells = NeuronGroup(
        60, "dv/dt = (1.1 - v)/(10*ms) + 0.1*xi/sqrt(10*ms) : 1", threshold="v > 1", reset="v = 0"
    )
    cells.v = "rand()"
    source = PoissonGroup(60, 50 * Hz)
    inputs = Synapses(source, cells, on_pre="v_post += 0.1", delay=0.37 * ms)
    inputs.connect(j="i")
    recurrent = Synapses(cells, cells, on_pre="v_post -= 0.02", delay=1.21 * ms)
    recurrent.connect("i != j", p=0.2)
    spikes = SpikeMonitor(cells)
    kept = [StateMonitor(cells, "v", record=True), SpikeMonitor(source)] if watched else []
    net = Network(cells, source, inputs, recurrent, spikes, kept)
    for piece in pieces:
        net.run(piece * ms, threads=threads)
        if stored is not None:
            net.store(filename=stored)
            net.run(3.3 * ms)
            net.restore(filename=stored)
    assert spikes.num_spikes > 100
    return hashlib.sha256(spikes.i.tobytes() + spikes.tick.tobytes() + spikes.offset.tobytes()).hexdigest()


def test_147_the_same_bits_however_a_network_is_run(tmp_path: Path) -> None:
    once = digest([50])
    assert digest([50], threads=2) == digest([50], threads=4) == once
    assert digest([50], watched=True) == once
    assert digest([5] * 10) == once
    assert digest([20, 30], stored=tmp_path / "state") == once
    assert digest([45]) != once


def test_148_a_study_can_state_the_error_of_its_spike_times() -> None:
    cells = NeuronGroup(
        5, CELL.replace("R*I", "R*I + (10.5 + i)*mV"), threshold="V > -60*mV", reset="V = -70*mV"
    )
    cells.V = -70 * mV
    synapses = Synapses(cells, cells, on_pre="I += 10*pA", delay=1.37 * ms)
    synapses.connect("i != j")
    spikes = SpikeMonitor(cells)
    found = verify(Network(cells, synapses, spikes), 100 * ms)
    assert found.is_right
    assert found.n_spikes > 5
    assert found.largest_difference < 1e-11  # ms
    assert "largest difference" in str(found)


SPEED = """import os, time
from pathlib import Path
from evsim import *
from evsim.models import lif, third_party

def seconds(model):
    start_scope()
    cells = NeuronGroup(20_000, model(I_stim=0.44*nA))
    cells.V = "-70*mV + rand()*19*mV"
    run(1*ms)
    start = time.perf_counter()
    run(200*ms)
    return time.perf_counter() - start

def kernels():
    return sorted(Path(os.environ["EVSIM_CACHE"]).rglob("*"))

seconds(lif)
before = kernels()
seconds(third_party)
assert kernels() == before, "one kernel serves both"
both = [(seconds(lif), seconds(third_party)) for _ in range(9)]
print(min(b for _, b in both)/min(a for a, _ in both))
"""


def test_149_a_third_party_model_has_the_speed_of_a_built_in_one(tmp_path: Path) -> None:
    declaration = Path(lif_file).read_text(encoding="utf-8").replace("lif = Neuron(", "third_party = Neuron(")
    ending = "\n\n@hookimpl\ndef evsim_models():\n    return [third_party]\n"
    text = declaration.replace("import Neuron,", "import Neuron, hookimpl,") + ending
    assert len(text.splitlines()) < 60
    (tmp_path / "third_party.py").write_text(text, encoding="utf-8")
    info = tmp_path / "third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text("[evsim]\nthird_party = third_party\n", encoding="utf-8")
    beside = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])}
    command = "import sys; from evsim.commands.command_line import main; sys.exit(main({}))"
    assert "  third_party " in script(command.format(["models"]), **beside)
    assert script(command.format(["check", "third_party"]), **beside) == "third_party: keeps the contract\n"
    ratio = float(script(SPEED, EVSIM_CACHE=str(tmp_path / "cache"), **beside))
    assert ratio == pytest.approx(
        1, abs=0.4
    )  # one kernel serves both; the rest is what else the machine does


WITHOUT_COMPILER = """from evsim import *
from evsim.models import current, exponential, lif
cells = NeuronGroup(10, lif)
synapses = Synapses(cells, cells, exponential, output=current, delay=1.3*ms)
synapses.connect("i != j")
synapses.w = 20*pA
spikes = SpikeMonitor(cells)
run(100*ms)
print(spikes.num_spikes)
"""

NEW_EQUATIONS = """import time
from evsim import *
start = time.perf_counter()
equations = "dv/dt = (2.3456 - v)/(7*ms) + w/(3*ms) : 1\\ndw/dt = -w*v/ms : 1"
group = NeuronGroup(2, equations, threshold="v > 2", reset="v = 0")
group.w = 0.1
run(20*ms)
print(time.perf_counter() - start, group.v[0])
"""


def script(text: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(
    not KERNELS.exists(), reason="this evsim was built without the kernels that a wheel brings"
)
def test_150_networks_of_shipped_models_need_no_compiler(tmp_path: Path) -> None:
    assert int(script(WITHOUT_COMPILER, EVSIM_CACHE=str(tmp_path), CC="/nowhere/cc")) >= 10
    assert list(tmp_path.iterdir()) == []


def test_150_equations_are_compiled_once(tmp_path: Path) -> None:
    runs = [script(NEW_EQUATIONS, EVSIM_CACHE=str(tmp_path)).split() for _ in range(2)]
    first, later = (float(seconds) for seconds, _ in runs)
    assert runs[0][1] == runs[1][1]
    assert later < first
    # what is in the cache needs no compiler
    assert script(NEW_EQUATIONS, EVSIM_CACHE=str(tmp_path), CC="/nowhere/cc").split()[1] == runs[0][1]


def test_151_what_is_under_way_can_be_looked_at() -> None:
    source = SpikeGeneratorGroup(2, [0, 1], [1, 1.5] * ms, name="source")
    cells = NeuronGroup(3, "v : 1", name="cells")
    synapses = Synapses(source, cells, on_pre="v_post += 1", name="synapses")
    synapses.connect("i <= j")
    synapses.delay = "(1 + j)*1.1*ms"
    net = Network(source, cells, synapses)
    net.run(2 * ms)
    assert cells.v[:].tolist() == [0, 0, 0]
    next_ = net.queue.peek(3)
    assert [(d.i, d.j) for d in next_] == [(0, 0), (0, 1), (1, 1)]
    assert [d.t / ms for d in next_] == pytest.approx([2.1, 3.2, 3.7], rel=1e-14)
    assert "source[0]" in str(next_[0])
    assert len(net.queue.peek(9)) == 5


def test_151_the_causes_of_a_spike_are_deliveries_and_their_sources() -> None:
    source = SpikeGeneratorGroup(2, [0, 1, 0], [1, 1.5, 8] * ms, name="source")
    cells = NeuronGroup(3, "v : 1", threshold="v > 1.5", reset="v = 0", name="cells")
    inputs = Synapses(source, cells, on_pre="v_post += 1", delay=0.7 * ms, name="inputs")
    inputs.connect(i=[0, 1], j=0)
    chain = Synapses(cells, cells, on_pre="v_post += 2", name="chain")
    chain.connect(i=[0, 1], j=[1, 2])
    chain.delay = [1.25, 0] * ms
    spikes, sources = SpikeMonitor(cells), SpikeMonitor(source)
    net = Network(source, cells, inputs, chain, spikes, sources)
    net.run(5 * ms)
    assert spikes.i.tolist() == [0, 1, 2]
    last = net.causes(spikes, 2, depth=3)
    assert (last.group, last.i, last.t) == ("cells", 2, spikes.t[2])
    (direct,) = last.causes
    assert (direct.synapses, direct.synapse, direct.spike.i) == ("chain", 1, 1)
    (before,) = direct.spike.causes
    assert before.t / ms == pytest.approx(2.2 + 1.25, rel=1e-14)
    first = before.spike
    assert [(each.spike.group, each.spike.i, each.t / ms) for each in first.causes] == [
        ("source", 0, pytest.approx(1.7, rel=1e-14)),
        ("source", 1, pytest.approx(2.2, rel=1e-14)),
    ]
    assert [str(last).splitlines()[k] for k in (0, 1, 4)] == [
        "cells[2] fired at 3.45 ms, after",
        "  3.45 ms: chain[1] from cells[1], which fired at 3.45 ms",
        "      2.2 ms: inputs[1] from source[1], which fired at 1.5 ms",
    ]
    assert net.causes(spikes, 2).causes[0].spike.causes == ()
    assert str(net.causes(sources, 0)) == "source[0] fired at 1. ms, by itself"


def test_151_causes_begin_after_the_spike_before_and_need_monitors() -> None:
    source = SpikeGeneratorGroup(1, [0] * 4, [1, 2, 3, 4] * ms)
    cell = NeuronGroup(1, "v : 1", threshold="v > 1.5", reset="v = 0", name="cell")
    inputs = Synapses(source, cell, on_pre="v_post += 1", delay=0.3 * ms)
    inputs.connect()
    spikes = SpikeMonitor(cell)
    net = Network(source, cell, inputs, spikes)
    net.run(5 * ms)
    with pytest.raises(EvsimError, match="no SpikeMonitor records spikegeneratorgroup"):
        net.causes(spikes, 1)
    net.add(SpikeMonitor(source))
    for wrong in (2, "first", True):
        with pytest.raises(EvsimError, match="has 2 spikes, and no spike"):
            net.causes(spikes, wrong)  # type: ignore[arg-type]
    start_scope()
    again = SpikeGeneratorGroup(1, [0] * 4, [1, 2, 3, 4] * ms)
    cell = NeuronGroup(1, "v : 1", threshold="v > 1.5", reset="v = 0", name="cell")
    inputs = Synapses(again, cell, on_pre="v_post += 1", delay=0.3 * ms)
    inputs.connect()
    spikes, sources = SpikeMonitor(cell), SpikeMonitor(again)
    net = Network(again, cell, inputs, spikes, sources)
    net.run(5 * ms)
    found = [[each.t / ms for each in net.causes(spikes, k).causes] for k in (0, 1)]
    assert found == [pytest.approx([1.3, 2.3], rel=1e-14), pytest.approx([3.3, 4.3], rel=1e-14)]
