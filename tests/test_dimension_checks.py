"""Units that do not fit are refused in equations, threshold, reset, synapse code and refractory period."""

from __future__ import annotations

import pytest

from evsim.equations.check import (
    check_condition,
    check_equations,
    check_refractory,
    check_statements,
    check_synapse_code,
    synapse_dimensions,
)
from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.statements import parse_statements
from evsim.errors import EvsimError, EvsimNameError
from evsim.units import DIMENSIONLESS, DimensionMismatchError, amp, dimension_of, farad, second, siemens, volt

VOLT, AMP, SECOND = (dimension_of(unit) for unit in (volt, amp, second))
CONSTANTS = {
    "C_m": dimension_of(farad),
    "g_L": dimension_of(siemens),
    "E_L": VOLT,
    "sigma": VOLT,
    "I": AMP,
    "tau": SECOND,
    "n": DIMENSIONLESS,
    "mV": VOLT,
    "nA": AMP,
}
NAMES = {**CONSTANTS, "V": VOLT, "v": DIMENSIONLESS, "I_syn": AMP}


def check(text):
    check_equations(Equations(text, "the equations of cells"), CONSTANTS, "the equations of cells")


def formula(text):
    return Expression.parse(text, "test")


@pytest.mark.parametrize(
    "text",
    [
        "dV/dt = (g_L*(E_L - V) + I)/C_m : volt",
        "dV/dt = -V/tau + sigma*sqrt(2/tau)*xi : volt",
        "dV/dt = -V/tau + sigma*xi_1/tau**0.5 : volt",
        "dV/dt = 0 : volt",
        "dn_o/dt = alpha*(1 - n_o) : 1\nalpha = 0.1*exp(V/(10*mV))/tau : Hz\nV : volt",
        "x = (V/mV)**n : 1\nV : volt",
        "x = (V**2)**(1/2) : volt\nV : volt",
        "x = clip(V, 0*mV, E_L) + max(V, 0) : volt\nV : volt",
        "is_high = V > E_L and n > 0 : boolean\nV : volt",
        "x = abs(V)*sign(V) + i*mV + N*mV : volt\nV : volt",
        "x = (t - lastspike)/dt : 1",
    ],
)
def test_equations_that_fit_pass(text):
    check(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "dV/dt = I/C_m : amp",
            r"V is declared in A, so the right-hand side of dV/dt must be in A/s, but 'I/C_m' is in V/s",
        ),
        ("dV/dt = -V/tau + I : volt", r"in '-V/tau \+ I': '-V/tau' and 'I', the parts of a sum, .*V/s and A"),
        ("dV/dt = -V : volt", "must be in V/s, but '-V' is in V"),
        ("dV/dt = sigma*xi/tau : volt", "must be in V/s"),
        ("x = exp(V) : 1\nV : volt", "the argument of exp, 'V', must be a plain number; divide it"),
        ("x = V**n : 1\nV : volt", "so its power must be a number written out, not 'n'"),
        ("x = n**V : 1\nV : volt", "a power, 'V', must be a plain number"),
        ("x = V : amp\nV : volt", "the right-hand side of x must be in A, but 'V' is in V"),
        ("x = V + 1 : volt\nV : volt", r"'V' and '1', the parts of a sum, need equal units \(units: V and 1"),
        ("x = min(V, I) : volt\nV : volt", "'V' and 'I', the arguments of min, need equal units"),
        ("x = V > I : boolean\nV : volt", "'V' and 'I', the two sides of '>', need equal units"),
        ("x = V and n > 1 : boolean\nV : volt", "what 'and' combines, 'V', must be a plain number"),
    ],
)  # fmt: skip
def test_equations_that_do_not_fit_are_refused_with_both_units(text, message):
    with pytest.raises(EvsimError, match=message) as caught:
        check(text)
    assert str(caught.value).startswith("the equations of cells")


def test_a_mismatch_is_a_dimension_error_that_holds_both_units():
    with pytest.raises(DimensionMismatchError) as caught:
        check("dV/dt = I/C_m : amp")
    assert caught.value.dimensions == (VOLT / SECOND, AMP / SECOND)


def test_a_condition_must_be_declared_boolean():
    with pytest.raises(EvsimError, match="x = V > E_L is declared 1; declare it ': boolean'"):
        check("x = V > E_L : 1\nV : volt")
    with pytest.raises(EvsimError, match="x = n is declared boolean; its formula must be a condition"):
        check("x = n : boolean")


def test_an_unknown_name_is_reported_with_its_neighbours():
    with pytest.raises(EvsimNameError, match=r"dV/dt: g_l in .* is not defined; did you mean g_L"):
        check("dV/dt = g_l*V/C_m : volt")


def test_a_threshold_compares_equal_units():
    check_condition(formula("V > -50*mV and not_refractory"), NAMES, "the threshold of cells")
    check_condition(formula("V > 0"), NAMES, "the threshold of cells")
    check_condition(
        formula("is_high"), {**NAMES, "is_high": DIMENSIONLESS}, "the threshold of cells", ["is_high"]
    )
    with pytest.raises(DimensionMismatchError, match=r"the threshold of cells.*'V' and '-50\*nA'.*V and A"):
        check_condition(formula("V > -50*nA"), NAMES, "the threshold of cells")
    with pytest.raises(EvsimError, match=r"'V' is not a condition; compare with > >= < or <="):
        check_condition(formula("V"), NAMES, "the threshold of cells")
    with pytest.raises(EvsimNameError, match="V_th in 'V > V_th' is not defined"):
        check_condition(formula("V > V_th"), NAMES, "the threshold of cells")


@pytest.mark.parametrize(
    "code", ["V = -90*mV", "V = E_L; I_syn += 0.1*nA", "V = 0", "V *= n + 1", "V -= E_L*v"]
)
def test_resets_that_fit_pass(code):
    check_statements(parse_statements(code, "the reset of cells"), NAMES, "the reset of cells")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("V = -90", r"the reset of cells, 'V = -90': V is in V, but '-90' is in 1 \(a plain number\)"),
        ("V += I", r"V is in V, but 'I' is in A \(units: A and V\)"),
        ("V *= E_L", "the factor must be a plain number, but 'E_L' is in V"),
        ("W = 3", "W is not declared; define it or correct the name"),
    ],
)
def test_resets_that_do_not_fit_are_refused(code, message):
    with pytest.raises(EvsimError, match=message):
        check_statements(parse_statements(code, "the reset of cells"), NAMES, "the reset of cells")


def test_synapse_code_with_another_unit_names_both():
    statements = parse_statements("v_post += w", "on_pre of synapses")
    with pytest.raises(DimensionMismatchError) as caught:
        dimensions = synapse_dimensions({"w": VOLT}, {"v": DIMENSIONLESS}, {}, {})
        check_synapse_code(statements, dimensions, (), "on_pre of synapses")
    assert str(caught.value).startswith(
        "on_pre of synapses, 'v_post += w': v_post is in 1 (a plain number), but 'w' is in V (units: V and 1"
    )


def test_bare_names_in_synapse_code_are_the_synapses_first():
    statements = parse_statements("V_post += V; V *= X_pre", "on_pre")
    with pytest.raises(DimensionMismatchError, match="V_post is in V, but 'V' is in A"):
        clash = synapse_dimensions({"V": AMP}, {"V": VOLT}, {"X": DIMENSIONLESS}, {})
        check_synapse_code(statements, clash, (), "on_pre")
    plain = synapse_dimensions({}, {"V": VOLT}, {"X": DIMENSIONLESS}, {})
    check_synapse_code(statements, plain, (), "on_pre")


def test_a_local_value_has_the_unit_of_what_it_is_first_set_to():
    names = synapse_dimensions({"w": VOLT}, {"V": VOLT, "n": DIMENSIONLESS}, {}, {})
    check_synapse_code(parse_statements("x = 2*w; V_post += x", "on_pre"), names, ("x",), "on_pre")
    with pytest.raises(DimensionMismatchError, match=r"n_post is in 1 .* but 'x' is in V"):
        check_synapse_code(parse_statements("x = 2*w; n_post += x", "on_pre"), names, ("x",), "on_pre")
    with pytest.raises(DimensionMismatchError, match="x is in V, but '3' is in 1"):
        check_synapse_code(parse_statements("x = 2*w; x = 3", "on_pre"), names, ("x",), "on_pre")


def test_a_refractory_period_is_a_time():
    check_refractory(formula("5*t_ref"), {"t_ref": SECOND}, "refractory of cells")
    check_refractory(formula("0"), {}, "refractory of cells")
    with pytest.raises(DimensionMismatchError, match=r"'V' must be a time, as in 5\*ms, but is in V"):
        check_refractory(formula("V"), NAMES, "refractory of cells")
    with pytest.raises(EvsimError, match="is a condition; give a time"):
        check_refractory(formula("V > E_L"), NAMES, "refractory of cells")
