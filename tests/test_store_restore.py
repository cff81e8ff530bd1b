"""Stored networks: a run goes on from a stored state with the same bits, wherever and however it was stored."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim import EvsimError, Network, prefs
from evsim.models import current, exponential, lif

Bits = dict[str, Any]


def mixed() -> Network:
    """Everything at once: plastic and Poisson synapses, delays on no grid, refractory neurons, code, monitors."""
    start_scope()
    seed(3)
    cells = NeuronGroup(
        40,
        "dv/dt = (1.2 - v)/(10*ms) : 1\nu : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1.3 * ms,
        name="cells",
    )
    cells.v = "i/(N + 1.0)"
    plastic = Synapses(cells, cells, "w : 1", on_pre="v_post += w; w = w*0.99", name="plastic")
    plastic.connect("i != j")
    plastic.w = "0.01 + 0.001*rand()"
    plastic.delay = "(0.01 + 4*rand())*ms"
    noise = PoissonGroup(20, 300 * Hz, name="noise")
    kicks = Synapses(noise, cells, on_pre="v_post += 0.02", delay=0.77 * ms, name="kicks")
    kicks.connect(p=0.5)
    drive = PoissonInput(cells, "v", 10, 20 * Hz, 0.01, name="drive")
    train = SpikeGeneratorGroup(2, [0, 1, 0], [3.3, 9.123, 12.6] * ms, name="train")
    late = Synapses(train, cells, on_pre="v_post += 0.3", delay=2.5 * ms, name="late")
    late.connect()
    cells.run_regularly("u = rand()", dt=0.7 * ms, name="draws")
    cells[:5].run_at("v = 0.9", [4.04, 11.17] * ms, name="sets")
    monitors = [
        SpikeMonitor(cells, name="spikes"),
        SpikeMonitor(noise, name="events"),
        StateMonitor(cells, ["v", "u"], record=[0, 5], dt=0.31 * ms, name="states"),
        PopulationRateMonitor(cells, name="rate"),
    ]
    return Network(cells, plastic, noise, kicks, drive, train, late, monitors)


def bits(net: Network) -> Bits:
    """Everything that can be seen of a network, to the last bit."""
    spikes, events, states = net["spikes"], net["events"], net["states"]
    seen = {
        "spikes": (spikes.i, spikes.tick, spikes.offset),
        "events": (events.i, events.tick, events.offset),
        "states": (states.t, states.v, states.u),
        "rate": (net["rate"].t, net["rate"].rate),
        "weights": (net["plastic"].w,),
        "present": (net["cells"].v, net["cells"].u, net["cells"].lastspike, net["cells"].not_refractory),
    }
    found: Bits = {name: [np.array(each).tobytes() for each in values] for name, values in seen.items()}
    return {**found, "t": net.t_}


# The same bits

CUTS = [0, 4.04, 5, 5.1, 7.7777, 13.05]  # before the first run, at an action, on the grid, off it


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cut", CUTS)
def test_a_run_goes_on_with_the_same_bits(cut: float, threads: int, tmp_path: Path) -> None:
    net = mixed()
    if cut:
        net.run(cut * ms, threads=threads)
    net.store()
    at_cut = bits(net) if cut else {}
    net.run(1.23 * ms, threads=threads)
    net.store("later")
    net.run(15 * ms - net.t)
    expected = bits(net)
    assert net["spikes"].num_spikes > 60
    assert np.array(net["plastic"].w).min() < 0.0099

    net.restore()
    assert not cut or bits(net) == at_cut
    net.run(1.23 * ms, threads=3 - threads)
    net.run(15 * ms - net.t, threads=threads)
    assert bits(net) == expected

    net.restore("later")
    net.run(15 * ms - net.t, threads=3 - threads)
    assert bits(net) == expected

    net.restore("later")
    net.store("in a file", filename=tmp_path / "net.evsim")
    other = mixed()
    other.restore("in a file", filename=tmp_path / "net.evsim")
    other.run(15 * ms - other.t, threads=threads)
    assert bits(other) == expected


def plastic_both_ways() -> Network:
    """Pair plasticity with equations between events."""
    cells = NeuronGroup(
        12,
        "dv/dt = (1.2 - v)/(10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1.7 * ms,
        name="cells",
    )
    synapses = Synapses(
        cells,
        cells,
        """w : 1
        dx/dt = -x/(20*ms) : 1 (event-driven)
        dy/dt = -y/(20*ms) : 1 (event-driven)""",
        on_pre="v_post += w; x += 0.01; w = clip(w + y, 0, 0.1)",
        on_post="y -= 0.0105; w = clip(w + x, 0, 0.1)",
        name="synapses",
    )
    return with_monitors(cells, synapses, "v", StateMonitor(synapses, "w", record=[0, 5], dt=1.01 * ms))


def adaptive() -> Network:
    """Nonlinear cells, each with steps of its own."""
    cells = NeuronGroup(
        12,
        "dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1\ndu/dt = 0.02*(0.2*v - u)/ms : 1\nI : 1",
        threshold="v > 30",
        reset="v = -65; u += 8",
        name="cells",
    )
    cells.I = "12*rand()"
    cells.run_regularly("I = 12*rand()", dt=5.3 * ms)
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += 20*w", name="synapses")
    net = with_monitors(cells, synapses, "u", StateMonitor(cells, "v", record=[0, 5], dt=1.01 * ms))
    cells.v, cells.u = -65, -13
    return net


def noisy() -> Network:
    """White noise."""
    cells = NeuronGroup(
        12,
        "dv/dt = (0.9 - v)/(10*ms) + 0.5*xi/sqrt(10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        name="cells",
    )
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", name="synapses")
    return with_monitors(cells, synapses, None, StateMonitor(cells, "v", record=[0, 5], dt=1 * ms))


def gated() -> Network:
    """Models by name, with a monitor of single synapses."""
    cells = NeuronGroup(12, lif(I_stim=0.9 * nA, E_L=-70 * mV), name="cells")
    synapses = Synapses(cells, cells, exponential, output=current, name="synapses")
    net = with_monitors(cells, synapses, None, StateMonitor(synapses, "s", record=[0, 5], dt=1 * ms))
    synapses.w = "0.01*rand()*nA"
    cells.V = "-70*mV + rand()*15*mV"
    return net


def with_monitors(cells: NeuronGroup, synapses: Synapses, variables: Any, states: StateMonitor) -> Network:
    """Connected at random, with delays on no grid."""
    synapses.connect("i != j")
    if synapses.w.dimension.is_dimensionless:
        synapses.w = "0.03*rand()"
    synapses.delay = "(0.1 + 3*rand())*ms"
    if "v" in cells.get_states():
        cells.v = "rand()"
    return Network(cells, synapses, SpikeMonitor(cells, variables, name="spikes"), states)


@pytest.mark.parametrize("cut", [0, 7, 7.777])
@pytest.mark.parametrize("make", [plastic_both_ways, adaptive, noisy, gated])
def test_every_kind_of_model_goes_on_with_the_same_bits(make: Any, cut: float, tmp_path: Path) -> None:
    def again() -> Network:
        start_scope()
        seed(2)
        return make()  # type: ignore[no-any-return]

    def seen(net: Network) -> list[bytes]:
        monitors = [each.get_states() for each in net if isinstance(each, SpikeMonitor | StateMonitor)]
        every = [*monitors, *net.get_states().values(), {"offset": net["spikes"].offset}]
        return [np.array(value).tobytes() for states in every for value in states.values()]

    net = again()
    if cut:
        net.run(cut * ms)
    net.store()
    net.run(11 * ms)
    net.run(17 * ms)
    expected = seen(net)
    assert net["spikes"].num_spikes > 12
    net.restore()
    net.run(11 * ms, threads=2)
    net.store(filename=tmp_path / "file")
    net.run(17 * ms)
    assert seen(net) == expected
    other = again()
    other.restore(filename=tmp_path / "file")
    other.run(17 * ms, threads=2)
    assert seen(other) == expected


@pytest.mark.parametrize("cut", [0, 3, 3.14159])
def test_what_the_user_changes_after_storing_is_as_before_after_restoring(cut: float) -> None:
    net = mixed()
    if cut:
        net.run(cut * ms)
    net.store()
    net.run(6 * ms)
    expected = bits(net)
    net.restore()
    cells, plastic, noise, train = (net[name] for name in ("cells", "plastic", "noise", "train"))
    net.run(2 * ms)
    cells.v, cells.u = "rand()", 7
    plastic.w, plastic.delay, net["kicks"].delay = 0.05, "(2 + 3*rand())*ms", 0 * ms
    noise.rates = "10*i*Hz"
    train.set_spikes([0, 1], net.t + [0.5, 0.5] * ms)
    net["draws"].active = False
    net.run(4 * ms)
    assert bits(net) != expected
    net.restore()
    assert plastic.delay[:].max() <= 4.01 * ms
    net.run(6 * ms)
    assert bits(net) == expected


def test_what_was_changed_and_not_yet_run_is_stored_too() -> None:
    def result(is_restored: bool) -> Bits:
        net = mixed()
        net.run(3.14159 * ms)
        net["cells"].v, net["noise"].rates, net["plastic"].w = "0.9*i/N", 900 * Hz, 0.03
        if is_restored:
            net.store()
            net.run(2 * ms)
            net.restore()
            assert net["cells"].v[20] == 0.45
        net.run(5 * ms)
        return bits(net)

    assert result(True) == result(False)


def test_a_change_of_a_constant_is_seen_by_the_run_after_restore() -> None:
    rate = 1 / (10 * ms)
    group = NeuronGroup(1, "dv/dt = rate : 1")
    store()
    run(1 * ms)
    rate = 1 / (5 * ms)  # noqa: F841 (the equation names it)
    restore()
    run(1 * ms)
    assert group.v[0] == pytest.approx(0.2, rel=1e-14)


def test_parameters_that_have_become_one_for_each_neuron_are_one_for_all_again() -> None:
    group = NeuronGroup(5, "dv/dt = (1.5 - v)/tau : 1\ntau : second", threshold="v > 1", reset="v = 0")
    group.tau, group.v = 10 * ms, "i/10.0"
    spikes = SpikeMonitor(group)
    run(7.77 * ms)
    store()
    run(20 * ms)
    expected = spikes.i.tolist(), spikes.tick.tolist(), np.array(spikes.offset).tolist()
    restore()
    group.tau = "(5 + i)*ms"
    run(20 * ms)
    assert spikes.i.tolist() != expected[0]
    restore()
    assert (group.tau / ms).tolist() == [10] * 5
    run(20 * ms)
    assert (spikes.i.tolist(), spikes.tick.tolist(), np.array(spikes.offset).tolist()) == expected


def cascade() -> Network:
    """Chains at one instant and short delays, so that much happens inside one window."""
    start_scope()
    seed(5)
    cells = NeuronGroup(
        12,
        "dv/dt = (1.1 - v)/(5*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=0.9 * ms,
        name="cells",
    )
    cells.v = "rand()"
    fast = Synapses(cells, cells, on_pre="v_post += 0.12", name="fast")
    fast.connect("i != j", p=0.5)
    fast.delay = "0.03*rand()*ms*int(i > 5)"
    return Network(cells, fast, SpikeMonitor(cells, name="spikes"))


@pytest.mark.parametrize("after", [0.0, 0.013, 0.05])
def test_a_state_inside_a_window_in_which_the_user_has_changed_something_is_stored(
    after: float, tmp_path: Path
) -> None:
    def run_on(way: str) -> Any:
        net = cascade()
        net.run(4.02 * ms)
        net["cells"].v = "v + 0.2*rand()"
        net.run(after * ms)
        if way == "memory":
            net.store()
            net.run(3 * ms)
            net.restore()
        if way == "file":
            net.store(filename=tmp_path / "net")
            net = cascade()
            net.restore(filename=tmp_path / "net")
        net.run(10 * ms)
        spikes = net["spikes"]
        return spikes.i.tolist(), spikes.tick.tolist(), np.array(spikes.offset).tolist(), net.t_

    expected = run_on("plain")
    assert len(expected[0]) > 30
    assert run_on("memory") == expected
    assert run_on("file") == expected


def test_on_the_grid_too() -> None:
    net = mixed()
    net.run(5 * ms, timing="grid")
    net.store()
    net.run(8 * ms, timing="grid")
    expected = bits(net)
    net.restore()
    net.run(8 * ms, timing="grid")
    assert bits(net) == expected


def test_restoring_many_times_in_a_loop_gives_each_trial_the_same_start() -> None:
    group = NeuronGroup(2, "dv/dt = (I - v)/(10*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0")
    spikes = SpikeMonitor(group)
    store()
    counts = []
    for strength in (0.5, 1.5, 3.0, 1.5):
        restore()
        group.I = strength
        run(50 * ms)
        counts.append(spikes.num_spikes)
    # one interval is -10 ms*log(1 - 1/I): 10.986 ms and 4.055 ms
    assert counts == [0, 8, 24, 8]


# Random numbers


def poisson_counts(restore_random_state: bool | None) -> tuple[list[int], list[int], float, float]:
    seed(1)
    start_scope()
    group, noise = NeuronGroup(1, "x : 1"), PoissonGroup(50, 100 * Hz)
    spikes = SpikeMonitor(noise)
    run(10 * ms)
    store()
    group.x = "rand()"
    run(20 * ms)
    first, x = spikes.tick.tolist(), group.x[0]
    restore(restore_random_state=restore_random_state)
    group.x = "rand()"
    run(20 * ms)
    return first, spikes.tick.tolist(), x, group.x[0]


def test_random_processes_repeat_themselves_after_restore_and_texts_draw_on() -> None:
    first, second, x, y = poisson_counts(None)
    assert first == second
    assert x != y


def test_with_the_random_state_restored_texts_draw_the_same_again() -> None:
    first, second, x, y = poisson_counts(True)
    assert first == second
    assert x == y


def test_without_the_random_state_processes_go_on_differently() -> None:
    first, second, x, y = poisson_counts(False)
    assert first != second
    before = [tick for tick in first if tick < 100]
    assert before == [tick for tick in second if tick < 100]
    assert x != y


def test_seed_before_the_repeated_first_run_makes_it_another_one() -> None:
    noise = PoissonGroup(50, 100 * Hz)
    spikes = SpikeMonitor(noise)
    store()
    run(10 * ms)
    first = spikes.tick.tolist()
    seed(99)
    restore()
    run(10 * ms)
    assert spikes.tick.tolist() != first


# Networks


def test_two_networks_keep_their_own_states() -> None:
    one, other = NeuronGroup(1, "dv/dt = 1/ms : 1"), NeuronGroup(1, "dv/dt = 1/ms : 1")
    first, second = Network(one), Network(other)
    first.run(1 * ms)
    first.store()
    second.store()
    first.run(1 * ms)
    second.run(3 * ms)
    first.restore()
    assert (first.t / ms, second.t / ms) == pytest.approx((1, 3))
    assert one.v[0] == pytest.approx(1)
    second.restore()
    assert second.t == 0 * ms
    assert other.v[0] == 0


def test_a_file_holds_several_states_and_nothing_that_can_be_executed(tmp_path: Path) -> None:
    path = tmp_path / "states.npz"
    group = NeuronGroup(2, "dv/dt = 1/ms : 1", name="cells")
    for name in ("one", "two", "one"):
        run(1 * ms)
        store(name, filename=path)
    restore("two", filename=path)
    assert group.v[0] == pytest.approx(2)
    restore("one", filename=path)
    assert group.v[0] == pytest.approx(3)
    with np.load(path) as file:  # refuses objects
        assert all(file[key].dtype != object for key in file.files)
    assert [
        each.filename for each in zipfile.ZipFile(path).infolist() if not each.filename.endswith(".npy")
    ] == []
    assert [each.name for each in tmp_path.iterdir()] == ["states.npz"]


# Errors


def plain(n: int = 3, equation: str = "dv/dt = -v/(10*ms) : 1", p: int = 1) -> Network:
    start_scope()
    group = NeuronGroup(n, equation, threshold="v > 1", reset="v = 0", name="cells")
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="synapses")
    synapses.connect("i != j" if p else "i < j")
    return Network(group, synapses)


def test_unknown_names_and_files_are_refused(tmp_path: Path) -> None:
    net = plain()
    with pytest.raises(EvsimError, match=r"no stored state of that name; call store\('default'\) first"):
        net.restore()
    with pytest.raises(EvsimError, match="there is no such file"):
        net.restore(filename=tmp_path / "nowhere")
    net.store("here", filename=tmp_path / "file")
    with pytest.raises(EvsimError, match="it has here"):
        net.restore("there", filename=tmp_path / "file")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: plain(4), r"cells had number of elements '3' .* '4' now"),
        (lambda: plain(equation="dv/dt = -v/(9*ms) : 1"), "cells had equations"),
        (lambda: plain(p=0), "synapses had connections with the checksum"),
        (lambda: Network(plain()["cells"]), "synapses was stored and is not part of the network"),
    ],
)
@pytest.mark.parametrize("duration", [0, 1.05])
def test_a_network_that_is_not_equal_is_refused(
    other: Any, message: str, duration: float, tmp_path: Path
) -> None:
    net = plain()
    if duration:
        net.run(duration * ms)
    net.store(filename=tmp_path / "file")
    different = other()
    with pytest.raises(EvsimError, match=message):
        different.restore(filename=tmp_path / "file")
    different.run(1 * ms)  # and is as it was
    assert different.t == 1 * ms


def test_objects_made_after_storing_are_named() -> None:
    net = plain()
    net.store()
    net.add(SpikeMonitor(net["cells"], name="spikes"))
    with pytest.raises(EvsimError, match="spikes is not part of what was stored; remove it, or store again"):
        net.restore()


def test_files_that_are_damaged_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    net = plain()
    net.run(1.05 * ms)
    net.store(filename=tmp_path / "good")
    net.store("copy")
    whole = (tmp_path / "good").read_bytes()
    for number, content in enumerate(
        [b"", b"text", whole[: len(whole) // 2], whole.replace(b"evsim.npy", b"other.npy")]
    ):
        (tmp_path / str(number)).write_bytes(content)
        with pytest.raises(EvsimError, match=r"no file that store|damaged"):
            net.restore(filename=tmp_path / str(number))
    inside = whole.index(net._states["copy"].engine["core"].tobytes()) + 100
    (tmp_path / "flipped").write_bytes(whole[:inside] + bytes([whole[inside] ^ 255]) + whole[inside + 1 :])
    with pytest.raises(EvsimError, match=r"no file that store|damaged"):
        net.restore(filename=tmp_path / "flipped")


def test_a_damaged_core_is_refused_and_the_network_stays(tmp_path: Path) -> None:
    net = plain()
    net["cells"].v = 0.5
    net.run(1.05 * ms)
    net.store()
    core = net._states["default"].engine["core"]
    v = net["cells"].v[:].tolist()
    for change in (0, core.size // 2, core.size - 1):
        damaged = core.copy()
        damaged[change] ^= 1
        net._states["default"].engine["core"] = damaged
        with pytest.raises(EvsimError, match="does not fit this network, or it is damaged"):
            net.restore()
    net._states["default"].engine["core"] = core[:-9]
    with pytest.raises(EvsimError, match="does not fit this network, or it is damaged"):
        net.restore()
    assert net["cells"].v[:].tolist() == v
    net._states["default"].engine["core"] = core
    net.restore()
    net.run(1 * ms)
    assert net.t / ms == pytest.approx(2.05)


def test_a_newer_file_is_refused_by_its_version(tmp_path: Path) -> None:
    net = plain()
    net.store(filename=tmp_path / "file")
    with np.load(tmp_path / "file") as file:
        arrays = {key: file[key] for key in file.files}
    arrays["evsim"] = np.array('{"version": 2, "states": ["default"]}')
    with open(tmp_path / "file", "wb") as out:
        np.savez(out, **arrays)
    with pytest.raises(EvsimError, match="version 2 and this evsim reads version 1"):
        net.restore(filename=tmp_path / "file")


@pytest.mark.parametrize("order", [-1, 1])
@pytest.mark.parametrize("when", ["start", "end"])
@pytest.mark.parametrize("at", [0, 4.04, 5, 5.123])
def test_an_operation_stores_the_network_as_it_is_at_its_instant(
    at: float, when: str, order: int, tmp_path: Path
) -> None:
    """Other operations of the instant come before it or after it, and happen once all the same."""
    net = mixed()
    file = tmp_path / "net.evsim"

    def keep() -> None:
        net["cells"].u[0] = 7
        net.store()
        net.store("also", filename=file)

    operation = NetworkOperation(keep, times=[at] * ms, when=when, order=order, name="keep")
    net.add(operation)
    net.run(12 * ms)
    expected = bits(net)
    net.restore()
    assert net.t / ms == pytest.approx(at)
    assert net["cells"].u[0] == 7
    net.run(0.31 * ms)
    net.run(12 * ms - net.t)
    assert bits(net) == expected
    other = mixed()
    other.add(NetworkOperation(lambda: None, times=[at] * ms, when=when, order=order, name="keep"))
    other.restore("also", filename=file)
    other.run(12 * ms - other.t)
    assert bits(other) == expected


def test_nothing_can_be_restored_inside_a_run() -> None:
    net = plain()
    net.store()
    net.add(NetworkOperation(lambda: net.restore(), times=[0.5] * ms))
    with pytest.raises(EvsimError, match="restore\\(\\) was called by an operation"):
        net.run(1 * ms)
    assert net.t / ms == pytest.approx(0.5)


def test_an_empty_network_and_the_reference_engine_have_nothing_to_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(EvsimError, match="no objects to store"):
        store()
    monkeypatch.setattr(prefs, "engine", "reference")
    group = NeuronGroup(1, "dv/dt = 1/ms : 1")
    run(1 * ms)
    with pytest.raises(EvsimError, match="reference engine cannot be stored"):
        store()
    assert group.v[0] == pytest.approx(1)


def test_what_was_changed_inside_a_window_acts_from_its_instant_on() -> None:
    group = NeuronGroup(1, "dv/dt = (I - v)/(10*ms) : 1\nI : 1")
    group.I = 1
    network = Network(group)
    network.run(17.34 * ms)
    group.I = 1.2
    network.store()
    network.run(3 * ms)
    expected = 1.2 + (1 - np.exp(-1.734) - 1.2) * np.exp(-0.3)
    assert group.v[0] == pytest.approx(expected, rel=1e-14)
    network.restore()
    network.run(3 * ms)
    assert group.v[0] == pytest.approx(expected, rel=1e-14)
