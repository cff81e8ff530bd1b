"""Synapses that change by themselves and with spikes: weights and traces equal closed forms after off-grid trains."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from evsim import *

Times = NDArray[np.float64]

RELAY = "dv/dt = -v/(2*ms) : 1"  # spikes when something arrives, and at no other time
TRACES = """w : 1
            dapre/dt = -apre/tau_pre : 1 (event-driven)
            dapost/dt = -apost/tau_post : 1 (event-driven)"""
A_PRE, A_POST = 0.0103, -0.0111


def off_grid(n: int, mean: float, seed: int) -> Times:
    """Times in ms that lie on no grid."""
    return np.cumsum(0.05 + np.random.default_rng(seed).exponential(mean, n))


def train(times: Times) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, np.zeros(times.size, int), times * ms)


def neuron_that_spikes_at(times: Times) -> NeuronGroup:
    """A neuron with exactly these spikes."""
    cell = NeuronGroup(1, RELAY, threshold="v > 0.5", reset="v = 0")
    drive = Synapses(train(times), cell, on_pre="v_post += 1", name="drive*")
    drive.connect()
    cell._kept_alive = drive, drive.source
    return cell


def faded(at: float, times: Iterable[float], tau: float) -> float:
    """Sum of exp(-(at - t)/tau) over the times before `at`."""
    return math.fsum(math.exp(-(at - t) / tau) for t in times if t < at)


# Spike-timing dependent plasticity


def plastic(pre: Times, post: Times, model: str, on_pre: str, on_post: str, **more: object) -> Synapses:
    tau_pre, tau_post = 16.8 * ms, 33.7 * ms
    names = {"tau_pre": tau_pre, "tau_post": tau_post, "A_pre": A_PRE, "A_post": A_POST}
    cell = neuron_that_spikes_at(post)
    synapses = Synapses(train(pre), cell, model, on_pre=on_pre, on_post=on_post, namespace=names, **more)
    synapses.connect()
    synapses.w = 0.5
    synapses._kept_alive = cell._kept_alive
    return synapses


@pytest.mark.parametrize(
    ("axonal", "dendritic"), [(0.0, 0.0), (1.37, 0.0), (0.0, 2.61), (0.73, 3.149), (0.04, 0.031)]
)
def test_all_pairs_of_spikes_add_up(axonal: float, dendritic: float) -> None:
    pre, post = off_grid(1500, 5.1, 1), off_grid(1200, 6.3, 2)
    synapses = plastic(
        pre,
        post,
        TRACES,
        "apre += A_pre; w += apost",
        "apost += A_post; w += apre",
        delay={"pre": axonal * ms, "post": dendritic * ms},
    )
    run(8000 * ms)
    arrived, acted = pre + axonal, post + dendritic
    arrived, acted = arrived[arrived < 8000], acted[acted < 8000]
    changes = [A_POST * faded(t, acted, 33.7) for t in arrived] + [
        A_PRE * faded(t, arrived, 16.8) for t in acted
    ]
    assert min(arrived.size, acted.size) > 1000
    assert synapses.w[0] == pytest.approx(0.5 + math.fsum(changes), rel=1e-13)
    assert synapses.apre[0] == pytest.approx(A_PRE * faded(8000, arrived, 16.8), rel=1e-13)
    assert synapses.apost[0] == pytest.approx(A_POST * faded(8000, acted, 33.7), rel=1e-13)


def test_nearest_neighbours_only() -> None:
    pre, post = off_grid(900, 5.1, 3), off_grid(800, 6.3, 4)
    synapses = plastic(pre, post, TRACES, "apre = A_pre; w += apost", "apost = A_post; w += apre")
    run(4000 * ms)
    pre, post = pre[pre < 4000], post[post < 4000]
    w = [A_POST * math.exp(-(t - post[post < t][-1]) / 33.7) for t in pre if (post < t).any()]
    w += [A_PRE * math.exp(-(t - pre[pre < t][-1]) / 16.8) for t in post if (pre < t).any()]
    assert synapses.w[0] == pytest.approx(0.5 + math.fsum(w), rel=1e-13)


def test_multiplicative_rules_within_bounds() -> None:
    pre, post = off_grid(900, 5.1, 5), off_grid(800, 6.3, 6)
    synapses = plastic(
        pre,
        post,
        TRACES,
        "apre += 8*A_pre; w = clip(w + w*apost, 0, 1)",
        "apost += 8*A_post; w = clip(w + (1 - w)*apre, 0, 1)",
    )
    run(4000 * ms)
    pre, post = pre[pre < 4000], post[post < 4000]
    w = 0.5
    for t, is_pre in sorted([(t, True) for t in pre] + [(t, False) for t in post]):
        rise = w * 8 * A_POST * faded(t, post, 33.7) if is_pre else (1 - w) * 8 * A_PRE * faded(t, pre, 16.8)
        w = min(max(w + rise, 0.0), 1.0)
    assert 0 < w < 1
    assert synapses.w[0] == pytest.approx(w, rel=1e-13)


def test_a_triplet_rule() -> None:
    pre, post = off_grid(700, 7.1, 7), off_grid(700, 7.3, 8)
    synapses = plastic(
        pre,
        post,
        """w : 1
           dr1/dt = -r1/(16.8*ms) : 1 (event-driven)
           dr2/dt = -r2/(101*ms) : 1 (event-driven)
           do1/dt = -o1/(33.7*ms) : 1 (event-driven)
           do2/dt = -o2/(125*ms) : 1 (event-driven)""",
        "w -= o1*(0.002 + 0.0003*r2); r1 += 1; r2 += 1",
        "w += r1*(0.0025 + 0.0004*o2); o1 += 1; o2 += 1",
    )
    run(4000 * ms)
    pre, post = pre[pre < 4000], post[post < 4000]
    w = [-faded(t, post, 33.7) * (0.002 + 0.0003 * faded(t, pre, 101)) for t in pre]
    w += [faded(t, pre, 16.8) * (0.0025 + 0.0004 * faded(t, post, 125)) for t in post]
    assert synapses.w[0] == pytest.approx(0.5 + math.fsum(w), rel=1e-13)


def test_inhibitory_plasticity_reaches_its_target_rate_by_the_book() -> None:
    """Vogels et al. 2011: w grows with what both sides share and shrinks with every presynaptic spike."""
    pre, post = off_grid(900, 5.1, 9), off_grid(800, 6.3, 10)
    synapses = plastic(
        pre,
        post,
        """w : 1
           dapre/dt = -apre/(20*ms) : 1 (event-driven)
           dapost/dt = -apost/(20*ms) : 1 (event-driven)""",
        "apre += 1; w = clip(w + (apost - 0.2)*0.0004, 0, 10)",
        "apost += 1; w = clip(w + apre*0.0004, 0, 10)",
    )
    run(4000 * ms)
    pre, post = pre[pre < 4000], post[post < 4000]
    w = [(faded(t, post, 20) - 0.2) * 0.0004 for t in pre] + [faded(t, pre, 20) * 0.0004 for t in post]
    assert 0.5 < 0.5 + math.fsum(w) < 10
    assert synapses.w[0] == pytest.approx(0.5 + math.fsum(w), rel=1e-13)


# Short-term plasticity

TSODYKS_MARKRAM = """w : 1
                     du/dt = (U - u)/tau_f : 1 (event-driven)
                     dx/dt = (1 - x)/tau_d : 1 (event-driven)
                     U : 1
                     tau_f : second
                     tau_d : second"""


def test_tsodyks_markram_synapses() -> None:
    times = off_grid(3000, 9.7, 11)
    source, cells = train(times), NeuronGroup(3, "s : 1")
    synapses = Synapses(
        source,
        cells,
        TSODYKS_MARKRAM,
        on_pre="u += U*(1 - u); released = u*x; x -= released; s_post += w*released",
    )
    synapses.connect()
    synapses.U, synapses.tau_f, synapses.tau_d = [0.2, 0.55, 0.04], [631, 17, 902] * ms, [131, 807, 88.8] * ms
    synapses.w, synapses.u, synapses.x = 0.7, synapses.U, 1
    run(25 * second)
    times = times[times < 25000]
    for k, (U, f, d) in enumerate([(0.2, 631, 131), (0.55, 17, 807), (0.04, 902, 88.8)]):
        u, x, at, released = U, 1.0, 0.0, []
        for t in times:
            u, x, at = U + (u - U) * math.exp(-(t - at) / f), 1 + (x - 1) * math.exp(-(t - at) / d), t
            u += U * (1 - u)
            released.append(u * x)
            x -= u * x
        u, x = U + (u - U) * math.exp(-(25000 - at) / f), 1 + (x - 1) * math.exp(-(25000 - at) / d)
        assert cells.s[k] == pytest.approx(0.7 * math.fsum(released), rel=1e-13)
        assert synapses.u[k] == pytest.approx(u, rel=1e-13)
        assert synapses.x[k] == pytest.approx(x, rel=1e-13)


def test_after_long_silence_traces_are_zero_and_resources_are_whole() -> None:
    source, cells = train(np.array([1.23])), NeuronGroup(1, "s : 1")
    synapses = Synapses(
        source,
        cells,
        """dx/dt = (1 - x)/(130*ms) : 1 (event-driven)
           da/dt = -a/(20*ms) : 1 (event-driven)
           dp/dt = -p/(20*ms) + q/(7*ms) : 1 (event-driven)
           dq/dt = -q/(7*ms) : 1 (event-driven)""",
        on_pre="x *= 0.3; a += 1; q += 1",
    )
    synapses.connect()
    synapses.x = 1
    run(2 * ms)
    assert synapses.x[0] == pytest.approx(1 - 0.7 * math.exp(-0.77 / 130), rel=1e-15)
    assert synapses.a[0] == pytest.approx(math.exp(-0.77 / 20), rel=1e-15)
    run(100 * second)
    assert (synapses.x[0], synapses.a[0], synapses.p[0], synapses.q[0]) == (1, 0, 0, 0)


# Several equations that act on each other


@pytest.mark.parametrize("tau", [2.9, 2.9 * (1 + 1e-9), 11.3])
def test_a_chain_of_two_variables_also_with_equal_time_constants(tau: float) -> None:
    times = off_grid(200, 6.1, 12)
    source, cells = train(times), NeuronGroup(1, "n : 1")
    synapses = Synapses(
        source,
        cells,
        """drise/dt = -rise/tau_r : 1 (event-driven)
           dg/dt = -g/(2.9*ms) + rise/tau_r : 1 (event-driven)
           heard : 1""",
        on_pre="heard += g; rise += 1",
        namespace={"tau_r": tau * ms},
    )
    synapses.connect()
    run(1000 * ms)
    times = times[times < 1000]

    def response(h: float) -> float:
        """(exp(-h/2.9) - exp(-h/tau))*2.9/(2.9 - tau), without cancellation."""
        d = h * (1 / tau - 1 / 2.9)
        return math.exp(-h / 2.9) * (h / tau) * (-math.expm1(-d) / d if d else 1.0)

    heard = math.fsum(response(t - s) for t in times for s in times if s < t)
    assert synapses.heard[0] == pytest.approx(heard, rel=1e-13)
    assert synapses.g[0] == pytest.approx(math.fsum(response(1000 - s) for s in times), rel=1e-13)


def test_an_oscillating_pair() -> None:
    source, cells = train(np.array([1.7, 90.3])), NeuronGroup(1, "n : 1")
    synapses = Synapses(
        source,
        cells,
        """dc/dt = -c/(50*ms) - 2*pi*37*Hz*s : 1 (event-driven)
           ds/dt = -s/(50*ms) + 2*pi*37*Hz*c : 1 (event-driven)
           seen : 1""",
        on_pre="seen += 3*c + s; c += 1",
    )
    synapses.connect()
    run(100 * ms)
    h, angle = (90.3 - 1.7), 2 * math.pi * 0.037 * (90.3 - 1.7)
    fading = math.exp(-h / 50)
    assert synapses.seen[0] == pytest.approx(fading * (3 * math.cos(angle) + math.sin(angle)), rel=1e-13)


# When values are set


def test_what_the_user_sets_between_runs_holds_from_then_on() -> None:
    source, cells = train(np.array([1.0, 8.25])), NeuronGroup(2, "n : 1")
    synapses = Synapses(
        source,
        cells,
        "da/dt = -a/tau : 1 (event-driven)\ntau : second\nheard : 1",
        on_pre="heard += a; a += 1",
    )
    synapses.connect()
    synapses.tau = 10 * ms
    run(3.3 * ms)
    assert synapses.a[:] == pytest.approx([math.exp(-0.23)] * 2, rel=1e-14)
    synapses.tau[1] = 5 * ms
    run(1 * ms)
    synapses.a[0] = 7
    run(5 * ms)
    heard = [7 * math.exp(-0.395), math.exp(-0.23 - (8.25 - 3.3) / 5)]
    assert synapses.heard[:] == pytest.approx(heard, rel=1e-14)
    assert synapses.a[:] == pytest.approx(
        [(heard[0] + 1) * math.exp(-0.105), (heard[1] + 1) * math.exp(-0.21)], rel=1e-14
    )


def test_a_constant_from_outside_may_change_between_runs() -> None:
    source, cells = train(np.array([1.0])), NeuronGroup(1, "n : 1")
    synapses = Synapses(source, cells, "da/dt = -a/tau : 1 (event-driven)", on_pre="a += 1")
    synapses.connect()
    tau = 10 * ms
    run(2 * ms)
    tau = 1 * ms  # noqa: F841
    run(2 * ms)
    assert synapses.a[0] == pytest.approx(math.exp(-2.1), rel=1e-14)


def test_equations_may_depend_on_parameters_of_both_ends() -> None:
    source = NeuronGroup(2, "dv/dt = 1/(2*ms) : 1\nk : Hz", threshold="v > 1", reset="v = 0")
    target = NeuronGroup(1, "n : 1\nm : Hz")
    source.k, target.m = [100, 300] * Hz, 50 * Hz
    synapses = Synapses(source, target, "da/dt = -(k_pre + m_post)*a : 1 (event-driven)", on_pre="a = 1")
    synapses.connect()
    run(5 * ms)
    assert synapses.a[:] == pytest.approx([math.exp(-0.15), math.exp(-0.35)], rel=1e-13)


# Many synapses of one neuron


def many(on_post: str, threads: int, recorded: bool = False) -> list[Times]:
    """Spikes of the targets run code along all their synapses, whose parameters and delays may differ."""
    start_scope()
    seed(3)
    sources = PoissonGroup(23, 80 * Hz, name="sources")
    cells = NeuronGroup(19, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", name="cells")
    cells.v = "i/20"
    model = """w : 1
               tau : second
               dapre/dt = -apre/tau : 1 (event-driven)
               dapost/dt = -apost/(33*ms) : 1 (event-driven)
               dx/dt = (1 - x)/tau : 1 (event-driven)"""
    on_pre = "v_post += 0.01*w*x; apre += 0.01; x -= 0.2*x; w = clip(w - apost, 0, 1)"
    synapses = Synapses(sources, cells, model, on_pre=on_pre, on_post=on_post, name="synapses")
    synapses.connect(p=0.7)
    synapses.w, synapses.x, synapses.tau = "rand()", 1, "(5 + 30*rand())*ms"
    synapses.pre.delay = "rand()*2*ms"
    objects: list[object] = [sources, cells, synapses]
    if recorded:
        objects.append(StateMonitor(synapses, ["w", "apre"], record=[0, 7, 200]))
    Network(objects).run(100 * ms, threads=threads)
    return [np.array(synapses._present(name)) for name in ("w", "apre", "apost", "x")]


ALONG = "apost += 0.011; w = clip(w + apre, 0, 1)"


def test_code_along_the_synapses_of_a_neuron_is_that_of_each() -> None:
    along, each = many(ALONG, 1), many(f"{ALONG}; w += 0*rand()", 1)
    assert np.ptp(along[0]) > 0.5
    for first, second in zip(along, each, strict=True):
        assert np.array_equal(first, second)


def test_code_along_the_synapses_of_a_neuron_gives_the_same_bits_on_any_threads_and_with_monitors() -> None:
    along = many(ALONG, 1)
    for other in (many(ALONG, 3), many(ALONG, 2, recorded=True)):
        for first, second in zip(along, other, strict=True):
            assert np.array_equal(first, second)
