"""The compiled engine against arbitrary precision: the same spikes, in the same order, at the same times.

Two roundings lie between a spike time and its true value. One is that of the time itself, which the pair
(tick, offset) keeps below 1e-16 ms. The other is that of the threshold form: every event rounds the membrane
potential once or twice, by up to eps/2 = 1.1e-16 of its size, and a potential that is wrong by e crosses
e/|dV/dt| too early or too late. `Pair.conditioning` is this shift for one rounding, eps/2 * |V| / |dV/dt| at
the crossing. Roundings live as long as the membrane remembers, about the number of events within one time
constant (200 at 10 000 events per second and 20 ms), and add like a random walk to 0.58*sqrt(200) = 8 such
shifts; ROUNDINGS = 16 is two deviations of it. A neuron that is reset too late hands its
delay on to its next spike (for constant current in full), so conditioning adds up along a neuron's spikes.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping

import mpmath as mp
import numpy as np
import pytest

from evsim.description import (
    Assignment,
    LinearForm,
    LinearModel,
    Network,
    PoissonDrive,
    PoissonSource,
    Population,
    Projection,
    SpikeRecord,
    SpikeTrainSource,
)
from evsim.engine import Simulation
from evsim.equations.expression import Expression
from evsim.instants import split
from evsim.reference.comparison import Verification
from evsim.verify import verify

FLOOR = 5e-13  # ms
ROUNDINGS = 16
IS_LONG = os.environ.get("EVSIM_LONG_TESTS") == "1"  # 2 s of input instead of 0.1 s; takes minutes
SECONDS = 2.0 if IS_LONG else 0.1
STEPS = [1e-3, 1e-4, 1e-5]


def expression(text: str) -> Expression:
    return Expression.parse(text, "a test")


def form(constant: str = "0", **coefficients: str) -> LinearForm:
    return LinearForm({name: expression(text) for name, text in coefficients.items()}, expression(constant))


def lif(inputs: Mapping[str, LinearForm], drive: str, reset: str = "V_reset") -> LinearModel:
    """A leaky cell in SI units; `drive` is the state that is its input current."""
    names = {name for each in inputs.values() for e in each.coefficients.values() for name in e.names}
    current = {drive: "1/C_m"} if drive != "V" else {}
    return LinearModel(
        states=("V", *inputs),
        rates={"V": form("(g_L*E_L + I)/C_m", V="-g_L/C_m", **current), **inputs},
        clamped=frozenset({"V"}),
        threshold=form("-V_th", V="1"),
        strict=True,
        reset=(Assignment("V", "neuron", "set", expression(reset)),),
        parameters=("C_m", "g_L", "E_L", "I", "V_th", "V_reset", *sorted(names)),
    )


CELL = {"C_m": 0.4e-9, "g_L": 20e-9, "E_L": -70e-3, "I": 0.38e-9, "V_th": -50e-3, "V_reset": -60e-3}
TAU_M = CELL["C_m"] / CELL["g_L"]

# name: the input equations, the state that deliveries change, their scale, the input current
INPUTS: dict[str, tuple[dict[str, LinearForm], str, float, str]] = {
    "exponential": ({"s": form(s="-1/tau")}, "s", 40e-12, "s"),
    "alpha": ({"s": form(x="1"), "x": form(x="-2/tau", s="-1/tau**2")}, "x", 40e-12 * np.e / 5e-3, "s"),
    "dual": (
        {"s": form(x="1"), "x": form(x="-(tau + rise)/(tau*rise)", s="-1/(tau*rise)")},
        "x",
        40e-12 / 1e-3,
        "s",
    ),
    "delta": ({}, "V", 0.15e-3, "V"),
}


def noisy_cell(
    kind: str, seed: int, dt: float = 1e-4, tau: float = 5e-3, rise: float = 1e-3, pause: float = 2.3456e-3
) -> Network:
    """One cell below threshold with 10 000 deliveries of mixed sign per second, none of them on the grid."""
    rng = np.random.default_rng(seed)
    inputs, target, scale, drive = INPUTS[kind]
    model = lif(inputs, drive)
    values = {**CELL, "tau": tau, "rise": rise}
    start = {name: np.zeros(1) for name in model.states} | {"V": np.array([-55e-3])}
    parameters = {name: values[name] for name in model.parameters}
    cells = Population("cells", 1, model, start, dict(parameters), pause)
    n = round(10_000 * SECONDS)
    ticks, offsets = split(np.sort(rng.uniform(0, SECONDS, n)), dt)
    train = SpikeTrainSource("train", 200, rng.integers(0, 200, n), ticks, offsets)
    weights = scale * rng.normal(0.06, 1.0, 200)
    wires = np.arange(200), np.zeros(200, dtype=np.int64)
    code = (Assignment(target, "neuron", "add", expression("w")),)
    delays = rng.uniform(0, 5e-3, 200)
    projection = Projection("wires", "train", "cells", *wires, delays, code, {"w": weights})
    return Network(dt, seed, [cells], [train], [projection])


def tolerances(report: Verification) -> list[tuple[float, float]]:
    """Difference and what is allowed (ms), for every spike."""
    added: dict[object, float] = defaultdict(float)
    rows = []
    for pair in sorted(report.pairs, key=lambda pair: pair.time):
        added[pair.neuron] += ROUNDINGS * pair.conditioning
        rows.append((abs(pair.difference), FLOOR + added[pair.neuron]))
    return rows


def require_right(report: Verification, at_least: int) -> None:
    assert report.is_right, report
    assert report.n_spikes >= at_least, report
    late = [row for row in tolerances(report) if row[0] > row[1]]
    assert late == [], report


# Constant current.


@pytest.mark.parametrize("seed", range(12))
def test_a_thousand_spikes_of_constant_current_are_at_the_floor_of_double_precision(seed: int) -> None:
    """Against t_k = t_1 + (k - 1)*(T + t_ref), with any refractory period, 0 included, at any step."""
    rng = np.random.default_rng(seed)
    dt = STEPS[seed % 3]
    pause = 0.0 if seed < 3 else float(rng.uniform(0, 5e-3))
    current = float(rng.uniform(0.5e-9, 2e-9))
    values = {**CELL, "I": current}
    cells = Population("cells", 1, lif({}, "V"), {"V": np.array([CELL["V_reset"]])}, dict(values), pause)
    network = Network(dt, seed, [cells], spike_records=[SpikeRecord("spikes", "cells", 0, 1)])
    with mp.workdps(40):
        c, g, e, i, top, bottom = (mp.mpf(values[n]) for n in ("C_m", "g_L", "E_L", "I", "V_th", "V_reset"))
        rest = e + i / g
        period = c / g * mp.log((rest - bottom) / (rest - top))
        slope = g / c * (rest - top)
        parts = split(pause, dt)
        exact_pause = mp.mpf(int(parts[0])) * mp.mpf(dt) + mp.mpf(float(parts[1]))
        simulation = Simulation(network)
        simulation.run(float(period + 999.5 * (period + exact_pause)))
        ticks, offsets, _ = simulation.spikes("spikes")
        assert len(ticks) == 1000
        errors = [
            float((mp.mpf(int(tick)) * mp.mpf(dt) + mp.mpf(offset) - expected) * 1000)
            for k, (tick, offset) in enumerate(zip(ticks, offsets, strict=True))
            for expected in [period + k * (period + exact_pause)]
        ]
        conditioning = float(mp.mpf(2) ** -53 * abs(top) / slope * 1000)
    # The potential is rounded once a window, and remembers the windows of one time constant. A period that repeats has
    # the same error every time, so errors may grow with the number of the spike.
    windows = min(float(period), TAU_M) / dt
    floor = (4 + 2 * windows**0.5) * conditioning + 2.0**-52 * float(period) * 1e3
    assert max(abs(error) / (k + 2) for k, error in enumerate(errors)) < floor
    assert max(map(abs, errors)) < 1e-11


# Input at 10 000 events per second.


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("kind", INPUTS)
def test_noisy_input_off_the_grid_gives_every_spike_at_its_time(kind: str, dt: float) -> None:
    require_right(verify(noisy_cell(kind, seed=1, dt=dt), SECONDS), at_least=2)


@pytest.mark.parametrize("tau", [TAU_M, TAU_M * (1 + 1e-9), TAU_M * (1 - 1e-9)])
@pytest.mark.parametrize("kind", ["exponential", "alpha", "dual"])
def test_equal_and_nearly_equal_time_constants_lose_no_digit(kind: str, tau: float) -> None:
    built = noisy_cell(kind, seed=2, tau=tau, rise=tau * (1 - 1e-9))
    built.projections[0].variables["w"] *= 5e-3 / TAU_M if kind != "exponential" else 0.5
    require_right(verify(built, SECONDS), at_least=1)


def test_spike_times_do_not_depend_on_the_step() -> None:
    """The grid points k*dt of three steps differ by roundings of dt, 1e-16 of the time."""
    found = []
    for dt in STEPS:
        built = noisy_cell("exponential", seed=3, dt=dt)
        built.spike_records.append(SpikeRecord("spikes", "cells", 0, 1))
        simulation = Simulation(built)
        simulation.run(SECONDS)
        ticks, offsets, _ = simulation.spikes("spikes")
        found.append((ticks * dt + offsets) * 1e3)
    assert len(found[0]) >= 2
    assert found[0] == pytest.approx(found[1], rel=0, abs=5e-12)
    assert found[0] == pytest.approx(found[2], rel=0, abs=5e-12)


# Modes, grazing, Poisson.


@pytest.mark.parametrize("seed", range(4))
def test_a_resonant_cell_spikes_at_its_times(seed: int) -> None:
    """V and u turn into each other at 30 to 300 Hz; the input is delta-like."""
    rng = np.random.default_rng(seed)
    model = LinearModel(
        states=("V", "u"),
        rates={"V": form("I", V="-d", u="-w"), "u": form(V="w", u="-d")},
        clamped=frozenset(),
        threshold=form("-1", V="1", u="0.25"),
        strict=True,
        reset=(Assignment("V", "neuron", "set", expression("V - 1")),),
        parameters=("d", "w", "I"),
    )
    values = {"d": rng.uniform(20, 100, 3), "w": 2 * np.pi * rng.uniform(30, 300, 3), "I": 10.0}
    cells = Population("cells", 3, model, {"V": np.zeros(3), "u": np.zeros(3)}, values, 1.23e-3)
    ticks, offsets = split(np.sort(rng.uniform(0, 0.1, 300)), 1e-4)
    train = SpikeTrainSource("train", 3, rng.integers(0, 3, 300), ticks, offsets)
    code = (Assignment("V", "neuron", "add", expression("w")),)
    wires = Projection(
        "wires", "train", "cells", np.arange(3), np.arange(3), 0.7e-3, code, {"w": np.array([0.5, 0.6, -0.7])}
    )
    require_right(verify(Network(1e-4, 0, [cells], [train], [wires]), 0.1), at_least=20)


def highest(a: float, b: float, slope: float) -> float:
    """The top of V = -70 mV + slope * integral of exp(-a*(t - r)) * r * exp(-b*r) over r in [0, t]."""
    with mp.workdps(30):
        k = mp.mpf(b) - a
        rise = lambda t: (b * (1 + k * t) - k) * mp.exp(-k * t) / a - 1  # noqa: E731
        time = mp.findroot(rise, (5e-3, 1e-2), solver="anderson")
        return float(mp.mpf(-70e-3) + slope * (mp.exp(-a * time) - mp.exp(-b * time) * (1 + k * time)) / k**2)


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("depth", [1e-2, 1e-4, 1e-6, 1e-8])
def test_crossings_shorter_than_a_step_are_found(depth: float, dt: float) -> None:
    """The potential tops depth mV above the threshold of one cell, for 5 to 5e-4 ms, and below that of the other."""
    inputs, _, _, drive = INPUTS["alpha"]
    model = lif(inputs, drive)
    values = {**CELL, "I": 0.0, "tau": 2e-3}
    start = {"V": np.full(2, -70e-3), "s": np.zeros(2), "x": np.full(2, 2e-6)}
    top = highest(CELL["g_L"] / CELL["C_m"], 1 / 2e-3, 2e-6 / CELL["C_m"])
    limits = np.array([top - depth * 1e-3, top + depth * 1e-3])
    parameters = {name: values[name] for name in model.parameters} | {"V_th": limits}
    cells = Population("cells", 2, model, start, parameters, 0.1)
    report = verify(Network(dt, 0, [cells]), 0.05)
    assert report.is_right, report
    assert [pair.neuron.element for pair in report.pairs] == [0]
    require_right(report, at_least=1)


def test_poisson_sources_and_drives_are_compared_on_the_arrivals_that_were_drawn() -> None:
    built = noisy_cell("exponential", seed=4)
    built.sources.append(PoissonSource("poisson", 5, 100.0))
    code = (Assignment("s", "neuron", "add", expression("w")),)
    five, zeros = np.arange(5), np.zeros(5, dtype=np.int64)
    built.projections.append(Projection("more", "poisson", "cells", five, zeros, 0.0, code, {"w": 50e-12}))
    built.drives.append(PoissonDrive("drive", "cells", 0, 1, "s", 50, 20.0, 20e-12))
    require_right(verify(built, 0.1), at_least=3)


# Networks.


def recurrent(seed: int, dt: float, delta: bool) -> Network:
    """100 cells that fire by themselves, with random real delays, weights and refractory periods."""
    rng = np.random.default_rng(seed)
    inputs, target, scale, drive = INPUTS["delta" if delta else "exponential"]
    model = lif(inputs, drive)
    n = 100
    values = {**CELL, "tau": 5e-3, "V_reset": -70e-3, "I": rng.uniform(0.42e-9, 0.5e-9, n)}
    start = {name: np.zeros(n) for name in model.states} | {"V": rng.uniform(-70e-3, -50e-3, n)}
    parameters = {name: values[name] for name in model.parameters}
    cells = Population("cells", n, model, start, parameters, rng.uniform(0, 3e-3, n))
    i, j = np.nonzero(rng.random((n, n)) < 0.05)
    weights = scale * np.where(i < 80, 1.0, -4.0) * rng.uniform(0.5, 1.5, len(i))
    delays = rng.uniform(0.0, 5e-3, len(i))
    code = (Assignment(target, "neuron", "add", expression("w")),)
    projection = Projection("wires", "cells", "cells", i, j, delays, code, {"w": weights})
    return Network(dt, seed, [cells], [], [projection])


@pytest.mark.parametrize("delta", [False, True])
@pytest.mark.parametrize("dt", [1e-3, 1e-4])
def test_recurrent_networks_keep_the_order_of_all_spikes_and_their_times(dt: float, delta: bool) -> None:
    report = verify(recurrent(7, dt, delta), 1.0 if IS_LONG else 0.2, digits=25)
    assert report.is_right, report
    assert report.n_spikes >= 300, report
    assert report.largest_difference <= 1e-11, report


def test_code_that_changes_its_synapse_runs_once_per_delivery_also_within_a_window() -> None:
    """Two spikes in one window, each taken on without delay by a synapse that halves its weight at each delivery."""
    model = LinearModel(
        states=("V",),
        rates={"V": form()},
        clamped=frozenset(),
        threshold=form("-1", V="1"),
        strict=True,
        reset=(Assignment("V", "neuron", "set", expression("0")),),
        parameters=(),
    )
    cells = Population("cells", 4, model, {"V": np.array([0.0, 0.0, 0.0, 0.25])}, {}, 0.0)
    times = np.array([0.1e-3, 0.3e-3])
    train = SpikeTrainSource("train", 1, np.zeros(2, np.int64), np.zeros(2, np.int64), times)
    code = (
        Assignment("w", "synapse", "set", expression("w*0.5")),
        Assignment("V", "neuron", "add", expression("w + 0.125*V_post")),
    )
    zero = np.array([0])
    kick = Projection(
        "kick", "train", "cells", zero, zero, 0.0, (Assignment("V", "neuron", "add", expression("2")),), {}
    )
    i, j = np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])
    weights = np.array([8.0, 0.25, 0.25, 0.25])
    wires = Projection("wires", "cells", "cells", i, j, 0.0, code, {"w": weights})
    network = Network(1e-3, 0, [cells], [train], [kick, wires])
    Simulation(network).run(2e-3)
    assert np.asarray(wires.variables["w"]).tolist() == [2.0, 0.0625, 0.0625, 0.25]
