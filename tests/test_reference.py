"""The reference engine against closed forms, evaluated with more digits than it promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    StateRecord,
)
from evsim.equations.expression import Expression
from evsim.errors import EvsimRuntimeError, EvsimValueError
from evsim.reference import Simulation

DT = 1e-4
CLOSE = mp.mpf(10) ** -25


@pytest.fixture(autouse=True)
def forty_five_digits() -> Iterator[None]:
    with mp.workdps(45):
        yield


def expression(text: str) -> Expression:
    return Expression.parse(text, "a test")


def form(constant: str = "0", **coefficients: str) -> LinearForm:
    return LinearForm({name: expression(text) for name, text in coefficients.items()}, expression(constant))


def model(
    rates: Mapping[str, LinearForm],
    threshold: LinearForm | None = None,
    reset: str = "0",
    strict: bool = True,
    parameters: str = "",
) -> LinearModel:
    """A model whose first state is reset and, while refractory, clamped."""
    first = next(iter(rates))
    return LinearModel(
        states=tuple(rates),
        rates=rates,
        clamped=frozenset({first}),
        threshold=threshold,
        strict=strict,
        reset=(Assignment(first, "neuron", "set", expression(reset)),) if threshold else (),
        parameters=tuple(parameters.split()),
    )


LEAKY = model({"v": form("I/tau", v="-1/tau")}, threshold=form("-limit", v="1"), parameters="tau I limit")
INTEGRATOR = model({"v": form()}, threshold=form("-1", v="1"))  # v changes by deliveries only


def population(
    model: LinearModel,
    size: int = 1,
    refractory: float = 0.0,
    start: Mapping[str, float] | None = None,
    **parameters: float,
) -> Population:
    state = {name: np.full(size, float((start or {}).get(name, 0.0))) for name in model.states}
    return Population("cells", size, model, state, dict(parameters), refractory)


def train(*seconds: float, indices: tuple[int, ...] | None = None) -> SpikeTrainSource:
    """Given spikes at multiples of a microsecond, exactly."""
    ticks = np.floor(np.array(seconds) / DT + 1e-9).astype(np.int64)
    offsets = np.array(
        [max(0.0, float(mp.mpf(t) - mp.mpf(int(k)) * DT)) for t, k in zip(seconds, ticks, strict=True)]
    )
    elements = np.array(indices or [0] * len(seconds), dtype=np.int64)
    return SpikeTrainSource("train", int(elements.max()) + 1, elements, ticks, offsets)


def projection(
    source: str = "train",
    weight: float | np.ndarray = 1.0,
    delay: float | np.ndarray = 0.0,
    pairs: tuple[tuple[int, int], ...] = ((0, 0),),
    target: str = "v",
    operation: str = "add",
    name: str = "wires",
) -> Projection:
    i, j = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    code = (Assignment(target, "neuron", operation, expression("w")),)  # type: ignore[arg-type]
    return Projection(name, source, "cells", i, j, delay, code, {"w": weight})


def network(*parts: object) -> Network:
    built = Network(dt=DT, seed=1)
    for part in parts:
        if isinstance(part, Population):
            built.populations.append(part)
            built.spike_records.append(SpikeRecord(f"spikes of {part.name}", part.name, 0, part.size))
        elif isinstance(part, SpikeTrainSource | PoissonSource):
            built.sources.append(part)
        elif isinstance(part, Projection):
            built.projections.append(part)
        elif isinstance(part, StateRecord):
            built.state_records.append(part)
    return built


def spikes(built: Network, duration: float, digits: int = 30) -> list[tuple[mp.mpf, int]]:
    simulation = Simulation(built, digits)
    simulation.run(duration)
    return [(spike.time, spike.element) for spike in simulation.exact_spikes("spikes of cells")]


def exact(tick: int, offset: float = 0.0) -> mp.mpf:
    return mp.mpf(tick) * DT + mp.mpf(offset)


# Closed forms.


def test_three_spikes_of_the_dimensionless_cell() -> None:
    cells = population(LEAKY, refractory=5e-3, tau=10e-3, I=1.0, limit=0.8)
    times = [float(time * 1000) for time, _ in spikes(network(cells), 0.07)]
    assert times == pytest.approx([16.09437912434, 37.18875824868, 58.28313737302], abs=1e-11)


@pytest.mark.parametrize("pause", [0.0, 5e-3, 1.2345678901234e-3, 3.3e-7])
def test_constant_current_spikes_at_multiples_of_the_exact_period(pause: float) -> None:
    cells = population(LEAKY, refractory=pause, tau=20e-3, I=1.0, limit=0.8)
    found = [time for time, _ in spikes(network(cells), 0.5)]
    first = mp.mpf(20e-3) * mp.log(1 / (1 - mp.mpf(0.8)))
    split_pause = exact(50) if pause == 5e-3 else mp.mpf(pause)
    expected = [first + k * (first + split_pause) for k in range(len(found))]
    assert len(found) == int((mp.mpf("0.5") - first) / (first + split_pause)) + 1
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < CLOSE


def test_more_digits_are_given_when_asked_for() -> None:
    cells = population(LEAKY, tau=20e-3, I=1.0, limit=0.8)
    with mp.workdps(80):
        [(time, _)] = spikes(network(cells), 0.04, digits=60)
        assert abs(time - mp.mpf(20e-3) * mp.log(1 / (1 - mp.mpf(0.8)))) < mp.mpf(10) ** -58


def response(rates: Mapping[str, LinearForm], target: str, jump: float, **parameters: float) -> np.ndarray:
    """Samples of the first state, every millisecond from 1 ms on, where the input arrives."""
    names = " ".join(parameters)
    cells = population(model(rates, parameters=names), **parameters)
    record = StateRecord("trace", "cells", (next(iter(rates)),), np.array([0]), 1e-3)
    built = network(cells, train(1e-3), projection(weight=jump, target=target), record)
    simulation = Simulation(built)
    simulation.run(0.03)
    _, samples = simulation.samples("trace")
    assert not samples[next(iter(rates))][0, :1].any()
    return samples[next(iter(rates))][0, 1:]


H = np.arange(29) * 1e-3
MEMBRANE = {"v": form(v="-1/tau", s="1/tau")}
FAST = 4e-3
SLOW = 10e-3


def test_exponential_input_has_its_closed_form() -> None:
    rates = MEMBRANE | {"s": form(s="-1/fast")}
    trace = response(rates, "s", 3.0, tau=SLOW, fast=FAST)
    expected = 3 * FAST / (SLOW - FAST) * (np.exp(-H / SLOW) - np.exp(-H / FAST))
    assert trace == pytest.approx(expected, abs=1e-14)
    assert trace.max() > 0.4


def test_equal_time_constants_are_nothing_special() -> None:
    rates = MEMBRANE | {"s": form(s="-1/fast")}
    trace = response(rates, "s", 3.0, tau=SLOW, fast=SLOW)
    assert trace == pytest.approx(3 * H / SLOW * np.exp(-H / SLOW), abs=1e-14)
    near = response(rates, "s", 3.0, tau=SLOW, fast=SLOW * (1 + 1e-9))
    assert near == pytest.approx(trace, abs=1e-8)
    assert near[20] != trace[20]


def test_alpha_input_has_its_closed_form() -> None:
    rates = {"s": form(x="1"), "x": form(x="-2/fast", s="-1/fast**2")}
    trace = response(rates, "x", 1 / FAST, fast=FAST)
    assert trace == pytest.approx(H / FAST * np.exp(-H / FAST), abs=1e-14)
    assert trace[4] == pytest.approx(np.exp(-1), abs=1e-14)


def test_dual_exponential_input_has_its_closed_form() -> None:
    rates = {"s": form(x="1"), "x": form(x="-(fast + slow)/(fast*slow)", s="-1/(fast*slow)")}
    trace = response(rates, "x", 1.0, fast=FAST, slow=SLOW)
    factor = FAST * SLOW / (FAST - SLOW)
    assert trace == pytest.approx(factor * (np.exp(-H / FAST) - np.exp(-H / SLOW)), abs=1e-16)


def test_delta_input_jumps_and_decays() -> None:
    trace = response({"v": form(v="-1/tau")}, "v", 0.25, tau=SLOW)
    assert trace == pytest.approx(0.25 * np.exp(-H / SLOW), abs=1e-15)
    assert trace[0] == 0.25


def test_a_resonant_cell_oscillates() -> None:
    rates = {"v": form(v="-damping", u="-w"), "u": form(v="w", u="-damping")}
    trace = response(rates, "v", 1.0, damping=100.0, w=2000.0)
    assert trace == pytest.approx(np.exp(-100 * H) * np.cos(2000 * H), abs=1e-13)


# Crossings.

PARABOLA = {"v": form(u="1"), "u": form("-2")}  # v = v0 + u0*t - t**2


def parabola(height: float, strict: bool) -> Network:
    """v = height - (t - 1/32)**2, so the top is at 31.25 ms; the threshold is 1."""
    rising = model(PARABOLA, threshold=form("-1", v="1"), strict=strict)
    return network(population(rising, start={"v": height - 2.0**-10, "u": 2.0**-4}))


def test_a_touch_is_a_spike_only_without_strictness() -> None:
    assert spikes(parabola(1.0, strict=True), 0.1) == []
    [(time, _)] = spikes(parabola(1.0, strict=False), 0.1)
    assert abs(time - mp.mpf(2) ** -5) < CLOSE


def test_the_least_excess_makes_a_strict_spike() -> None:
    excess = 2.0**-40
    [(time, _), *_] = spikes(parabola(1 + excess, strict=True), 0.1)
    assert abs(time - (mp.mpf(2) ** -5 - mp.mpf(2) ** -20)) < CLOSE
    assert spikes(parabola(1 - excess, strict=False), 0.1) == []


def test_a_value_at_the_threshold_spikes_only_if_it_rises_or_need_not_exceed() -> None:
    resting = {"v": form()}
    for strict, count in ((True, 0), (False, 1)):
        cells = population(model(resting, form("-1", v="1"), strict=strict), start={"v": 1.0})
        assert spikes(network(cells), 0.01) == [(0, 0)] * count
    rising = population(model({"v": form("1")}, form("-1", v="1")), start={"v": 1.0})
    assert spikes(network(rising), 0.01) == [(0, 0)]


def test_a_grazing_crossing_of_a_nanovolt_within_a_step_is_found() -> None:
    """Input s = t/f*exp(-t/f), f = 1 ms, has its top 1/e at 1 ms: 1e-6 mV above the threshold, for 0.8 us."""
    f, top = 2.0**-10, mp.exp(-1)
    limit = float(top - mp.mpf(10) ** -9 * 300)
    rates = {"s": form(x="1"), "x": form(x="-2/f", s="-1/f**2")}
    cells = population(model(rates, form("-limit", s="1"), parameters="f limit"), f=f, limit=limit)
    cells.state["x"][:] = 1 / f
    [(time, _)] = spikes(network(cells), 0.01)
    expected = mp.findroot(lambda t: t / f * mp.exp(-t / f) - limit, f * (1 - 1e-3))
    assert abs(time - expected) < CLOSE
    assert 1e-7 < f - time < 2e-6


# Instants.


def test_two_arrivals_at_one_instant_count_once() -> None:
    wires = projection(weight=np.array([0.7, 0.6]), pairs=((0, 0), (1, 0)), delay=np.array([2e-3, 1.5e-3]))
    built = network(population(INTEGRATOR), train(1e-3, 1.5e-3, indices=(0, 1)), wires)
    assert spikes(built, 0.01) == [(exact(30), 0)]


def test_excitation_and_inhibition_of_one_instant_meet_before_the_threshold() -> None:
    wires = projection(weight=np.array([1.5, -0.6]), pairs=((0, 0), (1, 0)))
    assert spikes(network(population(INTEGRATOR), train(1e-3, 1e-3, indices=(0, 1)), wires), 0.01) == []


def test_an_arrival_at_the_exact_end_of_refractoriness_counts() -> None:
    """First spike at 1 ms; refractory for 1.2345 ms; what comes at the end counts, what comes before is lost."""
    pause = 1.2345e-3
    early = projection(weight=np.array([1.5, 0.75]), pairs=((0, 0), (1, 0)), delay=np.array([0.0, pause]))
    both = train(1e-3, 1e-3, indices=(0, 1))
    simulation = Simulation(built := network(population(INTEGRATOR, refractory=pause), both, early))
    simulation.run(0.01)
    assert built.populations[0].state["v"][0] == 0.75
    early.delay = np.array([0.0, pause - 1e-15])
    simulation = Simulation(built := network(population(INTEGRATOR, refractory=pause), both, early))
    simulation.run(0.01)
    assert built.populations[0].state["v"][0] == 0.0
    assert len(simulation.exact_spikes("spikes of cells")) == 1


def test_a_cell_above_its_threshold_spikes_when_refractoriness_ends() -> None:
    """Only the first state is clamped; the threshold is on the other one, which goes on."""
    rates = {"v": form(), "u": form("1000")}
    cells = population(model(rates, form("-1", u="1")), refractory=2.5e-3)
    times = [time for time, _ in spikes(network(cells), 0.005)]
    assert abs(times[0] - mp.mpf("0.001")) < CLOSE
    assert times[1] - times[0] == exact(25)


def test_a_zero_delay_chain_fires_at_one_instant_in_order() -> None:
    chain = projection("cells", weight=1.5, pairs=tuple((k, k + 1) for k in range(9)), name="chain")
    built = network(population(INTEGRATOR, size=10), train(1e-3), projection(weight=1.5), chain)
    assert spikes(built, 0.01) == [(exact(10), k) for k in range(10)]


def test_zero_delay_deliveries_come_after_the_reset_of_their_source() -> None:
    """0 and 1 fire together; each sends 0.5 to the other at once, which stays after both resets."""
    both = projection(weight=1.5, pairs=((0, 0), (0, 1)))
    mutual = projection("cells", weight=0.5, pairs=((0, 1), (1, 0)), name="mutual")
    built = network(population(INTEGRATOR, size=2), train(1e-3), both, mutual)
    assert spikes(built, 0.01) == [(exact(10), 0), (exact(10), 1)]
    assert built.populations[0].state["v"].tolist() == [0.5, 0.5]


def test_a_zero_delay_ring_is_an_error_that_names_its_members_only() -> None:
    pairs = ((0, 1), (1, 2), (2, 3), (3, 1), (2, 4), (4, 5))
    ring = projection("cells", weight=1.5, pairs=pairs, name="ring")
    built = network(population(INTEGRATOR, size=6), train(1e-3), projection(weight=1.5), ring)
    with pytest.raises(EvsimRuntimeError, match=r"t = 0\.001\d* s: cells\[1\], cells\[2\], cells\[3\];"):
        Simulation(built).run(0.01)


def test_a_refractory_ring_without_delay_goes_round_once() -> None:
    ring = projection("cells", weight=1.5, pairs=((0, 1), (1, 2), (2, 0)), name="ring")
    built = network(
        population(INTEGRATOR, size=3, refractory=1e-3), train(1e-3), projection(weight=1.5), ring
    )
    assert spikes(built, 0.01) == [(exact(10), 0), (exact(10), 1), (exact(10), 2)]


def test_a_reset_above_threshold_without_refractoriness_is_an_error() -> None:
    above = model({"v": form("1")}, form("-1", v="1"), reset="2")
    with pytest.raises(EvsimRuntimeError, match=r"cells\[0\] is above its threshold after its reset"):
        Simulation(network(population(above, start={"v": 0.995}))).run(0.01)


def test_deliveries_of_one_instant_act_in_order_of_projection_source_and_synapse() -> None:
    """The last `set` wins: projections by position; in one projection by source, then by synapse number."""
    pairs = ((1, 0), (0, 0), (1, 0))
    first = projection(weight=np.array([0.1, 0.2, 0.3]), pairs=pairs, operation="set", name="first")
    given = train(1e-3, 1e-3, indices=(0, 1))
    built = network(population(INTEGRATOR), given, first)
    Simulation(built).run(0.01)
    assert built.populations[0].state["v"][0] == 0.3
    second = projection(weight=0.9, pairs=((0, 0),), operation="set", name="second")
    built = network(population(INTEGRATOR), given, second, first)
    Simulation(built).run(0.01)
    assert built.populations[0].state["v"][0] == 0.3


def test_synapse_variables_are_written_and_handed_back() -> None:
    code = (
        Assignment("w", "synapse", "set", expression("w*0.5")),
        Assignment("v", "neuron", "add", expression("w + 0.125*v_post")),
    )
    i = j = np.array([0])
    wires = Projection("wires", "train", "cells", i, j, 0.0, code, {"w": np.array([0.5])})
    built = network(population(INTEGRATOR), train(1e-3, 2e-3), wires)
    Simulation(built).run(0.01)
    assert wires.variables["w"].tolist() == [0.125]  # type: ignore[union-attr]
    assert built.populations[0].state["v"].tolist() == [0.25 + 0.125 + 0.125 * 0.25]


# Runs, samples, what is refused.


def busy() -> Network:
    rng = np.random.default_rng(5)
    times = np.sort(rng.uniform(0, 0.05, 200))
    cells = population(LEAKY, size=3, refractory=1.7e-3, tau=10e-3, I=0.7, limit=0.8)
    wires = projection(
        weight=rng.normal(0, 0.2, 3), pairs=((0, 0), (0, 1), (0, 2)), delay=rng.uniform(0, 5e-3, 3)
    )
    mutual = projection("cells", 0.1, 1.37e-3, ((0, 1), (1, 2), (2, 0)), name="mutual")
    return network(cells, train(*times), wires, mutual)


def test_ten_runs_equal_one_run() -> None:
    once = spikes(busy(), 0.05)
    simulation = Simulation(busy())
    for _ in range(10):
        simulation.run(0.005)
    pieces = [(spike.time, spike.element) for spike in simulation.exact_spikes("spikes of cells")]
    assert len(once) > 5
    assert pieces == once
    assert simulation.now == (500, 0.0)


def test_recording_states_changes_no_bit() -> None:
    watched = busy()
    watched.state_records.append(StateRecord("trace", "cells", ("v",), np.arange(3), 3.3e-5))
    assert spikes(watched, 0.05) == spikes(busy(), 0.05)


def test_a_sample_shows_the_state_after_the_events_of_its_instant() -> None:
    record = StateRecord("trace", "cells", ("v",), np.array([0]), DT)
    built = network(population(INTEGRATOR), train(3e-4, 5e-4), projection(weight=0.75), record)
    simulation = Simulation(built)
    simulation.run(5e-4)
    simulation.run(3e-4)
    numbers, samples = simulation.samples("trace")
    assert numbers.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert samples["v"].tolist() == [[0, 0, 0, 0.75, 0.75, 0, 0, 0]]
    assert [part.tolist() for part in simulation.spikes("spikes of cells")] == [[5], [0.0], [0]]
    assert [part.tolist() for part in simulation.last_spikes("cells")] == [[5], [0.0], [True]]


def test_values_set_between_runs_are_taken_over() -> None:
    built = network(population(LEAKY, tau=20e-3, I=0.0, limit=0.8))
    simulation = Simulation(built)
    simulation.run(0.01)
    built.populations[0].parameters["I"] = 1.0
    built.populations[0].state["v"][:] = 0.5
    built.populations[0].changed |= {"I", "v"}
    simulation.run(0.03)
    [spike] = simulation.exact_spikes("spikes of cells")
    expected = exact(100) + mp.mpf(20e-3) * mp.log(mp.mpf(0.5) / (1 - mp.mpf(0.8)))
    assert abs(spike.time - expected) < CLOSE


def test_poisson_objects_need_the_arrivals_that_the_compiled_engine_drew() -> None:
    source = PoissonSource("train", 1, 100.0)
    built = network(population(INTEGRATOR), source, projection(weight=1.5))
    built.drives.append(PoissonDrive("drive", "cells", 0, 1, "v", 10, 5.0, 1.5))
    with pytest.raises(EvsimValueError, match="train needs what the compiled engine drew"):
        Simulation(built).run(0.01)
    simulation = Simulation(built, arrivals={"train": train(1e-3), "drive": train(2e-3)})
    simulation.run(0.01)
    assert [spike.time for spike in simulation.exact_spikes("spikes of cells")] == [exact(10), exact(20)]


def test_rounding_to_the_grid_is_refused() -> None:
    with pytest.raises(EvsimValueError, match="exact time only"):
        Simulation(network()).run(0.01, timing="grid")
