"""TimedArray: a function of time from an array and a step, in Python, in text and in equations."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from evsim import *
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH
from evsim.equations.resolve import resolve_functions
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import dimension_of

SECOND = dimension_of(second)


def bound(text, **functions):
    expression = Expression.parse(text, "it")
    return expression.bound(resolve_functions(expression.foreign, functions, {}), "it")


def test_each_value_holds_for_one_step_and_the_last_for_ever():
    current = TimedArray([1, 2, 3] * nA, dt=1 * ms)
    assert current(0 * ms) == current(0.999 * ms) == 1 * nA
    assert current(1 * ms) == current(1.4 * ms) == 2 * nA
    assert current(2 * ms) == current(3 * ms) == current(1 * second) == 3 * nA
    assert current(-5 * ms) == current(-1e-9 * ms) == 1 * nA


def test_the_unit_is_kept_for_numbers_and_arrays():
    current = TimedArray([1, 2, 3] * nA, dt=1 * ms)
    assert dimension_of(current(0 * ms)) == dimension_of(amp)
    found = current([0, 1.5, 9] * ms)
    assert np.array_equal(found / nA, [1 * nA / nA, 2 * nA / nA, 3 * nA / nA])
    assert found.dim == amp.dim
    assert TimedArray([1.0, 2.0], dt=1 * ms)(1 * ms) == 2.0


@pytest.mark.parametrize("step", [0.1 * ms, 1 * ms, 0.3 * ms, 1 / 3 * ms, 7 * us, 0.025 * ms])
def test_a_multiple_of_the_step_is_a_switching_time_however_it_was_computed(step):
    n = 20_000
    table = TimedArray(np.arange(float(n)), dt=step)
    k = np.arange(n)
    assert np.array_equal(table(k * step), k)
    assert np.array_equal(table(np.cumsum(np.full(n, float(step / second)))[:100] * second), k[:100] + 1)
    per_ms = float(Fraction(float(step / ms)).limit_denominator(10**6) ** -1)
    assert np.array_equal(table((k / per_ms) * ms), k)
    just_before = np.asarray(k[1:] * step / second) * (1 - 1e-12)
    assert np.array_equal(table(just_before * second), k[1:] - 1)


def test_switching_times_are_exact_in_arbitrary_precision_too():
    table = TimedArray(np.arange(50.0), dt=0.1 * ms)
    value = bound("ta(t)", ta=table)
    with mpmath.workdps(30):
        for k in (0, 1, 3, 7, 30, 49):
            at = mpmath.mpf(k) / 10000
            assert value.evaluate({"t": at}, MPMATH) == k
            assert value.evaluate({"t": mpmath.mpf(0.0001) * k}, MPMATH) == k
            assert value.evaluate({"t": at + mpmath.mpf("1e-16")}, MPMATH) == k
            if k:
                assert value.evaluate({"t": at - mpmath.mpf("1e-16")}, MPMATH) == k - 1
        assert value.evaluate({"t": mpmath.mpf(-1)}, MPMATH) == 0
        assert value.evaluate({"t": mpmath.mpf(9)}, MPMATH) == 49


def test_two_dimensions_have_a_column_for_each_neuron():
    currents = TimedArray([[1, 10], [2, 20], [3, 30]] * nA, dt=1 * ms)
    assert currents(1 * ms, 0) == 2 * nA
    assert currents(5 * ms, 1) == 30 * nA
    assert np.array_equal(currents(1 * ms, [0, 1]) / nA, [2 * nA / nA, 20 * nA / nA])
    assert np.array_equal(currents([0, 1] * ms, [1, 0]) / nA, [10 * nA / nA, 2 * nA / nA])
    value = bound("I(t, i)", I=currents)
    assert np.array_equal(value.evaluate({"t": 0.001, "i": np.arange(2.0)}), np.asarray([2, 20] * nA))
    with mpmath.workdps(30):
        assert value.evaluate({"t": mpmath.mpf("0.001"), "i": mpmath.mpf(1)}, MPMATH) == float(20 * nA / amp)


def test_a_column_that_is_not_there_is_refused():
    currents = TimedArray([[1, 10], [2, 20]], dt=1 * ms)
    for column in (2, -1, 0.5):
        with pytest.raises(EvsimValueError, match=r"column .* it has the columns 0 to 1"):
            currents(1 * ms, column)


def test_values_cannot_be_changed_by_the_back_door():
    given = np.array([1.0, 2.0])
    table = TimedArray(given, dt=1 * ms)
    given[0] = 5
    assert table(0 * ms) == 1
    with pytest.raises(ValueError, match="read-only"):
        table.values[0] = 7


@pytest.mark.parametrize(
    ("values", "dt", "error", "message"),
    [
        ([], 1 * ms, EvsimValueError, r"got the shape \(0,\)"),
        ([[[1]]], 1 * ms, EvsimValueError, "one value for each step, or one row"),
        ([1, np.nan], 1 * ms, EvsimValueError, "entry 1 is nan; give finite values"),
        (["a"], 1 * ms, EvsimTypeError, "give an array of numbers"),
        ([1], 0 * ms, EvsimValueError, "give one time larger than 0"),
        ([1], -1 * ms, EvsimValueError, "give one time larger than 0"),
        ([1], 1 * mV, DimensionMismatchError, "dt of the TimedArray noise must be in s"),
        ([1], 1, DimensionMismatchError, "dt of the TimedArray noise must be in s"),
    ],
)
def test_what_makes_no_function_of_time_is_refused(values, dt, error, message):
    with pytest.raises(error, match=message):
        TimedArray(values, dt, name="noise")


def test_a_call_with_the_wrong_arguments_is_refused():
    table = TimedArray([1, 2], dt=1 * ms)
    with pytest.raises(DimensionMismatchError, match="the time of timedarray must be in s"):
        table(3)
    with pytest.raises(EvsimValueError, match=r"takes the time alone, as in I\(t\), not 2 arguments"):
        table(1 * ms, 0)
    with pytest.raises(EvsimValueError, match=r"in 'ta\(t, i\)': .* takes the time alone"):
        bound("ta(t, i)", ta=table)
    with pytest.raises(EvsimValueError, match=r"takes time and column, as in I\(t, i\), not 1 arguments"):
        bound("ta(t)", ta=TimedArray([[1, 2]], dt=1 * ms))


def test_units_of_a_call_are_checked():
    current = TimedArray([1, 2] * nA, dt=1 * ms)
    value = bound("R*I(t)", I=current)
    dimensions = {"R": dimension_of(ohm), "t": SECOND}
    assert value.dimension(dimensions, "it") == dimension_of(volt)
    assert bound("I(0)", I=current).dimension({}, "it") == dimension_of(amp)
    with pytest.raises(DimensionMismatchError, match="the time of a TimedArray does not fit"):
        bound("I(R)", I=current).dimension(dimensions, "it")
    columns = TimedArray([[1, 2]], dt=1 * ms)
    with pytest.raises(DimensionMismatchError, match="the column of a TimedArray does not fit"):
        bound("I(t, t)", I=columns).dimension(dimensions, "it")


def test_text_values_take_the_present_time():
    stimulus = TimedArray([1, 2, 3] * mV, dt=1 * ms)
    rows = TimedArray([[1, 2], [3, 4]] * mV, dt=1 * ms)
    cells = NeuronGroup(2, "v : volt\nnow = 2*stimulus(t) : volt")
    cells.v = "stimulus(t)"
    assert np.array_equal(cells.v / mV, [1, 1])
    run(1 * ms)
    cells.v = "stimulus(t)"
    assert np.array_equal(cells.v / mV, [2, 2])
    assert np.array_equal(cells.now / mV, [4, 4])
    cells.v = "rows(t, i)"
    assert np.array_equal(cells.v / mV, [3, 4])
    cells.v = "stimulus(2*ms)"
    assert np.array_equal(cells.v / mV, [3, 3])
    with pytest.raises(DimensionMismatchError):
        cells.v = "stimulus(t)/ms"


def test_a_membrane_follows_a_current_that_switches_off_the_grid():
    # v is 0 until 0.35*7 ms = 2.45 ms, then 2 mV*(1 - exp(-(t - 2.45 ms)/tau)): 1 mV is reached tau*ln(2) later
    steps = np.zeros(30)
    steps[7:] = 2
    drive = TimedArray(steps * mV, dt=0.35 * ms)
    tau = 10 * ms
    cells = NeuronGroup(1, "dv/dt = (drive(t) - v)/tau : volt", threshold="v > 1*mV", reset="v = 0*mV")
    spikes = SpikeMonitor(cells)
    run(20 * ms)
    first = 2.45 + 10 * np.log(2)
    assert np.asarray(spikes.t / ms) == pytest.approx([first, first + 10 * np.log(2)], abs=1e-9)


def test_every_neuron_has_its_column_and_constants_add_up():
    drive = TimedArray([[0.0, 1.0], [2.0, 2.0]] * mV, dt=5 * ms)
    base, tau = 1 * mV, 10 * ms
    cells = NeuronGroup(
        2, "dv/dt = (drive(t, i) + base - v)/tau : volt", threshold="v > 1.5*mV", reset="v = -9*mV"
    )
    spikes = SpikeMonitor(cells)
    run(15 * ms)
    # up to 5 ms v is (1 or 2) mV*(1 - exp(-t/tau)), then it relaxes to 3 mV
    at_five = np.array([1.0, 2.0]) * -np.expm1(-0.5)
    expected = 5 + 10 * np.log((3 - at_five) / 1.5)
    assert dict(zip(spikes.i.tolist(), np.asarray(spikes.t / ms), strict=True)) == pytest.approx(
        dict(enumerate(expected)), abs=1e-9
    )


def test_a_stepwise_protocol_acts_when_it_is_told_to():
    """A current of 20 pA for 25 ms, then none: the charge on a leakless membrane is the integral."""
    protocol = TimedArray([20, 0] * pA, dt=25 * ms)
    cells = NeuronGroup(1, "dq/dt = protocol(t) : coulomb")
    for end, charge in ((10.5, 10.5 * 20), (25, 500), (100, 500)):
        run(end * ms - cells.t)
        assert cells.q[0] / (pA * ms) == pytest.approx(charge, rel=1e-9)


def test_another_array_may_take_the_place_between_runs():
    drive = TimedArray([1.0], dt=1 * ms)
    cells = NeuronGroup(1, "dx/dt = drive(t)/ms : 1")
    run(2 * ms)
    drive = TimedArray([3.0], dt=1 * ms)
    run(2 * ms)
    assert cells.x[0] == pytest.approx(2 + 6, abs=1e-9)
    assert drive.values[0] == 3


def spikes_with_two_arrays(engine):
    start_scope()
    prefs.engine = engine
    try:
        drive = TimedArray([[0.0, 1.0], [3.0, 2.0]] * mV, dt=1.3 * ms)
        cells = NeuronGroup(
            2, "dv/dt = (drive(t, i) - v)/(10*ms) : volt", threshold="v > 1*mV", reset="v = 0*mV"
        )
        spikes = SpikeMonitor(cells)
        run(8 * ms)
        drive = TimedArray([[2.0, 4.0]] * mV, dt=1.3 * ms)
        run(8 * ms)
    finally:
        prefs.engine = "compiled"
    return np.asarray(spikes.t / ms), spikes.i


def test_both_engines_agree_also_after_another_array_took_the_place():
    times, neurons = spikes_with_two_arrays("compiled")
    exact, who = spikes_with_two_arrays("reference")
    assert np.array_equal(neurons, who)
    assert len(times) == 5
    assert times == pytest.approx(exact, abs=1e-8)
    # neuron 0 waits for 3 mV from 1.3 ms on
    assert exact[neurons == 0][0] == pytest.approx(1.3 + 10 * np.log(1.5), abs=1e-12)


def test_code_that_runs_regularly_calls_it_at_its_time():
    table = TimedArray([1, 2, 3, 4], dt=1 * ms)

    def doubled(x):
        return 2 * x

    cells = NeuronGroup(2, "x : 1\ny = table(t) : 1")
    cells.run_regularly("x += doubled(table(t)) + 10*y", dt=1 * ms)
    run(4 * ms)
    assert np.array_equal(cells.x, [120, 120])  # 12*(1 + 2 + 3 + 4)


def test_a_reset_takes_the_value_of_its_instant():
    level = TimedArray([0.0, -2.0], dt=10 * ms)
    cells = NeuronGroup(1, "dx/dt = (2 - x)/(10*ms) : 1", threshold="x > 1", reset="x = level(t)")
    spikes = SpikeMonitor(cells)
    run(30 * ms)
    half = 10 * np.log(2)  # from 0 to 1, with 2 ahead; from -2 it takes twice as long
    assert np.asarray(spikes.t / ms) == pytest.approx([half, 2 * half, 4 * half], abs=1e-8)


def test_a_name_that_is_no_function_is_refused_with_the_nearest():
    stimulus = TimedArray([1, 2], dt=1 * ms)
    assert stimulus(0 * ms) == 1
    cells = NeuronGroup(1, "dx/dt = stimulos(t)/ms : 1")
    with pytest.raises(EvsimNameError, match="there is no function stimulos; did you mean stimulus"):
        Network(cells).run(1 * ms)


def test_a_number_cannot_be_called():
    current = 3 * nA
    assert current > 0 * nA
    cells = NeuronGroup(1, "dx/dt = current(t)/ms : 1")
    with pytest.raises(
        EvsimTypeError, match=r"current is called, but is the number .*; write current\*\(...\) for a product"
    ):
        Network(cells).run(1 * ms)


def test_a_table_without_its_argument_is_no_number():
    stimulus = TimedArray([1, 2], dt=1 * ms)
    assert stimulus(0 * ms) == 1
    cells = NeuronGroup(1, "dx/dt = stimulus/ms : 1")
    with pytest.raises(
        EvsimError, match="stimulus must be a number, with or without unit, but is <TimedArray"
    ):
        Network(cells).run(1 * ms)
