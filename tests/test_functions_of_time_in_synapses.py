"""TimedArrays in code of synapses and in sums: each value holds to its switch, wherever that lies in a step."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

import numpy as np
import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
)
from evsim.errors import EvsimError

STEPS = [1, 10, 100]


def given(*times: float) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, [0] * len(times), np.array(times) * ms)


@pytest.mark.parametrize("timing", ["exact", "grid"])
def test_code_takes_the_value_of_its_instant(timing: str) -> None:
    gain = TimedArray(STEPS, dt=1 * ms)
    source, cells = given(0.4, 0.9, 1.0, 2.1, 7), NeuronGroup(1, "v : 1")
    s = Synapses(source, cells, "seen : 1", on_pre="v_post += gain(t); seen = gain(t - 1*ms)", delay=0.1 * ms)
    s.connect()
    values = []
    network = Network(source, cells, s)
    for end in (0.7, 1.05, 1.5, 3, 8):
        network.run(end * ms - network.t, timing=timing)
        values.append(float(cells.v[0]))
    assert values == [1, 11, 21, 121, 221]
    assert s.seen[0] == 100


def test_columns_go_with_the_ends() -> None:
    table = TimedArray([[1, 2], [3, 4]], dt=1 * ms)
    source, cells = given(0.5, 1.5), NeuronGroup(2, "v : 1\nk = table(t, i) : 1")
    s = Synapses(source, cells, on_pre="v_post += table(t, j) + 10*k_post")
    s.connect()
    Network(source, cells, s).run(3 * ms)
    assert cells.v[:].tolist() == [44, 66]


def test_a_replaced_table_holds_from_the_next_run_on() -> None:
    gain = TimedArray(STEPS, dt=1 * ms)
    source, cells, driven = (
        given(0.5, 5.5),
        NeuronGroup(1, "v : 1"),
        NeuronGroup(1, "dv/dt = I/ms : 1\nI : 1"),
    )
    model = "z = gain(t) : 1\nI_post = gain(t) : 1 (summed)\ndw/dt = gain(t)/ms - 0*w*w/ms : 1"
    s = Synapses(source, cells, "z = gain(t) : 1", on_pre="v_post += gain(t) + z")
    c = Synapses(source, driven, model)
    s.connect(), c.connect()
    network = Network(source, cells, driven, s, c)
    network.run(2.5 * ms)
    assert (cells.v[0], driven.v[0], c.w[0]) == pytest.approx((2, 61, 61))
    gain = TimedArray([7], dt=1 * ms)
    network.run(3.5 * ms)
    assert (cells.v[0], driven.v[0], c.w[0]) == pytest.approx((16, 85.5, 85.5))


@pytest.mark.parametrize("dt", [0.1, 0.7])
def test_a_sum_switches_when_the_table_does(dt: float) -> None:
    """The switches at 1 and 2 ms are inside steps of the clock of 0.7 ms, and of the sums."""
    gain = TimedArray(STEPS, dt=1 * ms)
    source, cells = NeuronGroup(1, "x : 1"), NeuronGroup(1, "dv/dt = I/ms : 1\nI : 1")
    source.x = 2
    s = Synapses(source, cells, "I_post = gain(t)*x_pre : 1 (summed)")
    s.connect()
    trace = StateMonitor(cells, ["I", "v"], record=True, dt=dt * ms)
    Network(source, cells, s, trace).run(3 * ms)
    assert cells.v[0] == pytest.approx(222, rel=1e-12)
    assert np.allclose(trace.I[0], 2 * np.array(STEPS)[(trace.t / ms + 1e-9).astype(int)])
    at = trace.t / ms
    assert np.allclose(trace.v[0], np.interp(at, [0, 1, 2, 3], [0, 2, 22, 222]), rtol=1e-12, atol=1e-12)


def test_a_condition_on_a_sum_with_a_table_is_met_at_the_switch() -> None:
    gain = TimedArray(STEPS, dt=1.23 * ms)
    source, cells = (
        NeuronGroup(1, "x : 1"),
        NeuronGroup(1, "I : 1\nv : 1", threshold="I - v > 5", reset="v += 1000"),
    )
    source.x = 1
    s = Synapses(source, cells, "I_post = gain(t)*x_pre : 1 (summed)")
    s.connect()
    spikes = SpikeMonitor(cells)
    Network(source, cells, s, spikes).run(3 * ms)
    assert (spikes.t / ms).tolist() == pytest.approx([1.23], abs=1e-12)


def test_a_linked_formula_of_time_is_read_at_every_instant() -> None:
    gain = TimedArray(STEPS, dt=1 * ms)
    source = NeuronGroup(1, "dx/dt = 1/(10*ms) : 1\nf = gain(t)*x : 1")
    cells = NeuronGroup(1, "dv/dt = y/ms : 1\ny : 1 (linked)")
    cells.y = linked_var(source, "f")
    Network(source, cells).run(2 * ms)
    assert cells.v[0] == pytest.approx(0.05 + 10 * 0.15, rel=1e-12)


def test_a_sum_calls_tables_at_the_time_only() -> None:
    gain = TimedArray(STEPS, dt=1 * ms)
    source, cells = NeuronGroup(1, "x : 1"), NeuronGroup(1, "dv/dt = I/ms : 1\nI : 1")
    s = Synapses(source, cells, "I_post = gain(t - 1*ms)*x_pre : 1 (summed)")
    s.connect()
    with pytest.raises(EvsimError, match=r"calls gain at the time, as in gain\(t\), and not at another one"):
        Network(source, cells, s).run(1 * ms)
