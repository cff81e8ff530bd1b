"""Random nonlinear systems with deliveries off the grid: the spikes of the reference, none missing, none extra."""

from __future__ import annotations

import random

import pytest

from evsim import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, defaultclock, ms, start_scope, verify

SEEDS = range(12)  # none of them blows up, all spike
DRIVEN = [
    "({a} - x + 0.4*tanh(y))/(5*ms)",
    "(x**2 + {b} - 0.2*y)/(4*ms)",
    "(-x + 0.2*exp((x - 1)/0.4) + {a} - 0.2*y)/(6*ms)",
    "(2*y - x*(1 + y**2) + {a})/(7*ms)",
    "(1.5 + {b}*sin(1.3*t/ms))*exp(-x/4)/(6*ms)",
    "({a} - x)*(1.2 + sin(y))/(6*ms)",
]
FOLLOWING = [
    "(x - y)/({c}*ms)",
    "(x*(1 - y) - 0.5*y)/({c}*ms)",
    "(tanh(x) - y)/({c}*ms)",
    "({b} - y - 0.3*abs(x))/({c}*ms)",
    "(0.5*sin(0.9*t/ms) - y*x**2)/({c}*ms)",
]
CONDITIONS = [
    "x > {d}",
    "not x < {d}",
    "x*(1 + y**2) >= {d}",
    "x > {d} + 0.2*sin(t/ms)",
    "exp(x) > 1 + {d}",
    "x > {d} and y < 1.4",
    "x > 1.2 or x + 0.3*y > {d}",
    "x > {d} + 0.5*exp(-(t - lastspike)/(3*ms))",
]
RESETS = ["x = -0.4", "x = -0.1*x; y *= 0.5", "x = -0.3; y = -0.2", "x -= 1.3; y += 0.1"]
RESTS = [
    "x > {d}",
    "t - lastspike < {b}*ms",
    "({b} + 0.3*y**2)*ms",
    "x > -0.2 or t - lastspike <= 0.5*ms",
    "0.777*ms",
]
CODES = ["x_post += {w}", "y_post += {w}", "x_post += {w}; y_post -= 0.05", "x_post *= 0.8", "y_post = {w}"]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_systems_have_the_spikes_of_the_reference(seed: int) -> None:
    start_scope()
    draw = random.Random(seed)
    numbers = {"a": (1.8, 3), "b": (0.3, 1), "c": (2, 15), "d": (0.5, 1.1), "w": (0.02, 0.2)}

    def one_of(texts: list[str]) -> str:
        return draw.choice(texts).format(**{k: round(draw.uniform(*v), 3) for k, v in numbers.items()})

    dt = draw.choice([1.0, 0.1, 0.01])
    defaultclock.dt = dt * ms
    flags = [draw.choice(["", " (unless refractory)"]) for _ in "xy"]
    group = NeuronGroup(
        1,
        f"dx/dt = {one_of(DRIVEN)} : 1{flags[0]}\ndy/dt = {one_of(FOLLOWING)} : 1{flags[1]}",
        threshold=one_of(CONDITIONS),
        reset=one_of(RESETS),
        refractory=one_of(RESTS),
        method="adaptive",
    )
    group.x, group.y = draw.uniform(-0.5, 0.1), draw.uniform(-0.5, 0.3)
    times = sorted(draw.uniform(0, 25) for _ in range(draw.choice([5, 20, 60])))
    source = SpikeGeneratorGroup(1, [0] * len(times), times * ms)
    synapses = Synapses(source, group, on_pre=one_of(CODES))
    synapses.connect()
    synapses.delay = draw.choice([0.0, dt, draw.uniform(0, 5)]) * ms
    report = verify(Network(group, source, synapses), 25 * ms, digits=18)
    assert report.is_right, report
    assert report.n_spikes > 0
    assert report.largest_difference < 1e-6, report
