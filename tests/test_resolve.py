"""Names from outside equations: units, the given namespace, the Python scope."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evsim.equations.resolve import resolve_names
from evsim.errors import EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, dimension_of, mV, nF, second, volt

VOLT = dimension_of(volt)


def test_units_need_not_be_imported():
    assert resolve_names({"mV", "second"}, None, {}) == {
        "mV": (0.001, VOLT),
        "second": (1.0, dimension_of(second)),
    }


def test_the_namespace_comes_before_the_scope():
    scope = {"E_L": -70 * mV, "C_m": 0.4 * nF}
    assert resolve_names({"E_L"}, {"E_L": -60 * mV}, scope) == {"E_L": (-60 * 0.001, VOLT)}
    assert resolve_names({"C_m"}, {"E_L": -60 * mV}, scope) == {"C_m": (0.4 * 1e-9, dimension_of(nF))}


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3), np.array(3.0)])
def test_plain_numbers_of_every_kind_are_doubles(value):
    found = resolve_names({"x"}, None, {"x": value})
    assert found == {"x": (3.0, DIMENSIONLESS)}
    assert type(found["x"][0]) is float


def test_truth_values_count_as_numbers():
    assert resolve_names({"x", "y"}, None, {"x": True, "y": np.False_}) == {
        "x": (1.0, DIMENSIONLESS),
        "y": (0.0, DIMENSIONLESS),
    }


def test_pi_and_e_are_known_unless_the_user_says_otherwise():
    assert resolve_names({"pi", "e"}, None, {}) == {
        "pi": (math.pi, DIMENSIONLESS),
        "e": (math.e, DIMENSIONLESS),
    }
    assert resolve_names({"e"}, None, {"e": 2}) == {"e": (2.0, DIMENSIONLESS)}


def test_a_missing_name_is_reported_with_its_neighbours():
    with pytest.raises(EvsimNameError, match=r"cells: tau_m is not defined.*did you mean tau_n\?") as caught:
        resolve_names({"tau_m"}, {}, {"tau_n": 1}, "cells")
    assert "declare it in the equations as 'tau_m : unit'" in str(caught.value)


def test_a_variable_with_the_name_of_a_unit_is_refused_when_it_differs():
    assert resolve_names({"mV"}, None, {"mV": mV}) == {"mV": (0.001, VOLT)}
    with pytest.raises(EvsimNameError, match="mV is a unit, but also a variable of yours"):
        resolve_names({"mV"}, None, {"mV": 5})


def test_arrays_are_refused_with_the_way_to_give_them():
    with pytest.raises(EvsimTypeError, match=r"tau is an array of shape \(2,\).*declare 'tau : unit'"):
        resolve_names({"tau"}, None, {"tau": np.array([1.0, 2.0])}, "cells")
    with pytest.raises(EvsimTypeError, match=r"tau is an array of shape \(2,\)"):
        resolve_names({"tau"}, None, {"tau": [1, 2] * mV}, "cells")


@pytest.mark.parametrize("value", ["5", None, [1, 2], math.sin, 1j, {"a": 1}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(EvsimTypeError, match="cells: tau must be a number"):
        resolve_names({"tau"}, None, {"tau": value}, "cells")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(EvsimValueError, match=r"tau is .*finite"):
        resolve_names({"tau"}, None, {"tau": value}, "cells")
    with pytest.raises(EvsimValueError, match=r"tau is .*finite"):
        resolve_names({"tau"}, None, {"tau": value * mV}, "cells")
