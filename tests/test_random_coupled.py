"""Random coupled systems with deliveries off the grid: sums, linked variables, integrated synapses, code on all ends.

The core takes all states in common steps of a pair of orders 5 and 4, the reference makes one Taylor series of them.
"""

from __future__ import annotations

import random

import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    defaultclock,
    linked_var,
    ms,
    start_scope,
    verify,
)

SEEDS = range(8)  # all of them spike
RATES = [
    "({a} - x + I)/(5*ms)",
    "({a} - x + 0.3*tanh(x*I) + 0.2*I)/(6*ms)",
    "(x**2 + {b} + 0.5*I)/(4*ms)",
    "({a} - x)*(1.2 + sin(I))/(6*ms)",
]
CONDITIONS = ["x > {d}", "x + 0.1*I > {d}", "x > {d} and I < 2", "x*(1 + 0.1*I**2) >= {d}"]
RESETS = ["x = -0.4", "x = -0.3 - 0.1*I", "x -= 1.3"]
RESTS = ["0.777*ms", "x > 0.2 or t - lastspike <= 0.5*ms", "t - lastspike < (0.5 + 0.1*I**2)*ms"]
SUMS = ["w*(x_pre - x_post)", "w*tanh(x_pre)", "w*x_pre*(1 - 0.1*x_post)", "w*s*(x_pre - x_post)", "w*s"]
STATES = [
    "ds/dt = (x_pre - s)/(3*ms) : 1",
    "ds/dt = -s*s/(4*ms) : 1 (clock-driven)",
    "ds/dt = (0.2*x_post - s**3)/(4*ms) : 1",
]
CODES = [
    "s += {w}",
    "x_post += 0.2*s",
    "s += 0.1*x_post; x_post -= {w}*s",
    "x_post += {w}*I_post",
    "s = 0.5*s + {w}",
]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_coupled_systems_have_the_spikes_of_the_reference(seed: int) -> None:
    start_scope()
    draw = random.Random(seed)
    numbers = {"a": (1.8, 3), "b": (0.5, 1), "d": (0.5, 1.1), "w": (0.02, 0.2)}

    def one_of(texts: list[str]) -> str:
        return draw.choice(texts).format(**{k: round(draw.uniform(*v), 3) for k, v in numbers.items()})

    dt = draw.choice([1.0, 0.1])
    defaultclock.dt = dt * ms
    clamp = draw.choice(["", " (unless refractory)"])
    group = NeuronGroup(
        2,
        f"dx/dt = {one_of(RATES)} : 1{clamp}\nI : 1",
        threshold=one_of(CONDITIONS),
        reset=one_of(RESETS),
        refractory=one_of(RESTS),
        name="group",
    )
    group.x = [draw.uniform(-0.5, 0.1), draw.uniform(-0.5, 0.1)]
    beside = NeuronGroup(
        1, "du/dt = (y - u)/(4*ms) : 1\ny : 1 (linked)", threshold="u > 0.7*y + 0.3", reset="u = 0.5*y"
    )
    beside.y = linked_var(group, "x", index=[draw.randrange(2)])
    coupling = Synapses(
        group, group, f"{one_of(STATES)}\nw : 1\nI_post = {one_of(SUMS)} : 1 (summed)", name="coupling"
    )
    coupling.connect("i != j")
    coupling.w, coupling.s = [draw.uniform(-0.3, 0.6), draw.uniform(-0.3, 0.6)], [0.5, draw.uniform(0, 1)]
    times = sorted(draw.uniform(0, 12) for _ in range(draw.choice([4, 12])))
    source = SpikeGeneratorGroup(1, [0] * len(times), times * ms)
    arriving = Synapses(
        source, group, one_of(STATES).replace("x_pre", "x_post"), on_pre=one_of(CODES), name="arriving"
    )
    arriving.connect()
    arriving.s = [0.3, 0.6]
    arriving.delay = draw.choice([0.0, dt, draw.uniform(0, 3)]) * ms
    report = verify(Network(group, beside, coupling, source, arriving), 12 * ms, digits=16)
    assert report.is_right, report
    assert report.n_spikes > 1
    assert report.largest_difference < 1e-6, report
