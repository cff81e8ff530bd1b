"""Links that lead one way: their sources go first, and targets go alone with what the links add up to."""

from __future__ import annotations

import numpy as np
import pytest

from evsim.description import (
    Assignment,
    GeneralModel,
    Link,
    Network,
    Population,
    Projection,
    SpikeRecord,
    SpikeTrainSource,
    StateRecord,
)
from evsim.engine import Simulation
from evsim.equations.expression import Expression
from evsim.equations.separated import products

DECAY, LEAK = 3e-3, 7e-3  # seconds
KICKS = np.array([0.61e-3, 1.234567e-3, 1.2345671e-3, 3.3e-3, 3.3e-3])
WHO = np.array([0, 1, 2, 0, 1])


def formula(text: str) -> Expression:
    return Expression.parse(text, "test")


def population(name: str, size: int, rate: str, inputs: tuple[str, ...] = (), **model: object) -> Population:
    made = GeneralModel(
        states=("x",), rates={"x": formula(rate)}, clamped=frozenset(), parameters=("a",), inputs=inputs,
        options={"rtol": 1e-13, "atol x": 1e-15},
        **{"threshold": None, "reset": (), **model},  # type: ignore[arg-type]
    )  # fmt: skip
    return Population(name, size, made, {"x": np.zeros(size)}, {"a": 0.0}, 0.0)


def kicked(
    expression: str = "w*x_pre", targets: int = 2, w: object = None, rate: str = "", dt: float = 1e-4
) -> Network:
    """Three gates that jump by 1 at each kick and decay; cells that follow their sum."""
    network = Network(dt, 0)
    gates = population("gates", 3, f"-x/{DECAY}")
    cells = population("cells", targets, rate or f"(s - x)/{LEAK}", ("s",))
    network.populations += [gates, cells]
    ticks = np.floor(KICKS / dt).astype(np.int64)
    network.sources.append(SpikeTrainSource("kicks", 3, WHO, ticks, KICKS - ticks * dt))
    to_gates = np.arange(3)
    code = (Assignment("x", "neuron", "add", formula("k")),)
    network.projections.append(
        Projection("arrive", "kicks", "gates", to_gates, to_gates, 0.0, code, {"k": 1.0})
    )
    i, j = (each.ravel() for each in np.meshgrid(np.arange(3), np.arange(targets)))
    weights = np.ones(i.size) if w is None else np.asarray(w)
    network.links.append(Link("sum", "gates", "cells", i, j, "s", formula(expression), {"w": weights}))
    return network


def response(t: float) -> np.ndarray:
    """What a cell makes of each gate by itself: the leaky integral of decaying exponentials."""
    found = np.zeros(3)
    for at, gate in zip(KICKS, WHO, strict=True):
        late = max(t - at, 0.0)
        found[gate] += DECAY / (DECAY - LEAK) * (np.exp(-late / DECAY) - np.exp(-late / LEAK))
    return found


def states_at(network: Network, t: float, name: str = "cells") -> np.ndarray:
    Simulation(network).run(t)
    return next(each for each in network.populations if each.name == name).state["x"]


@pytest.mark.parametrize("t", [1e-3, 1.23456705e-3, 2.05e-3, 5e-3])
def test_targets_follow_sources_that_jump_between_grid_points(t: float) -> None:
    assert np.abs(states_at(kicked(), t) - response(t).sum()).max() < 1e-14


def test_each_target_has_its_own_weights() -> None:
    w = np.array([1.0, 2.0, 3.0, 0.5, 0.0, -4.0])
    expected = w.reshape(2, 3) @ response(5e-3)
    assert np.abs(states_at(kicked(w=w), 5e-3) - expected).max() < 1e-14


def test_all_but_oneself_is_a_shared_row_and_a_difference() -> None:
    n = 40
    network = kicked(targets=n, w=np.ones(3 * n))
    w = network.links[0].variables["w"]
    assert isinstance(w, np.ndarray)
    w[network.links[0].i == network.links[0].j] = 0.0
    expected = np.full(n, response(4e-3).sum())
    expected[:3] -= response(4e-3)
    assert np.abs(states_at(network, 4e-3) - expected).max() < 1e-14


def test_a_pair_that_is_there_twice_counts_twice() -> None:
    network = kicked()
    link = network.links[0]
    link.i, link.j = np.array([2, 0, 2]), np.array([1, 1, 1])
    link.variables["w"] = np.array([1.0, 10.0, 100.0])
    expected = np.array([0.0, response(4e-3) @ [10.0, 0.0, 101.0]])
    assert np.abs(states_at(network, 4e-3) - expected).max() < 2e-13


def test_a_factor_of_the_target_is_taken_at_every_instant() -> None:
    # dx/dt = sum(w*x_pre)*(2 - x): 2 - x decays with the integral of the sum
    network = kicked("w*x_pre*(e_rev - x_post)", rate="s")
    w, t = 100.0, 5e-3
    network.links[0].variables |= {"w": np.full(6, w), "e_rev": 2.0}
    integral = sum(DECAY * -np.expm1(-(t - at) / DECAY) for at in KICKS)
    assert np.abs(states_at(network, t) - 2.0 * -np.expm1(-w * integral)).max() < 1e-14


def test_a_nonlinear_factor_of_the_source_is_as_good_as_its_steps() -> None:
    # dx/dt = sum(w*x_pre**2)
    network = kicked("w*x_pre**2", rate="s")
    t = 5e-3
    expected = 0.0
    for gate in range(3):
        x, last = 0.0, 0.0
        for at in [*KICKS[gate == WHO], t]:
            expected += x**2 * DECAY / 2 * -np.expm1(-2 * (at - last) / DECAY)
            x, last = x * np.exp(-(at - last) / DECAY) + 1.0, at
    assert np.abs(states_at(network, t) - expected).max() < 1e-13


def test_courses_go_through_populations_in_between() -> None:
    network = kicked()
    last = population("last", 1, f"(s - x)/{LEAK}", ("s",))
    network.populations.insert(0, last)
    network.links.append(Link("on", "cells", "last", np.array([0]), np.array([0]), "s", formula("x_pre"), {}))
    t, expected = 5e-3, 0.0
    for at in KICKS:
        late, ratio = t - at, DECAY / (DECAY - LEAK)
        first = ratio * (np.exp(-late / DECAY) - np.exp(-late / LEAK))
        expected += ratio * (first - late / LEAK * np.exp(-late / LEAK))
    assert np.abs(states_at(network, t, "last") - expected).max() < 1e-14


def test_a_run_in_pieces_and_one_with_a_monitor_have_the_same_bits() -> None:
    def trains(pieces: list[float], is_recorded: bool) -> tuple[np.ndarray, np.ndarray]:
        network = kicked(rate="s/0.001 - x/0.002")
        model = GeneralModel(
            **{
                **network.populations[1].model.__dict__,
                "threshold": formula("x > 0.9"),
                "reset": (Assignment("x", "neuron", "set", formula("0*a")),),
            }
        )
        network.populations[1].model = model
        network.spike_records.append(SpikeRecord("spikes", "cells", 0, 2))
        if is_recorded:
            network.state_records.append(StateRecord("trace", "cells", ("x",), np.array([1]), 0.37e-4))
        simulation = Simulation(network)
        for piece in pieces:
            simulation.run(piece)
        tick, offset, _ = simulation.spikes("spikes")
        return tick, offset

    whole = trains([6e-3], False)
    assert len(whole[0]) >= 4
    for other in (trains([0.6123e-3, 0.71e-3, 4.6777e-3], False), trains([6e-3], True)):
        assert np.array_equal(whole[0], other[0])
        assert np.array_equal(whole[1], other[1])


def test_weights_that_change_between_runs_act_from_then_on() -> None:
    network = kicked()
    simulation = Simulation(network)
    simulation.run(3.3e-3)
    network.links[0].variables["w"] = np.zeros(6)
    network.links[0].changed.add("w")
    simulation.run(1.7e-3)
    expected = response(3.3e-3).sum() * np.exp(-1.7e-3 / LEAK)
    assert np.abs(network.populations[1].state["x"] - expected).max() < 1e-14


def test_a_link_that_rests_adds_nothing() -> None:
    network = kicked()
    network.inactive.add("sum")
    assert np.array_equal(states_at(network, 5e-3), np.zeros(2))


def test_the_formula_of_a_junction_is_two_products() -> None:
    found = products(formula("w*(v_pre - v_post)/r").tree, {"v_pre", "t"}, {"v_post"})
    assert found is not None
    texts = [[Expression(each).text for each in (p.weight, p.source, p.target)] for p in found]
    assert texts == [["w/r", "v_pre", "1"], ["w*-1/r", "1", "v_post"]]


def test_a_formula_that_names_both_ends_in_one_function_is_no_sum_of_products() -> None:
    assert products(formula("sin(v_pre - v_post)").tree, {"v_pre", "t"}, {"v_post"}) is None
    assert products(formula("1/(v_pre + w)").tree, {"v_pre", "t"}, {"v_post"}) is None


def with_method(network: Network, name: str, method: str, step: float) -> Network:
    """The network with a method of fixed step for one population."""
    population = next(each for each in network.populations if each.name == name)
    model = population.model
    assert isinstance(model, GeneralModel)
    population.model, population.dt = GeneralModel(**{**model.__dict__, "method": method}), step
    return network


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("rk2", 2), ("rk4", 4)])
def test_methods_of_fixed_step_have_their_order_across_the_events_of_sources(method: str, order: int) -> None:
    t, found = 5e-3, []
    expected = -np.expm1(-(t - KICKS) / LEAK).sum()
    for step in (4e-4, 2e-4, 1e-4):
        network = with_method(kicked(dt=4e-4), "cells", method, step)
        network.populations[0] = population("gates", 3, "0*x")  # which stay where kicks have brought them
        found.append(np.abs(states_at(network, t) - expected).max())
    measured = np.log2(np.array(found[:-1]) / found[1:])
    assert np.abs(measured - order).max() < 0.35


def test_a_method_of_fixed_step_is_for_those_that_nobody_reads(caplog: pytest.LogCaptureFixture) -> None:
    network = with_method(kicked(), "gates", "rk4", 1e-4)
    with caplog.at_level("INFO", logger="evsim"):
        assert np.abs(states_at(network, 5e-3) - response(5e-3).sum()).max() < 1e-14
    assert [each.message[:30] for each in caplog.records] == ["gates: method='rk4' is for tim"]
