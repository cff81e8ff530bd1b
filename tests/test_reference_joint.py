"""The reference on coupled neurons and custom events: closed forms to 25 digits, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from evsim import (
    EventMonitor,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    prefs,
    reference,
    start_scope,
    verify,
)
from evsim.errors import EvsimError
from evsim.verify import described, spikes_only


@pytest.fixture
def in_reference() -> Iterator[None]:
    prefs.engine = "reference"
    yield
    prefs.engine = "compiled"


def first_spike(network: Network, group: NeuronGroup, duration: float) -> Any:
    """The time of the first spike in seconds, with all its digits."""
    simulation = reference.Simulation(spikes_only(described(network)), 30)
    simulation.run(duration * 1e-3)
    return simulation.exact_spikes(f"spikes of {group.name}")[0].time


def test_a_threshold_on_a_sum_is_crossed_at_its_instant() -> None:
    """v = 1.5*(1 - exp(-t/10)) + 0.6*(exp(-t/10) - exp(-t/5)) with I = 0.6*exp(-t/5): v + I = 1 at 10 ln 1.8 ms."""
    cells = NeuronGroup(1, "dv/dt = (1.5 - v + I)/(10*ms) : 1\nI : 1", threshold="v + I > 1", reset="v = -10")
    driving = NeuronGroup(1, "dx/dt = -x/(5*ms) : 1")
    driving.x = 2
    s = Synapses(driving, cells, "w : 1\nI_post = w*x_pre : 1 (summed)")
    s.connect()
    s.w = 0.3
    found = first_spike(Network(cells, driving, s), cells, 10)
    with mp.workdps(40):  # 0.3 and a millisecond are doubles
        w, tau, long, a = mp.mpf(0.3), 5 * mp.mpf(0.001), 10 * mp.mpf(0.001), mp.mpf(1.5)

        def form(t: Any) -> Any:
            slow, fast = mp.exp(-t / long), mp.exp(-t / tau)
            v = a * (1 - slow) + 2 * w / long * (fast - slow) / (1 / long - 1 / tau)
            return v + 2 * w * fast - 1

        assert abs(mp.findroot(form, 0.0058) - found) < mp.mpf(10) ** -25


def test_event_code_hands_over_an_integrated_variable() -> None:
    """s = 1/(1 + t/10 ms) reaches the target at 2.5 ms, in the state of the reference as in the core."""
    source, cells = SpikeGeneratorGroup(1, [0], [2] * ms), NeuronGroup(1, "v : 1")
    s = Synapses(
        source,
        cells,
        "ds/dt = -s*s/(10*ms) : 1 (clock-driven)",
        on_pre="v_post += s; s += v_post",
        delay=0.5 * ms,
    )
    s.connect()
    s.s = 1
    network = described(Network(source, cells, s))
    simulation = reference.Simulation(network, 30)
    simulation.run(4e-3)
    by_name = {each.name: each for each in network.populations}
    assert by_name[cells.name].state["v"][0] == pytest.approx(0.8, abs=1e-15)
    assert by_name[f"{s.name}_states"].state["s"][0] == pytest.approx(1.6 / (1 + 1.6 * 0.15), abs=1e-15)


@pytest.mark.usefixtures("in_reference")
def test_the_users_words_run_in_the_reference() -> None:
    """Gap junctions, a linked variable, a table, and what a monitor shows of them."""
    gain = TimedArray([1, 3], dt=1 * ms)
    cells = NeuronGroup(2, "dv/dt = I/(10*ms) : 1\nI : 1")
    gap = Synapses(cells, cells, "I_post = gain(t)*(v_pre - v_post) : 1 (summed)")
    gap.connect("i != j")
    cells.v = [1, 0]
    reading = NeuronGroup(1, "du/dt = y/ms : 1\ny : 1 (linked)")
    reading.y = linked_var(cells, "v", index=[0])
    trace = StateMonitor(cells, ["v", "I"], record=True, dt=0.5 * ms)
    Network(cells, gap, reading, trace).run(2 * ms)
    assert cells.v[0] - cells.v[1] == pytest.approx(np.exp(-0.2 - 0.6), abs=1e-15)
    at = trace.t / ms
    apart = np.exp(-0.2 * np.minimum(at, 1) - 0.6 * np.maximum(at - 1, 0))
    assert np.allclose(trace.v[0] - trace.v[1], apart, rtol=1e-14, atol=0)
    assert np.allclose(trace.I[1], np.where(at < 1 - 1e-9, 1, 3) * apart, rtol=1e-14, atol=0)
    area = 1 + (1 - np.exp(-0.2)) / 0.4 + np.exp(-0.2) * (1 - np.exp(-0.6)) / 1.2
    assert reading.u[0] == pytest.approx(area, abs=1e-14)
    assert gain is not None


def with_events() -> tuple[Network, list[Any]]:
    start_scope()
    group = NeuronGroup(
        2,
        "dv/dt = (1.3 - v + 0.3*sin(2*t/ms))/(10*ms) : 1\ndu/dt = -u/(5*ms) : 1\nq : second",
        threshold="v > 1",
        reset="v = 0",
        refractory=1.5 * ms,
        events={"up": "v > 0.5", "quick": "u > 0.4 and v < 0.8"},
        name="group",
    )
    group.v = [0, 0.4]
    group.run_on_event("up", "u += 0.5; q += clip(t - lastspike, 0*ms, 9*ms)")
    group.run_on_event("quick", "v += 0.05*not_refractory")
    source = SpikeGeneratorGroup(1, [0, 0], [3.3, 9.1] * ms)
    arriving = Synapses(source, group, on_pre="v_post += 0.1; u_post += 0.1", delay=0.4 * ms)
    arriving.connect()
    between = Synapses(group, group, on_pre="v_post += 0.07", on_event="up", delay=0.7 * ms)
    between.connect(i=0, j=1)
    monitors = [EventMonitor(group, "up"), EventMonitor(group, "quick", "u"), SpikeMonitor(group)]
    return Network(group, source, arriving, between, monitors), [group, *monitors]


def test_custom_events_are_where_the_reference_has_them() -> None:
    found = []
    for engine in ("compiled", "reference"):
        prefs.engine = engine
        network, (group, up, quick, spikes) = with_events()
        network.run(40 * ms)
        found.append((up, quick, spikes, group))
    prefs.engine = "compiled"
    for first, second in zip(found[0][:3], found[1][:3], strict=True):
        assert first.i[:].tolist() == second.i[:].tolist()
        assert np.allclose(first.t / ms, second.t / ms, rtol=0, atol=1e-8)
    assert [each.num_events for each in found[0][:2]] == [7, 7]
    assert np.allclose(found[0][1].u, found[1][1].u, atol=1e-9)
    for name in ("v", "u", "q"):
        core, exact = (np.array(getattr(each[3], name)) for each in found)
        assert np.allclose(core, exact, rtol=1e-9, atol=1e-12)
    assert verify(with_events()[0], 40 * ms).is_right


@pytest.mark.usefixtures("in_reference")
def test_what_means_nothing_in_the_reference_is_refused_by_name() -> None:
    network, _ = with_events()
    network.run(1 * ms)
    with pytest.raises(EvsimError, match="the reference engine cannot be stored"):
        network.store()
    with pytest.raises(EvsimError, match="the reference engine has no queue to look into"):
        network.queue.peek()
    with pytest.raises(EvsimError, match="timing='grid' was asked for"):
        network.run(1 * ms, timing="grid")
