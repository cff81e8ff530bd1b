"""Summaries: what happens in which order at one instant, and where the wall time of a run went."""

from __future__ import annotations

import pytest

import evsim
from evsim import *
from evsim import EvsimError, Network


def network() -> Network:
    """One object of every kind."""
    group = NeuronGroup(
        3, "dv/dt = (1.1 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", refractory=2 * ms, name="cells"
    )
    other = NeuronGroup(1, "x : 1", name="quiet")
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", delay=1.5 * ms, name="synapses")
    synapses.connect("i != j")
    group.run_regularly("v = v", dt=1 * ms, name="code")
    group.run_at("v = 0", [1, 2] * ms, when="end", name="late")
    objects = [
        PoissonGroup(10, 10 * Hz, name="noise"),
        SpikeGeneratorGroup(2, [0], [1] * ms, name="train"),
        PoissonInput(group, "v", 10, 1 * Hz, 0.1, name="drive"),
        SpikeMonitor(group, name="spikes"),
        StateMonitor(group, "v", record=[0], dt=0.5 * ms, name="trace"),
        PopulationRateMonitor(group, name="rate"),
        NetworkOperation(lambda: None, dt=2 * ms, order=3, name="look"),
    ]
    return Network(other, group, synapses, objects)


def test_the_schedule_names_everything_in_the_order_of_an_instant() -> None:
    entries = [(each.order[0], each.name) for each in network().scheduling_summary().entries]
    assert entries == [
        ("1", "code"), ("1", "look"), ("2", "noise"), ("2", "train"), ("3", "synapses"), ("3", "drive"),
        ("4", "cells"), ("5", "cells"), ("6", "spikes"), ("6", "trace"), ("6", "rate"), ("7", "late"),
    ]  # fmt: skip


def test_the_schedule_says_what_and_when() -> None:
    summary = scheduling_summary(network())
    text = str(summary)
    for words in (
        "every 1. ms, start, 0",
        "every 2. ms, start, 3",
        "at [1. 2.] ms, end, 0",
        "spikes of cells: v_post += w",
        "1.5 ms after a spike",
        "spikes where v > 1",
        "v = 0; refractory 2. ms",
        "every 0.5 ms",
    ):
        assert words in text
    assert summary._repr_html_().startswith("<table><tr><th>order</th>")
    assert "v &gt; 1" in summary._repr_html_()


def test_a_profile_has_the_parts_of_a_run_and_every_action() -> None:
    net = network()
    with pytest.raises(EvsimError, match="has no profile; run it with profile=True"):
        profiling_summary(net)
    net.run(5 * ms, profile=True)
    info = dict(net.profiling_info)
    assert {"code", "late", "look", "equations read and checked"} < info.keys()
    assert "core: all neurons, synapses and records" in info
    times = [float(each / second) for each in info.values()]
    assert times == sorted(times, reverse=True)
    assert times[-1] >= 0
    summary = profiling_summary(net)
    assert sum(summary.percentages) == pytest.approx(100)
    assert summary["code"] == info["code"]
    assert len(profiling_summary(net, show=2).names) == 2
    with pytest.raises(EvsimError, match="has no 'other'"):
        summary["other"]
    assert str(summary).splitlines()[0].split() == ["what", "time", "share"]


def test_a_run_without_profile_keeps_the_last_one() -> None:
    group = NeuronGroup(1, "dv/dt = 1/ms : 1")
    run(1 * ms, profile=True)
    before = magic_network().profiling_info
    run(1 * ms)
    assert magic_network().profiling_info == before
    assert profiling_summary().names == [name for name, _ in before]
    assert group.v[0] == pytest.approx(2)


def test_brian_has_them_too() -> None:
    import evsim.brian as brian

    assert brian.scheduling_summary is evsim.scheduling_summary
    assert brian.profiling_summary is evsim.profiling_summary
