"""The gate in C: its closed form, the same in both engines and in any number of threads, and under sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evsim_residual_calcium import residual_calcium
from numpy.typing import NDArray

import evsim
from evsim import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, include
from evsim.models import conductance, current, hh_traub, lif, magnesium_block
from evsim.testing import check_model, gate_response
from evsim.units import ms, mV, nA, pA

ARRIVALS = [1.03, 11.2, 23.37, 23.97, 80.55, 200.2]
CHECKED = (
    "-std=c11 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -O1 -g -fsanitize=address,undefined".split()
)


@pytest.fixture(autouse=True)
def fresh_scope() -> None:
    """Begin every test with no objects."""
    evsim.start_scope()
    evsim.prefs.threads = 1


def released(times: Any, **changes: float) -> NDArray[np.float64]:
    """What each spike (ms) releases, by the closed form of the paper."""
    p = {
        "F_1": 0.24,
        "K_F": 0.67,
        "tau_F": 100,
        "K_D": 2.0,
        "tau_D": 50,
        "k_0": 0.002,
        "k_max": 0.03,
        **changes,
    }
    facilitating = faster = 0.0
    ready, before, found = 1.0, times[0], []
    for t in times:
        h = t - before
        rest = faster * np.exp(-h / p["tau_D"])
        gain = ((p["K_D"] + rest) / (p["K_D"] + faster)) ** ((p["k_max"] - p["k_0"]) * p["tau_D"])
        ready = 1 - (1 - ready) * np.exp(-p["k_0"] * h) * gain
        facilitating, faster, before = facilitating * np.exp(-h / p["tau_F"]), rest, t
        found.append((p["F_1"] + (1 - p["F_1"]) * facilitating / (p["K_F"] + facilitating)) * ready)
        ready -= found[-1]
        facilitating, faster = facilitating + 1, faster + 1
    return np.array(found)


def decaying(t: Any, times: Any, sizes: Any, tau: float = 2.0) -> Any:
    return sum(
        size * np.where(t >= at, np.exp(-np.maximum(t - at, 0) / tau), 0)
        for at, size in zip(times, sizes, strict=True)
    )


def test_the_gate_keeps_the_contract() -> None:
    assert check_model(residual_calcium) == []


def test_a_train_off_the_grid_releases_what_the_closed_form_says() -> None:
    trace = gate_response(residual_calcium, ARRIVALS * ms, 250 * ms)
    expected = decaying(trace.t / ms, ARRIVALS, released(ARRIVALS))
    assert np.max(np.abs(trace.s[0] - expected)) < 1e-14
    assert trace.s[0].max() > 0.5  # facilitated: the first spike releases 0.24


def test_the_closed_form_is_the_solution_of_the_equations() -> None:
    """The same synapse as text, integrated between its spikes."""
    source = SpikeGeneratorGroup(1, [0] * len(ARRIVALS), ARRIVALS * ms)
    cells = NeuronGroup(1, "dx/dt = 0*Hz : 1")
    text = Synapses(
        source,
        cells,
        """dready/dt = (1 - ready)*(2*Hz + 28*Hz*c/(2 + c)) : 1 (clock-driven)
           dc/dt = -c/(50*ms) : 1 (clock-driven)
           df/dt = -f/(100*ms) : 1 (clock-driven)
           out : 1""",
        on_pre="""out = (0.24 + 0.76*f/(0.67 + f))*ready
                  ready -= (0.24 + 0.76*f/(0.67 + f))*ready
                  c += 1
                  f += 1""",
    )
    text.connect()
    text.ready = 1
    evsim.run(210 * ms)
    assert float(text.out[0]) == pytest.approx(released(ARRIVALS)[-1], abs=1e-9)


def test_delay_weight_and_parameters_of_single_synapses() -> None:
    source = SpikeGeneratorGroup(1, [0] * len(ARRIVALS), ARRIVALS * ms)
    cells = NeuronGroup(2, lif(I_stim=0 * nA, V_th=0 * mV))
    synapses = Synapses(source, cells, residual_calcium(F_1=0.1), output=current)
    synapses.connect()
    synapses.delay = [1.3, 2.71] * ms
    synapses.w = [10, -20] * pA
    trace = StateMonitor(synapses, ["s", "I"], record=True)
    evsim.run(250 * ms)
    t, sizes = trace.t / ms, released(ARRIVALS, F_1=0.1)
    arrived = [decaying(t, np.array(ARRIVALS) + lag, sizes) for lag in (1.3, 2.71)]
    assert np.max(np.abs(trace.I[0] / pA - 10 * arrived[0])) < 1e-12
    assert np.max(np.abs(trace.I[1] / pA + 20 * arrived[1])) < 1e-12
    assert np.max(np.abs(trace.s[1] - decaying(t, ARRIVALS, sizes))) < 1e-14
    assert synapses.since / ms == pytest.approx([250 - 200.2 - 1.3, 250 - 200.2 - 2.71], abs=1e-9)


def test_a_synapse_starts_with_what_it_is_given_and_parameters_may_change_between_runs() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1.03, 5.2] * ms)
    synapses = Synapses(source, NeuronGroup(1, lif(I_stim=0 * nA)), residual_calcium, output=current)
    synapses.connect()
    synapses.ready = 0.5
    synapses.k_0 = synapses.k_max = 0
    trace = StateMonitor(synapses, "s", record=True)
    evsim.run(2 * ms)
    assert float(synapses.ready[0]) == pytest.approx(0.5 * 0.76, abs=1e-15)
    assert trace.s[0].max() == pytest.approx(0.5 * 0.24 * np.exp(-0.07 / 2), abs=1e-12)
    synapses.F_1 = 1.0
    evsim.run(5 * ms)
    assert float(synapses.ready[0]) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(
    ("neuron", "output"),
    [(lif, current), (lif, conductance), (lif, magnesium_block), (hh_traub, current)],
    ids=lambda model: model.name,
)
def test_it_goes_with_outputs_and_neurons_and_the_reference_finds_the_same_spikes(
    neuron: Any, output: Any
) -> None:
    source = SpikeGeneratorGroup(3, [0, 1, 2, 0, 1], [1.03, 2.2, 3.37, 5.1, 5.1] * ms)
    cells = NeuronGroup(2, neuron)
    synapses = Synapses(source, cells, residual_calcium, output=output)
    synapses.connect()
    synapses.delay = "1*ms + 0.3*ms*i"
    synapses.w = 10 * nA if output is current else 5
    spikes = SpikeMonitor(cells)
    report = evsim.verify(Network(source, cells, synapses, spikes), 8 * ms)
    assert (report.missing, report.extra) == ((), ())
    assert report.n_spikes > 0
    assert report.largest_difference < 1e-9


def network(n: int = 40) -> tuple[Network, Synapses, SpikeMonitor]:
    evsim.start_scope()
    evsim.seed(3)
    cells = NeuronGroup(n, lif(I_stim=np.linspace(0.4, 0.6, n) * nA, t_ref=2 * ms))
    cells.V = np.linspace(-70, -50, n) * mV
    synapses = Synapses(cells, cells, residual_calcium, output=current)
    synapses.connect(p=0.4)
    synapses.delay = "(1 + rand())*ms"
    synapses.w = 30 * pA
    spikes = SpikeMonitor(cells)
    return Network(cells, synapses, spikes), synapses, spikes


def test_the_bits_are_the_same_for_threads_pieces_and_after_a_store() -> None:
    found = []
    for threads, pieces in ((1, [120]), (2, [120]), (4, [37.3, 60, 22.7])):
        evsim.prefs.threads = threads
        net, synapses, spikes = network()
        for piece in pieces:
            net.run(piece * ms)
        found.append((np.array(spikes.t_), np.array(synapses.ready), np.array(synapses.since)))
    net, synapses, spikes = network()
    net.run(50 * ms)
    net.store()
    net.run(20 * ms)
    net.restore()
    net.run(70 * ms)
    found.append((np.array(spikes.t_), np.array(synapses.ready), np.array(synapses.since)))
    assert found[0][0].size > 80
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.skipif(shutil.which("cc") is None, reason="the C test needs a C compiler named cc")
def test_the_c_touches_nothing_else_under_sanitizers(tmp_path: Path) -> None:
    program, folder = tmp_path / "check", include.folder()
    source = Path(__file__).with_name("check_gates.c")
    subprocess.run(["cc", *CHECKED, f"-I{folder}", source, "-lm", "-o", program], check=True)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1"}
    done = subprocess.run([program], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("released ")
