"""Nonlinear models in the reference engine, against closed forms and against itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest

from evsim.description import (
    Assignment,
    ForeignFunction,
    Functions,
    GeneralModel,
    LinearForm,
    LinearModel,
    Network,
    Population,
    Projection,
    SpikeRecord,
    SpikeTrainSource,
    StateRecord,
    TimedTable,
)
from evsim.equations.expression import Expression
from evsim.errors import EvsimRuntimeError, EvsimValueError
from evsim.reference import Simulation
from evsim.reference.comparison import compare

DT = 1e-4
CLOSE = mp.mpf(10) ** -27


@pytest.fixture(autouse=True)
def forty_five_digits() -> Iterator[None]:
    with mp.workdps(45):
        yield


def expression(text: str) -> Expression:
    return Expression.parse(text, "a test")


def model(
    threshold: str | None = None,
    reset: str = "",
    refractory: str | None = None,
    parameters: str = "",
    clamped: str = "",
    functions: Functions | None = None,
    noise: Mapping[str, tuple[tuple[str, Expression], ...]] | None = None,
    **rates: str,
) -> GeneralModel:
    """A model from text; `reset` is "v = 0; u += 1"."""
    code = []
    for statement in filter(None, (each.strip() for each in reset.split(";"))):
        target, text = statement.split("=", 1)
        operation = "add" if target.endswith("+") else "set"
        code.append(Assignment(target.strip(" +"), "neuron", operation, expression(text)))  # type: ignore[arg-type]
    return GeneralModel(
        states=tuple(rates),
        rates={name: expression(rate) for name, rate in rates.items()},
        clamped=frozenset(clamped.split()),
        threshold=None if threshold is None else expression(threshold),
        reset=tuple(code),
        parameters=tuple(parameters.split()),
        refractory=None if refractory is None else expression(refractory),
        functions=functions or {},
        noise=noise or {},
    )


def population(
    model: GeneralModel | LinearModel,
    refractory: float = 0.0,
    start: Mapping[str, float] | None = None,
    size: int = 1,
    **parameters: float,
) -> Population:
    state = {name: np.full(size, float((start or {}).get(name, 0.0))) for name in model.states}
    return Population("cells", size, model, state, dict(parameters), refractory)


def network(cells: Population, *ticks: int, weight: float = 0.0, target: str = "v") -> Network:
    """A population, to whose neuron 0 every tick brings `weight`; names of what is recorded: spikes, trace."""
    built = Network(dt=DT, seed=1)
    built.populations.append(cells)
    built.spike_records.append(SpikeRecord("spikes", "cells", 0, cells.size))
    if ticks:
        zeros = np.zeros(len(ticks), dtype=np.int64)
        built.sources.append(SpikeTrainSource("train", 1, zeros, np.array(ticks), np.zeros(len(ticks))))
        code = (Assignment(target, "neuron", "add", expression("w")),)
        one = np.array([0])
        built.projections.append(Projection("wires", "train", "cells", one, one, 0.0, code, {"w": weight}))
    return built


def spikes(built: Network, duration: float, digits: int = 30) -> list[mp.mpf]:
    simulation = Simulation(built, digits)
    simulation.run(duration)
    return [spike.time for spike in simulation.exact_spikes("spikes")]


def final(built: Network, duration: float, name: str = "v") -> mp.mpf:
    """The value of a state after a run, with every digit."""
    simulation = Simulation(built)
    simulation.run(duration)
    cell = simulation._cells("cells")[0]
    with mp.workdps(40):
        return cell.states_at(simulation._loop.time)[name]


def tick(number: int) -> mp.mpf:
    return mp.mpf(number) * DT


def assert_close(found: list[mp.mpf], expected: list[mp.mpf], within: mp.mpf = CLOSE) -> None:
    assert len(found) == len(expected) > 0
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < within


# Solutions.


def test_a_quadratic_cell_with_drive_has_the_period_of_a_tangent() -> None:
    """v' = k*(1 + v**2) from -2 to 3: k*t = atan(3) + atan(2)."""
    cells = population(model("v > 3", "v = -2", v="k*(1 + v**2)", parameters="k"), start={"v": -2}, k=100.0)
    period = (mp.atan(3) + mp.atan(2)) / 100
    assert_close(spikes(network(cells), 0.12), [period * n for n in (1, 2, 3, 4, 5)])


def test_a_quadratic_cell_without_drive_has_the_time_of_a_hyperbolic_cotangent() -> None:
    """v' = k*(v**2 - 1) from 2: acoth(v) falls by k*t."""
    cells = population(model("v >= 1000", "v = 0", v="k*(v**2 - 1)", parameters="k"), start={"v": 2}, k=50.0)
    assert_close(spikes(network(cells), 0.05), [(mp.acoth(2) - mp.acoth(1000)) / 50])


def test_logistic_growth_has_its_closed_form() -> None:
    cells = population(
        model("v > 0.75", "v = 0.25", v="r*v*(1 - v)", parameters="r"), start={"v": 0.25}, r=30.0
    )
    assert_close(spikes(network(cells), 0.1), [mp.log(9) / 30])


def test_a_sine_as_a_rate_is_integrated() -> None:
    """v = (1 - cos(w*t))/w reaches 1/w at a quarter of the period, and every period later: reset is at 0."""
    cells = population(model(v="sin(w*t)", parameters="w"), w=300.0)
    assert abs(final(network(cells), 0.1) - (1 - mp.cos(300 * tick(1000))) / 300) < CLOSE
    cells = population(model("v*w > 1", "v = -1", v="sin(w*t)", parameters="w"), w=300.0)
    assert_close(spikes(network(cells), 0.1), [mp.pi / 2 / 300])


@pytest.mark.parametrize(
    ("rate", "solution"),
    [
        ("1/exprel(k*v)", lambda t: mp.findroot(lambda v: (mp.ei(v) - mp.euler - mp.log(v)) - t, t)),
        ("sqrt(1 + v)", lambda t: (1 + t / 2) ** 2 - 1),
        ("(1 + v)**1.5", lambda t: (1 - t / 2) ** -2 - 1),
        ("1/(1 + v)**3", lambda t: (1 + 4 * t) ** mp.mpf("0.25") - 1),
        ("1 + tanh(v)", lambda t: mp.findroot(lambda v: v / 2 + (1 - mp.exp(-2 * v)) / 4 - t, t)),
        ("1/cosh(v)", mp.asinh),
        ("cos(v)", lambda t: 2 * mp.atan(mp.tanh(t / 2))),
        ("1 - tan(v)**2", None),
        ("exp(-v)", mp.log1p),
        ("1 + t/(1 + t**2) + atan(t) - atan(t)", lambda t: t + mp.log(1 + t**2) / 2),
        ("log(1 + t) + log1p(t) - log10(10 + t)*log(10)", None),
        ("asin(t)", lambda t: t * mp.asin(t) + mp.sqrt(1 - t**2) - 1),
        ("sinh(t) + arccos(t)", lambda t: mp.cosh(t) + t * mp.acos(t) - mp.sqrt(1 - t**2)),
        ("expm1(2*t)", lambda t: mp.expm1(2 * t) / 2 - t),
    ],
)
def test_every_function_is_followed(rate: str, solution: object) -> None:
    """From v = 0 for half a second; without a closed form here, to be the same with other digits."""
    built = network(population(model(v=rate, parameters="k"), k=1.0))
    end = tick(5000)
    if solution is None:
        again = Simulation(network(population(model(v=rate, parameters="k"), k=1.0)), 45)
        again.run(0.5)
        expected = again._cells("cells")[0].states_at(again._loop.time)["v"]
    else:
        expected = solution(end)  # type: ignore[operator]
    assert abs(expected) > 0.05
    assert abs(final(built, 0.5) - expected) < mp.mpf(10) ** -28


@pytest.mark.parametrize(
    ("rate", "solution"),
    [
        ("abs(t - 0.25)", lambda t: mp.mpf("0.0625")),
        ("clip(4*t, 0.5, 1)", lambda t: mp.mpf(1) / 16 + mp.mpf(3) / 32 + mp.mpf(1) / 4),
        ("min(t, 0.25, 1 - t)", lambda t: mp.mpf(1) / 32 + mp.mpf(1) / 16),
        ("max(t, 0.25)", lambda t: mp.mpf(1) / 16 + mp.mpf(3) / 32),
        ("floor(8*t) + 0*v", lambda t: mp.mpf(6) / 8),
        ("ceil(8*t)", lambda t: mp.mpf(10) / 8),
        ("int(8*t - 2)", lambda t: mp.mpf(0)),
        ("8*t % 1", lambda t: mp.mpf(1) / 4),
        ("8*t // 3", lambda t: mp.mpf(1) / 8),
        ("sign(t - 0.125)", lambda t: mp.mpf(1) / 4),
        ("(t > 0.25) + 2*(t < 0.125 or not (t <= 0.375))", lambda t: mp.mpf(3) / 4),
        ("1 - 2*(v >= 0.25)", lambda t: mp.mpf(1) / 4),
        ("-sign(v - 0.25)", lambda t: mp.mpf(1) / 4),
        ("exp(lastspike) + not_refractory + i + N*dt/DT", lambda t: 4 * t),
    ],
)
def test_functions_in_pieces_are_followed_across_their_ends(rate: str, solution: object) -> None:
    """To t = 0.5, which is a tick of 2**-14 s; the last but three settle, and rest, where the rate changes sign."""
    built = network(population(model(v=rate, parameters="i N dt DT"), i=1.0, N=2.0, dt=0.5, DT=0.5))
    built.dt = 2.0**-14
    if "1 - 2*(v" in rate:
        with pytest.raises(EvsimRuntimeError, match="changes back as soon as it changes"):
            final(built, 0.5)
        return
    assert abs(final(built, 0.5) - solution(mp.mpf("0.5"))) < mp.mpf(10) ** -28  # type: ignore[operator]


def test_a_conductance_cell_with_constant_conductance_is_a_linear_cell() -> None:
    """v' = (gl*(el - v) + g*(ee - v))/c, g' = 0: tau = c/(gl + g)."""
    rates = {"v": "(gl*(el - v) + g*(ee - v))/c", "g": "0*g"}
    values = {"gl": 1e-8, "el": -0.07, "ee": 0.0, "c": 2e-10, "vt": -0.05}
    cells = population(
        model("v > vt", "v = el", parameters="gl el ee c vt", **rates),
        start={"v": -0.07, "g": 6e-9},
        **values,
    )
    gl, el, c, vt, g = (mp.mpf(x) for x in (1e-8, -0.07, 2e-10, -0.05, 6e-9))
    rest = gl * el / (gl + g)
    period = c / (gl + g) * mp.log((el - rest) / (vt - rest))
    assert_close(spikes(network(cells), 0.1), [period * (n + 1) for n in range(int(mp.mpf("0.1") / period))])


def test_a_linear_cell_is_the_same_as_a_general_one() -> None:
    terms = {"v": ({"v": "-1/tau", "s": "1/tau"}, "I/tau"), "s": ({"s": "-1/fast"}, "0")}
    linear = LinearModel(
        states=("v", "s"),
        rates={
            name: LinearForm({k: expression(a) for k, a in row.items()}, expression(b))
            for name, (row, b) in terms.items()
        },
        clamped=frozenset({"v"}),
        threshold=LinearForm({"v": expression("1")}, expression("-1")),
        strict=True,
        reset=(Assignment("v", "neuron", "set", expression("0")),),
        parameters=("tau", "fast", "I"),
    )
    general = model("v > 1", "v = 0", clamped="v", parameters="tau fast I", v="(I - v + s)/tau", s="-s/fast")
    both = [
        spikes(
            network(
                population(each, refractory=2.5e-3, tau=0.01, fast=0.003, I=0.8),
                *range(5, 900, 37),
                weight=1.5,
                target="s",
            ),
            0.1,
        )
        for each in (linear, general)
    ]
    assert len(both[0]) > 5
    assert_close(both[0], both[1], mp.mpf(10) ** -25)


def test_deliveries_begin_the_solution_anew() -> None:
    """1/v falls by k*t between two jumps of 1/4."""
    cells = population(model("v > 100", "v = 0", v="k*v**2", parameters="k"), start={"v": 0.5}, k=20.0)
    v = mp.mpf(0.5)
    for _ in range(2):
        v = 1 / (1 / v - 20 * tick(200)) + 0.25
    expected = tick(400) + (1 / v - mp.mpf(1) / 100) / 20
    assert_close(spikes(network(cells, 200, 400, weight=0.25), 0.1), [expected])


def test_a_reset_may_lose_what_a_clamped_state_is_sent() -> None:
    cells = population(model("v > 1", "v = 0; u += 1", v="100 + 0*u", u="0*u", clamped="v"), refractory=5e-3)
    built = network(cells, 120, 160, weight=0.5)
    expected = [mp.mpf("0.01"), mp.mpf("0.015") + tick(50)]  # 120 is lost, 160 counts
    assert_close(spikes(built, 0.022), expected)
    assert cells.state["u"].tolist() == [2.0]


# Thresholds.

CIRCLE = {"x": "-w*y", "y": "w*x"}  # from (1, 0): cos(w*t), sin(w*t)


def circle(threshold: str, refractory: float | str = 0.015, duration: float = 0.0628) -> list[mp.mpf]:
    """Spikes, in units of a turn, in one turn at w = 100/s."""
    text = refractory if isinstance(refractory, str) else None
    pause = 0.0 if isinstance(refractory, str) else refractory
    cells = population(
        model(threshold, refractory=text, parameters="w on", **CIRCLE),
        pause,
        start={"x": 1.0},
        w=100.0,
        on=1.0,
    )
    return [time * 100 / (2 * mp.pi) for time in spikes(network(cells), duration)]


def part(number: int) -> mp.mpf:
    return mp.mpf(number) / 24


def test_a_threshold_on_a_product_is_crossed_where_sine_and_cosine_are() -> None:
    """x*y = sin(2*w*t)/2 is above 1/4 from 1/24 to 5/24 of a turn, and half a turn later."""
    assert_close(circle("x*y > 0.25"), [part(1), part(13)])


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        ("y > 0.5 and x < 0", [6]),
        ("x < 0 and y > 0.5 and on", [6]),
        ("y < -0.5 or x < -0.5", [8]),
        ("not (y >= 0 or x >= -0.5)", [12]),
        ("not y >= 0 and x > 0.5", [20]),
        ("(x > 0) != (y > 0)", [6, 18]),
        ("abs(x) < 0.5", [4, 16]),
        ("y**2 >= 0.75 and (x > 0 or y < 0)", [4, 16]),
        ("-0.5 < x and x < 0", [6, 16]),
        ("y > 0.5 and not on", []),
        ("on and x < 0 and not y < 0.5", [6]),
        ("x <= -0.5", [8]),
    ],
)
def test_any_condition_is_a_threshold(threshold: str, expected: list[int]) -> None:
    pauses = {"(x > 0) != (y > 0)": 0.018, "x <= -0.5": 0.0377, "y < -0.5 or x < -0.5": 0.0377}
    found = circle(threshold, pauses.get(threshold, 0.015))
    assert len(found) == len(expected)
    assert all(abs(a - part(b)) < CLOSE for a, b in zip(found, expected, strict=True))


def test_the_top_of_a_sine_is_a_spike_only_without_strictness() -> None:
    """w*t = pi/2 is irrational: the touch is one as far as the digits tell."""
    assert_close(circle("y >= 1"), [part(6)], mp.mpf(10) ** -24)
    assert_close(circle("x**2 + y**2 - x**2 >= 1"), [part(6), part(18)], mp.mpf(10) ** -24)
    assert circle("y > 1") == []
    assert_close(circle("y == 1"), [part(6)], mp.mpf(10) ** -24)


def test_a_condition_that_a_delivery_makes_true_is_a_spike_at_once() -> None:
    cells = population(model("v > 1 and u < 3", "v = 0", v="0*v", u="1000*u/u"), start={"u": 1.0})
    built = network(cells, 13, weight=1.5)
    assert spikes(built, 0.01) == [tick(13)]
    assert built.populations[0].state["u"][0] == 11.0


def test_a_reset_that_leaves_the_condition_true_is_an_error() -> None:
    cells = population(model("v > 1", "v = 2", v="1000 + 0*v"))
    with pytest.raises(EvsimRuntimeError, match=r"cells\[0\] is above its threshold after its reset"):
        spikes(network(cells), 0.01)


# Refractoriness.


def test_a_refractory_condition_holds_until_the_state_says_otherwise() -> None:
    """The spike is where the condition begins to hold; it ends at 11/24 of the turn, the threshold at 10/24."""
    assert_close(circle("y > 0.5", "y > 0.5", 0.18), [part(2), part(26), part(50)])
    cells = population(
        model("on", refractory="y > 0.5 or x > -0.5", parameters="w on", clamped="", **CIRCLE),
        start={"x": 1.0},
        w=100.0,
        on=1.0,
    )
    assert spikes(network(cells), 0.001) == [0]


def test_a_refractory_condition_on_time_is_a_period() -> None:
    cells = population(
        model("v > 1", "v = 0", "t - lastspike < pause + 0*v", "pause", clamped="v", v="100 + 0*v"),
        pause=0.004,
    )
    first = mp.mpf(1) / 100
    assert_close(spikes(network(cells), 0.05), [first, first * 2 + 0.004, first * 3 + 2 * mp.mpf(0.004)])


def test_a_refractory_condition_may_change_faster_than_the_states() -> None:
    """v rises in straight lines of 10 ms, each a single step; the sine has w/(2*pi) turns per second."""
    cells = population(
        model("v > 1", "v = 0", "sin(w*t) > 0", "w", clamped="v", v="100 + 0*v"),
        w=9000.0,
    )
    time, expected = mp.mpf(0), []
    while (time := time + mp.mpf(1) / 100) < 0.1:
        expected.append(time)
        if mp.sin(9000 * time) > 0:
            time = mp.ceil(9000 * time / mp.pi) * mp.pi / 9000
    found = spikes(network(cells), 0.1)
    assert_close(found, expected)
    assert any(b - a > 0.01001 for a, b in pairwise(found))


def test_a_threshold_that_holds_only_at_the_end_of_refractoriness_makes_no_spike() -> None:
    """v = 0.5 + 1000 t is at 1 after 0.5 ms, where both conditions still hold and no longer; above 2 after 1.5 ms."""
    condition = "v > 2 or not v > 1"
    cells = population(model(condition, refractory=condition, v="1000 + 0*v"), start={"v": 0.5})
    assert_close(spikes(network(cells), 0.004), [mp.mpf(0), mp.mpf("0.0015")])


def test_a_refractory_period_is_evaluated_at_the_spike_before_the_reset() -> None:
    """u counts the spikes; the pause is u + 1 milliseconds, as it is before the reset."""
    cells = population(
        model("v > 1", "v = 0; u += 1", "(u + 1)*ms", "ms", clamped="v", v="100 + 0*v", u="0*u"), ms=0.001
    )
    first = mp.mpf(1) / 100
    assert_close(spikes(network(cells), 0.045), [first, 2 * first + tick(10), 3 * first + tick(30)])


def test_a_refractory_condition_that_a_delivery_ends_lets_the_neuron_spike() -> None:
    """g decides on refractoriness; v stands above the threshold until g is sent below 1."""
    cells = population(model("v > 1", "", "g > 1", v="100 + 0*v", g="0*g"), start={"g": 2.0})
    built = network(cells, 130, 150, weight=-0.75, target="g")
    with pytest.raises(EvsimRuntimeError, match=r"is above its threshold after its reset at t = 0\.015"):
        spikes(built, 0.05)
    cells = population(model("v > 1", "v = 0; g += 0.5", "g > 1", v="100 + 0*v", g="0*g"), start={"g": 1.0})
    built = network(cells, 130, 150, weight=-0.25, target="g")
    assert_close(spikes(built, 0.03), [mp.mpf("0.01"), mp.mpf("0.02")])
    assert cells.state["g"].tolist() == [1.5]


def test_rates_know_the_last_spike_and_refractoriness() -> None:
    """v rises by 100/s, not while refractory; u grows by the time since the last spike."""
    cells = population(
        model("v > 1", "v = 0", v="100*not_refractory", u="min(t - lastspike, 1)*(lastspike > 0)"), 0.004
    )
    built = network(cells)
    assert_close(spikes(built, 0.03), [mp.mpf("0.01"), mp.mpf("0.02") + tick(40)])
    pieces = [mp.mpf("0.01") + tick(40), tick(300) - mp.mpf("0.02") - tick(40)]
    assert cells.state["u"][0] == pytest.approx(float(sum(piece**2 / 2 for piece in pieces)), rel=1e-15)


# Functions that the user brings along.


def test_a_table_of_time_switches_exactly() -> None:
    """v' = (I - v)/tau with I = 0, 2, 0.5, 3 in steps of 1 ms of ten ticks: exponentials one after the other."""
    table = TimedTable(1e-3, np.array([0.0, 2.0, 0.5, 3.0]))
    cells = population(
        model("v > 1", "v = 0", v="(input(t) - v)/tau", parameters="tau", functions={"input": table}),
        tau=0.004,
    )
    tau, v = mp.mpf(0.004), mp.mpf(0)
    for value in (0, 2, 0.5):
        v = value + (v - value) * mp.exp(-tick(10) / tau)
    first = tick(30) + tau * mp.log((3 - v) / 2)
    period = tau * mp.log(mp.mpf(3) / 2)
    assert_close(spikes(network(cells), 0.007), [first, first + period])


def test_a_table_in_two_dimensions_gives_each_neuron_its_column() -> None:
    table = TimedTable(0.5e-3, np.array([[0.0, 100.0], [100.0, 0.0], [50.0, 0.0]]))
    cells = population(
        model(v="input(t, i) + 0*v", parameters="i", functions={"input": table}), size=2, i=0.0
    )
    cells.parameters["i"] = np.array([0.0, 1.0])
    Simulation(network(cells)).run(2e-3)
    assert cells.state["v"] == pytest.approx([0.1, 0.05], rel=1e-15)


def test_a_table_in_a_threshold_is_tested_at_its_switches() -> None:
    limit = TimedTable(1e-3, np.array([3.0, 2.0, 0.5, 2.0]))
    cells = population(
        model("v > limit(t)", v="0*v", functions={"limit": limit}), refractory=1e-3, start={"v": 1.0}
    )
    assert_close(spikes(network(cells), 0.01), [tick(20)])


def test_a_function_of_the_user_is_followed_along_one_argument() -> None:
    """v' = r(v, 1) = 1 + v**2."""
    own = ForeignFunction(2, "", lambda x, a: a + x * x)
    cells = population(model("v > 1", "v = 0", v="k*r(v, 1)", parameters="k", functions={"r": own}), k=100.0)
    assert_close(spikes(network(cells), 0.02), [mp.pi / 400, mp.pi / 200])
    both = population(model(v="r(v, t)", functions={"r": own}))
    with pytest.raises(EvsimValueError, match="along one argument"):
        spikes(network(both), 0.01)


# Accuracy, and what is refused.

EXPONENTIAL = model(
    "v > cut",
    "v = -0.06; w += b",
    clamped="v",
    parameters="gl el slope vt c tau cut b I",
    v="(gl*(el - v) + gl*slope*exp((v - vt)/slope) - w + g*(0 - v) + I)/c",
    w="-w/0.1",
    g="-g/tau",
)


def exponential_cell() -> Network:
    cells = population(
        EXPONENTIAL,
        2e-3,
        {"v": -0.07},
        gl=1e-8,
        el=-0.07,
        slope=2e-3,
        vt=-0.05,
        c=2e-10,
        tau=5e-3,
        cut=0.02,
        b=2e-11,
        I=2e-10,
    )
    return network(cells, *range(7, 500, 17), weight=3e-9, target="g")


def test_an_exponential_cell_is_the_same_with_more_digits() -> None:
    few, many = (spikes(exponential_cell(), 0.055, digits) for digits in (20, 35))
    assert len(few) > 4
    assert_close(few, many, mp.mpf(10) ** -18)


def test_samples_and_pieces_of_a_run_change_nothing() -> None:
    once = spikes(exponential_cell(), 0.02)
    built = exponential_cell()
    built.state_records.append(StateRecord("trace", "cells", ("v", "g"), np.array([0]), 3.3e-4))
    simulation = Simulation(built)
    for _ in range(4):
        simulation.run(0.005)
    pieces = [spike.time for spike in simulation.exact_spikes("spikes")]
    _, samples = simulation.samples("trace")
    assert_close(pieces, once, mp.mpf(10) ** -28)
    assert samples["v"].shape == (1, 61)
    assert samples["v"].max() < 0.02


def test_the_conditioning_of_a_spike_is_a_rounding_over_the_slope() -> None:
    cells = population(model("v > 1", "v = 0", v="v*v + 1"))
    simulation = Simulation(network(cells))
    simulation.run(1.0)
    [spike] = simulation.exact_spikes("spikes")
    assert spike.conditioning == pytest.approx(2.0**-53 / 2, rel=1e-9)


HODGKIN_HUXLEY = model(
    threshold="v > -20*mV",
    refractory="v > -20*mV",
    parameters="mV ms",
    v="(50*(-65 - v/mV) - 100*g*v/mV - 1e5*m**3*h*(v/mV - 50) - 3e4*n**4*(v/mV + 90))*mV/ms/1000",
    m="(1.28/exprel((-50*mV - v)/(4*mV))*(1 - m) - 1.4/exprel((v + 23*mV)/(5*mV))*m)/ms",
    n="(0.16/exprel((-48*mV - v)/(5*mV))*(1 - n) - 0.5*exp((-53*mV - v)/(40*mV))*n)/ms",
    h="(0.128*exp((-46*mV - v)/(18*mV))*(1 - h) - 4/(1 + exp((-23*mV - v)/(5*mV)))*h)/ms",
    g="-g/(5*ms)",
)


def test_a_hodgkin_huxley_cell_is_the_same_with_more_digits_and_spikes_once_at_a_time() -> None:
    found = []
    for digits in (15, 25):
        cells = population(HODGKIN_HUXLEY, start={"v": -0.065, "h": 1.0}, mV=1e-3, ms=1e-3)
        found.append(spikes(network(cells, 3, 14, 37, weight=3.0, target="g"), 0.008, digits))
    assert len(found[0]) == 3
    assert_close(*found, mp.mpf(10) ** -14)


def test_general_models_are_compared_with_the_compiled_engine() -> None:
    built = exponential_cell()
    few, many = Simulation(built, 15), Simulation(exponential_cell(), 30)
    for simulation in (few, many):
        simulation.run(0.03)
    found = compare(many, few, built, 0.03, 30)
    assert found.is_right
    assert found.n_spikes == len(spikes(exponential_cell(), 0.03)) > 1
    assert found.largest_difference < 1e-12
    assert 0 < found.worst.conditioning < 1e-12  # type: ignore[union-attr]
    assert "order               the same" in repr(found)


def test_a_solution_that_leaves_the_range_of_numbers_is_an_error_that_names_neuron_and_time() -> None:
    cells = population(model(v="1 + v**2"))
    with pytest.raises(
        EvsimRuntimeError, match=r"cells\[0\] at t = 1\.5707963267948\d* s: its solution leaves"
    ):
        spikes(network(cells), 2.0)


def test_chance_is_refused() -> None:
    noisy = model(v="-v", noise={"v": (("xi", expression("1")),)})
    for each in (noisy, model("v > 1", "v = rand()", v="1 + 0*v")):
        with pytest.raises(EvsimValueError, match="the reference engine is deterministic"):
            spikes(network(population(each)), 0.01)


def test_a_division_by_zero_names_the_neuron() -> None:
    with pytest.raises(EvsimRuntimeError, match=r"cells\[0\] at t = 0.0 s: a term is divided by zero"):
        spikes(network(population(model(v="1/v"))), 0.01)
