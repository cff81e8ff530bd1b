"""What verify tells: nothing when the engines agree, and exactly what differs when they do not."""

from __future__ import annotations

from types import SimpleNamespace

import mpmath as mp
import numpy as np
import pytest

import evsim as ev
from evsim import description
from evsim.errors import EvsimError
from evsim.reference.comparison import Verification, compare
from evsim.reference.loop import Spike
from evsim.verify import verify


def compared(right: list[tuple[float, str, int]], found: list[tuple[int, float, str, int]]) -> Verification:
    """Compare spikes written down by hand: (ms, population, neuron) and (tick, offset in ms, population, neuron)."""
    model = description.LinearModel((), {}, frozenset(), None, True, (), ())
    network = description.Network(1e-3, 0)
    for name in ("cells", "others"):
        network.populations.append(description.Population(name, 2, model, {}, {}, 0.0))
        network.spike_records.append(description.SpikeRecord(name, name, 0, 2))
    reference = SimpleNamespace(
        exact_spikes=lambda of: [Spike(mp.mpf(t) / 1000, k, 1e-18) for t, name, k in right if name == of]
    )

    def spikes(of: str) -> tuple[list[int], list[float], list[int]]:
        rows = [(tick, offset / 1e3, k) for tick, offset, name, k in found if name == of]
        return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]

    return compare(reference, SimpleNamespace(spikes=spikes), network, 0.01, 30)


def test_equal_spikes_are_right() -> None:
    report = compared(
        [(1.5, "cells", 0), (2.25, "others", 1)], [(1, 0.5, "cells", 0), (2, 0.25, "others", 1)]
    )
    assert report.is_right
    assert report.n_spikes == 2
    assert report.largest_difference < 1e-15
    assert repr(report).splitlines()[:2] == [
        "evsim.verify: 10 ms against 30 digits",
        "  spikes              2, missing 0, extra 0",
    ]
    assert repr(report).splitlines()[-1] == "  order               the same"


def test_the_largest_difference_names_its_neuron() -> None:
    report = compared(
        [(1.5, "cells", 0), (2.25, "others", 1)], [(1, 0.5, "cells", 0), (2, 0.25001, "others", 1)]
    )
    assert report.is_right
    assert report.largest_difference == pytest.approx(1e-5, rel=1e-9)
    assert "1e-05 ms (others[1] at 2.250000 ms)" in repr(report)


def test_a_missing_and_an_extra_spike_are_told_with_the_first_place_in_the_order() -> None:
    report = compared(
        [(1.5, "cells", 0), (2.5, "cells", 1), (3.5, "cells", 0)],
        [(1, 0.5, "cells", 0), (3, 0.5, "cells", 0), (4, 0.25, "others", 0)],
    )
    assert not report.is_right
    assert [(str(neuron), time) for neuron, time in report.missing] == [("cells[1]", 2.5)]
    assert [(str(neuron), time) for neuron, time in report.extra] == [("others[0]", 4.25)]
    lines = repr(report).splitlines()
    assert lines[1] == "  spikes              3, missing 1, extra 1"
    assert lines[3:] == [
        "  first missing       cells[1] at 2.500000 ms",
        "  first extra         others[0] at 4.250000 ms",
        "  order               differs first at spike 1 (2.500000 ms): cells[0] instead of cells[1]",
    ]


def test_exchanged_spikes_are_told_although_every_spike_is_there() -> None:
    report = compared(
        [(1.5, "cells", 0), (1.5 + 2**-30, "cells", 1)],
        [(1, 0.5, "cells", 1), (1, 0.5 + 2**-30, "cells", 0)],
    )
    assert not report.missing and not report.extra
    assert not report.is_right
    assert "at spike 0 (1.500000 ms): cells[1] instead of cells[0]" in repr(report)


EQUATIONS = """dV/dt = (0.02*uS*(-70*mV - V) + I + 0.44*nA)/(0.4*nF) : volt
               dI/dt = -I/(5*ms) : amp"""


def users_network() -> tuple[ev.Network, ev.NeuronGroup]:
    ev.seed(3)
    cells = ev.NeuronGroup(10, EQUATIONS, threshold="V > -50*mV", reset="V = -70*mV", refractory=1.3 * ev.ms)
    cells.V = "-70*mV + rand()*20*mV"
    given = ev.SpikeGeneratorGroup(1, [0, 0, 0], [5, 25.5, 61.2345] * ev.ms)
    poisson = ev.PoissonGroup(5, 100 * ev.Hz)
    wires = [
        ev.Synapses(source, cells, on_pre=f"I += {weight}*pA", delay=1.37 * ev.ms)
        for source, weight in ((cells, 20), (given, 5000), (poisson, 50))
    ]
    for each in wires:
        each.connect()
    drive = ev.PoissonInput(cells, "I", 10, 20 * ev.Hz, 50 * ev.pA)
    return ev.Network(cells, given, poisson, *wires, drive), cells


def test_a_users_network_is_verified_with_its_poisson_input_and_left_as_it_is() -> None:
    net, cells = users_network()
    before = np.array(cells.V)
    report = verify(net, 60 * ev.ms)
    assert report.is_right, report
    assert report.n_spikes > 10
    assert report.largest_difference < 1e-11
    assert (np.array(cells.V) == before).all()
    assert net.t_ == 0.0


def test_verification_begins_with_the_present_state() -> None:
    """The given spike at 61.2345 ms comes 11.2345 ms after the 50 ms that have run."""
    net, cells = users_network()
    net.run(50 * ev.ms)
    present = np.array(cells.V)
    report = verify(net, 30 * ev.ms)
    assert report.is_right, report
    assert report.n_spikes > 10
    jump = 11.2345 + 1.37
    assert len({pair.neuron for pair in report.pairs if jump < pair.time < jump + 3}) == 10
    assert (np.array(cells.V) == present).all()


def test_what_is_not_a_network_and_what_is_not_a_time_is_refused() -> None:
    with pytest.raises(EvsimError, match="verify takes a Network, not int"):
        verify(3, 10 * ev.ms)
    net, _ = users_network()
    with pytest.raises(ev.DimensionMismatchError, match=r"duration of verify\(\) must be in s"):
        verify(net, 10)
