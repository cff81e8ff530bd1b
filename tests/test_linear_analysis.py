"""Equations to a linear system: which coefficients are found, and what is refused for which reason."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import mpmath
import pytest

from evsim.equations.declaration import Equations
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH
from evsim.equations.linear import linear_model
from evsim.equations.linear_form import linear_form
from evsim.equations.nodes import Number
from evsim.equations.rearranged import rearranged_form
from evsim.errors import EvsimError, EvsimNameError

CONSTANTS = "C_m g_L E_L a b c mV V_th V_r tau D".split()
CUBA = """
dv/dt  = (ge + gi - (v - El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt (unless refractory)
dgi/dt = -gi/taui : volt (unless refractory)
"""
TWO = "dV/dt = {} : 1\ndx/dt = -x/tau : 1"


def model(equations, threshold="V > V_th", reset="V = V_r", written=()):
    return linear_model(Equations(equations, "cells"), threshold, reset, CONSTANTS, written, "cells")


def text_of(form):
    return {name: each.text for name, each in form.coefficients.items()}, form.constant.text


def rate(formula, state="V"):
    return text_of(model(TWO.format(formula)).rates[state])


def test_the_membrane_with_a_synaptic_current():
    cells = model(
        "dV/dt = (g_L*(E_L - V) + I_syn + a)/C_m : volt\ndI_syn/dt = -I_syn/tau : amp", "V > -50*mV"
    )
    assert cells.states == ("V", "I_syn")
    assert text_of(cells.rates["V"]) == ({"V": "-g_L/C_m", "I_syn": "1/C_m"}, "g_L*E_L/C_m + a/C_m")
    assert text_of(cells.rates["I_syn"]) == ({"I_syn": "-1/tau"}, "0")
    assert text_of(cells.threshold) == ({"V": "1"}, "50*mV")
    assert cells.strict
    assert [(each.target, each.where, each.operation, each.expression.text) for each in cells.reset] == [
        ("V", "neuron", "set", "V_r")
    ]
    assert cells.parameters == ("C_m", "E_L", "V_r", "a", "g_L", "mV", "tau")
    assert cells.clamped == frozenset()


def test_clamped_are_the_variables_flagged_unless_refractory():
    cells = linear_model(Equations(CUBA), "v > Vt", "v = Vr", ("El", "taum", "taue", "taui", "Vt", "Vr"))
    assert cells.clamped == {"v", "ge", "gi"}
    assert text_of(cells.rates["v"]) == ({"v": "-1/taum", "ge": "1/taum", "gi": "1/taum"}, "El/taum")


@pytest.mark.parametrize(
    ("formula", "coefficients", "constant"),
    [
        ("a", {}, "a"),
        ("(a - V)/tau", {"V": "-1/tau"}, "a/tau"),
        ("-V/tau + 0.1*x", {"V": "-1/tau", "x": "0.1"}, "0"),
        ("-(V + 2*V)*3", {"V": "-9"}, "0"),
        ("0.1*V*3", {"V": "0.1*3"}, "0"),
        ("V*0.5*4", {"V": "2"}, "0"),
        ("(1/tau)*V", {"V": "1/tau"}, "0"),
        ("a*(1/tau)*V", {"V": "a*(1/tau)"}, "0"),
        ("V*(a + b) - x*exp(-a/b)", {"V": "a + b", "x": "-exp(-a/b)"}, "0"),
        ("V/a/b", {"V": "1/a/b"}, "0"),
        ("a*(b > c)*V", {"V": "a*(b > c)"}, "0"),
        ("V - V + a", {}, "a"),
        ("a*V - a*V", {}, "0"),
        ("0*x + V", {"V": "1"}, "0"),
        ("-(a - V)", {"V": "1"}, "-a"),
        ("i*V + N - dt", {"V": "i"}, "N - dt"),
    ],
)
def test_coefficients_keep_the_users_form(formula, coefficients, constant):
    assert rate(formula) == (coefficients, constant)


@pytest.mark.parametrize(
    ("formula", "coefficients", "constant"),
    [
        ("(V + 1)**2 - V**2", {"V": "2"}, "1"),
        ("(V + 0.1)**2 - V**2", {"V": "0.2"}, "0.1**2"),
        ("V*V/V", {"V": "1"}, "0"),
        ("(V + x)*(V - x) - V*V + x**2 + x/3", {"x": "1/3"}, "0"),
        ("0*V*x + V*x - x*V + a", {}, "a"),
        ("V*(x + a)/x - a*V/x", {"V": "1"}, "0"),
    ],
)
def test_what_is_linear_after_multiplying_out_is_found(formula, coefficients, constant):
    assert rate(formula) == (coefficients, constant)


def test_a_tenth_stays_the_double_on_both_ways():
    for text in ("0.1*V", "V*V*0.1/V"):
        tree = Expression.parse(text, "test").tree
        form = rearranged_form(tree, {"V"})
        assert form is not None and form.coefficients["V"].tree() == Number(0.1)
    assert linear_form(Expression.parse("0.1*V", "test").tree, {"V"}).coefficients["V"].tree() == Number(0.1)


def test_random_linear_rates_equal_their_forms_to_the_last_digit():
    choose = random.Random(11)
    states = frozenset({"x", "y", "z"})
    parameters = ["p", "q", "r"]
    with mpmath.workprec(200):
        for _ in range(200):
            text = random_linear(choose, 4)
            expression = Expression.parse(text, "test")
            form = linear_form(expression.tree, states)
            values = {name: mpmath.mpf(choose.uniform(0.5, 2)) for name in [*states, *parameters]}
            only = {name: values[name] for name in parameters}
            total = Expression(form.constant.tree()).evaluate(only, MPMATH)
            for name, part in form.coefficients.items():
                total += Expression(part.tree()).evaluate(only, MPMATH) * values[name]
            assert abs(total - expression.evaluate(values, MPMATH)) < mpmath.mpf(10) ** -50, text


def random_linear(choose, depth):
    """Text that is linear in x, y, z; p, q, r are parameters."""
    if depth == 0:
        return choose.choice(["x", "y", "z", "p", "0.1"])
    free = choose.choice(["p", "q*r", "(p + 2)", "exp(-q)", "0.3", "(q > r)", "3"])
    one, other = random_linear(choose, depth - 1), random_linear(choose, depth - 1)
    below = choose.choice(["p", "(q + r)", "7", "sqrt(p)"])
    forms = [f"({one}) + ({other})", f"({one}) - ({other})", f"-({one})"]
    forms += [f"{free}*({one})", f"({one})*{free}", f"({one})/{below}", f"{free}*({one} - {other})/{below}"]
    return choose.choice(forms)


def test_sympy_agrees_that_the_coefficients_are_the_derivatives():
    import sympy

    choose = random.Random(5)
    for _ in range(25):
        text = random_linear(choose, 3).replace("(q > r)", "q")
        form = linear_form(Expression.parse(text, "test").tree, {"x", "y", "z"})
        rate = sympy.sympify(text, rational=True)
        for name in "xyz":
            found = form.coefficients[name].tree() if name in form.coefficients else Number(0.0)
            slope = sympy.sympify(Expression(found).text, rational=True)
            assert sympy.simplify(sympy.diff(rate, sympy.Symbol(name)) - slope) == 0, text


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (
            "a*exp((V - E_L)/D)/tau",
            r"cells: .*'exp\(\(V - E_L\)/D\)' is not linear: it is exp of V; method='exact'",
        ),
        ("V*V", r"the part 'V\*V' is not linear: it multiplies V by V"),
        ("x*V - a*V", r"the part 'x\*V' is not linear: it multiplies x by V"),
        ("V**2/tau", r"the part 'V\*\*2' is not linear: it is a power with V"),
        ("a**V", r"the part 'a\*\*V' is not linear"),
        ("a/(V + b)", "it divides by V"),
        ("clip(V, 0, 1)", "it is clip of V"),
        ("(V > 1)*a", "'>' with V is not linear"),
        ("V % a", "'%' with V is not linear"),
        ("V*V/V + exp(V)", "not linear"),
        ("V*V - V*V + abs(x)", "not linear"),
        ("((V + x + a + b + c)**8 + V)**8", "is a power with V"),
        ("-V/tau + a*xi", "xi is noise"),
        ("-V/tau + a*xi_1", "xi_1 is noise"),
        ("a*sin(b*t) - V", "t changes with time"),
        ("-V*not_refractory", "not_refractory changes at the end of the refractory period"),
        ("-V/tau*(lastspike > a)", "lastspike is the time of the last spike"),
        ("rand() - V", r"rand\(\) gives a new value each time"),
    ],
)
def test_rates_that_are_not_linear_are_refused_with_term_and_reason(formula, message):
    with pytest.raises(EvsimError, match=message) as caught:
        rate(formula)
    assert str(caught.value).startswith("cells: dV/dt = ")
    assert "\n" not in str(caught.value)


def test_a_term_inside_a_subexpression_is_found():
    with pytest.raises(
        EvsimError, match=r"dV/dt = -I/C_m: the part 'tanh\(V/a\)' is not linear: it is tanh of V"
    ):
        model("dV/dt = -I/C_m : 1\nI = g_L*tanh(V/a) : 1")


def test_an_unknown_name_is_reported():
    with pytest.raises(EvsimNameError, match="dV/dt = -V/tau_m: tau_m is not defined"):
        rate("-V/tau_m")


def test_subexpressions_are_substituted():
    cells = model("dV/dt = (I - V)/tau : 1\nI = a*J + b : 1\nJ = V/2 : 1")
    assert text_of(cells.rates["V"]) == ({"V": "a/2/tau - 1/tau"}, "b/tau")


def test_inputs_that_nothing_delivers_to_are_zero():
    cells = model("dV/dt = (I_syn - V)/tau : 1\nI_syn : 1 (input)")
    assert text_of(cells.rates["V"]) == ({"V": "-1/tau"}, "0")
    assert "I_syn" not in cells.parameters


def test_a_subexpression_held_over_dt_must_not_change():
    assert text_of(model("dV/dt = I - V : 1\nI = a*b : 1 (constant over dt)").rates["V"]) == (
        {"V": "-1"},
        "a*b",
    )
    with pytest.raises(EvsimError, match="I is held constant over dt but depends on V"):
        model("dV/dt = I - V : 1\nI = a*V : 1 (constant over dt)")


@pytest.mark.parametrize(
    ("threshold", "coefficients", "constant", "strict"),
    [
        ("V > V_th", {"V": "1"}, "-V_th", True),
        ("V >= V_th", {"V": "1"}, "-V_th", False),
        ("V < V_th", {"V": "-1"}, "V_th", True),
        ("V_th <= V", {"V": "1"}, "-V_th", False),
        ("V - 2*x > a + x/3", {"V": "1", "x": "-2 - 1/3"}, "-a", True),
        ("a*V > 1 and not_refractory", {"V": "a"}, "-1", True),
        ("not_refractory and V > 1", {"V": "1"}, "-1", True),
    ],
)
def test_thresholds_are_linear_forms(threshold, coefficients, constant, strict):
    cells = model(TWO.format("-V"), threshold)
    assert text_of(cells.threshold) == (coefficients, constant)
    assert cells.strict is strict


@pytest.mark.parametrize("threshold", [None, ""])
def test_a_group_needs_no_threshold(threshold):
    cells = model("dV/dt = -V : 1", threshold, "")
    assert cells.threshold is None and cells.reset == ()


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ("V", "is not one comparison"),
        ("V == 1", "is not one comparison"),
        ("V > 1 or x > 1", "is not one comparison"),
        ("V > 1 and x > 1", "is not one comparison"),
        ("not V > 1", "is not one comparison"),
        ("1 < V < 2", "is not one comparison"),
        (
            "rand() < a",
            r"rand\(\) in 'rand\(\) < a' would make spikes depend on the time step; use a PoissonGroup",
        ),
        ("V**2 > 1", r"the threshold of cells, 'V\*\*2 > 1': the part 'V\*\*2' is not linear"),
        ("V > t", "t changes with time"),
        ("V > theta", "theta is not defined"),
    ],
)
def test_thresholds_that_cannot_be_found_exactly_are_refused(threshold, message):
    with pytest.raises(EvsimError, match=message) as caught:
        model(TWO.format("-V"), threshold)
    assert str(caught.value).startswith("the threshold of cells")


def test_resets_become_assignments():
    equations = TWO.format("-V") + "\nq = a*x : 1"
    cells = model(equations, "V > 1", "V -= a + x; x *= 2\nV = q\n x /= b; V += i")
    assert [(each.target, each.operation, each.expression.text) for each in cells.reset] == [
        ("V", "add", "-(a + x)"),
        ("x", "set", "x*2"),
        ("V", "set", "a*x"),
        ("x", "set", "x/b"),
        ("V", "add", "i"),
    ]
    assert cells.parameters == ("a", "b", "i", "tau")


@pytest.mark.parametrize(
    ("reset", "message"),
    [
        ("V = V > 1", "the right-hand side is a condition, and V is a number"),
        ("W = 3", "W cannot be changed, it is not declared"),
        ("W += 3; V = W", "W cannot be changed, it is not declared"),
        ("t = 3", "t cannot be changed, it is not declared"),
        ("tau = 3", "tau cannot be changed, it is not declared"),
        ("V = W", "W is not defined"),
        ("k += 1", r"k is declared \(constant\) and cannot be changed"),
        ("m = 1", r"m is declared \(shared\) and cannot be changed"),
        ("s = 1", "s follows from its formula"),
        ("V == 1", "is not a statement"),
    ],
)
def test_resets_that_cannot_be_run_are_refused(reset, message):
    with pytest.raises(EvsimError, match=message) as caught:
        model("dV/dt = -V : 1\nk : 1 (constant)\nm : 1 (shared)\ns = 3*a : 1", "V > 1", reset)
    assert str(caught.value).startswith("the reset of cells")


def test_parameters_that_event_code_changes_become_states_at_rest():
    equations = "dV/dt = (I - V)/tau : 1\nI : 1\ntheta : 1\nE : 1\nn : 1"
    cells = model(equations, "V > theta + E", "theta += a; n += 1", ["I"])
    assert cells.states == ("V", "I", "theta", "n")
    assert text_of(cells.rates["V"]) == ({"V": "-1/tau", "I": "1/tau"}, "0")
    for name in ("I", "theta", "n"):
        assert text_of(cells.rates[name]) == ({}, "0")
    assert text_of(cells.threshold) == ({"V": "1", "theta": "-1"}, "-E")
    assert cells.parameters == ("E", "a", "tau")


def test_a_changed_parameter_must_not_multiply_a_state():
    with pytest.raises(
        EvsimError, match=r"it multiplies g by V \(g is a state because event code changes it\)"
    ):
        model("dV/dt = -g*V/C_m : 1\ng : 1", written=["g"])
    with pytest.raises(
        EvsimError, match=r"divides by tau_V \(tau_V is a state because event code changes it\)"
    ):
        model("dV/dt = -V/tau_V : 1\ntau_V : 1", reset="tau_V += a")


def test_event_code_cannot_change_what_is_not_there():
    with pytest.raises(
        EvsimNameError, match="event code of cells: I_syn cannot be changed, it is not declared"
    ):
        model("dV/dt = -V : 1", written=["I_syn"])


def test_parameters_of_the_group_stay_names_in_order_of_declaration():
    cells = model("dV/dt = (E - V)/tau_V : 1\ntau_V : 1\nE : 1\nunused : 1", "V > V_th")
    assert cells.parameters == ("tau_V", "E", "V_r", "V_th")


def test_linear_equations_are_analysed_quickly_and_without_sympy():
    program = """
import sys, time
from evsim.equations.declaration import Equations
from evsim.equations.linear import linear_model
start = time.perf_counter()
linear_model(Equations(sys.argv[1]), "v > Vt", "v = Vr", ("El", "taum", "taue", "taui", "Vt", "Vr"))
assert time.perf_counter() - start < 0.1, time.perf_counter() - start
assert "sympy" not in sys.modules and "mpmath" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program, CUBA], check=True)


def test_refusing_a_large_power_takes_no_time():
    start = time.perf_counter()
    with pytest.raises(EvsimError, match="not linear"):
        rate("((V + x)**8 + (V - x)**8 + a)**8 * (V + x + a + b + c)**8")
    assert time.perf_counter() - start < 2
