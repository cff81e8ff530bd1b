"""The same bits: for any number of threads, in one run or in pieces, with and without monitors, on every machine."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from evsim import *
from evsim.codegen import cache, compiler, machine, shipped
from evsim.models import alpha, current, exponential, lif

DURATION = 100  # ms
CUBA = """
dv/dt = (ge + gi - (v + 49*mV))/tau : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
tau : second
"""
DELAYS = {
    "real": "0.1*ms + rand()*4.9*ms",  # no shorter than a step
    "one": 1 * ms,  # several steps
    "short": "rand()*0.3*ms",  # some within a step
    "none": 0 * ms,
}


class Build:
    """A network of 300 cells with real delays, given spikes, a Poisson source and Poisson input."""

    def __init__(self, delay: object = DELAYS["real"], *, is_first: bool = True) -> None:
        if is_first:
            start_scope()
            seed(3)
        cells = NeuronGroup(300, CUBA, threshold="v > -50*mV", reset="v = -60*mV", refractory=5.01 * ms)
        cells.v = "-60*mV + rand()*10*mV"
        cells.tau = "20*ms + 0.01*ms*i"
        excitatory = Synapses(cells[:240], cells, "w : volt", on_pre="ge_post += w", delay=delay0(delay))
        excitatory.connect(p=0.1)
        excitatory.w = "rand()*4*mV"
        inhibitory = Synapses(cells[240:], cells, on_pre="gi_post -= 9*mV", delay=delay0(delay))
        inhibitory.connect(p=0.1)
        for synapses in (excitatory, inhibitory):
            synapses.delay = delay
        noise = PoissonGroup(50, 30 * Hz)
        noisy = Synapses(noise, cells, on_pre="ge_post += 2*mV", delay=0.37 * ms)
        noisy.connect(p=0.1)
        drive = PoissonInput(cells[:100], "ge", 20, 10 * Hz, 0.4 * mV)
        given = SpikeGeneratorGroup(3, np.arange(30) % 3, np.linspace(1, 99, 30) * ms)
        starting = Synapses(given, cells, on_pre="ge_post += 1*mV", delay=1 * ms)
        starting.connect(p=0.1)
        self.cells, self.excitatory, self.noise = cells, excitatory, noise
        self.rest = [inhibitory, noisy, drive, given, starting]
        self.spikes, self.noise_spikes = SpikeMonitor(cells), SpikeMonitor(noise)

    def network(self) -> Network:
        return Network(self.cells, self.excitatory, self.noise, self.rest, self.spikes, self.noise_spikes)

    def bits(self) -> str:
        """A digest of index, tick and offset of every spike, and of the states at the end."""
        states = [np.asarray(self.cells.v), np.asarray(self.cells.ge), np.asarray(self.cells.gi)]
        return digest(self.spikes, self.noise_spikes, values=states)


def delay0(delay: object) -> object:
    return None if isinstance(delay, str) else delay


def digest(*monitors: SpikeMonitor, values: Sequence[object] = ()) -> str:
    whole = hashlib.sha256()
    for monitor in monitors:
        for part in (monitor.i, monitor.tick, np.asarray(monitor.offset)):
            whole.update(np.ascontiguousarray(part).tobytes())
    for part in values:
        whole.update(np.ascontiguousarray(part).tobytes())
    return whole.hexdigest()


def one_run(delay: object = DELAYS["real"], threads: int = 1) -> Build:
    built = Build(delay)
    run(DURATION * ms, threads=threads)
    assert built.spikes.num_spikes > 100
    assert built.noise_spikes.num_spikes > 100
    return built


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    return {name: one_run(delay).bits() for name, delay in DELAYS.items()}


def test_digests_tell_networks_apart(expected: dict[str, str]) -> None:
    assert len(set(expected.values())) == len(DELAYS)
    start_scope()
    last_digit = one_run()
    last_digit.cells.v = np.nextafter(np.asarray(last_digit.cells.v), 0) * volt
    assert last_digit.bits() != expected["real"]


# Threads


@pytest.mark.parametrize("name", DELAYS)
@pytest.mark.parametrize("threads", [2, 3, 4])
def test_any_number_of_threads_gives_the_same_bits(name: str, threads: int, expected: dict[str, str]) -> None:
    assert one_run(DELAYS[name], threads).bits() == expected[name]


# Pieces

PIECES = {
    "ten": [10] * 10,
    "uneven": [0.1, 0.1, 33.3, 0.7, 12.4, 53.4],
    "off the grid": [12.34, 0.003, 7.0777, 30.05, 50.5293],
    "many": [0.777] * 100 + [22.3],
    "nothing": [0, 50, 0, 0, 50, 0],
}


@pytest.mark.parametrize("name", DELAYS)
@pytest.mark.parametrize("pieces", PIECES)
def test_one_run_or_pieces_give_the_same_bits(name: str, pieces: str, expected: dict[str, str]) -> None:
    built = Build(DELAYS[name])
    for piece in PIECES[pieces]:
        run(piece * ms)
    assert magic_network().t / ms == pytest.approx(DURATION, rel=1e-14)
    assert built.bits() == expected[name]


def test_pieces_may_have_different_numbers_of_threads(expected: dict[str, str]) -> None:
    built = Build()
    for threads in (2, 1, 4, 3, 1):
        run(DURATION / 5 * ms, threads=threads)
    assert built.bits() == expected["real"]


def test_states_read_between_pieces_are_those_of_a_monitor() -> None:
    """At 33.3 ms: reading does not disturb, and shows what a sample at that time shows."""
    built = Build()
    trace = StateMonitor(built.cells, ["v", "ge"], record=True, dt=33.3 * ms)
    run(33.3 * ms)
    seen = np.array(built.cells.v), np.array(built.cells.ge)
    run(20 * ms)
    assert np.allclose(trace.v_[:, 1], seen[0], rtol=1e-12, atol=0)
    assert np.allclose(trace.ge_[:, 1], seen[1], rtol=1e-12, atol=1e-18)


# Monitors


def watch_spikes(built: Build) -> list[object]:
    return [
        SpikeMonitor(built.cells[10:20]),
        SpikeMonitor(built.cells, record=[1, 2]),
        SpikeMonitor(built.noise),
    ]


def watch_states(built: Build) -> list[object]:
    few = StateMonitor(built.cells, ["v", "ge"], record=[0, 7, 299], dt=0.13 * ms)
    return [few, StateMonitor(built.cells, ["v", "ge", "gi", "tau"], record=True, dt=1 * ms)]


def watch_rates(built: Build) -> list[object]:
    return [PopulationRateMonitor(built.cells), PopulationRateMonitor(built.noise)]


@pytest.mark.parametrize("name", DELAYS)
@pytest.mark.parametrize("watch", [watch_spikes, watch_states, watch_rates])
def test_monitors_do_not_change_a_bit(
    name: str, watch: Callable[[Build], list[object]], expected: dict[str, str]
) -> None:
    built = Build(DELAYS[name])
    monitors = watch(built)
    run(DURATION / 2 * ms)
    monitors += watch(built)
    run(DURATION / 2 * ms)
    assert len(monitors) >= 4
    assert built.bits() == expected[name]


def with_models(is_watched: bool, delay: object) -> tuple[str, int]:
    start_scope()
    seed(8)
    cells = NeuronGroup(60, lif(I_stim=0.5 * nA))
    cells.V = "-70*mV + rand()*20*mV"
    made = [Synapses(cells, cells, gate, output=current, delay=delay) for gate in (exponential, alpha)]
    for synapses in made:
        synapses.connect(p=0.2)
        synapses.w = "0.05*rand()*nA"
    spikes = SpikeMonitor(cells)
    watching = [StateMonitor(each, ["s", "I"], record=[0, 5, 9]) for each in made if is_watched]
    run(150 * ms)
    for monitor in watching:
        assert monitor.s.shape == (3, 1500)
        assert np.ptp(monitor.I / nA) > 0
    return digest(spikes, values=[np.asarray(cells.V)]), spikes.num_spikes


@pytest.mark.parametrize("delay", [0, 0.04, 1.37])
def test_monitors_of_single_synapses_do_not_change_a_bit(delay: float) -> None:
    plain, watched = (with_models(is_watched, delay * ms) for is_watched in (False, True))
    assert plain[1] > 100
    assert plain == watched


# Random numbers


def trains(add: Callable[[], list[object]] | None = None) -> list[SpikeMonitor]:
    """Poisson spikes, and the spikes that Poisson input makes, with what else the script makes."""
    start_scope()
    seed(5)
    sources = [PoissonGroup(20, 50 * Hz), PoissonGroup(10, "(i + 1)*10*Hz")]
    driven = NeuronGroup(10, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    driven.v = "rand()"
    drive = PoissonInput(driven, "v", 10, 50 * Hz, 0.2)
    monitors = [SpikeMonitor(each) for each in (*sources, driven)]
    added = add() if add else []
    run(100 * ms)
    assert drive is not None
    assert all(monitor.num_spikes > 20 for monitor in monitors)
    assert len(added) != 1
    return monitors


def unrelated_neurons() -> list[object]:
    others = NeuronGroup(7, "dv/dt = -v/(11*ms) : 1", threshold="v > 1", reset="v = 0")
    others.v = "rand()"
    more = Synapses(others, others, on_pre="v_post += 0.1", delay=2 * ms)
    more.connect(p=0.5)
    more.delay = "rand()*ms"
    return [others, more]


def unrelated_sources() -> list[object]:
    noise = PoissonGroup(3, 100 * Hz)
    others = NeuronGroup(7, "dv/dt = -v/(11*ms) : 1")
    return [noise, others, PoissonInput(others, "v", 5, 100 * Hz, 0.1), SpikeGeneratorGroup(1, [0], [1] * ms)]


@pytest.mark.parametrize("add", [unrelated_neurons, unrelated_sources])
def test_what_is_made_later_leaves_random_numbers_as_they_were(add: Callable[[], list[object]]) -> None:
    """What else there is may change how long windows are, and with them the last digit of an offset in a step."""
    for before, after in zip(trains(), trains(add), strict=True):
        assert np.array_equal(before.i, after.i)
        assert np.array_equal(before.tick, after.tick)
        assert np.abs(np.asarray(before.offset) - np.asarray(after.offset)).max() < 2e-17  # s


def test_sources_of_one_network_and_networks_of_one_script_draw_different_numbers() -> None:
    found = set()
    for _ in range(2):
        noise = [PoissonGroup(20, 50 * Hz) for _ in range(2)]
        monitors = [SpikeMonitor(each) for each in noise]
        Network(noise, monitors).run(100 * ms)
        found |= {digest(monitor) for monitor in monitors}
    assert len(found) == 4


def test_a_longer_run_begins_with_the_spikes_of_a_shorter_one() -> None:
    short, long = Build(), None
    run(30 * ms)
    n = short.spikes.num_spikes
    first = short.spikes.i[:n].copy(), short.spikes.tick[:n].copy(), np.array(short.spikes.offset[:n])
    long = one_run()
    assert n > 20
    assert np.array_equal(long.spikes.i[:n], first[0])
    assert np.array_equal(long.spikes.tick[:n], first[1])
    assert np.array_equal(np.asarray(long.spikes.offset)[:n], first[2])
    assert long.spikes.t[n] >= 30 * ms


# Machines and processes


def each_set() -> list[str]:
    return [*reversed(machine.instruction_sets()), "native"]


@pytest.mark.parametrize("name", ["real", "none"])
def test_kernels_for_every_instruction_set_give_the_same_bits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, str]
) -> None:
    monkeypatch.setattr(shipped, "address", lambda key: None)
    compiled = set()
    for instructions in each_set():
        monkeypatch.setenv("EVSIM_CACHE", str(tmp_path / instructions))
        monkeypatch.setattr(cache, "_addresses", {})
        monkeypatch.setattr(compiler, "NATIVE", ((f"-march={instructions}",), ()))
        assert one_run(DELAYS[name]).bits() == expected[name]
        (made,) = (tmp_path / instructions).glob("*.so")
        compiled.add(made.read_bytes())
    assert len(each_set()) >= 2
    assert len(compiled) >= 2  # the instructions did differ


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
import test_reproducible as t
print(t.one_run().bits(), t.one_run(t.DELAYS["none"], threads=2).bits())
"""


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_another_process_gives_the_same_bits(hash_seed: str, expected: dict[str, str]) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    code = SCRIPT.format(folder=str(Path(__file__).parent))
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert shown.stdout.split() == [expected["real"], expected["none"]]


def test_a_script_run_twice_in_one_process_gives_the_same_bits(expected: dict[str, str]) -> None:
    assert [one_run().bits() for _ in range(2)] == [expected["real"]] * 2


def test_another_network_that_runs_in_between_disturbs_nothing(expected: dict[str, str]) -> None:
    first = Build()
    other = Build("rand()*2*ms", is_first=False)
    mine, theirs = first.network(), other.network()
    mine.run(40 * ms)
    theirs.run(30 * ms, threads=2)
    mine.run(20 * ms)
    theirs.run(10 * ms)
    mine.run(40 * ms)
    assert other.spikes.num_spikes > 20
    assert first.bits() == expected["real"]


def side_by_side(in_threads: bool) -> list[str]:
    """Two networks, one after the other or in two threads of the interpreter at the same time."""
    built = [Build(DELAYS["real"]), Build(DELAYS["none"], is_first=False)]
    networks = [each.network() for each in built]
    for network in networks:
        network.run(0 * ms)
    running = [threading.Thread(target=network.run, args=(1000 * ms,)) for network in networks]
    for thread in running:
        thread.start()
        if not in_threads:
            thread.join()
    for thread in running:
        thread.join()
    assert min(each.spikes.num_spikes for each in built) > 1000
    return [each.bits() for each in built]


def test_two_networks_at_the_same_time_in_two_threads_do_not_meet() -> None:
    assert side_by_side(in_threads=False) == side_by_side(in_threads=True)


# Ctrl-C


def interrupt_when_under_way(begin: float) -> None:
    """Send SIGINT as soon as the network has come further than `begin`."""
    for _ in range(10_000):
        if magic_network().t_ > begin:
            break
        time.sleep(0.002)
    signal.raise_signal(signal.SIGINT)


def interrupted(built: Build, times: int, duration: float) -> None:
    """Run for so many ms with so many real SIGINTs on the way, each when the run is under way."""
    for _ in range(times):
        begin = magic_network().t_
        timer = threading.Thread(target=interrupt_when_under_way, args=(begin,))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            run(duration * ms - magic_network().t)
            time.sleep(5)  # a run that ended before the signal is no test
            pytest.fail("the signal did not come")
        timer.join()
        assert 0 * ms < magic_network().t < duration * ms
        assert np.all(np.isfinite(np.asarray(built.cells.v)))
    run(duration * ms - magic_network().t)


@pytest.mark.parametrize("name", ["real", "one", "none"])
def test_after_ctrl_c_the_run_goes_on_to_the_same_bits(name: str) -> None:
    duration = {"real": 20_000, "one": 20_000, "none": 5_000}[name]
    built = Build(DELAYS[name])
    run(duration * ms)
    plain = built.bits()
    n = built.spikes.num_spikes
    built = Build(DELAYS[name])
    interrupted(built, 2, duration)
    assert magic_network().t / ms == pytest.approx(duration, rel=1e-14)
    assert built.spikes.num_spikes == n > 1000
    assert built.bits() == plain
