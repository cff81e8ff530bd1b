"""What a user expects of units, in scripts and in equations: one test for each row of the list of features."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

C_m, I = 1 * nF, 1 * nA  # noqa: E741


def test_01_quantities_have_units() -> None:
    names = "mV uvolt nA pA nS nF ms second Hz volt amp".split()
    assert all(isinstance(globals()[name], Quantity) for name in names)
    assert 1000 * mV == 1 * volt
    assert 2 / second == 2 * Hz


def test_02_long_names_are_synonyms() -> None:
    assert 0.4 * nfarad == 0.4 * nF
    assert -70 * mvolt == -70 * mV
    assert 20 * nsiemens == 20 * nS


def test_03_prefixes_add(capsys: pytest.CaptureFixture[str]) -> None:
    print(3 * mV + 500 * uV)  # noqa: T201
    assert capsys.readouterr().out == "3.5 mV\n"


def test_04_products_form_new_units() -> None:
    assert str(3 * mV * (1 * nA)) == "3. pW"
    assert have_same_dimensions(3 * mV * (1 * nA), watt)


def test_05_quotients_form_new_units(capsys: pytest.CaptureFixture[str]) -> None:
    C_m, g_L = 0.4 * nF, 20 * nS
    print(C_m, g_L, C_m / g_L)  # noqa: T201
    assert capsys.readouterr().out == "0.4 nF 20. nS 20. ms\n"


def test_06_a_mismatch_shows_both_values_and_units() -> None:
    with pytest.raises(DimensionMismatchError) as caught:
        3 * mV + 1 * nA
    assert str(caught.value) == "Cannot add 3. mV and 1. nA (units: V and A)"


def test_07_equations_are_checked_with_variable_and_both_units() -> None:
    group = NeuronGroup(1, "dV/dt = I/C_m : amp")
    with pytest.raises(DimensionMismatchError, match=r"V is declared in A,.*'I/C_m' is in V/s") as caught:
        run(1 * ms)
    assert caught.value.dimensions == ((volt / second).dimension, (amp / second).dimension)
    assert group.t == 0 * ms


def test_08_synapse_code_is_checked_before_the_run() -> None:
    group = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", threshold="v > 0.8", reset="v = 0")
    group.v = [1, 0]
    synapses = Synapses(group, group, "w : volt", on_pre="v_post += w")
    synapses.connect(i=0, j=1)
    spikes = SpikeMonitor(group)
    with pytest.raises(DimensionMismatchError, match=r"'v_post \+= w': v_post is in 1.*'w' is in V"):
        run(1 * ms)
    assert (spikes.num_spikes, group.v[:].tolist()) == (0, [1, 0])


def test_09_division_by_a_unit_gives_plain_arrays() -> None:
    group = NeuronGroup(2, "dV/dt = -V/(10*ms) : volt")
    group.V = [1, 2] * mV
    state_mon = StateMonitor(group, "V", record=True)
    run(1 * ms)
    for plain in (state_mon.t / ms, state_mon.V[0] / mV, state_mon[1].V / mV, state_mon.V / mV, group.V / mV):
        assert type(plain) is np.ndarray
    assert (state_mon.t / ms)[:3].tolist() == pytest.approx([0, 0.1, 0.2], rel=1e-15)
    assert (state_mon.V[:, 0] / mV).tolist() == [1, 2]


def test_10_numbers_in_arrays_take_a_unit() -> None:
    currents, periods = np.array([1.0, 2.0]) * nA, [10, 100] * ms
    assert have_same_dimensions(currents, amp)
    assert have_same_dimensions(periods, second)
    assert (str(currents), str(periods)) == ("[1. 2.] nA", "[ 10. 100.] ms")


def test_11_roots_of_units_fit_noise() -> None:
    sigma, tau = 0.3 * mV, 20 * ms
    assert have_same_dimensions(sigma * np.sqrt(2 / tau) * second**-0.5, volt / second)
    noisy = "dV/dt = -V/tau + sigma*sqrt({})*xi : volt"
    group = NeuronGroup(1, noisy.format("2/tau"))
    run(1 * ms)
    assert group.V[0] != 0
    start_scope()
    group = NeuronGroup(1, noisy.format("2*tau"))
    with pytest.raises(DimensionMismatchError, match="need equal units"):
        run(1 * ms)
    assert (sigma, tau) == (0.3 * mV, 20 * ms)


def test_12_the_mean_keeps_the_unit() -> None:
    group = NeuronGroup(1, "I_syn : amp")
    group.I_syn = 2.5 * nA
    mon = StateMonitor(group, "I_syn", record=True)
    run(1 * ms)
    assert str(np.mean(mon.I_syn[0])) == "2.5 nA"


def test_arrays_with_units_are_not_plotted_against_each_other() -> None:
    times, trace = [0, 1] * ms, [-70, -60] * mV
    with pytest.raises(DimensionMismatchError, match="divide each by a unit first, as in x/ms"):
        np.broadcast_arrays(times, trace)  # as plot(times, trace) does
