"""Pathways of synapses: whose spikes run which code, when, and in which order at one instant."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

RELAY = "dv/dt = -v/(2*ms) : 1\nn : 1"
LOG = "w : 1\ntrail : 1"


def spikes_at(*times: float, n: int = 1) -> SpikeGeneratorGroup:
    """Every element spikes at each of these times, in ms."""
    return SpikeGeneratorGroup(n, list(range(n)) * len(times), np.repeat(times, n) * ms)


def relay(*times: float) -> tuple[NeuronGroup, Synapses]:
    """A neuron that spikes at these times, and what drives it."""
    cell = NeuronGroup(1, RELAY, threshold="v > 0.5", reset="v = 0")
    drive = Synapses(spikes_at(*times), cell, on_pre="v_post += 1", name="drive*")
    drive.connect()
    return cell, drive


def connected(*arguments: object, **options: object) -> Synapses:
    synapses = Synapses(*arguments, **options)
    synapses.connect()
    return synapses


def run_with(duration: float, *objects: object, **options: object) -> None:
    net = Network(*objects, *[each.source for each in objects if isinstance(each, Synapses)])
    net.run(duration * ms, **options)


# Delays


def test_every_pathway_has_its_own_delay() -> None:
    cell, drive = relay(5.25)
    synapses = connected(
        spikes_at(1.125),
        cell,
        "early : second\nlate : second\nafter : second",
        on_pre={"quick": "early = t", "slow": "late = t"},
        on_post="after = t",
        delay={"slow": 2 * ms, "post": 3.3 * ms},
    )
    assert (synapses.quick.delay, synapses.slow.delay, synapses.post.delay) == (0 * ms, 2 * ms, 3.3 * ms)
    synapses.quick.delay = 0.37 * ms
    run_with(20, cell, drive, synapses)
    assert synapses.early[0] / ms == pytest.approx(1.495, rel=1e-15)
    assert synapses.late[0] / ms == pytest.approx(3.125, rel=1e-15)
    assert synapses.after[0] / ms == pytest.approx(8.55, rel=1e-15)


def test_delays_per_synapse_of_a_pathway_of_the_targets() -> None:
    cell, drive = relay(5.25)
    synapses = connected(spikes_at(1.0, n=4), cell, "seen : second", on_post="seen = t")
    synapses.post.delay = "i*1.7*ms"
    run_with(20, cell, drive, synapses)
    assert synapses.seen[:] / ms == pytest.approx([5.25, 6.95, 8.65, 10.35], rel=1e-15)
    synapses.post.delay[1] = 0.5 * ms
    assert synapses.post.delay[:] / ms == pytest.approx([0, 0.5, 3.4, 5.1])


def test_the_delay_of_the_synapses_is_that_of_pre() -> None:
    cell, _ = relay(1)
    synapses = connected(spikes_at(1.0), cell, LOG, on_pre="w = 1", on_post="w = 2", delay=2 * ms)
    assert (synapses.delay, synapses.pre.delay, synapses.post.delay) == (2 * ms, 2 * ms, 0 * ms)
    synapses.delay = 3 * ms
    assert synapses.pre.delay == 3 * ms
    named = connected(spikes_at(1.0), cell, LOG, on_pre={"transmission": "w = 1"})
    with pytest.raises(EvsimError, match=r"delay is that of a pathway 'pre'.*\.transmission\.delay"):
        named.delay = 3 * ms
    with pytest.raises(EvsimError, match=r"delay is that of a pathway 'pre'"):
        _ = named.delay
    with pytest.raises(EvsimError, match="a delay is 0 or more"):
        named.transmission.delay = -1 * ms


# Order at one instant


def test_pathways_act_in_their_order_at_one_instant() -> None:
    cell, drive = relay(2.0)
    synapses = connected(
        spikes_at(2.0),
        cell,
        LOG,
        on_pre={"first": "trail = 10*trail + 1", "second": "trail = 10*trail + 2"},
        on_post={"third": "trail = 10*trail + 3", "fourth": "trail = 10*trail + 4"},
    )
    run_with(3, cell, drive, synapses)
    assert synapses.trail[0] == 1234


def test_on_the_grid_pathways_act_in_the_order_of_brian() -> None:
    """Those of sources, then those of targets, each by their names: what Brian 2.9 gives for this script."""
    cell = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1", threshold="v > 1", reset="v = 0")
    synapses = connected(
        spikes_at(2.0),
        cell,
        "trail : 1",
        on_pre={"transmission": "trail = 10*trail + 1", "plasticity": "trail = 10*trail + 2"},
        on_post={"z": "trail = 10*trail + 3", "a": "trail = 10*trail + 4"},
        delay={"z": 0.2 * ms, "a": 0.2 * ms},  # after a spike in step 19
    )
    synapses.transmission.delay = synapses.plasticity.delay = 0.1 * ms
    run_with(3, cell, synapses, timing="grid")
    assert synapses.trail[0] == 2143


def test_code_of_targets_acts_after_the_reset() -> None:
    cell = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1\nn : 1", threshold="v > 1", reset="v = 0; n = 7")
    synapses = connected(
        spikes_at(0.5), cell, "heard : 1\nv_then : 1", on_post="heard = n_post; v_then = v_post"
    )
    run_with(2.5, cell, synapses)
    assert (synapses.heard[0], synapses.v_then[0]) == (7, 0)


def test_code_of_targets_may_write_the_target() -> None:
    cell = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1\nn : 1", threshold="v > 1", reset="v = 0")
    synapses = connected(spikes_at(*range(1, 9), n=3), cell, LOG, on_post="v_post -= 0.25; n_post += 1")
    spikes = SpikeMonitor(cell)
    run_with(9, cell, synapses, spikes)
    assert spikes.t / ms == pytest.approx([2, 5.5], rel=1e-14)
    assert cell.n[0] == 6


def test_additions_by_the_targets_need_no_compiled_code() -> None:
    cell = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1", threshold="v > 1", reset="v = 0")
    synapses = connected(spikes_at(1, n=3), cell, on_post="v_post -= 0.25")
    spikes = SpikeMonitor(cell)
    run_with(9, cell, synapses, spikes)
    assert spikes.t / ms == pytest.approx([2, 5.5], rel=1e-14)


def test_a_target_driven_over_its_threshold_by_its_own_spike_for_ever_is_an_error() -> None:
    cell = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1", threshold="v > 1", reset="v = 0", name="eager")
    synapses = connected(spikes_at(1), cell, on_post="v_post += 2")
    with pytest.raises(EvsimError, match="eager"):
        run_with(9, cell, synapses)


@pytest.mark.parametrize("delay", [0, 0.01])
def test_pathways_of_targets_in_a_network_with_deliveries_at_once(delay: float) -> None:
    """A chain without delays goes through a cascade: the code of each link's target still acts once, in order."""
    chain = NeuronGroup(4, RELAY, threshold="v > 0.5", reset="v = 0")
    start = connected(spikes_at(1.5, 4.25), chain[:1], on_pre="v_post += 1")
    links = Synapses(
        chain,
        chain,
        "n_pre : 1\ntrail : 1",
        on_pre="v_post += 1; trail = 10*trail + 1",
        on_post="trail = 10*trail + 2",
    )
    links.connect(j="i + 1", skip_if_invalid=True)
    links.post.delay = delay * ms
    run_with(6, chain, start, links)
    assert links.trail[:].tolist() == [1212] * 3


# What code may name


def test_code_may_name_the_time_the_latest_spike_and_refractoriness() -> None:
    cell = NeuronGroup(
        1, "dv/dt = 1/(2*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=1 * ms
    )
    synapses = connected(
        spikes_at(1.5, 2.75, 3.5),
        cell,
        "latest : second\nwas_free : 1\nwhen : second",
        on_pre="latest = lastspike_post; was_free = 10*was_free + int(not_refractory); when = t",
    )
    run_with(3, cell, synapses)
    assert synapses.latest[0] / ms == pytest.approx(2, rel=1e-14)
    assert synapses.when[0] / ms == pytest.approx(2.75, rel=1e-15)
    assert synapses.was_free[0] == 10


def test_values_of_one_run_of_the_code_are_its_own() -> None:
    cell = NeuronGroup(2, "n : 1")
    synapses = Synapses(spikes_at(1, 2), cell, "w : 1", on_pre="x = 2*w; x += 1; x *= x; n_post += x")
    synapses.connect()
    synapses.w = [1, 2]
    run_with(3, cell, synapses)
    assert cell.n[:].tolist() == [18, 50]


def test_a_shared_variable_and_degrees_may_be_read() -> None:
    cell = NeuronGroup(2, "n : 1")
    synapses = Synapses(
        spikes_at(1, n=3),
        cell,
        "gain : 1 (shared)",
        on_pre="n_post += gain*(N_pre + 10*N_post + 100*N_incoming + 1000*i + j)",
    )
    synapses.connect("i >= j")
    synapses.gain = 2
    run_with(3, cell, synapses)
    assert cell.n[:].tolist() == [2 * (3 * 323 + 3000), 2 * (2 * 223 + 3000 + 2)]


def test_random_numbers_in_code_have_their_distributions() -> None:
    cell = NeuronGroup(4000, "u : 1\ng : 1\nk : 1")
    seed(5)
    synapses = Synapses(
        spikes_at(*np.arange(1, 11)),
        cell,
        on_pre="u_post += rand(); g_post += randn(); k_post += poisson(2.5)",
    )
    synapses.connect()
    run_with(12, cell, synapses)
    for values, mean, variance in ((cell.u[:], 5, 10 / 12), (cell.g[:], 0, 10), (cell.k[:], 25, 25)):
        assert abs(values.mean() - mean) < 5 * np.sqrt(variance / 4000)
        assert abs(values.var() / variance - 1) < 5 * np.sqrt(2 / 4000)


@pytest.mark.parametrize("timing", ["exact", "grid"])
def test_random_numbers_in_code_are_the_same_for_threads_and_pieces(timing: str) -> None:
    found = []
    for threads, pieces in ((1, 1), (2, 1), (4, 1), (1, 7)):
        start_scope()
        seed(11)
        source = PoissonGroup(40, 100 * Hz)
        cell = NeuronGroup(30, "dv/dt = -v/(9*ms) : 1\nn : 1", threshold="v > 1", reset="v = 0")
        synapses = Synapses(
            source,
            cell,
            "w : 1\nx : 1",
            on_pre="v_post += 0.3*rand(); x += randn()",
            on_post="w += rand() - x",
        )
        synapses.connect(p=0.4)
        spikes = SpikeMonitor(cell)
        for _ in range(pieces):
            run(70 * ms / pieces, threads=threads, timing=timing)
        assert spikes.num_spikes > 20
        found.append([spikes.t_.tolist(), synapses.w_.tolist(), synapses.x_.tolist()])
    assert found[0] == found[1] == found[2] == found[3]


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_post": "w += 1*mV"}, r"on_post of s, 'w \+= 1\*mV'.*: w is in 1"),
        ({"on_post": "w += nobody"}, r"s: nobody is not defined"),
        ({"on_post": "vv_pre = 1"}, r"on_post of s, 'vv_pre = 1': vv_pre is no variable of the source"),
        ({"on_post": "w = lastspike_pre/ms"}, r"lastspike_pre changes during the run"),
        ({"on_pre": {"up": "w += 1", "down": "w -= q"}}, r"s: q is not defined"),
        ({"on_post": {"late": "w = 1*mV"}}, r"late of s, 'w = 1\*mV'"),
    ],
)
def test_code_that_says_nothing_is_refused_before_the_run(options: dict[str, object], message: str) -> None:
    cell, drive = relay(1)
    source = NeuronGroup(1, "dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0")
    synapses = connected(source, cell, "w : 1", name="s", **options)
    with pytest.raises(EvsimError, match=message):
        run_with(1, cell, drive, synapses)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_pre": "w += 1", "delay": {"psot": 1 * ms}}, r"pathway 'psot', but there are pre"),
        (
            {"on_pre": {"a": "w += 1"}, "delay": 1 * ms},
            r"pathway 'pre', but there are a; give a dict, as in delay=\{'a'",
        ),
        ({"on_pre": {"a": "w += 1"}, "on_post": {"a": "w -= 1"}}, "two pathways are named 'a'"),
        ({"on_pre": {"post": "w += 1"}}, "cannot be named 'post'"),
        ({"on_pre": {"w": "w += 1"}}, "'w' cannot be declared"),
        ({"on_pre": {"connect": "w += 1"}}, "'connect' cannot be declared"),
        ({"on_pre": {"1st": "w += 1"}}, "'1st' cannot name a pathway"),
        ({"on_pre": 3}, "on_pre is 3; give text"),
        ({"on_post": {"a": 3}}, "the pathway a of on_post is 3; give text"),
        (
            {"on_pre": "w += 1", "on_event": {"up": "spike"}},
            "on_event names the pathway 'up', but there are pre",
        ),
        ({"on_pre": "w ++ 1"}, "on_pre of s"),
    ],
)
def test_pathways_that_cannot_be_are_refused_at_once(options: dict[str, object], message: str) -> None:
    cell = NeuronGroup(1, RELAY)
    with pytest.raises(EvsimError, match=message):
        Synapses(cell, cell, "w : 1", name="s", **options)


def test_targets_that_never_spike_run_no_code() -> None:
    quiet, source = NeuronGroup(1, RELAY, name="quiet"), spikes_at(1)
    synapses = connected(source, quiet, "w : 1", on_post="w += 1")
    with pytest.raises(EvsimError, match="quiet has no threshold and never spikes"):
        run_with(1, quiet, synapses)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("dx/dt = -x*x/ms : 1 (event-driven)", r"the part '-x\*x' is not linear.*\(clock-driven\)"),
        (
            "dx/dt = (v_post - x)/ms : 1 (event-driven)",
            r"v_post is no parameter of the neurons.*\(clock-driven\)",
        ),
        ("dx/dt = (v_pre - x)/ms : 1 (event-driven)", r"v_pre is no parameter of the neurons"),
        ("dx/dt = sin(t*Hz)/ms : 1 (event-driven)", r"t changes with time"),
        ("dx/dt = -x/ms + xi*ms**-0.5 : 1 (event-driven)", r"xi is noise"),
        ("dx/dt = -x*rand()/ms : 1 (event-driven)", r"rand\(\) gives a new value each time"),
        ("dx/dt = -x/volt : 1 (event-driven)", r"right-hand side of dx/dt must be in"),
        ("dx/dt = -x/tau_x : 1 (event-driven)", r"tau_x is not defined"),
    ],
)
def test_equations_without_closed_form_are_refused_with_the_remedy(model: str, message: str) -> None:
    source = NeuronGroup(1, "dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0")
    cell, drive = relay(1)
    synapses = connected(source, cell, model, on_pre="x += 1")
    with pytest.raises(EvsimError, match=message):
        run_with(1, cell, drive, synapses)


def test_too_many_equations_that_act_on_each_other_are_refused() -> None:
    chain = "\n".join(f"dx{k}/dt = (x{k - 1} - x{k})/ms : 1 (event-driven)" for k in range(1, 9))
    cell, drive = relay(1)
    model = f"dx0/dt = -x0/ms : 1 (event-driven)\n{chain}"
    synapses = connected(spikes_at(1), cell, model, on_pre="x0 += 1")
    with pytest.raises(EvsimError, match="x7, x8 act on each other; at most 8 may"):
        run_with(1, cell, drive, synapses)


def test_no_synapses_have_nothing_to_do() -> None:
    cell, drive = relay(1.5)
    synapses = Synapses(
        spikes_at(1), cell, "dw/dt = -w/ms : 1 (event-driven)", on_pre="w += 1", on_post="w += 1"
    )
    synapses.connect("i > 7")
    run_with(3, cell, drive, synapses)
    assert synapses.w.size == 0


def test_plastic_synapses_are_verified_in_both_engines() -> None:
    source = NeuronGroup(3, "dv/dt = k/(2*ms) : 1\nk : 1", threshold="v > 1", reset="v = 0")
    source.k = [1, 1.3, 1.7]
    cell = NeuronGroup(2, RELAY, threshold="v > 0.5", reset="v = 0")
    model = "w : 1\nda/dt = -a/(5*ms) : 1 (event-driven)"
    synapses = connected(
        source, cell, model, on_pre="v_post += w; a += 0.3; w -= 0.01", on_post="w += 0.2*a", delay=0.7 * ms
    )
    synapses.w = 0.3
    found = verify(Network(source, cell, synapses), 40 * ms)
    assert found.n_spikes > 60
    assert found.largest_difference < 1e-12


@pytest.mark.parametrize("flag", ["event-driven", "clock-driven"])
def test_flags_of_synapses_do_not_belong_to_groups(flag: str) -> None:
    with pytest.raises(EvsimError, match=rf"v is \({flag}\), a flag of equations of Synapses"):
        NeuronGroup(1, f"dv/dt = -v/ms : 1 ({flag})")
