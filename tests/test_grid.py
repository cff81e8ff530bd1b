"""Steps on the grid take what Brian 2.9 takes: the same spikes of the same neurons in the same steps."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evsim
from evsim import ms
from evsim.errors import EvsimRuntimeError

FOLDER = Path(__file__).parent / "brian2"


def cases_in(file: Path) -> dict[str, Callable[[Any], dict[str, Any]]]:
    spec = importlib.util.spec_from_file_location(f"brian2_{file.stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CASES


CASES = {name: case for file in sorted(FOLDER.glob("*cases.py")) for name, case in cases_in(file).items()}


@pytest.fixture(autouse=True)
def on_the_grid() -> Iterator[None]:
    evsim.prefs.timing = "grid"
    dt = evsim.defaultclock.dt
    yield
    evsim.defaultclock.dt = dt


@pytest.mark.parametrize("name", CASES)
def test_spikes_fall_into_the_steps_of_brian(name: str) -> None:
    found = CASES[name](evsim)
    with np.load(FOLDER / f"{name}.npz") as expected:
        assert set(found) == set(expected)
        for key, value in found.items():
            if not isinstance(value, evsim.EventMonitor):
                np.testing.assert_allclose(
                    np.asarray(value, dtype=float), expected[key], rtol=1e-11, atol=1e-15
                )
                continue
            step, element = expected[key]
            assert step.size > 100
            np.testing.assert_array_equal(value.tick, step)
            np.testing.assert_array_equal(value.i, element)
            assert not np.any(value.offset)


def test_every_file_of_spikes_has_its_case() -> None:
    assert {file.stem for file in FOLDER.glob("*.npz")} == set(CASES)
    assert len(CASES) > 20


def _jump(at: float, delay: float) -> tuple[evsim.Network, evsim.StateMonitor]:
    """One neuron whose x jumps by 1 when a spike given at time `at` arrives, and decays with 5 ms."""
    given = evsim.SpikeGeneratorGroup(1, [0], [at] * ms)
    cell = evsim.NeuronGroup(1, "dx/dt = -x/(5*ms) : 1", method="exact")
    synapse = evsim.Synapses(given, cell, on_pre="x_post += 1", delay=delay * ms)
    synapse.connect()
    monitor = evsim.StateMonitor(cell, "x", record=0)
    return evsim.Network(given, cell, synapse, monitor), monitor


def test_samples_show_the_states_before_the_step() -> None:
    net, monitor = _jump(at=0.23, delay=0.1)  # spike in step 2, arrival in step 3
    net.run(0.7 * ms)
    decay = np.exp(-0.1 / 5)
    np.testing.assert_allclose(monitor.x[0], [0, 0, 0, 0, 1, decay, decay**2], rtol=1e-15)


@pytest.mark.parametrize(("delay", "arrival"), [(0.0, 2), (0.04, 2), (0.06, 3), (0.34, 5), (0.36, 6)])
def test_delays_are_rounded_to_the_nearest_step(delay: float, arrival: int) -> None:
    net, monitor = _jump(at=0.2, delay=delay)
    net.run(1 * ms)
    assert np.flatnonzero(monitor.x[0])[0] == arrival + 1


def test_a_run_takes_every_step_that_begins_before_its_end() -> None:
    net, monitor = _jump(at=0.2, delay=0.0)
    net.run(0.41 * ms)
    assert monitor.x.shape == (1, 5)
    assert float(net.t / ms) == pytest.approx(0.5, abs=1e-15)
    net.run(0.3 * ms)
    assert monitor.x.shape == (1, 8)


def _windows_of_one_step(net: evsim.Network) -> None:
    """Adds two neurons, silent for ever, whose synapse without delay lets exact runs go by steps, too."""
    silent = evsim.NeuronGroup(2, "y : 1", threshold="y > 1", reset="y = 0")
    synapse = evsim.Synapses(silent, silent, on_pre="y_post += 1")
    synapse.connect(i=0, j=1)
    net.add(silent, synapse)


def test_spikes_in_flight_survive_a_change_of_timing() -> None:
    net, monitor = _jump(at=0.31, delay=1.0)
    _windows_of_one_step(net)
    net.run(0.55 * ms, timing="exact")
    net.run(2 * ms)
    assert np.flatnonzero(monitor.x[0])[0] == 14  # (0.31 + 1)/0.1 is 13.1
    back, exact = _jump(at=0.31, delay=1.0)
    back.run(0.5 * ms)
    back.run(2 * ms, timing="exact")
    # left in step 3, arrives at 1.3 ms
    np.testing.assert_allclose(exact.x[0][13:15], [1, np.exp(-0.1 / 5)], rtol=1e-14)


def test_deliveries_dealt_out_by_an_exact_run_arrive_on_the_grid() -> None:
    given = evsim.SpikeGeneratorGroup(1, [0], [0.31] * ms)
    cells = evsim.NeuronGroup(3, "dx/dt = 0*x/second : 1", method="exact")
    synapses = evsim.Synapses(given, cells, on_pre="x_post += 1")
    synapses.connect()
    synapses.delay = [0.1, 1.0, 1.52] * ms
    monitor = evsim.StateMonitor(cells, "x", record=True)
    net = evsim.Network(given, cells, synapses, monitor)
    _windows_of_one_step(net)
    net.run(0.5 * ms, timing="exact")
    net.run(3 * ms)
    assert np.argmax(np.asarray(monitor.x), axis=1).tolist() == [5, 14, 19]
    np.testing.assert_array_equal(cells.x, 1)


def test_a_network_that_has_left_the_grid_does_not_go_back() -> None:
    net, _ = _jump(at=0.31, delay=1.0)
    net.run(0.5 * ms, timing="exact")
    with pytest.raises(EvsimRuntimeError, match="begin with timing='grid', or make a new Network for it"):
        net.run(0.5 * ms)


def test_poisson_elements_spike_once_in_a_step_at_most() -> None:
    group = evsim.PoissonGroup(500, 5000 * evsim.Hz)
    monitor = evsim.SpikeMonitor(group)
    evsim.Network(group, monitor).run(20 * ms)
    keys = np.asarray(monitor.tick) * 500 + np.asarray(monitor.i)
    assert np.unique(keys).size == keys.size
    p = 1 - np.exp(-0.5)
    assert abs(keys.size - 1e5 * p) < 5 * np.sqrt(1e5 * p * (1 - p))


def test_poisson_input_adds_all_arrivals_of_the_step_together() -> None:
    cells = evsim.NeuronGroup(200, "dx/dt = 0*x/second : 1", method="exact")
    drive = evsim.PoissonInput(cells, "x", N=10, rate=100 * evsim.Hz, weight=0.25)
    evsim.Network(cells, drive).run(100 * ms)
    counts = np.asarray(cells.x) / 0.25
    np.testing.assert_array_equal(counts, np.rint(counts))
    assert abs(counts.sum() - 20000) < 5 * np.sqrt(20000)


def test_a_state_that_is_not_finite_ends_the_run() -> None:
    cells = evsim.NeuronGroup(3, "dx/dt = x/(1*ms) : 1", method="exact", name="cells")
    cells.x = [0, 1e300, 0]
    with pytest.raises(EvsimRuntimeError, match=r"cells\[1\]: its state became infinite or NaN at 19 ms"):
        evsim.Network(cells).run(100 * ms)
