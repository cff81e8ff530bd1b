"""What a user expects of neuron groups and their equations: one test for each row of the list of features."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from evsim import *

C_m, g_L, E_L, I_stim = 0.4 * nF, 20 * nS, -70 * mV, 0.44 * nA
BIOPHYSICAL = "dV/dt = (g_L*(E_L - V) + I_stim)/C_m : volt"
DIMENSIONLESS_LIF = """dv/dt = (-v + I)/tau : 1 (unless refractory)
                       I : 1
                       tau : second"""


def test_29_an_equation_ends_with_its_unit() -> None:
    group = NeuronGroup(1, BIOPHYSICAL)
    group.V = E_L
    run(1000 * ms)
    assert group.V[0] / mV == pytest.approx(-48, rel=1e-12)
    with pytest.raises(EvsimError, match="unit"):
        NeuronGroup(1, "dV/dt = (g_L*(E_L - V) + I_stim)/C_m")


def test_30_parameters_are_attributes_of_every_neuron() -> None:
    group = NeuronGroup(2, "dv/dt = (I - v)/tau : 1\nI : 1\ntau : second")
    group.I = [1, 2]
    group.tau = [10, 20] * ms
    run(20 * ms)
    assert np.allclose(group.v[:], [1 - np.exp(-2), 2 * (1 - np.exp(-1))], rtol=1e-13, atol=0)
    group.tau[1], group.I[:1] = 5 * ms, "N*3"
    assert (group.tau / ms).tolist() == [10, 5]
    assert group.I[:].tolist() == [6, 2]


def test_31_an_equation_may_go_on_in_the_next_line() -> None:
    group = NeuronGroup(
        1,
        """dV/dt = (g_L*(E_L - V)
                    + I_stim)/C_m : volt""",
    )
    group.V = E_L
    run(20 * ms)
    assert group.V[0] / mV == pytest.approx(-70 + 22 * (1 - np.exp(-1)), rel=1e-13)


def test_32_names_come_from_around_run_and_a_missing_one_is_named() -> None:
    finals = []
    for current in (0, 0.2):
        I_stim = current * nA
        start_scope()
        group = NeuronGroup(1, BIOPHYSICAL)
        group.V = E_L
        run(1 * second)
        finals.append(group.V[0] / mV)
        assert I_stim == current * nA
    assert finals == pytest.approx([-70, -60], rel=1e-12)
    start_scope()
    missing = NeuronGroup(1, "dV/dt = (g_L*(E_L - V) + I_extra)/C_m : volt")
    with pytest.raises(EvsimError, match="I_extra"):
        run(1 * ms)
    assert missing.V[0] == 0


def test_33_thresholds_and_resets_name_constants_with_units() -> None:
    V_r = -90 * mV
    group = NeuronGroup(1, BIOPHYSICAL, threshold="V > -50*mV", reset="V = V_r")
    group.V = E_L
    spikes, trace = SpikeMonitor(group), StateMonitor(group, "V", record=True)
    run(50 * ms)
    assert spikes.num_spikes == 1
    assert trace.V.min() / mV == pytest.approx(-90, abs=0.1)
    assert V_r == -90 * mV
    for wrong in (
        {"threshold": "V > -50*nA", "reset": "V = E_L"},
        {"threshold": "V > -50*mV", "reset": "V = 3*nA"},
    ):
        start_scope()
        group = NeuronGroup(1, BIOPHYSICAL, **wrong)
        with pytest.raises(DimensionMismatchError, match="neurongroup"):
            run(1 * ms)


def test_32_a_change_before_run_counts() -> None:
    I_stim = 0 * nA
    group = NeuronGroup(1, BIOPHYSICAL)
    group.V = E_L
    I_stim = 0.2 * nA
    run(20 * ms)
    first = group.V[0] / mV
    assert first == pytest.approx(-60 - 10 * np.exp(-1), rel=1e-13)
    I_stim = 0 * nA
    run(20 * ms)
    assert group.V[0] / mV == pytest.approx(-70 + (first + 70) * np.exp(-1), rel=1e-13)
    assert I_stim == 0 * nA


def test_34_the_threshold_is_strict() -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 0.8", reset="v = 0")
    group.v = [0.8, 0.9]
    spikes = SpikeMonitor(group)
    run(1 * ms)
    assert spikes.i.tolist() == [1]
    assert spikes.t[0] == 0 * ms
    start_scope()
    resting = NeuronGroup(1, "dv/dt = (0.8 - v)/ms : 1", threshold="v > 0.8", reset="v = 0")
    spikes = SpikeMonitor(resting)
    run(100 * ms)  # v becomes 0.8 and no more
    assert (spikes.num_spikes, resting.v[0]) == (0, pytest.approx(0.8, rel=1e-15))


@pytest.mark.parametrize(
    ("reset", "expected"), [("V = -90*mV", -90), ("V = E_L", -70), ("V = V_r", -65), ("V -= 3*mV", -53)]
)
def test_35_after_a_spike_the_value_is_that_of_the_reset(reset: str, expected: float) -> None:
    V_r = -65 * mV
    group = NeuronGroup(
        1,
        "dV/dt = 1*mV/ms : volt (unless refractory)",
        threshold="V > -50*mV",
        reset=reset,
        refractory=10 * ms,
    )
    group.V = -51 * mV
    run(5 * ms)
    assert group.V[0] / mV == pytest.approx(expected, rel=1e-13)
    assert V_r == -65 * mV


@pytest.mark.parametrize("refractory", [5 * ms, "t_ref", "pause", [5, 5] * ms, "(i + 1)*pause/(i + 1)"])
def test_36_no_second_spike_within_the_refractory_period(refractory: object) -> None:
    t_ref = 5 * ms
    group = NeuronGroup(
        2, "dv/dt = 1000*Hz : 1\npause : second", threshold="v > 1", reset="v = 0", refractory=refractory
    )
    group.pause = 5 * ms
    spikes = SpikeMonitor(group)
    run(20 * ms)
    assert spikes.spike_trains()[0] / ms == pytest.approx([1, 6, 11, 16], rel=1e-12)
    assert t_ref == 5 * ms


def test_37_a_flagged_variable_rests_and_loses_input_while_refractory() -> None:
    group = NeuronGroup(
        1,
        """dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)
           du/dt = -u/(10*ms) : 1""",
        threshold="v > 1",
        reset="v = 0.25",
        refractory=5 * ms,
    )
    group.u = 1
    source = SpikeGeneratorGroup(1, [0, 0], [8, 13] * ms)
    synapses = Synapses(source, group, on_pre="v_post += 0.125\nu_post += 1")
    synapses.connect()
    trace, spikes = StateMonitor(group, ["v", "u"], record=True), SpikeMonitor(group)
    run(14 * ms)
    first = 10 * np.log(2)
    assert spikes.t / ms == pytest.approx([first], rel=1e-12)
    t = trace.t / ms
    resting = (t >= first) & (t < first + 5)
    assert np.all(trace.v[0, resting] == 0.25)
    assert trace.u[0, 85] == pytest.approx(np.exp(-0.85) + np.exp(-0.05), rel=1e-12)
    free = 2 - 1.75 * np.exp(-(13 - first - 5) / 10) + 0.125
    assert trace.v[0, 130] == pytest.approx(free, rel=1e-12)


def test_38_the_exact_method_agrees_with_the_formula_and_refuses_the_rest() -> None:
    group = NeuronGroup(1, BIOPHYSICAL, threshold="V > -50*mV", reset="V = -90*mV", method="exact")
    group.V = E_L
    spikes = SpikeMonitor(group)
    run(100 * ms)
    assert spikes.t[0] / ms == pytest.approx(20 * np.log(22 / 2), rel=1e-14)
    for equation, reason in (("dv/dt = -v**2/ms : 1", "not linear"), ("dv/dt = xi/sqrt(ms) : 1", "noise")):
        start_scope()
        other = NeuronGroup(1, equation, method="exact")
        with pytest.raises(EvsimError, match=reason):
            run(1 * ms)
        assert other.v[0] == 0


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("rk4", 4)])
@pytest.mark.parametrize("equation", ["dv/dt = -v/(10*ms) : 1", "dv/dt = -v*v/(10*ms) : 1"])
def test_39_errors_of_a_method_shrink_with_its_order(method: str, order: int, equation: str) -> None:
    exact = 1 / 3 if "v*v" in equation else np.exp(-2)
    errors = []
    for dt in (0.8, 0.4, 0.2):
        start_scope()
        defaultclock.dt = dt * ms
        group = NeuronGroup(1, equation, method=method)
        group.v = 1
        run(20 * ms)
        errors.append(abs(group.v[0] - exact))
    assert np.log2(np.divide(errors[:-1], errors[1:])) == pytest.approx([order] * 2, abs=0.1)


def test_40_initial_values_are_scalars_or_lists() -> None:
    group = NeuronGroup(2, DIMENSIONLESS_LIF)
    V_r = 0.25
    group.v = V_r
    group.I = [2, 0]
    assert group.v[:].tolist() == [0.25, 0.25]
    assert group.I[:].tolist() == [2, 0]
    with pytest.raises(EvsimError, match="3 values for 2 elements"):
        group.I = [1, 2, 3]
    volts = NeuronGroup(2, BIOPHYSICAL)
    with pytest.raises(DimensionMismatchError, match=r"V must be in V, got -70"):
        volts.V = -70
    volts.V_ = [-0.07, -0.06]
    assert (volts.V / mV).tolist() == [-70, -60]
    with pytest.raises(DimensionMismatchError, match=r"V_ must be in 1, a plain number"):
        volts.V_ = -70 * mV


def test_41_initial_values_may_be_drawn_for_every_cell() -> None:
    seed(12)
    group = NeuronGroup(1000, BIOPHYSICAL)
    group.V = "E_L + rand()*20*mV"
    first = group.V[:] / mV
    assert len(set(first.tolist())) == 1000
    assert -70 <= first.min() < first.max() <= -50
    assert abs(first.mean() + 60) < 1
    seed(12)
    group.V = "E_L + rand()*20*mV"
    assert np.array_equal(group.V[:] / mV, first)


def test_42_cells_of_one_group_may_have_different_time_constants() -> None:
    group = NeuronGroup(2, "dv/dt = -v/tau : 1\ntau : second")
    group.v, group.tau = 1, [10, 100] * ms
    run(10 * ms)
    assert np.allclose(group.v[:], [np.exp(-1), np.exp(-0.1)], rtol=1e-14, atol=0)


def test_43_state_variables_are_read_with_units() -> None:
    group = NeuronGroup(2, BIOPHYSICAL)
    group.V = [-60, -65] * mV
    assert group.V[:].dimension == volt.dimension
    assert np.array_equal(group.V[:] / mV, [-60, -65])
    assert str(group.V[:]) == "[-60. -65.] mV"
    assert str(group.V["i < 1"]) == str(group[0].V) == str(group.V[:1]) == "[-60.] mV"
    assert {name: str(value) for name, value in group.get_states().items()} == {"V": "[-60. -65.] mV"}
    group.set_states({"V": [1, 2] * mV})
    assert group.get_states("V", units=False)["V"].tolist() == [0.001, 0.002]


def test_43_state_variables_can_be_plotted_as_they_are() -> None:
    group = NeuronGroup(3, DIMENSIONLESS_LIF)
    group.I = "i*0.5"
    figure, axes = plt.subplots()
    (line,) = axes.plot(group.I, group.i)
    axes.plot(group.I)
    figure.canvas.draw()
    plt.close(figure)
    assert line.get_xydata().tolist() == [[0, 0], [0.5, 1], [1, 2]]
    assert group.I[:, None].shape == (3, 1)


def test_43_a_copy_of_a_variable_is_an_array_of_its_own() -> None:
    group = NeuronGroup(4, BIOPHYSICAL)
    group.V = "i*mV"
    copied, square = group.V.copy(), group.V.reshape(2, 2)
    copied[0] = 9 * mV
    copied += 1 * mV
    assert copied / mV == pytest.approx([10, 2, 3, 4], rel=1e-15)
    assert (group.V / mV).tolist() == [0, 1, 2, 3]
    assert str(square[1]) == "[2. 3.] mV"
    assert repr(square[1]) == "array([2., 3.]) * mvolt"


def test_44_an_undeclared_attribute_is_an_error() -> None:
    group = NeuronGroup(1, BIOPHYSICAL)
    with pytest.raises(
        EvsimError, match=r"no variable 'tau'.*declare it in the equations, as in 'tau : second'"
    ):
        group.tau = 10 * ms
    assert not hasattr(group, "tau")
    source = PoissonGroup(1, 1 * Hz)
    with pytest.raises(EvsimError, match=r"no variable 'rate'; did you mean 'rates'\?$"):
        source.rate = 2 * Hz  # it has no equations to declare anything in
    with pytest.raises(EvsimError, match=r"no variable 'foo'; it has rates, N, dt, i$"):
        source.foo = 2


def test_49_every_cell_may_have_its_own_current() -> None:
    group = NeuronGroup(2, DIMENSIONLESS_LIF, threshold="v > 0.8", reset="v = 0", refractory=5 * ms)
    group.I, group.tau = [2, 0], 10 * ms
    spikes = SpikeMonitor(group)
    run(100 * ms)
    assert spikes.count.tolist() == [10, 0]  # at 5.11 ms, then every 10.11 ms


def test_82_the_dimensionless_cell_fires_three_times() -> None:
    group = NeuronGroup(1, DIMENSIONLESS_LIF, threshold="v > 0.8", reset="v = 0", refractory=5 * ms)
    group.I, group.tau = 1, 10 * ms
    spikes = SpikeMonitor(group)
    run(70 * ms)
    period = 10 * np.log(5)
    assert spikes.t / ms == pytest.approx([period, 2 * period + 5, 3 * period + 10], rel=1e-14)
    assert (spikes.t / ms).round(3).tolist() == [16.094, 37.189, 58.283]


def test_83_the_second_cell_fires_at_every_fifth_input() -> None:
    group = NeuronGroup(2, DIMENSIONLESS_LIF, threshold="v > 0.8", reset="v = 0", refractory=5 * ms)
    group.I, group.tau = [2, 0], [10, 100] * ms
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w")
    synapses.connect(i=0, j=1)
    synapses.w = 0.2
    spikes = SpikeMonitor(group)
    run(100 * ms)
    trains = spikes.spike_trains()
    assert np.allclose(np.diff(trains[0] / ms), 10 * np.log(2 / 1.2) + 5, rtol=1e-13, atol=0)
    assert np.array_equal(trains[1] / ms, trains[0][4::5] / ms)
    assert trains[1].size == 2


def test_84_the_biophysical_cell_fires_eight_times() -> None:
    group = NeuronGroup(1, BIOPHYSICAL, threshold="V > -50*mV", reset="V = -90*mV")
    group.V = E_L
    spikes = SpikeMonitor(group)
    run(500 * ms)
    assert spikes.num_spikes == 8
    assert round(spikes.t[0] / ms, 3) == 47.958
    assert np.allclose(np.diff(spikes.t / ms), 20 * np.log(42 / 2), rtol=1e-13, atol=0)
    assert (np.diff(spikes.t / ms)).round(3).tolist() == [60.890] * 7
