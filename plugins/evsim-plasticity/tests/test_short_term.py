"""Short-term plasticity: u, x and what each gate makes of the releases, after trains on no grid."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from evsim_plasticity import tsodyks_markram

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    collect,
    defaultclock,
    ms,
    mV,
    nA,
    run,
    second,
    start_scope,
    uS,
)
from evsim.models import (
    alpha,
    ampa,
    conductance,
    current,
    dual_exponential,
    exponential,
    gaba_b,
    gaba_b_desensitising,
    lif,
    nmda,
    voltage_jump,
)

KINDS = {
    "usual": {"U": 0.15, "tau_f": 1500, "tau_d": 200},
    "depressing": {"U": 0.2, "tau_f": 2, "tau_d": 150},
    "facilitating": {"U": 0.1, "tau_f": 100, "tau_d": 10},
}
RELEASES = ["after", "before", "mongillo"]
SILENT = lif(I_stim=0 * nA)


def off_grid(n: int, mean: float, seed: int) -> Any:
    """Times in ms that lie on no grid."""
    return np.cumsum(0.05 + np.random.default_rng(seed).exponential(mean, n))


def train(times: Any) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, np.zeros(np.size(times), int), times * ms)


def of_kind(kind: dict[str, float], release: str = "after") -> Any:
    return tsodyks_markram(U=kind["U"], tau_f=kind["tau_f"] * ms, tau_d=kind["tau_d"] * ms, release=release)


def followed(kind: dict[str, float], release: str, times: Any, end: float) -> tuple[Any, Any, list[Any]]:
    """u and x at the end, and the releases, with 25 digits."""
    with mp.workdps(25):
        U, tau_f, tau_d = (mp.mpf(kind[name]) for name in ("U", "tau_f", "tau_d"))
        rest = mp.mpf(0) if release == "after" else U
        u, x, releases, last = rest, mp.mpf(1), [], mp.mpf(0)

        def pass_on(to: Any) -> None:
            nonlocal u, x, last
            u = rest + (u - rest) * mp.exp(-(to - last) / tau_f)
            x = 1 + (x - 1) * mp.exp(-(to - last) / tau_d)
            last = to

        for t in times:
            pass_on(mp.mpf(t))
            if release != "before":
                u += U * (1 - u)
            releases.append(u * x)
            x -= releases[-1]
            if release == "before":
                u += U * (1 - u)
        pass_on(mp.mpf(end))
        return u, x, releases


def exact_time(tick: int, offset: float) -> Any:
    """A time in ms with every digit."""
    with mp.workdps(25):
        return 1000 * (int(tick) * mp.mpf(defaultclock.dt_) + mp.mpf(float(offset)))


def exact(spikes: SpikeMonitor) -> list[Any]:
    return [exact_time(*each) for each in zip(spikes.tick, spikes.offset / second, strict=True)]


@pytest.mark.parametrize(
    ("kind", "release"), [*((kind, "after") for kind in KINDS), ("usual", "before"), ("usual", "mongillo")]
)
def test_144_u_and_x_equal_their_closed_forms_after_ten_thousand_spikes(kind: str, release: str) -> None:
    times = off_grid(10_000, 12.3, 1)
    cell = NeuronGroup(1, "dV/dt = -V/ms : volt")
    synapses = Synapses(train(times), cell, voltage_jump, plasticity=of_kind(KINDS[kind], release))
    synapses.connect()
    spikes = SpikeMonitor(synapses.source)
    end = int(times[-1]) + 4
    run(end * ms)
    assert spikes.num_spikes == 10_000
    u, x, _ = followed(KINDS[kind], release, exact(spikes), exact_time(10 * end, 0.0))
    assert float(abs(synapses.u_[0] / u - 1)) < 1e-13
    assert float(abs(synapses.x_[0] / x - 1)) < 1e-13


def test_144_the_jumps_are_the_weight_times_the_release() -> None:
    times = off_grid(10_000, 12.3, 2)
    cell = NeuronGroup(1, "dV/dt = 0*volt/ms : volt")
    synapses = Synapses(train(times), cell, voltage_jump, plasticity=of_kind(KINDS["depressing"]))
    synapses.connect()
    synapses.w = 2 * mV
    run((times[-1] + 1) * ms)
    *_, releases = followed(KINDS["depressing"], "after", times, times[-1] + 1)
    assert cell.V[0] / mV == pytest.approx(float(2 * mp.fsum(releases)), rel=1e-12)


def test_the_first_two_releases_are_those_of_a_calculation_by_hand() -> None:
    _, _, releases = followed(KINDS["depressing"], "after", [10.0, 20.0], 21.0)
    u, x = 0.2, 0.8 + 0.2 * (1 - np.exp(-10 / 150)) / 1
    u = u * np.exp(-5) + 0.2 * (1 - u * np.exp(-5))
    x = 1 + (0.8 - 1) * np.exp(-10 / 150)
    assert float(releases[0]) == pytest.approx(0.2, rel=1e-15)
    assert float(releases[1]) == pytest.approx(u * x, rel=1e-14)


def test_the_release_before_the_jump_is_the_usual_one_with_another_u_in_between() -> None:
    times = off_grid(300, 20.0, 3)
    for kind in KINDS.values():
        usual, other = (followed(kind, release, times, times[-1])[2] for release in ("after", "before"))
        assert usual == pytest.approx(other, rel=1e-20)
    assert float(followed(KINDS["usual"], "mongillo", times, times[-1])[2][0]) == pytest.approx(0.2775)


@pytest.mark.parametrize("release", ["before", "mongillo"])
def test_u_starts_at_U_also_where_U_is_set_later(release: str) -> None:
    cells = NeuronGroup(3, SILENT)
    synapses = Synapses(
        train([1.0]), cells, exponential, output=current, plasticity=tsodyks_markram(release=release)
    )
    synapses.connect(i=0, j=[0, 1])
    assert list(synapses.u) == [0.15, 0.15]
    synapses.U = "0.1 + 0.2*j"
    assert synapses.u_ == pytest.approx([0.1, 0.3])
    synapses.connect(i=0, j=2)
    synapses.u = 0.5
    synapses.U = 0.2
    assert list(synapses.u) == [0.5] * 3
    assert list(synapses.x) == [1.0] * 3


def test_parameters_of_single_synapses_differ() -> None:
    times = off_grid(400, 7.0, 4)
    kinds = list(KINDS.values())
    cells = NeuronGroup(3, SILENT)
    synapses = Synapses(train(times), cells, exponential, output=current, plasticity=tsodyks_markram)
    synapses.connect()
    synapses.U = [kind["U"] for kind in kinds]
    synapses.tau_f = [kind["tau_f"] for kind in kinds] * ms
    synapses.tau_d = [kind["tau_d"] for kind in kinds] * ms
    run(2900 * ms)
    for k, kind in enumerate(kinds):
        u, x, _ = followed(kind, "after", times[times < 2900], 2900.0)
        assert synapses.u_[k] == pytest.approx(float(u), rel=1e-13)
        assert synapses.x_[k] == pytest.approx(float(x), rel=1e-13)


# What gates make of releases


def response(gate: Any, output: Any, times: Any, end: float, **more: Any) -> tuple[Synapses, StateMonitor]:
    """A cell that rests, its sum of gates, and two synapses of one train with weights and delays of their own."""
    cell = NeuronGroup(1, SILENT)
    plasticity = of_kind(KINDS["depressing"])
    synapses = Synapses(train(times), cell, gate, output=output, plasticity=plasticity, name="inputs", **more)
    synapses.connect(n=2)
    synapses.delay = [0.37, 4.11] * ms
    trace = StateMonitor(cell, "s_inputs", record=True, dt=0.7 * ms)
    run(end * ms)
    return synapses, trace


def closed_form(shape: Any, times: Any, t: Any, weights: tuple[float, float]) -> Any:
    """Sum over both synapses of weight times release times `shape` of the time since an arrival (ms)."""
    *_, releases = followed(KINDS["depressing"], "after", times, times[-1])
    total = np.zeros(t.size)
    for w, delay in zip(weights, (0.37, 4.11), strict=True):
        for at, r in zip(times, releases, strict=True):
            since = t - (at + delay)
            total += w * float(r) * np.where(since >= 0, shape(np.maximum(since, 0)), 0)
    return total


@pytest.mark.parametrize(
    ("gate", "shape"),
    [
        (exponential(tau=8 * ms), lambda t: np.exp(-t / 8)),
        (alpha(tau=3 * ms), lambda t: np.e * t / 3 * np.exp(-t / 3)),
        (
            dual_exponential(tau1=1 * ms, tau2=3 * ms),
            lambda t: 1.5 * 3**0.5 * (np.exp(-t / 3) - np.exp(-t)),
        ),
    ],
    ids=["exponential", "alpha", "dual_exponential"],
)
@pytest.mark.parametrize("output", [current, conductance], ids=["current", "conductance"])
def test_a_release_multiplies_the_jump_of_gates_that_add_up(gate: Any, shape: Any, output: Any) -> None:
    times = off_grid(40, 4.0, 5)
    _, trace = response(gate, output, times, 150.0)
    unit = 1e-9 if output is current else 1.0
    expected = closed_form(shape, times, trace.t / ms, (1.0, 1.0)) * unit
    assert np.max(expected) > 0
    tolerance = 1e-13 if output is current else 1e-10
    assert np.max(np.abs(trace.s_inputs_[0] - expected)) < tolerance * np.max(expected)


def opened(times: Any, delay: float, releases: Any, t: Any) -> Any:
    """s of an AMPA receptor of which a release brings its share into the pulse, piece by piece."""
    a, b, T, length = 0.98, 0.18, 0.5, 0.5
    rate, found = a * T + b, []
    inside = outside = share = 0.0
    now, end = 0.0, -1.0
    arrivals = [(at + delay, float(r)) for at, r in zip(times, releases, strict=True)]

    def pass_on(to: float) -> None:
        nonlocal inside, outside, now
        h = to - now
        inside = share * a * T / rate + (inside - share * a * T / rate) * np.exp(-rate * h)
        outside *= np.exp(-b * h)
        now = to

    def leave(to: float) -> None:
        nonlocal inside, outside, share, end
        if 0 < end <= to:
            pass_on(end)
            inside, outside, share, end = 0.0, outside + inside, 0.0, -1.0
        pass_on(to)

    for sample in t:
        while arrivals and arrivals[0][0] <= sample:
            at, r = arrivals.pop(0)
            leave(at)
            come = min(1.0, r / (1 - share)) if share < 1 else 0.0
            inside, outside = inside + come * outside, outside - come * outside
            share, end = share + come * (1 - share), at + length
        leave(sample)
        found.append(inside + outside)
    return np.array(found)


@pytest.mark.parametrize("output", [current, conductance], ids=["current", "conductance"])
def test_of_receptors_with_pulses_the_share_released_is_in_the_pulse(output: Any) -> None:
    times = np.sort(np.concatenate([off_grid(30, 4.0, 6), [20.0, 20.3, 20.71, 60.0, 60.499]]))
    _synapses, trace = response(ampa, output, times, 130.0)
    *_, releases = followed(KINDS["depressing"], "after", times, times[-1])
    t = trace.t / ms
    expected = opened(times, 0.37, releases, t) + opened(times, 4.11, releases, t)
    unit = 1e-9 if output is current else 1.0
    assert np.max(expected) > 0.1
    tolerance = 1e-14 if output is current else 1e-9
    assert np.max(np.abs(trace.s_inputs_[0] / unit - expected)) < tolerance


@pytest.mark.parametrize(
    "gate", [ampa, nmda, gaba_b, gaba_b_desensitising, exponential], ids=lambda g: g.name
)
def test_a_release_of_all_is_the_gate_without_plasticity(gate: Any) -> None:
    times = off_grid(30, 2.0, 7)
    full = tsodyks_markram(U=1.0, tau_f=1e6 * ms, tau_d=1e-4 * ms)  # u is 1, and x is back at once
    traces, kept = [], []
    for plasticity in (full, None):
        cell = NeuronGroup(1, SILENT)
        synapses = Synapses(
            train(times), cell, gate, output=current, plasticity=plasticity, delay=0.37 * ms, name="inputs*"
        )
        synapses.connect()
        traces.append(StateMonitor(cell, f"s_{synapses.name}", record=True))
        kept.append(synapses)
    run(80 * ms)
    first, second = (each._values(each._variables[0])[0] for each in traces)
    assert np.max(first) > 0
    assert np.max(np.abs(first - second)) < 1e-9 * np.max(first)


def test_gates_that_do_not_add_up_stay_one_per_source_delay_and_parameters() -> None:
    cells = NeuronGroup(20, SILENT)
    synapses = Synapses(
        train([1.0, 3.0]), cells, nmda, output=current, plasticity=tsodyks_markram, name="inputs"
    )
    synapses.connect()
    synapses.delay = "1.3*ms + 0.5*ms*(j % 2)"
    synapses.U = "0.1 + 0.1*(j % 3)"
    network = Network(collect())
    network.run(10 * ms)
    assert len(network["inputs_gates"]) == 6
    assert synapses.u_[:6] == pytest.approx(synapses.u_[6:12], rel=1e-15)
    assert len(set(synapses.u_)) == 6


@pytest.mark.parametrize("gate", [nmda, gaba_b], ids=lambda g: g.name)
def test_single_synapses_show_the_gate_that_their_targets_get(gate: Any) -> None:
    times = off_grid(25, 3.0, 8)
    cell = NeuronGroup(1, SILENT)
    plasticity = of_kind(KINDS["facilitating"])
    synapses = Synapses(
        train(times),
        cell,
        gate,
        output=conductance(g_max=1e-3 * uS),
        plasticity=plasticity,
        delay=1.3 * ms,
        name="inputs",
    )
    synapses.connect()
    synapses.w = 2
    single = StateMonitor(synapses, ["g"], record=True)
    total = StateMonitor(cell, "g_inputs", record=True)
    run(80 * ms)
    assert np.max(total.g_inputs_) > 0
    assert np.max(np.abs(single.g_ - total.g_inputs_)) < 1e-9 * np.max(total.g_inputs_)


@pytest.mark.parametrize("gate", [exponential, alpha, ampa], ids=lambda g: g.name)
def test_recording_single_synapses_changes_no_bit(gate: Any) -> None:
    times = off_grid(60, 3.0, 9)
    found = []
    for is_recorded in (False, True):
        start_scope()
        cell = NeuronGroup(1, SILENT)
        synapses = Synapses(
            train(times),
            cell,
            gate,
            output=current,
            plasticity=of_kind(KINDS["usual"]),
            delay=1.3 * ms,
            name="inputs*",
        )
        synapses.connect()
        shown = StateMonitor(synapses, ["s", "I", "u"], record=True) if is_recorded else None
        run(200 * ms)
        found.append((float(synapses.u_[0]), float(cell.V_[0])))
        if shown is not None:
            assert np.max(shown.I_) > 0
    assert found[0] == found[1]
