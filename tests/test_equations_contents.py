"""What `Equations` tell about themselves, under Brian's names, and what they do with substitutions."""

from __future__ import annotations

import pytest

from evsim import *
from evsim.errors import EvsimNameError, EvsimValueError

TEXT = """
dv/dt = (v0 + I - v)/tau + sigma*xi_1*tau**-0.5 : volt (unless refractory)
I = g*x : volt
x : 1 (constant)
g : volt
b : boolean
n : integer (shared)
"""


@pytest.fixture
def equations():
    return Equations(TEXT, tau=10 * ms, v="V")


def test_names_by_kind(equations):
    assert list(equations) == ["V", "I", "x", "g", "b", "n"]
    assert equations.names == {"V", "I", "x", "g", "b", "n"}
    assert equations.diff_eq_names == {"V"}
    assert equations.subexpr_names == {"I"}
    assert equations.eq_names == {"V", "I"}
    assert equations.parameter_names == {"x", "g", "b", "n"}
    assert equations.identifiers == {"v0", "sigma", "second"}
    assert equations.is_stochastic
    assert equations.stochastic_variables == {"xi_1"}


def test_formulas_in_their_order(equations):
    whole = "(v0 + I - V)/(0.01*second) + sigma*xi_1*(0.01*second)**-0.5"
    assert [(name, str(formula)) for name, formula in equations.eq_expressions] == [
        ("V", whole),
        ("I", "g*x"),
    ]
    assert [name for name, _ in equations.diff_eq_expressions] == ["V"]
    (only,) = equations.get_substituted_expressions()
    assert only[0] == "V"
    assert str(only[1]) == whole.replace("I", "g*x")
    assert [name for name, _ in equations.get_substituted_expressions(include_subexpressions=True)] == [
        "V",
        "I",
    ]
    assert equations.get_substituted_expressions(["I"]) == []


def test_single_equations(equations):
    one = equations["V"]
    assert (one.varname, one.unit, one.dim) == ("V", volt, volt.dim)
    assert str(one.expr).startswith("(v0 + I - V)")
    assert equations["x"].unit == 1.0
    assert equations.dimensions["g"] == volt.dim


def test_the_text_can_be_read_again(equations):
    assert Equations(str(equations)) == equations
    assert "n : integer (shared)" in str(equations)


def test_sums_join_and_refuse_a_second_equation():
    both = Equations("dx/dt = -x/tau : 1") + Equations("y : 1") + "z : 1"
    assert list(both) == ["x", "y", "z"]
    with pytest.raises(EvsimValueError, match="x is declared twice"):
        Equations("dx/dt = -x/tau : 1") + "x : 1"


def test_a_substitution_gives_new_equations():
    one = Equations("dx/dt = -x/tau : 1")
    two = one.substitute(x="y", tau=5 * ms)
    assert (str(one), str(two)) == ("dx/dt = -x/tau : 1", "dy/dt = -y/(0.005*second) : 1")
    with pytest.raises(EvsimNameError, match="z is to be replaced but does not occur"):
        one.substitute(z="y")
    with pytest.raises(
        EvsimValueError, match="x is declared here, so it can be renamed but not given a value"
    ):
        one.substitute(x=3)


def test_an_angle_is_a_plain_number():
    angles = Equations("dtheta/dt = speed : radian\nspeed : radian/second\nsolid : steradian")
    assert angles["theta"].unit == angles["solid"].unit == 1.0
    assert angles["speed"].dim == Hz.dim
