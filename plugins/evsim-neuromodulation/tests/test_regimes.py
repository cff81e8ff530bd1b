"""The multi-scale neuron alone: bursts, their period, and what the gain of the slow positive current does."""

from __future__ import annotations

import numpy as np
import pytest
from evsim_neuromodulation import multiscale
from evsim_neuromodulation.regimes import Cells, bursts, regime

from evsim import NeuronGroup, SpikeMonitor, defaultclock, ms, network_operation, run, second, start_scope


def test_94_the_usual_values_give_bursts_of_seven_spikes() -> None:
    _, _, (train,) = Cells().run(15 * second)
    found = bursts(train)
    assert [len(each) for each in found] == [7] * 6
    periods = np.diff([each[0] for each in found])
    assert periods[1:] == pytest.approx([2493.93] * 4, abs=0.01)
    assert regime(train, 15 * second) == "bursting"


def test_94_a_spike_is_counted_once_and_the_step_of_the_clock_changes_none() -> None:
    trains = []
    for dt in (0.1, 1.0):
        start_scope()
        defaultclock.dt = dt * ms
        _, _, (train,) = Cells().run(6 * second)
        trains.append(train)
        defaultclock.dt = 0.1 * ms
    assert trains[0].size == trains[1].size == 14
    assert np.diff(trains[0]).min() > 50
    assert np.diff(trains[0]) == pytest.approx(np.diff(trains[1]), abs=1e-3)


def test_96_the_slow_positive_gain_chooses_the_regime() -> None:
    gains = [1.5, 2.0, 2.5, 4.0]
    _, _, trains = Cells(4).run(12 * second, a_sp=gains)
    assert [regime(train, 12 * second) for train in trains] == ["silent", "bursting", "bursting", "tonic"]
    assert trains[0].size == 0
    assert np.diff(trains[3][1:]).max() < 100


def test_96_the_applied_current_chooses_it_too() -> None:
    currents = [-2.5, -2.0, -1.0, 0.0, 1.5]
    _, V, trains = Cells(5).run(12 * second, I_app=currents)
    found = [regime(train, 12 * second) for train in trains]
    assert found == ["silent", "bursting", "bursting", "tonic", "silent"]
    assert V[4, -1] > 0 > V[0, -1]


def test_95_parameters_change_between_runs_and_during_one_with_immediate_effect() -> None:
    cell = NeuronGroup(1, multiscale)
    spikes = SpikeMonitor(cell)
    run(4 * second)
    assert spikes.num_spikes == 7
    cell.a_sp = 4
    run(3 * second)
    assert spikes.num_spikes > 30
    last = spikes.num_spikes

    @network_operation(when="start", dt=8 * second)
    def calm() -> None:
        cell.a_sp = 1.5

    run(9 * second)
    quiet = spikes.t[last:] / second
    assert quiet.size > 10
    assert 7 < quiet.max() < 8.1  # the operation acts at 8 s
