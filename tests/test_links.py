"""Continuous coupling in the compiled engine: joined populations against closed forms, from event to event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evsim.description import (
    Assignment,
    CustomEvent,
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
from evsim.errors import EvsimError

G, W, C = 1.0, 0.5, 0.01  # the sum of two cells decays with G/C, their difference with (G + 2 W)/C
CURRENT = np.array([0.03, 0.0])
START = np.array([0.01, -0.01])


def formula(text: str) -> Expression:
    return Expression.parse(text, "test")


def pair(threshold: str | None = None, dt: float = 1e-4, rtol: float = 1e-13, **changes: float) -> Network:
    """Two leaky cells with a junction."""
    parameters = {"g": G, "I": CURRENT.copy(), "C": C, "th": 0.02, **changes}
    model = GeneralModel(
        states=("v",),
        rates={"v": formula("(-g*v + I + I_gap)/C")},
        clamped=frozenset({"v"}),
        threshold=formula(threshold) if threshold else None,
        reset=(Assignment("v", "neuron", "set", formula("0*th")),) if threshold else (),
        parameters=("g", "I", "C", "th"),
        inputs=("I_gap",),
        options={"rtol": rtol, "atol v": rtol * 1e-2},
    )
    network = Network(dt, 0)
    network.populations.append(Population("cells", 2, model, {"v": START.copy()}, parameters, 0.0))
    ends = np.array([0, 1]), np.array([1, 0])
    network.links.append(
        Link("gap", "cells", "cells", *ends, "I_gap", formula("w*(v_pre - v_post)"), {"w": W})
    )
    network.spike_records.append(SpikeRecord("spikes", "cells", 0, 2))
    return network


def closed_form(t: np.ndarray, start: np.ndarray = START, current: np.ndarray = CURRENT) -> np.ndarray:
    """Potentials of the pair at the times t."""
    total = current.sum() / G + (start.sum() - current.sum() / G) * np.exp(-G / C * t)
    rate = G + 2 * W
    apart = (current[0] - current[1]) / rate + (
        start[0] - start[1] - (current[0] - current[1]) / rate
    ) * np.exp(-rate / C * t)
    return np.array([(total + apart) / 2, (total - apart) / 2])


def test_two_passive_cells_follow_their_modes() -> None:
    network = pair()
    Simulation(network).run(0.01337)
    assert np.abs(network.populations[0].state["v"] - closed_form(np.array(0.01337))).max() < 1e-15


def test_samples_between_steps_are_on_the_solution() -> None:
    network = pair()
    network.state_records.append(StateRecord("trace", "cells", ("v",), np.array([1, 0]), 0.37e-3))
    simulation = Simulation(network)
    simulation.run(0.01337)
    numbers, values = simulation.samples("trace")
    assert len(numbers) == 37
    expected = closed_form(numbers * 0.37e-3)[::-1]
    assert np.abs(values["v"] - expected).max() < 1e-13


def test_a_delivery_to_one_cell_is_felt_by_the_other_from_that_instant() -> None:
    network = pair()
    network.sources.append(SpikeTrainSource("train", 1, np.array([0]), np.array([31]), np.array([0.45e-4])))
    network.projections.append(
        Projection(
            "kick",
            "train",
            "cells",
            np.array([0]),
            np.array([1]),
            1.25e-3,
            (Assignment("v", "neuron", "add", formula("k")),),
            {"k": 0.004},
        )
    )
    Simulation(network).run(0.012)
    at = 3.145e-3 + 1.25e-3
    middle = closed_form(np.array(at)) + np.array([0.0, 0.004])
    expected = closed_form(np.array(0.012 - at), middle)
    assert np.abs(network.populations[0].state["v"] - expected).max() < 1e-14


@pytest.mark.parametrize("dt", [1e-3, 1e-4, 1e-5])
def test_the_first_spike_is_where_the_modes_cross(dt: float) -> None:
    network = pair("v > th", dt)
    simulation = Simulation(network)
    simulation.run(0.02)
    low, high = 0.0, 0.02
    for _ in range(200):  # v_0 rises monotonically to the threshold
        middle = 0.5 * (low + high)
        low, high = (middle, high) if closed_form(np.array(middle))[0] < 0.02 else (low, middle)
    tick, offset, index = simulation.spikes("spikes")
    assert list(index) == [0]
    assert abs(tick[0] * dt + offset[0] - low) < 1e-13


def test_pieces_of_a_run_make_no_difference() -> None:
    def trains(pieces: list[float]) -> tuple[np.ndarray, np.ndarray]:
        network = pair("v > th", I=np.array([0.08, 0.03]))
        simulation = Simulation(network)
        for piece in pieces:
            simulation.run(piece)
        tick, offset, _ = simulation.spikes("spikes")
        return tick, offset

    whole = trains([0.05])
    assert len(whole[0]) > 5
    pieces = trains([0.0123, 0.00001, 0.03769])
    assert np.array_equal(whole[0], pieces[0])
    assert np.array_equal(whole[1], pieces[1])


def test_a_spikelet_without_delay_acts_at_the_spike_and_may_make_another() -> None:
    network = pair("v > th", I=np.array([0.08, 0.0]))
    network.projections.append(
        Projection(
            "spikelet",
            "cells",
            "cells",
            np.array([0]),
            np.array([1]),
            0.0,
            (Assignment("v", "neuron", "add", formula("k")),),
            {"k": 0.05},
        )
    )
    simulation = Simulation(network)
    simulation.run(0.01)
    tick, offset, index = simulation.spikes("spikes")
    assert list(index[:2]) == [0, 1]
    assert tick[0] == tick[1]
    assert offset[0] == offset[1]


def test_refractory_cells_stand_still_and_go_on_at_their_time() -> None:
    network = pair("v > th", I=np.array([0.08, 0.0]))
    network.populations[0].refractory = 1.2345e-3
    simulation = Simulation(network)
    simulation.run(0.03)
    tick, offset, index = simulation.spikes("spikes")
    times = (tick * 1e-4 + offset)[index == 0]
    assert len(times) > 3
    assert np.diff(times).min() > 1.2345e-3
    network = pair("v > th", dt=1e-3, I=np.array([0.08, 0.0]))
    network.populations[0].refractory = 1.2345e-3
    coarse = Simulation(network)
    coarse.run(0.03)
    tick, offset, _ = coarse.spikes("spikes")
    assert (
        np.abs(
            np.sort(tick * 1e-3 + offset)
            - np.sort(simulation.spikes("spikes")[0] * 1e-4 + simulation.spikes("spikes")[1])
        ).max()
        < 1e-12
    )


def test_populations_joined_one_way_see_each_other() -> None:
    # x relaxes to 1; y follows x: y = 1 - exp(-t/a)*(1 + t/a) for equal constants a = 5 ms
    def follower(name: str, rate: str, inputs: tuple[str, ...]) -> Population:
        model = GeneralModel(
            states=("x",), rates={"x": formula(rate)}, clamped=frozenset(), threshold=None, reset=(),
            parameters=("a",), inputs=inputs, options={"rtol": 1e-13, "atol x": 1e-15},
        )  # fmt: skip
        return Population(name, 3, model, {"x": np.zeros(3)}, {"a": 5e-3}, 0.0)

    network = Network(1e-4, 0)
    network.populations += [follower("first", "(1 - x)/a", ()), follower("second", "(y - x)/a", ("y",))]
    index = np.arange(3)
    network.links.append(
        Link("link", "first", "second", index, index[::-1].copy(), "y", formula("x_pre"), {})
    )
    Simulation(network).run(7e-3)
    t = 7e-3 / 5e-3
    assert np.abs(network.populations[1].state["x"] - (1 - np.exp(-t) * (1 + t))).max() < 1e-14


def test_custom_events_in_joined_populations_are_refused() -> None:
    network = pair()
    model = network.populations[0].model
    assert isinstance(model, GeneralModel)
    event = CustomEvent("high", formula("v > 1"), ())
    network.populations[0].model = replace(model, events=(event,))
    with pytest.raises(EvsimError, match="cells: its equations have custom events"):
        Simulation(network).run(1e-3)


def test_delays_shorter_than_a_window_must_stay_inside() -> None:
    network = pair("v > th")
    other = pair().populations[0]
    other.name = "others"
    network.populations.append(other)
    network.projections.append(
        Projection(
            "out",
            "cells",
            "others",
            np.array([0]),
            np.array([0]),
            0.0,
            (Assignment("v", "neuron", "add", formula("k")),),
            {"k": 0.1},
        )
    )
    with pytest.raises(EvsimError, match="out: the delay 0 ms is shorter"):
        Simulation(network).run(1e-3)


def driven(refractory: str | None, period: float) -> Network:
    """Two coupled cells that follow a common drive; spikes reset nothing."""
    network = pair()
    model = network.populations[0].model
    assert isinstance(model, GeneralModel)
    changes = {
        "rates": {"v": formula("(I*sin(6.283185307179586*t/T) + I_gap)/C")},
        "clamped": frozenset(),
        "threshold": formula("v > th"),
        "refractory": formula(refractory) if refractory else None,
        "parameters": ("I", "T", "C", "th"),
    }
    network.populations[0].model = GeneralModel(**{**model.__dict__, **changes})  # type: ignore[arg-type]
    network.populations[0].parameters |= {"I": CURRENT[0], "T": period}
    network.populations[0].state["v"] = np.zeros(2)
    return network


def drive_at(t: float, period: float) -> float:
    return CURRENT[0] / C * period / (2 * np.pi) * (1 - np.cos(2 * np.pi * t / period))


def crossing(low: float, high: float, period: float) -> float:
    """Where the common potential comes to 0.002, between two times around that."""
    below = drive_at(low, period) < 0.002
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if (drive_at(middle, period) < 0.002) == below else (low, middle)
    return low


def test_spikes_without_reset_are_where_the_solution_crosses_however_often_in_a_step() -> None:
    period = 3.3e-3
    network = driven("v > th", period)
    network.populations[0].parameters["th"] = 0.002
    simulation = Simulation(network)
    simulation.run(0.02)
    tick, offset, index = simulation.spikes("spikes")
    first = crossing(0.0, period / 2, period)
    assert list(index) == [0, 1] * 6
    expected = first + period * np.arange(6)
    assert np.abs((tick * 1e-4 + offset)[::2] - expected).max() < 1e-12
    assert np.abs((tick * 1e-4 + offset)[1::2] - expected).max() < 1e-12


def test_a_spike_without_reset_comes_again_when_its_rest_ends_above_the_threshold() -> None:
    period, rest = 3.3e-3, 0.4321e-3
    network = driven(None, period)
    network.populations[0].parameters["th"] = 0.002
    network.populations[0].refractory = rest
    simulation = Simulation(network)
    simulation.run(period)
    tick, offset, index = simulation.spikes("spikes")
    first, last = crossing(0.0, period / 2, period), crossing(period / 2, period, period)
    expected = np.arange(first, last, rest)
    assert len(expected) > 2
    times = (tick * 1e-4 + offset)[index == 0]
    assert len(times) == len(expected)
    assert np.abs(times - expected).max() < 1e-12


def test_spikes_that_change_nothing_leave_the_steps_as_they_are() -> None:
    states = []
    for threshold in (0.002, 1.0):
        network = driven("v > th", 3.3e-3)
        network.populations[0].parameters["th"] = threshold
        Simulation(network).run(0.0151)
        states.append(network.populations[0].state["v"])
    assert np.array_equal(*states)


def test_silent_spikes_have_the_same_bits_in_pieces_and_with_a_monitor() -> None:
    def trains(pieces: list[float], is_recorded: bool) -> tuple[np.ndarray, np.ndarray]:
        network = driven("v > th", 3.3e-3)
        network.populations[0].parameters["th"] = 0.002
        if is_recorded:
            network.state_records.append(StateRecord("trace", "cells", ("v",), np.array([0]), 0.37e-4))
        simulation = Simulation(network)
        for piece in pieces:
            simulation.run(piece)
        tick, offset, _ = simulation.spikes("spikes")
        return tick, offset

    whole = trains([0.02], False)
    assert len(whole[0]) == 12
    for other in (trains([0.51e-3, 0.0071234, 0.0123666], False), trains([0.02], True)):
        assert np.array_equal(whole[0], other[0])
        assert np.array_equal(whole[1], other[1])
