"""Units: names, arithmetic, printing as in Brian, refusals that show both units, and numpy's functions."""

from __future__ import annotations

import copy
import math
from fractions import Fraction
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pint
import pytest

import evsim.units as units
from evsim.errors import EvsimError
from evsim.units import *
from evsim.units import DIMENSIONLESS, constants, dimension_of, functions, quantity, require, si, unit_named

# Rows 1 to 12 of what must work.


def test_usual_names_are_units_and_agree_with_each_other() -> None:
    assert 1000 * mV == 1 * volt
    assert 2 / second == 2 * Hz
    assert 1000 * uvolt == 1 * mV
    assert (1000 * pA == 1 * nA) and (1e9 * nA == 1 * amp)
    assert (20 * nS == 0.02 * uS) and (1000 * ms == 1 * second)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        *[
            ("nfarad", "nF"),
            ("mvolt", "mV"),
            ("nsiemens", "nS"),
            ("namp", "nA"),
            ("pamp", "pA"),
            ("msecond", "ms"),
        ],
        *[("usecond", "us"), ("hertz", "Hz"), ("khertz", "kHz"), ("umetre", "um"), ("umeter", "um")],
        *[("cmetre2", "cm2"), ("umetre3", "um3"), ("mmolar", "mM"), ("kilogram", "kgram"), ("ampere", "amp")],
    ],
)
def test_long_unit_names_are_synonyms(long: str, short: str) -> None:
    assert 0.4 * getattr(units, long) == 0.4 * getattr(units, short)


def test_addition_across_prefixes_prints_in_the_best_unit() -> None:
    assert str(3 * mV + 500 * uV) == "3.5 mV"


def test_products_form_new_units() -> None:
    product = 3 * mV * (1 * nA)
    assert str(product) == "3. pW"
    assert product.dimension == watt.dimension


def test_quotients_form_new_units(capsys: pytest.CaptureFixture[str]) -> None:
    C_m, g_L = 0.4 * nF, 20 * nS
    print(C_m, g_L, C_m / g_L)  # noqa: T201
    assert capsys.readouterr().out == "0.4 nF 20. nS 20. ms\n"


def test_adding_unlike_units_is_refused_with_both_values_and_units() -> None:
    with pytest.raises(DimensionMismatchError) as caught:
        3 * mV + 1 * nA
    assert str(caught.value) == "Cannot add 3. mV and 1. nA (units: V and A)"
    assert isinstance(caught.value, EvsimError | TypeError | pint.DimensionalityError)
    assert caught.value.dimensions == (volt.dimension, amp.dimension)


def test_the_unit_of_an_equation_can_be_compared_with_its_declaration() -> None:
    slope = dimension_of(1 * nA / (1 * nF))
    assert slope == dimension_of(volt / second) != dimension_of(amp / second)
    assert str(slope) == "V/s"


def test_a_volt_is_refused_where_a_plain_number_is_declared() -> None:
    with pytest.raises(DimensionMismatchError, match=r"^v_post must be in 1, a plain number, got 1\. mV"):
        require(1 * mV, DIMENSIONLESS, "v_post")


def test_division_by_a_unit_gives_plain_numbers_for_plotting() -> None:
    times, trace = [0, 0.1, 0.2] * ms, np.array([-70.0, -69.5, -69.0]) * mV
    assert type(times / ms) is type(trace / mV) is np.ndarray
    assert type(times[1] / ms) is float
    _, axes = plt.subplots()
    (line,) = axes.plot(times / ms, trace / mV)
    plt.close()
    np.testing.assert_allclose(line.get_ydata(), [-70.0, -69.5, -69.0], rtol=1e-15)


@pytest.mark.parametrize("values", [[10, 100], (10, 100), np.array([10, 100]), np.array([10.0, 100.0])])
def test_a_number_or_a_list_or_an_array_times_a_unit_has_the_unit(values: Any) -> None:
    for product in (values * ms, ms * values):
        assert isinstance(product, Quantity)
        assert product.dimension == second.dimension
        assert si(product).tolist() == [0.01, 0.1]


def test_single_precision_numbers_become_double_before_they_get_a_unit() -> None:
    assert si(np.float32(0.5) * mV) == 0.0005
    assert si(np.array([0.5], dtype=np.float32) * mV).tolist() == [0.0005]


def test_rational_powers_make_the_noise_term_a_voltage_per_time() -> None:
    sigma, tau, xi = 0.3 * mV, 20 * ms, second**-0.5
    assert dimension_of(sigma * functions.sqrt(2 / tau) * xi) == dimension_of(volt / second)
    assert si(np.sqrt(2 / tau)) == 10.0
    assert dimension_of(((1 * volt) ** Fraction(1, 3)) ** 3) == volt.dimension


def test_the_mean_over_an_array_keeps_the_unit() -> None:
    assert str(np.mean(np.array([1.0, 2.0, 4.5]) * nA)) == "2.5 nA"


# Printing.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[
            (0 * mV, "0. V"),
            (100 * ms, "100. ms"),
            (500 * mV, "0.5 V"),
            (-70 * mV, "-70. mV"),
            (3 * kgram, "3. kg"),
        ],
        *[
            ([10, 20] * ms, "[10. 20.] ms"),
            ([0, 0.5] * nA, "[0.  0.5] nA"),
            (2 * mM, "2. mM"),
            (5 * cm2, "500. mm^2"),
        ],
        *[(3 * mV / ms, "3. V/s"), (1 * uF / cm2, "10. mF/m^2"), (0.98 / (mM * ms), "980. 1/(mM s)")],
        *[(np.sqrt(2 / (2 * second)), "1. 1/s^0.5"), (mV, "mV"), (mV / ms, "mV/ms"), (uA / cm2, "uA/cm^2")],
        *[
            (10 * nA * 5 * units.Mohm, "50. mV"),
            (1000 * amp, "1. kA"),
            (9.81 * metre / second**2, "9.81 m/s^2"),
        ],
        *[(float("nan") * mV, "nan V"), (math.inf * ms, "inf s"), (1 * volt**2, "1. V^2")],
    ],
)
def test_values_print_in_a_unit_that_keeps_them_near_ten(value: Any, text: str) -> None:
    assert str(value) == text


def test_repr_can_be_pasted_into_a_script() -> None:
    assert repr(3.5 * mV) == "3.5 * mvolt"
    assert repr([10, 20] * ms) == "array([10., 20.]) * msecond"
    assert repr(2 * nS / mV) == "2. * usiemens/volt"
    assert repr(mV / ms**2) == "mvolt/msecond**2"


def test_numbers_can_be_formatted() -> None:
    assert f"{3.14159 * mV:.2f}" == "3.14 mV"
    assert f"{[1.0, 2.0] * nA:.1f}" == "[1.0 2.0] nA"
    assert f"{3 * mV}" == "3. mV"


def test_a_value_can_be_shown_in_a_chosen_unit() -> None:
    assert in_unit(3 * volt, mV) == "3000. mV"
    assert in_unit(123123 * ms, second, 2) == "123.12 s"
    assert in_best_unit(0.00123456 * volt, 2) == "1.23 mV"
    assert in_best_unit(0.123456, 2) == "0.12"
    with pytest.raises(DimensionMismatchError, match="units: S and ohm"):
        in_unit(10 * nS, ohm)


# Names.


def test_every_public_name_exists_and_none_shadows_a_builtin() -> None:
    import builtins

    assert len(units.__all__) == len(set(units.__all__)) > 200
    assert [name for name in units.__all__ if hasattr(builtins, name)] == []
    for name in units.__all__:
        assert getattr(units, name) is not None


def test_units_are_found_by_text() -> None:
    assert unit_named("mV") == mV
    assert unit_named("Mohm") == 1e6 * ohm
    assert unit_named("umeter2") == 1e-12 * metre**2
    for name in ("V", "m", "s", "M", "am", "dV", "ms2", "foo", "", "2", "lambda"):
        assert unit_named(name) is None, name
    with pytest.raises(AttributeError, match="no attribute or unit 'mvlot'"):
        _ = units.mvlot


@pytest.mark.parametrize("name", ["mV", "pfarad", "kgram", "Gohm", "mM", "uS", "dametre", "Ysecond", "litre"])
def test_scales_are_the_nearest_doubles_to_powers_of_ten(name: str) -> None:
    expected = {
        "mV": 1e-3,
        "pfarad": 1e-12,
        "kgram": 1.0,
        "Gohm": 1e9,
        "mM": 1.0,
        "uS": 1e-6,
        "dametre": 10.0,
    }
    expected |= {"Ysecond": 1e24, "litre": 1e-3}
    assert si(unit_named(name)) == expected[name]


def test_get_unit_is_the_unit_without_scale() -> None:
    assert repr(get_unit(dimension_of(3 * mV))) == "volt"
    assert repr(get_unit(dimension_of(3 * mV / ms))) == "volt/second"
    assert get_unit(DIMENSIONLESS) == 1.0
    assert get_unit(kilogram.dim) == kilogram


def test_constants_have_their_units() -> None:
    assert str(constants.zero_celsius) == "273.15 K"
    product = constants.avogadro_constant * constants.elementary_charge
    assert have_same_dimensions(product, constants.faraday_constant)
    assert abs(product / constants.faraday_constant - 1) < 1e-15


# Refusals.


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (lambda: 3 * mV - 2, "Cannot subtract 3. mV and 2 (units: V and 1, a plain number)"),
        (lambda: 3 * mV < 2 * ms, "Cannot compare 3. mV and 2. ms (units: V and s)"),
        (lambda: 3 * mV == 2 * ms, "Cannot compare 3. mV and 2. ms (units: V and s)"),
        (lambda: np.exp(3 * mV), "exp needs plain numbers, not 3. mV; divide by a unit first"),
        (lambda: np.floor(3 * mV), "floor needs plain numbers, not 3. mV; divide by a unit first"),
        (lambda: 2 ** (3 * mV), "Cannot raise 2 to the power 3. mV"),
        (lambda: float(3 * mV), "float() needs a plain number, not 3. mV"),
        (lambda: int(3 * mV), "int() needs a plain number, not 3. mV"),
        (lambda: np.array([1 * mV, 2 * mV]), "float() needs a plain number, not 1. mV"),
        (lambda: math.sin(3 * mV), "float() needs a plain number, not 3. mV"),
        (
            lambda: np.concatenate([[1] * mV, [2] * nA]),
            "Cannot put together [1.] mV and [2.] nA (units: V and A)",
        ),
        (lambda: np.concatenate([[1] * mV, [2.0]]), "Cannot"),
        (lambda: np.linspace(0 * ms, 1, 3), "Cannot use linspace on 0. s and 1"),
        (lambda: np.clip([1.0] * mV, a_min=0, a_max=5), "Cannot use clip on"),
        (lambda: Quantity([1 * mV, 2 * nA]), "Cannot put together 1. mV and 2. nA (units: V and A)"),
        (lambda: Quantity(1 * mV, dim=amp.dim), "Cannot make a quantity in A of 1. mV (units: V and A)"),
    ],
)
def test_unlike_units_are_refused_by_name(attempt: Any, text: str) -> None:
    with pytest.raises(DimensionMismatchError) as caught:
        attempt()
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (lambda: np.fft.fft([1, 2] * mV), "fft cannot take [1. 2.] mV; divide by a unit first, as in x/ms"),
        (lambda: np.cumprod([1, 2] * mV), "cumprod cannot take [1. 2.] mV; divide by a unit first"),
        (lambda: ([1, 2] * mV) ** [1, 2], "Cannot raise [1. 2.] mV to several powers at once"),
        (lambda: ([1, 2] * mV).astype(int), "[1. 2.] mV stays in double precision; divide by a unit first"),
        (lambda: 1j * mV, "A quantity is real, got"),
        (lambda: np.histogram([1, 2] * mV, density=True), "histogram with density cannot take [1. 2.] mV"),
    ],
)
def test_what_has_no_unit_rule_is_refused(attempt: Any, text: str) -> None:
    with pytest.raises(EvsimError) as caught:
        attempt()
    assert text in str(caught.value)


def test_zero_infinity_and_nan_need_no_unit() -> None:
    assert (3 * mV > 0) and (3 * mV < math.inf) and sum([1 * mV, 2 * mV]) == 3 * mV
    assert np.maximum([-1, 1] * mV, 0).tolist() == [0 * mV, 1 * mV]
    assert require(0, volt.dim, "V") == 0


def test_required_values_come_as_si_numbers() -> None:
    assert require(-70 * mV, volt.dim, "V of cells") == -0.07
    assert require([1 * mV, 2 * mV], volt.dim, "V of cells").tolist() == [0.001, 0.002]
    for wrong, unit in ((-70, "1, a plain number"), ([1, 2] * nA, "A"), ("fast", "1, a plain number")):
        with pytest.raises(
            DimensionMismatchError, match=rf"V of cells must be in V, got .* \(units: {unit} and V\)"
        ):
            require(wrong, volt.dim, "V of cells")


def test_functions_can_declare_their_units() -> None:
    @check_units(current=amp, resistance=ohm, is_right=1, result=volt)
    def drop(current: Any, resistance: Any = 5 * units.Mohm, is_right: bool = True) -> Any:
        return current * resistance if is_right else current

    assert str(drop(10 * nA)) == "50. mV"
    with pytest.raises(DimensionMismatchError, match=r"^drop: argument current must be in A, got 1\. mV"):
        drop(1 * mV)
    with pytest.raises(DimensionMismatchError, match=r"^drop: its result must be in V, got 10\. nA"):
        drop(10 * nA, is_right=False)


# Arrays.


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (np.sum, 0.006),
        (np.max, 0.003),
        (np.std, 0.001 * math.sqrt(2 / 3)),
        (np.median, 0.002),
        (np.ptp, 0.002),
        (lambda x: x.mean(), 0.002),
        (lambda x: x.std(), 0.001 * math.sqrt(2 / 3)),
        (lambda x: x.sum(), 0.006),
        (lambda x: np.percentile(x, 50), 0.002),
        (lambda x: np.sqrt(x[0] * x[0]), 0.001),
        (abs, [1e-3, 2e-3, 3e-3]),
        (np.cumsum, [0.001, 0.003, 0.006]),
        (np.diff, [0.001, 0.001]),
        (lambda x: x.cumsum(), [0.001, 0.003, 0.006]),
        (lambda x: np.concatenate([x, x])[3:], [0.001, 0.002, 0.003]),
        (lambda x: x.T, [0.001, 0.002, 0.003]),
        (lambda x: np.clip(x, 2 * mV, None), [0.002, 0.002, 0.003]),
        (lambda x: x.take(1), 0.002),
        (np.flip, [3e-3, 2e-3, 1e-3]),
        (lambda x: np.where(x > 1 * mV, x, 0 * mV), [0, 0.002, 0.003]),
        (lambda x: np.linspace(x[0], x[2], 3), [1e-3, 2e-3, 3e-3]),
        (lambda x: functions.arange(x[0], x[2], x[0]), [0.001, 0.002]),
        (lambda x: np.interp(1.5, [1, 2], x[:2]), 0.0015),
        (lambda x: x.reshape(3, 1)[:, 0], [1e-3, 2e-3, 3e-3]),
        (np.unique, [1e-3, 2e-3, 3e-3]),
        (np.zeros_like, [0, 0, 0]),
        (lambda x: x.copy(), [1e-3, 2e-3, 3e-3]),
        (copy.copy, [1e-3, 2e-3, 3e-3]),
        (copy.deepcopy, [1e-3, 2e-3, 3e-3]),
        (lambda x: np.mean(Quantity([x[0], x[2]])), 0.002),
        (lambda x: np.hypot(3 * x[0], 4 * x[0]), 0.005),
        (np.negative, [-1e-3, -2e-3, -3e-3]),
    ],
)
def test_functions_of_arrays_keep_the_unit(function: Any, expected: Any) -> None:
    result = function([1, 2, 3] * mV)
    assert isinstance(result, Quantity)
    assert result.dimension == volt.dimension
    np.testing.assert_allclose(si(result), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: np.var(x), "0.66666667 mV^2"),
        (lambda x: x.var(), "0.66666667 mV^2"),
        (np.prod, "6. mV^3"),
        (lambda x: np.dot(x, [1, 1, 1] * nA), "6. pW"),
        (lambda x: x @ ([1, 1, 1] * nA), "6. pW"),
        (lambda x: np.trapezoid(x, dx=1 * ms), "4. uWb"),
        (lambda x: np.gradient(x, 1 * ms)[0], "1. V/s"),
        (lambda x: np.histogram(x, bins=2)[1], "[1. 2. 3.] mV"),
        (lambda x: 1 / x[0], "1000. 1/V"),
    ],
)
def test_functions_of_arrays_that_change_the_unit(function: Any, text: str) -> None:
    assert str(function([1, 2, 3] * mV)) == text


def test_functions_of_arrays_that_answer_in_plain_numbers() -> None:
    x = [1, 3, 2] * mV
    assert np.argmax(x) == x.argmax() == 1
    assert x.argsort().tolist() == [0, 2, 1]
    assert np.searchsorted([1, 2, 3] * mV, 2.5 * mV) == 2
    assert (x > 1.5 * mV).tolist() == [False, True, True]
    assert np.isfinite(x).all() and np.sign(x).tolist() == [1, 1, 1]
    assert np.exp(x / mV - x / mV).tolist() == [1, 1, 1]
    assert np.histogram(x, bins=2)[0].tolist() == [1, 2]
    assert x.shape == (3,) and x.ndim == 1 and len(x) == 3
    assert np.allclose(x, x * (1 + 1e-9)) and not np.allclose(1 * nA, 2 * nA)
    assert functions.exprel(0) == 1.0 and abs(functions.exprel(1.0) - (math.e - 1)) < 1e-15


def test_elements_have_the_unit() -> None:
    x = [1, 2, 3] * mV
    assert [str(v) for v in x] == ["1. mV", "2. mV", "3. mV"] == [str(v) for v in x.tolist()]
    assert str(x[1]) == "2. mV" and str(x[1:]) == "[2. 3.] mV" and str(x[[True, False, True]]) == "[1. 3.] mV"
    assert str(x.item(2)) == "3. mV"
    assert str(next(iter([[1, 2], [3, 4]] * mV))) == "[1. 2.] mV"
    with pytest.raises(TypeError):
        len(3 * mV)


def test_assignment_to_elements_checks_the_unit() -> None:
    x = [1, 2, 3] * mV
    x[0] = 5 * mV
    x[1:] = [6, 0.007 * 1000] * mV
    assert str(x) == "[5. 6. 7.] mV"
    x[2] = 0
    assert str(x) == "[5. 6. 0.] mV"
    for wrong, unit in ((3, "1, a plain number"), (3 * nA, "A")):
        with pytest.raises(DimensionMismatchError, match=rf"into an array in V \(units: {unit} and V\)"):
            x[0] = wrong
    assert str(x) == "[5. 6. 0.] mV"


def test_arrays_change_in_place_and_scalars_do_not() -> None:
    x = same = [1.0, 2.0] * mV
    x += 1 * mV
    x *= 2
    assert x is same and str(same) == "[4. 6.] mV"
    v = mV
    v += 1 * volt
    assert str(v) == "1.001 V" and si(mV) == 0.001
    x /= mV
    assert type(x) is np.ndarray and str(same) == "[4. 6.] mV"
    with pytest.raises(DimensionMismatchError, match="units: V and A"):
        same += 1 * nA
    with pytest.raises(ValueError, match="read-only"):
        mV[...] = 5 * volt


def test_repeated_positions_add_up_in_place() -> None:
    x = [1.0, 2.0] * mV
    assert np.add.at(x, [0, 0], 1 * mV) is None
    assert str(x) == "[3. 2.] mV"
    with pytest.raises(DimensionMismatchError, match="units: V and A"):
        np.add.at(x, [0], 1 * nA)


def test_out_arrays_must_have_the_unit_of_the_result() -> None:
    x, out = [1.0, 2.0] * mV, [0.0, 0.0] * volt
    assert np.add(x, x, out=out) is out and str(out) == "[2. 4.] mV"
    with pytest.raises(DimensionMismatchError, match="Cannot store the result of multiply"):
        np.multiply(x, x, out=out)


def test_scalars_are_keys_and_arrays_are_not() -> None:
    assert {1000 * mV: "a"}[1 * volt] == "a"
    assert len({1 * mV, 1 * nA, 1 * ms}) == 3
    with pytest.raises(TypeError, match="cannot be a key"):
        hash([1, 2] * mV)


def test_a_quantity_is_not_text_and_not_none() -> None:
    assert (3 * mV == None) is False and (3 * mV != "3 mV") is True  # noqa: E711
    with pytest.raises(TypeError):
        3 * mV + "3"


def test_copies_are_values_of_their_own() -> None:
    x = [1, 2] * mV
    for y in (x.copy(), copy.copy(x), copy.deepcopy(x), Quantity(x)):
        y[0] = 5 * mV
        assert type(y) is Quantity and str(x) == "[1. 2.] mV" and str(y) == "[5. 2.] mV"
    assert str(mV.copy()) == "1. mV"
    remake, parts = x.__reduce__()
    assert str(remake(*parts)) == "[1. 2.] mV"


def test_quantities_of_lists_and_of_plain_si_numbers() -> None:
    assert str(Quantity([1 * mV, 2 * mV])) == "[1. 2.] mV"
    assert str(Quantity([0.001, 0.002], dim=volt.dim)) == "[1. 2.] mV"
    assert str(Quantity.with_dimensions(0.001, volt.dim)) == "1. mV"
    assert quantity(3.0, DIMENSIONLESS) == 3.0 and type(quantity(3.0, DIMENSIONLESS)) is float
    plain = Quantity([1.0, 2.0])
    assert is_dimensionless(plain) and str(plain) == "[1. 2.]" and type(plain[0]) is float


def test_dimensions_are_equal_by_value_and_hashable() -> None:
    V, A, s = volt.dim, amp.dim, second.dim
    assert {V * A: 1}[watt.dim] == 1
    assert (V / V).is_dimensionless and V / V == DIMENSIONLESS and (V**0) == DIMENSIONLESS
    assert (V**0.5) ** 2 == V and V ** Fraction(2, 1) == V * V and (s ** (1 / 3)) ** 3 == s
    assert [str(d) for d in (V, V / s, siemens.dim / metre2.dim, DIMENSIONLESS)] == ["V", "V/s", "S/m^2", "1"]
    with pytest.raises(EvsimError, match=r"cannot be raised to the power 3\.14159"):
        V**math.pi
