"""Delays of zero, and delays shorter than a step: the order at one instant, chains, rings, and what monitors show."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *
from evsim.errors import EvsimRuntimeError

CUBA = """
dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
"""
LEAKY = "dv/dt = (1.1 - v)/tau : 1\ntau : second"


def counters(n: int, **options: object) -> NeuronGroup:
    """Cells that stand still, and fire when what arrived exceeds 1."""
    return NeuronGroup(n, "v : 1", threshold="v > 1", reset="v = 0", **options)


def wired(
    source: object, target: object, i: object, j: object, add: str = "1.5", delay: object = 0 * ms
) -> Synapses:
    synapses = Synapses(source, target, on_pre=f"v_post += {add}", delay=delay)
    synapses.connect(i=i, j=j)
    return synapses


def at(*times: float, n: int = 1) -> SpikeGeneratorGroup:
    """A source whose element 0 spikes at these times in ms, or elements 0..n-1 at the one time."""
    indices = np.arange(n) if n > 1 else np.zeros(len(times), dtype=int)
    return SpikeGeneratorGroup(max(n, 1), indices, np.resize(times, indices.size) * ms)


def instants(monitor: SpikeMonitor) -> list[tuple[int, int, float]]:
    return list(zip(monitor.i.tolist(), monitor.tick.tolist(), (monitor.offset / ms).tolist(), strict=True))


# One instant


def test_a_chain_without_delay_fires_at_one_instant() -> None:
    cells = counters(100)
    given = at(1.2345)
    links = [wired(given, cells, [0], [0]), wired(cells, cells, np.arange(99), np.arange(1, 100))]
    spikes = SpikeMonitor(cells)
    run(3 * ms)
    assert len(links) == 2
    assert spikes.i.tolist() == list(range(100))
    assert set(spikes.tick.tolist()) == {12}
    assert len(set((spikes.offset / ms).tolist())) == 1
    assert spikes.offset[0] / ms == pytest.approx(0.0345, rel=1e-12)
    assert cells.v[:].tolist() == [0.0] * 100


def test_a_chain_against_the_numbers_of_its_cells_fires_at_one_instant_too() -> None:
    cells = counters(100)
    given = at(1.2345)
    links = [wired(given, cells, [0], [99]), wired(cells, cells, np.arange(1, 100), np.arange(99))]
    spikes = SpikeMonitor(cells)
    run(3 * ms)
    assert len(links) == 2
    assert sorted(spikes.i.tolist()) == list(range(100))
    assert len({instants(spikes)[k][1:] for k in range(100)}) == 1


@pytest.mark.parametrize("order", [range(4), [2, 0, 3, 1]])
def test_links_of_a_chain_act_one_after_the_other(order: list[int]) -> None:
    """Every cell writes its digit as it fires, so the number shows the order of firing."""
    chain = list(order)
    cells, log = counters(4), NeuronGroup(1, "x : 1")
    given = at(0.77)
    links = [wired(given, cells, [0], [chain[0]]), wired(cells, cells, chain[:-1], chain[1:])]
    written = Synapses(cells, log, "digit : 1", on_pre="x_post = 10*x_post + digit")
    written.connect()
    written.digit = "i + 1"
    run(2 * ms)
    assert len(links) == 2
    assert log.x[0] == int("".join(str(k + 1) for k in chain))


def test_what_arrives_at_one_instant_acts_by_synapses_then_source_then_synapse() -> None:
    """The digits: first Synapses before second, in each the sources in order, and of one source in order of making."""
    cells, log = counters(3), NeuronGroup(1, "x : 1")
    given = at(0.77)
    start = wired(given, cells, [0, 0, 0], [2, 0, 1])
    first = Synapses(cells, log, "digit : 1", on_pre="x_post = 10*x_post + digit")
    first.connect(i=[2, 0, 0], j=[0, 0, 0])
    first.digit = [3, 1, 2]
    second_ = Synapses(cells, log, "digit : 1", on_pre="x_post = 10*x_post + digit")
    second_.connect(i=[1, 0], j=[0, 0])
    second_.digit = [5, 4]
    run(2 * ms)
    assert len(start) == 3
    assert log.x[0] == 12345


def test_deliveries_without_delay_come_after_the_resets_of_all_that_fire() -> None:
    cells = counters(2)
    given = at(1.01)
    links = [wired(given, cells, [0, 0], [0, 1]), wired(cells, cells, [0, 1], [1, 0], add="0.5")]
    spikes = SpikeMonitor(cells)
    run(3 * ms)
    assert len(links) == 2
    assert spikes.i.tolist() == [0, 1]
    assert cells.v[:].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("delay", [0, 0.03, 0.25, 1])
def test_two_arrivals_at_one_instant_count_once(delay: float) -> None:
    """+5 mV would pass the threshold, -5 mV takes it back: nobody sees what is in between."""
    cells = NeuronGroup(2, "dv/dt = -v/(10*ms) : volt", threshold="v > 3*mV", reset="v = 0*mV")
    given = at(1.04, n=2)
    both = Synapses(given, cells, "w : volt", on_pre="v_post += w", delay=delay * ms)
    both.connect(i=[0, 1, 0], j=[0, 0, 1])
    both.w = [5, -5, 5] * mV
    spikes = SpikeMonitor(cells)
    run(5 * ms)
    assert spikes.i.tolist() == [1]
    assert spikes.t[0] / ms == pytest.approx(1.04 + delay, rel=1e-14)
    assert cells.v[0] == 0 * mV


def test_arrivals_of_two_synapses_objects_at_one_instant_count_once() -> None:
    cells = counters(1)
    given = at(1.04, n=2)
    up = wired(given, cells, [0], [0], add="5")
    down = wired(given, cells, [1], [0], add="-5")
    spikes = SpikeMonitor(cells)
    run(5 * ms)
    assert (len(up), len(down), spikes.num_spikes) == (1, 1, 0)
    assert cells.v[0] == 0


def test_two_arrivals_that_pass_the_threshold_together_make_one_spike() -> None:
    cells = counters(1)
    given = at(1.04, n=2)
    both = wired(given, cells, [0, 1], [0, 0], add="3")
    spikes = SpikeMonitor(cells)
    run(5 * ms)
    assert (len(both), spikes.num_spikes, cells.v[0]) == (2, 1, 0)


def test_a_cell_connected_to_itself_without_delay_feels_it_after_its_reset() -> None:
    cells = counters(2)
    given = at(1.04, 2.08)
    start = wired(given, cells, [0, 0], [0, 1])
    to_itself = wired(cells, cells, [1], [1], add="0.25")
    spikes = SpikeMonitor(cells)
    run(1.5 * ms)
    assert (len(start), len(to_itself)) == (2, 1)
    assert cells.v[:].tolist() == [0, 0.25]
    run(1.5 * ms)
    assert spikes.i.tolist() == [0, 1, 0, 1]
    assert cells.v[:].tolist() == [0, 0.25]


def test_a_source_acts_without_delay_at_its_very_time() -> None:
    cells = NeuronGroup(1, "dv/dt = 100*Hz : 1", threshold="v > 1", reset="v = 0")
    given = at(3.3, 6.123)
    start = wired(given, cells, [0, 0], [0, 0], add="0.15")
    spikes = SpikeMonitor(cells)
    run(10 * ms)
    assert len(start) == 2
    assert spikes.t / ms == pytest.approx([6.123], rel=1e-14)  # 0.9123 + 0.3
    assert cells.v[0] == pytest.approx(0.3877, rel=1e-12)


# Rings


def test_a_ring_without_delay_is_refused_with_the_names_of_its_members() -> None:
    """0 leads into the ring 1, 2, 3; 4 and 5 listen to it."""
    cells = counters(6)
    given = at(1.23)
    links = [wired(given, cells, [0], [0]), wired(cells, cells, [0, 1, 2, 3, 2, 4], [1, 2, 3, 1, 4, 5])]
    with pytest.raises(
        EvsimRuntimeError,
        match=r"^neurongroup\[1\], neurongroup\[2\], neurongroup\[3\]: at 1\.23 ms .*delay.*refractory",
    ) as error:
        run(3 * ms)
    assert "\n" not in str(error.value)
    assert len(links) == 2


def test_a_cell_that_fires_itself_is_a_ring() -> None:
    cells = counters(3)
    given = at(1.23)
    links = [wired(given, cells, [0], [1]), wired(cells, cells, [1], [1])]
    with pytest.raises(EvsimRuntimeError, match=r"^neurongroup\[1\]: at 1\.23 ms"):
        run(3 * ms)
    assert len(links) == 2


def test_a_ring_over_two_groups_names_the_members_in_both() -> None:
    first, second_ = counters(2, name="here"), counters(2, name="there")
    given = at(1.23)
    links = [wired(given, first, [0], [1]), wired(first, second_, [1], [0]), wired(second_, first, [0], [1])]
    with pytest.raises(EvsimRuntimeError, match=r"^here\[1\], there\[0\]: at 1\.23 ms"):
        run(3 * ms)
    assert len(links) == 3


@pytest.mark.parametrize("size", [30, 3000])
def test_a_long_ring_names_ten_of_its_members(size: int) -> None:
    cells = counters(size)
    given = at(1.23)
    links = [
        wired(given, cells, [0], [7]),
        wired(cells, cells, np.arange(size), (np.arange(size) + 1) % size),
    ]
    named = ", ".join(rf"neurongroup\[{k}\]" for k in range(10))
    with pytest.raises(EvsimRuntimeError, match=rf"^{named}, \.\.\.: at 1\.23 ms"):
        run(3 * ms)
    assert len(links) == 2


def test_spikes_before_the_ring_closed_are_kept_and_the_network_goes_on_when_it_is_opened() -> None:
    cells = counters(3)
    given, late = at(0.5), at(1.23)
    links = [wired(given, cells, [0], [2]), wired(late, cells, [0], [0]), wired(cells, cells, [0, 1], [1, 0])]
    spikes = SpikeMonitor(cells)
    with pytest.raises(EvsimRuntimeError, match="fires for ever"):
        run(3 * ms)
    assert spikes.i.tolist() == [2]
    assert spikes.t / ms == pytest.approx([0.5], rel=1e-14)
    with pytest.raises(EvsimRuntimeError, match=r"at 1\.23 ms.*fires for ever"):
        run(1 * ms)
    links[2].delay[1] = 0.25 * ms
    run(0.4 * ms)
    assert spikes.i.tolist() == [2, 0, 1, 0, 1]
    assert spikes.t / ms == pytest.approx([0.5, 1.23, 1.23, 1.48, 1.48], rel=1e-14)


def test_a_ring_with_refractory_cells_goes_round_once() -> None:
    equation = "dv/dt = -v/second : 1 (unless refractory)"
    cells = NeuronGroup(3, equation, threshold="v > 1", reset="v = 0", refractory=1 * ms)
    given = at(1.23, 2.9)
    links = [wired(given, cells, [0, 0], [0, 0]), wired(cells, cells, [0, 1, 2], [1, 2, 0])]
    spikes = SpikeMonitor(cells)
    run(5 * ms)
    assert len(links) == 2
    assert spikes.i.tolist() == [0, 1, 2, 0, 1, 2]
    assert np.unique(spikes.t / ms) == pytest.approx([1.23, 2.9], rel=1e-14)


def test_a_ring_whose_spikes_take_away_ends() -> None:
    """Each round takes 0.4 from what is sent on: 2.0, 1.6, 1.2, then 0.8 is too little."""
    cells = counters(2)
    log = NeuronGroup(1, "x : 1")
    given = at(1.23)
    start = wired(given, cells, [0], [0])
    ring = Synapses(cells, cells, "w : 1", on_pre="v_post += w\nw = w - 0.8")
    ring.connect(i=[0, 1], j=[1, 0])
    ring.w = [2.0, 1.6]
    count = Synapses(cells, log, on_pre="x_post += 1")
    count.connect()
    run(3 * ms)
    assert len(start) == 1
    assert log.x[0] == 4  # 0, 1 by 2.0, 0 by 1.6, 1 by 1.2, and 0.8 is not enough
    assert ring.w[:] == pytest.approx([0.4, 0.0], abs=1e-15)


# Networks


def recurrent(delays: NDArray[np.float64], weight: float) -> tuple[NeuronGroup, Synapses, SpikeMonitor]:
    generator = np.random.default_rng(5)
    n = 40
    cells = NeuronGroup(n, LEAKY, threshold="v > 1", reset="v = 0", refractory=0.7 * ms)
    cells.tau = generator.uniform(8, 12, n) * ms
    cells.v = generator.uniform(0, 1, n)
    synapses = Synapses(cells, cells, on_pre=f"v_post += {weight}")
    pairs = np.flatnonzero(generator.random(n * n) < 0.1)
    synapses.connect(i=pairs // n, j=pairs % n)
    synapses.delay = np.resize(delays, pairs.size) * ms
    return cells, synapses, SpikeMonitor(cells)


@pytest.mark.parametrize("kind", ["short", "short and long", "zero", "zero and short"])
def test_delays_shorter_than_a_step_give_what_a_smaller_step_gives(kind: str) -> None:
    generator = np.random.default_rng(6)
    short, long = generator.uniform(0.011, 0.099, 200), generator.uniform(0.011, 3, 200)
    none = np.zeros(200)
    delays = {
        "short": short,
        "short and long": long,
        "zero": none,
        "zero and short": np.where(generator.random(200) < 0.5, none, short),
    }[kind]
    found = []
    for dt in (0.1, 0.01, 1):
        start_scope()
        defaultclock.dt = dt * ms
        _, _, spikes = recurrent(delays, 0.02)
        run(40 * ms)
        found.append((spikes.i, spikes.t / ms))
    assert found[0][0].size > 60
    for index, times in found[1:]:
        assert np.array_equal(index, found[0][0])
        assert np.abs(times - found[0][1]).max() < 1e-11


def test_without_delay_is_the_limit_of_short_delays_while_spikes_do_not_meet() -> None:
    found = []
    for delay in (0.0, 1e-9):
        start_scope()
        _, _, spikes = recurrent(np.full(10, delay), 0.01)
        run(40 * ms)
        found.append((spikes.i, spikes.t / ms))
    assert found[0][0].size > 60
    assert np.array_equal(np.sort(found[0][0]), np.sort(found[1][0]))
    assert 0 < np.abs(found[0][1] - found[1][1]).max() < 1e-7


def cuba(delay: object) -> float:
    """Mean rate in Hz of CUBA with 1000 cells: weights are twice as large, and p so that inputs have the strength."""
    start_scope()
    seed(11)
    cells = NeuronGroup(1000, CUBA, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms)
    cells.v = "-60*mV + rand()*10*mV"
    to_all = [(cells[:800], "ge_post += 1.62*mV"), (cells[800:], "gi_post -= 9*mV")]
    made = [Synapses(source, cells, on_pre=code, delay=delay) for source, code in to_all]
    for synapses in made:
        synapses.connect(p=0.04)
    spikes = SpikeMonitor(cells)
    run(600 * ms)
    late = spikes.t / ms > 100
    return float(np.count_nonzero(late)) / 1000 / 0.5


def test_cuba_without_delay_has_the_rate_of_cuba_with_tiny_delays() -> None:
    rates = [cuba(0 * ms), cuba(1e-6 * ms)]
    assert 2 < rates[0] < 50
    assert rates[0] == pytest.approx(rates[1], rel=0.1)


# Monitors


@pytest.mark.parametrize("dt", [0.01, 0.1, 0.5])
def test_samples_are_taken_after_all_that_happens_at_their_instant(dt: float) -> None:
    """At 1 ms the chain fires, and the last cell keeps what the cell before it sent."""
    cells = counters(3)
    tail = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1")
    given = at(1.0)
    links = [wired(given, cells, [0], [0]), wired(cells, cells, [0, 1], [1, 2])]
    links.append(wired(cells, tail, [2], [0], add="3"))
    states, last = (
        StateMonitor(cells, "v", record=True, dt=dt * ms),
        StateMonitor(tail, "v", record=0, dt=dt * ms),
    )
    run(2 * ms)
    assert len(links) == 3
    k = round(1 / dt)
    assert last.t[k] / ms == pytest.approx(1, rel=1e-14)
    assert np.all(last.v[0][:k] == 0)
    assert last.v[0][k] == 3
    assert last.v[0][k:] == pytest.approx(3 * np.exp(-(last.t[k:] / ms - 1) / 10), rel=1e-13)
    assert np.all(states.v == 0)


def test_samples_between_spikes_of_one_step_show_every_stage() -> None:
    """Links of 0.02 ms inside one step of 0.1 ms, sampled every 0.01 ms."""
    cells = NeuronGroup(4, "v : 1", threshold="v > 1", reset="v = -k", namespace={"k": 1})
    given = at(1.01)
    links = [wired(given, cells, [0], [0]), wired(cells, cells, [0, 1, 2], [1, 2, 3], delay=0.02 * ms)]
    states = StateMonitor(cells, "v", record=True, dt=0.01 * ms)
    run(1.2 * ms)
    assert len(links) == 2
    for cell, sample in enumerate([101, 103, 105, 107]):
        assert np.all(states.v[cell][:sample] == 0)
        assert np.all(states.v[cell][sample:] == -1)


def test_a_run_that_starts_at_the_instant_of_a_chain_shows_it_in_its_first_sample() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = -1")
    given = at(1.0)
    links = [wired(given, cells, [0], [0]), wired(cells, cells, [0], [1])]
    states, spikes = StateMonitor(cells, "v", record=True, dt=0.1 * ms), SpikeMonitor(cells)
    run(1 * ms)
    assert (len(links), spikes.num_spikes, states.N) == (2, 0, 10)
    run(0.1 * ms)
    assert spikes.num_spikes == 2
    assert states.v[:, 10].tolist() == [-1, -1]
