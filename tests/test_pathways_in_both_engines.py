"""Random small networks with plastic synapses: spikes, variables and samples are those of the reference engine.

All given times are multiples of 1/8 of a power of two, so that deliveries of several pathways meet at one instant in
both engines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
WINDOWS = 9
SAMPLING = (DT / 8, DT / 4, 0.293 * DT, DT, 1.5 * DT)
CASES = range(30)


def text(words: str) -> Expression:
    return Expression.parse(words, "the test")


def form(constant: str = "0", **coefficients: str) -> LinearForm:
    return LinearForm({name: text(value) for name, value in coefficients.items()}, text(constant))


def on(target: str, words: str, operation: str = "add") -> Assignment:
    """A statement on the neuron when it names a state, a local value when it is `z`, else on the synapse."""
    where = "neuron" if target in ("V", "s") else "local" if target == "z" else "synapse"
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

EQUATIONS = (
    {"a": form(a="-120"), "b": form("40*c", b="-40")},
    {"a": form(a="-120", b="c*60"), "b": form(b="-120")},
    {"a": form("10", a="-70*c", b="-300"), "b": form(a="300", b="-70*c")},
)
PRE = (
    (on("a", "0.25"), on("w", "0.125*b"), on("s", "w")),
    (on("z", "w*b", "set"), on("z", "0.0625"), on("b", "0.5*b", "set"), on("s", "z")),
    (on("w", "0.5*w + 0.0625*V_post + 0.5*t", "set"), on("V", "w")),
)
POST = (
    (on("b", "0.25"), on("w", "-0.125*a")),
    (on("w", "0.9375*w + 0.03125*a", "set"), on("s", "0.0625*b"), on("b", "0.125")),
    (on("V", "-0.03125*w"), on("b", "s_post", "set")),
    (on("c", "0.75*c + 0.25", "set"),),
)
LATER = (
    (on("w", "0.125*not_refractory_post"), on("a", "0.125")),
    (on("a", "0.5*a", "set"), on("V", "0.0625*b")),
)


def takes_part(code: tuple[Assignment, ...]) -> bool:
    names = {name for each in code for name in {*each.expression.names, each.target}}
    return not names.isdisjoint({"a", "b", "c"})


def delays(rng: Generator, n: int, zeros: float) -> NDArray[np.float64]:
    some = rng.choice([0.125, 0.25, 0.5, 0.75, 1.0, 1.375], n) * DT
    return np.where(rng.random(n) < zeros, 0.0, some)


def pathways(
    rng: Generator, name: str, source: str, i: NDArray[np.int64], j: NDArray[np.int64]
) -> list[Projection]:
    """Two pathways of the sources' spikes and two of the targets', some of them missing."""
    equations = EQUATIONS[rng.integers(len(EQUATIONS))]
    n = i.size
    variables: dict[str, Values] = {
        "w": rng.uniform(-0.125, 0.875, n),
        "a": rng.uniform(0.0, 0.5, n),
        "b": rng.uniform(0.0, 0.5, n),
        "c": rng.uniform(0.5, 1.0, n),
    }
    zeros = 0.5 if source == "train" or rng.random() < 0.4 else 0.0
    before = np.where((source == "train") | (i < j), delays(rng, n, zeros), delays(rng, n, 0.0))
    after = delays(rng, n, rng.choice([0.0, 0.5, 1.0]))
    found = [
        Projection(name, source, "cells", i, j, before, PRE[rng.integers(len(PRE))], variables),
        Projection(
            f"{name}_later", source, "cells", i, j, before + DT / 8, LATER[rng.integers(2)], variables
        ),
        Projection(
            f"{name}_post",
            source,
            "cells",
            i,
            j,
            0.0,
            POST[rng.integers(len(POST))],
            variables,
            trigger="post",
        ),
        Projection(
            f"{name}_echo",
            source,
            "cells",
            i,
            j,
            after,
            POST[rng.integers(len(POST))],
            variables,
            trigger="post",
        ),
    ]
    kept = [each for each in found if rng.random() < 0.75] or found[:1]
    return [
        replace(
            each,
            shares="" if each is kept[0] else kept[0].name,
            equations=equations if takes_part(each.code) else {},
        )
        for each in kept
    ]


def pairs(rng: Generator, n: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    i, j = np.nonzero(rng.random((n, m)) < 0.6)
    return (i, j) if i.size else (np.array([0]), np.array([m - 1]))


def network(seed: int) -> Network:
    rng = np.random.default_rng([seed, 7])
    n, elements = int(rng.integers(2, 6)), 3
    pauses = (0.0, 0.4e-3, rng.choice([DT / 2, DT, 1.6e-3], n))[rng.integers(3)]
    start = {"V": rng.uniform(0.5, 1.0, n), "s": rng.uniform(0.0, 0.5, n)}
    cells = Population("cells", n, MODEL, start, {"rate": RATES[seed % 3]}, pauses)
    eighths = np.repeat(
        np.sort(rng.choice(8 * WINDOWS, 20, replace=False)), 2
    )  # two elements at each instant
    element = np.tile([0, 1], 20) + np.repeat(rng.integers(0, elements - 1, 20), 2)
    train = SpikeTrainSource("train", elements, element, eighths // 8, eighths % 8 / 8 * DT)
    built = Network(DT, seed, [cells], [train])
    for k in range(rng.integers(1, 3)):
        built.projections += pathways(rng, f"in{k}", "train", *pairs(rng, elements, n))
    for k in range(rng.integers(1, 3)):
        i, j = pairs(rng, n, n)
        built.projections += pathways(rng, f"within{k}", "cells", i[i != j], j[i != j])
    built.spike_records.append(SpikeRecord("spikes", "cells", 0, n))
    return built


def recorded(seed: int) -> Network:
    """The same network with two records of its states."""
    rng, built = np.random.default_rng([seed, 8]), network(seed)
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


def outcome(
    built: Network,
    engine: Callable[[Network], object] = Simulation,
    parts: tuple[float, ...] = (2.3125, 6.6875),
    **options: int,
) -> Outcome:
    """Everything that a run in parts, which may end inside a window, leaves behind."""
    simulation = engine(built)
    for windows in parts:
        simulation.run(windows * DT, **options)  # type: ignore[attr-defined]
    tick, offset, index = simulation.spikes("spikes")  # type: ignore[attr-defined]
    names = [record.name for record in built.state_records]
    taken = [simulation.samples(name) for name in names]  # type: ignore[attr-defined]
    return Outcome(
        index,
        tick * DT + offset,
        [
            np.array(p.variables[name])
            for p in built.projections
            if not p.shares
            for name in ("w", "a", "b", "c")
        ],
        [built.populations[0].state[name].copy() for name in MODEL.states],
        [values for _, states in taken for values in states.values()],
    )


@pytest.mark.parametrize("seed", CASES)
def test_everything_is_as_in_the_reference_engine(seed: int) -> None:
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
def test_monitors_threads_and_pieces_change_nothing(seed: int) -> None:
    alone = outcome(network(seed), parts=(float(WINDOWS),))
    others = [
        outcome(recorded(seed), parts=(float(WINDOWS),)),
        outcome(network(seed), parts=(float(WINDOWS),), threads=3),
        outcome(network(seed), parts=(2.3125, 0.0625, 6.625)),
    ]
    for other in others:
        assert alone.time.tolist() == other.time.tolist()
        assert [each.tolist() for each in alone.states] == [each.tolist() for each in other.states]
        assert [each.tolist() for each in alone.variables] == [each.tolist() for each in other.variables]


def test_these_networks_spike() -> None:
    counts = np.array([outcome(network(seed)).time.size for seed in CASES])
    assert counts.sum() > 200
    assert np.sum(counts > 2) > 25
