"""Event code that writes synapses runs once per delivery, in the order of time, whether states are recorded or not.

Random small networks against the reference engine. All given times are multiples of 1/8 of a power of two, so that
deliveries of several projections meet at one instant in both engines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from evsim import reference
from evsim.description import (
    Assignment,
    LinearForm,
    LinearModel,
    Network,
    Population,
    Projection,
    SpikeRecord,
    SpikeTrainSource,
    StateRecord,
    Values,
)
from evsim.engine import Simulation
from evsim.equations.expression import Expression

DT = 2.0**-10
WINDOWS = 6
SAMPLING = (DT / 8, DT / 4, 0.29 * DT, DT, 1.5 * DT)
CASES = range(40)


def text(words: str) -> Expression:
    return Expression.parse(words, "the test")


def form(constant: str = "0", **coefficients: str) -> LinearForm:
    return LinearForm({name: text(value) for name, value in coefficients.items()}, text(constant))


def on(target: str, words: str, operation: str = "add") -> Assignment:
    """A statement on the neuron when it names a state, else on the synapse."""
    where = "neuron" if target in ("V", "s") else "synapse"
    return Assignment(target, where, operation, text(words))  # type: ignore[arg-type]


# dV/dt = (1.2 - V + s)/16 ms, ds/dt = -rate*s; V stands still while the neuron is refractory.
MODEL = LinearModel(
    states=("V", "s"),
    rates={"V": form("76.8", V="-64", s="64"), "s": form(s="-rate")},
    clamped=frozenset({"V"}),
    threshold=form("-1", V="1"),
    strict=True,
    reset=(on("V", "-0.25", "set"),),
    parameters=("rate",),
)
RATES = (30.0, 90.0, 200.0)  # of these, one makes windows of half a step

ADDITIVE = ((on("s", "w"),), (on("V", "w"),))
WRITING = (
    (on("w", "w*0.75", "set"), on("s", "w + 0.125*V_post")),
    (on("V", "w"), on("w", "0.0625*V_post")),
    (on("u", "0.25*w"), on("w", "0.5*w + 0.25*u", "set"), on("V", "w*(1 - 0.5*s_post)")),
    (on("s", "0.5*w*V_post", "set"), on("w", "0.0625*(s_post - w)")),
)


def projection(
    rng: Generator, name: str, source: str, i: NDArray[np.int64], j: NDArray[np.int64]
) -> Projection:
    """Synapses with writing code three times out of four; delays of zero only towards higher numbers."""
    codes = ADDITIVE if rng.random() < 0.25 else WRITING
    code = codes[rng.integers(len(codes))]
    some = rng.choice([0.125, 0.25, 0.5, 0.75, 1.0, 1.375], i.size) * DT
    is_zero = (source == "train") | (i < j)
    delay = np.where(is_zero & (rng.random(i.size) < 0.5), 0.0, some)
    variables: dict[str, Values] = {"w": rng.uniform(-0.25, 0.75, i.size), "u": rng.uniform(0.0, 0.5, i.size)}
    return Projection(name, source, "cells", i, j, delay, code, variables)


def pairs(rng: Generator, n: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    i, j = np.nonzero(rng.random((n, m)) < 0.6)
    return (i, j) if i.size else (np.array([0]), np.array([m - 1]))


def network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    n, elements = int(rng.integers(2, 6)), 3
    pauses = (0.0, 0.4e-3, rng.choice([DT / 2, DT, 1.6e-3], n))[rng.integers(3)]
    start = {"V": rng.uniform(0.0, 0.9, n), "s": rng.uniform(0.0, 0.5, n)}
    cells = Population("cells", n, MODEL, start, {"rate": RATES[seed % 3]}, pauses)
    eighths = np.sort(rng.choice(8 * WINDOWS, 14, replace=False))
    eighths = np.repeat(eighths, 2)  # two elements at each instant
    element = np.tile([0, 1], 14) + np.repeat(rng.integers(0, elements - 1, 14), 2)
    train = SpikeTrainSource("train", elements, element, eighths // 8, eighths % 8 / 8 * DT)
    built = Network(DT, seed, [cells], [train])
    for k in range(rng.integers(1, 4)):
        built.projections.append(projection(rng, f"in{k}", "train", *pairs(rng, elements, n)))
    for k in range(rng.integers(1, 3)):
        i, j = pairs(rng, n, n)
        built.projections.append(projection(rng, f"within{k}", "cells", i[i != j], j[i != j]))
    built.spike_records.append(SpikeRecord("spikes", "cells", 0, n))
    return built


def recorded(seed: int) -> Network:
    """The same network with two records of its states."""
    rng, built = np.random.default_rng([seed, 1]), network(seed)
    n = built.populations[0].size
    first, second = rng.choice(SAMPLING, 2, replace=False)
    some = np.sort(rng.choice(n, max(1, n // 2), replace=False))
    built.state_records.append(StateRecord("all", "cells", ("V", "s"), np.arange(n), first))
    built.state_records.append(StateRecord("some", "cells", ("s",), some, second))
    return built


class Outcome(NamedTuple):
    element: NDArray[np.int64]
    time: NDArray[np.float64]
    variables: list[NDArray[np.float64]]
    states: list[NDArray[np.float64]]
    samples: list[NDArray[np.float64]]


def outcome(built: Network, engine: Callable[[Network], object] = Simulation) -> Outcome:
    """Everything that a run in two parts, the first ending inside a window, leaves behind."""
    simulation = engine(built)
    for windows in (2.3125, WINDOWS - 2.3125):
        simulation.run(windows * DT)  # type: ignore[attr-defined]
    tick, offset, index = simulation.spikes("spikes")  # type: ignore[attr-defined]
    names = [record.name for record in built.state_records]
    taken = [simulation.samples(name) for name in names]  # type: ignore[attr-defined]
    return Outcome(
        index,
        tick * DT + offset,
        [np.array(p.variables[name]) for p in built.projections for name in ("w", "u")],
        [built.populations[0].state[name].copy() for name in MODEL.states],
        [values for _, states in taken for values in states.values()],
    )


@pytest.mark.parametrize("seed", CASES)
def test_spikes_weights_and_samples_are_those_of_the_reference_engine(seed: int) -> None:
    found = outcome(recorded(seed))
    right = outcome(recorded(seed), lambda built: reference.Simulation(built, digits=20))
    assert found.element.tolist() == right.element.tolist()
    np.testing.assert_allclose(found.time, right.time, rtol=0, atol=1e-12)
    kinds = ((found.variables, right.variables), (found.states, right.states), (found.samples, right.samples))
    for ours, theirs in kinds:
        assert len(ours) == len(theirs) > 0
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("seed", CASES)
def test_recording_states_changes_neither_weights_nor_spikes(seed: int) -> None:
    alone, watched = outcome(network(seed)), outcome(recorded(seed))
    assert alone.time.tolist() == watched.time.tolist()
    for ours, theirs in ((alone.variables, watched.variables), (alone.states, watched.states)):
        assert [each.tolist() for each in ours] == [each.tolist() for each in theirs]
    assert all(each.size for each in watched.samples)


def test_the_random_networks_have_cascades_refractory_neurons_and_changed_weights() -> None:
    together = changed = resting = 0
    for seed in CASES:
        built = network(seed)
        before = [np.array(p.variables["w"]) for p in built.projections]
        found = outcome(built)
        together += int((np.diff(np.sort(found.time)) == 0).sum())
        changed += sum(int((a != b).sum()) for a, b in zip(before, found.variables[::2], strict=True))
        resting += found.element.size if np.any(built.populations[0].refractory) else 0
    assert together >= 20
    assert changed >= 300
    assert resting >= 100


def still(level: str) -> LinearModel:
    """Neurons that change by events only, and spike when V exceeds the level."""
    rates = {"V": form(), "s": form()}
    reset = (on("V", "0", "set"),)
    return LinearModel(("V", "s"), rates, frozenset(), form(f"-{level}", V="1"), True, reset, ())


def test_a_relay_that_fires_twice_in_a_window_is_followed_by_a_recorded_neuron() -> None:
    """Each spike halves the weight before it is added: 8 + 4 in the first window, 2 + 1 in the second."""
    cells = Population("cells", 2, still("1"), {"V": np.zeros(2), "s": np.zeros(2)}, {}, 0.0)
    offsets = np.array([0.25, 0.75, 0.25, 0.75]) * DT
    train = SpikeTrainSource("train", 1, np.zeros(4, np.int64), np.array([0, 0, 1, 1]), offsets)
    zero, one = np.array([0]), np.array([1])
    built = Network(DT, 0, [cells], [train])
    built.projections.append(Projection("kick", "train", "cells", zero, zero, 0.0, (on("V", "2"),), {}))
    code = (on("w", "w*0.5", "set"), on("s", "w"))
    built.projections.append(
        Projection("relay", "cells", "cells", zero, one, 0.0, code, {"w": np.array([16.0])})
    )
    built.state_records.append(StateRecord("s", "cells", ("s",), one, 0.25 * DT))
    built.state_records.append(StateRecord("again", "cells", ("s",), one, 0.5 * DT))
    simulation = Simulation(built)
    simulation.run(2 * DT)
    assert simulation.samples("s")[1]["s"].tolist() == [[0, 8, 8, 12, 12, 14, 14, 15]]
    assert simulation.samples("again")[1]["s"].tolist() == [[0, 8, 12, 14]]
    assert np.asarray(built.projections[1].variables["w"]).tolist() == [1.0]


def test_several_projections_act_on_one_neuron_at_one_instant_in_their_order() -> None:
    """V = 0, then +0.25, then +w*V and w = V, then +0.5, then *2: in the order of the projections."""
    cells = Population("cells", 1, still("100"), {"V": np.zeros(1), "s": np.zeros(1)}, {}, 0.0)
    train = SpikeTrainSource("train", 1, np.zeros(2, np.int64), np.array([0, 1]), np.full(2, 0.25 * DT))
    codes = (
        (on("V", "0.25"),),
        (on("V", "w*V_post"), on("w", "V_post", "set")),
        (on("V", "0.5"),),
        (on("w", "w + 1", "set"), on("V", "2*V_post", "set")),
    )
    zero = np.array([0])
    built = Network(DT, 0, [cells], [train])
    for k, code in enumerate(codes):
        built.projections.append(
            Projection(f"p{k}", "train", "cells", zero, zero, 0.0, code, {"w": np.array([3.0])})
        )
    built.state_records.append(StateRecord("V", "cells", ("V",), zero, 0.25 * DT))
    simulation = Simulation(built)
    simulation.run(2 * DT)
    # first spike: 0.25, 1.0 (w = 1), 1.5, 3.0; second: 3.25, 6.5 (w = 6.5), 7.0, 14.0
    assert simulation.samples("V")[1]["V"].tolist() == [[0, 3, 3, 3, 3, 14, 14, 14]]
    assert [np.asarray(p.variables["w"]).tolist() for p in built.projections] == [[3], [6.5], [3], [5]]


def test_a_variable_given_once_for_all_synapses_becomes_one_for_each_that_writes_it() -> None:
    cells = Population("cells", 2, MODEL, {"V": np.zeros(2), "s": np.zeros(2)}, {"rate": 30.0}, 0.0)
    train = SpikeTrainSource("train", 2, np.array([0]), np.array([0]), np.array([0.25 * DT]))
    both = np.array([0, 1])
    built = Network(DT, 0, [cells], [train])
    code = (on("w", "w*0.5", "set"), on("s", "w"))
    built.projections.append(Projection("in", "train", "cells", both, both, 0.0, code, {"w": 1.0}))
    Simulation(built).run(DT)
    assert np.asarray(built.projections[0].variables["w"]).tolist() == [0.5, 1.0]
