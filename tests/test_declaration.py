"""Equations as text: what is declared, and what is refused."""

from __future__ import annotations

import pytest

from evsim.equations.declaration import Equations, Variable
from evsim.equations.expression import Expression
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError
from evsim.units import DIMENSIONLESS, amp, dimension_of, farad, metre, ms, mV, second, siemens, volt

CELL = """dV/dt = (g_L*(E_L - V) + I_syn + I)/C_m : volt (unless refractory)
          dI_syn/dt = -I_syn/tau_syn : amp     # decays
          I = a*I_0 : amp

          a : 1 (constant, shared)
          tau_syn : second"""


def formula(text):
    return Expression.parse(text, "test")


def test_kinds_dimensions_and_flags_are_read():
    cell = Equations(CELL)
    assert list(cell) == ["V", "I_syn", "I", "a", "tau_syn"]
    assert cell["V"] == Variable(
        "V",
        "differential",
        formula("(g_L*(E_L - V) + I_syn + I)/C_m"),
        dimension_of(volt),
        frozenset({"unless refractory"}),
    )
    assert cell["I"].kind == "subexpression"
    assert cell["a"] == Variable("a", "parameter", None, DIMENSIONLESS, frozenset({"constant", "shared"}))
    assert cell.of_kind("differential") == ("V", "I_syn")
    assert cell.flagged("shared") == ("a",)
    assert cell.external_names == {"g_L", "E_L", "C_m", "I_0"}
    assert cell.dimensions["tau_syn"] == dimension_of(second)


@pytest.mark.parametrize(
    ("unit", "dimension"),
    [
        ("1", DIMENSIONLESS),
        ("volt", dimension_of(volt)),
        ("volt/second", dimension_of(volt / second)),
        ("second**-1", dimension_of(1 / second)),
        ("1/second", dimension_of(1 / second)),
        ("Hz", dimension_of(1 / second)),
        ("hertz", dimension_of(1 / second)),
        ("amp*meter**-2", dimension_of(amp / metre**2)),
        ("amp/metre**2", dimension_of(amp / metre**2)),
        ("siemens/(farad*volt)", dimension_of(siemens / farad / volt)),
        ("second**0.5", dimension_of(second**0.5)),
    ],
)
def test_units_are_products_of_coherent_units(unit, dimension):
    assert Equations(f"x : {unit} (constant)")["x"] == Variable(
        "x", "parameter", None, dimension, frozenset({"constant"})
    )


def test_booleans_and_integers_have_a_type():
    equations = Equations("is_on : boolean\ncount : integer\nbig = V > 1 : boolean\nV : 1")
    assert [each.type for each in equations.values()] == ["boolean", "integer", "boolean", "float"]
    assert equations["count"].dimension.is_dimensionless


def test_an_equation_goes_on_until_its_unit():
    equations = Equations(
        """
        dV/dt = (g_L*(E_L - V)   # leak

                 + I_stim)/C_m \\
                : volt (unless refractory)
        dw/dt = -w/tau_w : amp
        """
    )
    assert list(equations) == ["V", "w"]
    assert equations["V"].expression == formula("(g_L*(E_L - V) + I_stim)/C_m")
    assert equations["V"].flags == {"unless refractory"}


def test_text_of_equations_declares_them_again():
    equations = Equations(CELL)
    assert Equations(str(equations)) == equations
    assert hash(Equations(str(equations))) == hash(equations)


def test_no_text_declares_nothing():
    assert len(Equations("")) == 0
    assert len(Equations("  # only a comment\n")) == 0


def test_equations_add():
    joined = Equations("dV/dt = -V/tau : volt") + "tau : second" + Equations("E : volt")
    assert list(joined) == ["V", "tau", "E"]
    with pytest.raises(EvsimError, match="tau is declared twice"):
        joined + Equations("tau : second")


def test_subexpressions_are_put_in_to_the_last():
    equations = Equations("x = y + z : 1\ny = 2*z : 1\nz = 3*a : 1")
    assert equations.expanded(formula("x*b")).text == "(2*(3*a) + 3*a)*b"


def test_names_are_replaced_by_names_and_values():
    equations = Equations("dx/dt = (a - x)/tau : volt", x="V", tau=20 * ms, a=2 * mV)
    assert str(equations) == "dV/dt = (0.002*volt - V)/(0.02*second) : volt"


def test_two_copies_with_other_names_and_values_can_be_joined():
    gate = "ds/dt = -s/tau : 1"
    both = Equations(gate, s="s_e", tau=5 * ms) + Equations(gate, s="s_i", tau=10 * ms)
    assert both["s_e"].expression.text == "-s_e/(0.005*second)"
    assert both["s_i"].expression.text == "-s_i/(0.01*second)"


def test_a_declaration_can_be_replaced():
    equations = Equations("dV/dt = I/C : volt\nI : amp (input)")
    summed = Variable("I", "subexpression", formula("I_1 + I_2"), dimension_of(amp))
    assert equations.replaced(summed).expanded(formula("I/C")).text == "(I_1 + I_2)/C"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "'x' has no unit; end it with ' : volt'"),
        ("x : ", "the unit is missing"),
        ("x : mV", "declare the unit without a factor, 'volt' instead of 'mV'"),
        ("x : 2*volt", "declare the unit without a factor"),
        ("x : foo", "foo is not a unit"),
        ("x : volt + amp", "need equal units"),
        ("x : 1 (foo)", r"\(foo\) is not a flag that a parameter can have; allowed: \(constant\), \(input\)"),
        ("x : 1 (unless refractory)", r"\(unless refractory\) is not a flag that a parameter"),
        ("dx/dt = -x : 1 (input)", r"\(input\) is not a flag that a differential"),
        ("dx/dt = -x/tau\ny : 1", r"x has no unit, so that it runs into the next line: '-x/tau y'"),
        ("dx/dt = -x/tau\ndy/dt = 3 : 1", "x has no unit, so that it runs into the next line"),
        ("x = y : 1\ny = x : 1", "ring: x -> y -> x"),
        ("x = 2*x : 1", "ring: x -> x"),
        ("x : 1\nx : 1", "x is declared twice"),
        ("dx/dt = 1 : boolean", "a differential equation cannot be boolean"),
        ("x = : 1", "the expression is empty"),
        ("3 : 1", "is not an equation; write 'dV/dt"),
        ("x.y : 1", "is not an equation"),
        ("x : volt : amp", "is not an equation"),
        ("dx/dt = x.y : 1", r"equations of cells, dx/dt: in 'x.y': an attribute"),
    ],
)
def test_bad_declarations_are_refused_with_a_repair(text, message):
    with pytest.raises(EvsimError, match=message) as caught:
        Equations(text, "equations of cells")
    assert str(caught.value).startswith("equations of cells")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("t", "has a fixed meaning"),
        ("dt", "has a fixed meaning"),
        ("i", "has a fixed meaning"),
        ("xi", "has a fixed meaning"),
        ("xi_1", "has a fixed meaning"),
        ("lastspike", "has a fixed meaning"),
        ("exp", "is a function"),
        ("ms", "is a unit"),
        ("volt", "is a unit"),
        ("lambda", "is a word of Python"),
        ("__x", "two underscores"),
    ],
)
def test_names_with_another_meaning_cannot_be_declared(name, reason):
    with pytest.raises(EvsimNameError, match=f"{name} .*{reason}"):
        Equations(f"{name} : 1")


def test_replacements_must_fit():
    with pytest.raises(EvsimNameError, match="tau_m is to be replaced but does not occur"):
        Equations("dx/dt = -x/tau : 1", tau_m=3 * ms)
    with pytest.raises(EvsimError, match="x is declared here, so it can be renamed but not given a value"):
        Equations("dx/dt = -x/tau : 1", x=3)
    with pytest.raises(EvsimTypeError, match="a name or one number"):
        Equations("dx/dt = -x/tau : 1", tau=[1, 2])
    with pytest.raises(EvsimError, match="write a plain name"):
        Equations("dx/dt = -x/tau : 1", tau="3*ms")
    with pytest.raises(EvsimError, match="V is declared twice"):
        Equations("dx/dt = -x : 1\nV : 1", x="V")
