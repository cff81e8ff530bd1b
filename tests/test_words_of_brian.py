"""Words that Brian scripts use besides the main ones: periodic generators, times of clocks, numbers of synapses."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import (
    Clock,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    check_units,
    defaultclock,
    ms,
    network_operation,
    run,
    start_scope,
    verify,
)
from evsim.errors import EvsimError

# Periodic generators


def periodic(period: float = 5.3, **more: object) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(3, [0, 1, 2], [1, 2.25, 3] * ms, period=period * ms, **more)


@pytest.mark.parametrize("pieces", [[16], [1, 2.25, 0.05, 12.7], [5.3, 5.3, 5.4]])
def test_a_generator_repeats_its_spikes_after_every_period(pieces: list[float]) -> None:
    source, cells = periodic(), NeuronGroup(1, "dv/dt = -v/(10*ms) : 1")
    synapses = Synapses(source, cells, on_pre="v_post += 1 + i", delay=0.7 * ms)
    synapses.connect()
    spikes = SpikeMonitor(source)
    network = Network(source, cells, synapses, spikes)
    for each in pieces:
        network.run(each * ms)
    expected = [(k * 5.3 + at, i) for k in range(4) for i, at in enumerate([1, 2.25, 3]) if k * 5.3 + at < 16]
    assert np.allclose(spikes.t / ms, [at for at, _ in expected], rtol=1e-13, atol=0)
    assert spikes.i[:].tolist() == [i for _, i in expected]
    arrived = [(16 - at - 0.7, 1 + i) for at, i in expected if at + 0.7 < 16]
    assert cells.v[0] == pytest.approx(sum(a * np.exp(-since / 10) for since, a in arrived), rel=1e-12)


def test_pieces_of_a_run_have_the_same_bits_with_periods() -> None:
    def end(*pieces: float) -> list[float]:
        source = periodic()
        cells = NeuronGroup(2, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        synapses = Synapses(source, cells, on_pre="v_post += 0.05 + 0.01*i", delay=0.7 * ms)
        synapses.connect()
        network, spikes = Network(source, cells, synapses), SpikeMonitor(cells)
        network.add(spikes)
        for each in pieces:
            network.run(each * ms)
        return [*cells.v[:], *spikes.t[:]]

    assert end(60) == end(3.3, 20.04, 36.66)


def test_a_stored_network_goes_on_with_its_periods() -> None:
    source = periodic()
    spikes = SpikeMonitor(source)
    network = Network(source, spikes)
    network.run(7 * ms)
    network.store()
    network.run(30 * ms)
    expected = (spikes.t / ms).tolist()
    network.restore()
    network.run(30 * ms)
    assert (spikes.t / ms).tolist() == expected
    assert verify(network, 20 * ms).is_right


def test_other_spikes_end_a_period() -> None:
    source = periodic(period=5)
    spikes = SpikeMonitor(source)
    network = Network(source, spikes)
    network.run(12 * ms)
    source.set_spikes([2, 1], [13, 14] * ms)
    network.run(10 * ms)
    assert np.allclose(spikes.t / ms, [1, 2.25, 3, 6, 7.25, 8, 11, 13, 14])


@pytest.mark.parametrize(
    ("times", "period", "message"),
    [
        ([1, 5], 5, "got 0.005 s; with a period of 0.005 s spikes lie between 0 and its end"),
        ([1, 2], -5, "period of source: got -0.005 s; give a time above zero"),
    ],
)
def test_periods_that_make_no_sense_are_refused(times: list[float], period: float, message: str) -> None:
    with pytest.raises(EvsimError, match=message):
        SpikeGeneratorGroup(2, [0, 1], times * ms, period=period * ms, name="source")


# Clocks


def test_clocks_show_the_time_of_the_network_that_runs() -> None:
    start_scope()
    assert defaultclock.t == 0 * ms
    seen = []
    group, slow = NeuronGroup(1, "v : 1"), Clock(dt=0.7 * ms)

    @network_operation(dt=1 * ms)
    def look() -> None:
        seen.append(float(defaultclock.t / ms))

    run(3.05 * ms)
    assert seen == pytest.approx([0, 1, 2, 3])
    assert defaultclock.t / ms == pytest.approx(3.05)
    assert (defaultclock.timestep, slow.timestep) == (30, 4)
    assert slow.t == group.t
    start_scope()
    assert defaultclock.t == 0 * ms
    assert look is not None


# Numbers of synapses, bounds of functions


def test_synapses_of_a_pair_are_numbered() -> None:
    source, target = NeuronGroup(3, "v : 1"), NeuronGroup(2, "v : 1")
    synapses = Synapses(source, target, "w : 1", multisynaptic_index="k")
    synapses.connect(i=[0, 2], j=[1, 0], n=3)
    synapses.connect(i=[2], j=[0])
    synapses.connect(i=[1], j=[0])
    assert synapses.k[:].tolist() == [0, 1, 2, 0, 1, 2, 3, 0]
    synapses.w = "10*i + k"
    assert synapses.w[:].tolist() == [0, 1, 2, 20, 21, 22, 23, 10]
    assert synapses.w["k > 1"].tolist() == [2, 22, 23]
    assert synapses.multisynaptic_index == "k"
    with pytest.raises(EvsimError, match="there is a variable w already"):
        Synapses(source, target, "w : 1", multisynaptic_index="w")


def test_functions_of_users_may_have_infinite_bounds() -> None:
    @check_units(x=1, result=1)
    def rectified(x: float) -> float:
        return np.clip(x, 0, np.inf)

    group = NeuronGroup(2, "dv/dt = rectified(u)/ms : 1\nu : 1", namespace={"rectified": rectified})
    group.u = [-1, 2]
    run(1 * ms)
    assert np.allclose(group.v, [0, 2])
