"""States: the values of groups, synapses, monitors and networks by name, read and set at once."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from evsim import *
from evsim import EvsimError, Network

needs_pandas = pytest.mark.skipif(
    importlib.util.find_spec("pandas") is None, reason="pandas is not installed"
)


def cells() -> NeuronGroup:
    group = NeuronGroup(
        3,
        "dv/dt = -v/tau : volt\ntau : second (shared)\nis_on : boolean\ny = 2*v : volt",
        threshold="v > 10*mV",
        reset="v = 0*mV",
        refractory=2 * ms,
        name="cells",
    )
    group.v, group.tau, group.is_on = [1, 2, 3] * mV, 10 * ms, [True, False, True]
    return group


def test_states_are_all_that_can_be_set_with_units() -> None:
    states = cells().get_states()
    assert {name: str(value) for name, value in states.items()} == {
        "v": "[1. 2. 3.] mV",
        "tau": "10. ms",
        "is_on": "[ True False  True]",
    }


def test_some_states_without_units_and_those_that_follow_from_others() -> None:
    group = cells()
    assert group.get_states("v", units=False)["v"].tolist() == [0.001, 0.002, 0.003]
    assert list(group.get_states(subexpressions=True)) == ["v", "tau", "is_on", "y"]
    assert group.get_states(["y"], units=False)["y"].tolist() == [0.002, 0.004, 0.006]
    assert list(group.get_states(read_only_variables=True)) == [
        "v", "tau", "is_on", "N", "i", "t", "dt", "lastspike", "not_refractory",
    ]  # fmt: skip


def test_states_are_copies() -> None:
    group = cells()
    states = group.get_states()
    group.v = 7 * mV
    assert str(states["v"]) == "[1. 2. 3.] mV"


def test_what_was_read_can_be_set_again() -> None:
    group = cells()
    for units in (True, False):
        states = group.get_states(units=units)
        group.v, group.tau, group.is_on = 0 * mV, 1 * ms, False
        group.set_states(states, units=units)
        assert str(group.v[:]) == "[1. 2. 3.] mV"
        assert str(group.tau[:]) == "10. ms"
        assert group.is_on[:].tolist() == [True, False, True]


def test_states_of_a_slice_are_its_own() -> None:
    group = cells()
    part = group[1:]
    assert str(part.get_states("v")["v"]) == "[2. 3.] mV"
    part.set_states({"v": [8, 9] * mV})
    assert str(group.v[:]) == "[1. 8. 9.] mV"


def test_wrong_states_change_nothing() -> None:
    group = cells()
    with pytest.raises(EvsimError, match="must be in V"):
        group.set_states({"tau": 3 * ms, "v": [1, 2, 3]})
    with pytest.raises(EvsimError, match="no variable 'u'"):
        group.set_states({"v": 9 * mV, "u": 1})
    with pytest.raises(EvsimError, match=r"cells\.y is given by its equation"):
        group.set_states({"v": 9 * mV, "y": 1 * mV})
    assert (str(group.tau[:]), str(group.v[:])) == ("10. ms", "[1. 2. 3.] mV")
    with pytest.raises(EvsimError, match="give a dict of values by name"):
        group.set_states([1, 2])
    with pytest.raises(EvsimError, match="format is 'csv'"):
        group.get_states(format="csv")
    with pytest.raises(EvsimError, match="no units; give units=False"):
        group.get_states(format="pandas")


def test_states_of_synapses_have_their_ends_as_read_only() -> None:
    group = cells()
    synapses = Synapses(group, group, "w : volt", on_pre="v_post += w", delay=1 * ms)
    synapses.connect(i=[0, 2], j=[1, 1])
    synapses.w = [4, 5] * mV
    assert {name: str(each) for name, each in synapses.get_states().items()} == {
        "w": "[4. 5.] mV",
        "delay": "1. ms",
    }
    assert synapses.get_states(["i", "j"])["i"].tolist() == [0, 2]


def test_states_of_monitors() -> None:
    group = cells()
    group.v = [5, 11, 12] * mV
    spikes, states = SpikeMonitor(group, variables="v"), StateMonitor(group, "v", record=[0], dt=1 * ms)
    rate = PopulationRateMonitor(group)
    run(2 * ms)
    found = spikes.get_states(["t", "i"], units=False)
    assert {name: each.tolist() for name, each in found.items()} == {"t": [0, 0], "i": [1, 2]}
    assert list(spikes.get_states()) == ["t", "i", "v", "count", "N"]
    assert str(states.get_states("t")["t"]) == "[0. 1.] ms"
    assert states.get_states()["v"].shape == (1, 2)
    assert list(rate.get_states()) == ["t", "rate"]


def test_states_of_a_network_go_there_and_back() -> None:
    group = cells()
    source = PoissonGroup(2, 5 * Hz, name="source")
    spikes = SpikeMonitor(source, name="spikes")
    net = Network(group, source, spikes)
    states = net.get_states()
    assert list(states) == ["cells", "source"]
    assert list(net.get_states(read_only_variables=True)) == ["cells", "source", "spikes"]
    group.v, source.rates = 0 * mV, 1 * Hz
    net.set_states(states)
    assert (str(group.v[:]), str(source.rates[:])) == ("[1. 2. 3.] mV", "[5. 5.] Hz")
    with pytest.raises(EvsimError, match="spikes has no variables that could be set"):
        net.set_states({"spikes": {}})
    with pytest.raises(EvsimError, match="has no object 'other'"):
        net.set_states({"other": {}})


@needs_pandas
def test_states_as_a_data_frame() -> None:
    group = cells()
    frame = group.get_states(["v", "tau"], units=False, format="pandas")
    assert frame["v"].tolist() == [0.001, 0.002, 0.003]
    assert frame["tau"].tolist() == [0.01] * 3
    frame["v"] = np.array([3.0, 2.0, 1.0]) * 1e-3
    group.set_states(frame[["v"]], units=False, format="pandas")
    assert str(group.v[:]) == "[3. 2. 1.] mV"


def test_without_pandas_a_data_frame_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EvsimError, match="pandas is not installed; install it, or give format='dict'"):
        cells().get_states(units=False, format="pandas")
