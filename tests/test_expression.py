"""Expressions: what is let through, what it is worth in every engine, and how it is spelled."""

from __future__ import annotations

import copy
import ctypes
import math
import random
import shutil
import subprocess

import mpmath
import numpy as np
import pytest

from evsim import include
from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.equations.functions import FUNCTIONS, MPMATH, NUMPY
from evsim.equations.nodes import MAX_DEPTH
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, DimensionMismatchError, dimension_of, mV


def parse(text):
    return Expression.parse(text, "the threshold of cells")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3", 7.0),
        ("-3**2", -9.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("7 // 2", 3.0),
        ("-7 // 2", -4.0),
        ("-7 % 3", 2.0),
        ("7 % -3", -2.0),
        ("1/4", 0.25),
        ("clip(5, 0, 1) + min(3, 1, 2) + max(3, 4)", 6.0),
        ("exprel(0)", 1.0),
        ("sign(-3) + int(-2.7) + floor(-2.5) + ceil(2.1)", -3.0),
        ("(3 > 2)*5 + (3 < 2)*7", 5.0),
        ("(2 > 1)/(3 > 1)", 1.0),
        ("(2 > 1) + (3 > 1)", 2.0),
    ],
)
def test_arithmetic_means_the_same_in_numpy_and_mpmath(text, value):
    assert parse(text).evaluate({}) == value
    assert parse(text).evaluate({}, MPMATH) == value


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("1 < 2 < 3", True),
        ("1 < 2 > 3", False),
        ("not 1 > 2", True),
        ("1 > 2 or 2 > 1 and 3 > 2", True),
        ("True and not False", True),
        ("1 != 1", False),
    ],
)
def test_conditions_are_true_or_false(text, truth):
    assert parse(text).is_condition
    assert parse(text).evaluate({}) == truth
    assert parse(text).evaluate({}, MPMATH) is truth


def test_names_take_arrays_and_a_condition_gives_one_truth_for_each():
    values = parse("i != j and i < 3").evaluate({"i": np.arange(5), "j": 1})
    assert values.tolist() == [True, False, True, False, False]


def test_a_literal_is_the_nearest_double_in_arbitrary_precision_too():
    with mpmath.workprec(200):
        assert parse("0.1").evaluate({}, MPMATH) == mpmath.mpf(0.1)
        third = parse("1/3").evaluate({}, MPMATH)
        assert abs(third * 3 - 1) < mpmath.mpf(2) ** -195


@pytest.mark.parametrize("name", sorted(name for name, f in FUNCTIONS.items() if not f.draws))
def test_every_function_agrees_between_numpy_and_mpmath(name):
    arguments = ", ".join(["x", "y", "z"][: FUNCTIONS[name].fewest])
    values = {"x": 0.375, "y": 0.25, "z": 0.5}
    expected = parse(f"{name}({arguments})").evaluate(values, MPMATH)
    assert parse(f"{name}({arguments})").evaluate(values) == pytest.approx(float(expected), rel=4e-16)


def test_a_function_outside_its_domain_gives_nan_in_both():
    for text in ("sqrt(x)", "log(x)", "x**0.5"):
        assert math.isnan(parse(text).evaluate({"x": -1.0}))
        assert mpmath.isnan(parse(text).evaluate({"x": -1.0}, MPMATH))


def test_random_numbers_come_only_from_the_callers_table():
    expression = parse("0.5 + rand()")
    assert expression.draws
    with pytest.raises(EvsimError, match=r"rand\(\) cannot be drawn here"):
        expression.evaluate({})
    assert expression.evaluate({}, {**NUMPY, "rand": lambda: 0.25}) == 0.75


def test_a_missing_value_is_reported_by_name():
    with pytest.raises(EvsimNameError, match="'a \\+ tau': tau has no value"):
        parse("a + tau").evaluate({"a": 1.0})


def test_a_function_that_was_not_looked_up_is_reported_by_name():
    expression = parse("exq(x)")
    assert expression.foreign == {"exq"}
    assert expression.functions == {"exq"}
    for use in (
        lambda: expression.evaluate({"x": 1.0}),
        lambda: expression.dimension({"x": DIMENSIONLESS}, "it"),
    ):
        with pytest.raises(EvsimNameError, match="there is no function exq; did you mean exp"):
            use()
    with pytest.raises(EvsimNameError, match="the function exq has no place in the generated C"):
        expression.to_c({"x": "x"})
    assert expression.to_c({"x": "x"}, {"exq": lambda given: f"f({given[0]}, 2)"}) == "f(x, 2)"


def test_division_by_zero_is_reported_where_there_is_no_infinity():
    assert parse("1/x").evaluate({"x": 0.0}) == math.inf
    with pytest.raises(EvsimValueError, match="'1/x' divides by zero"):
        parse("1/x").evaluate({"x": 0.0}, MPMATH)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("V.x > 2", r"at column 1, 'V.x': an attribute \(a dot\) is not allowed here; write a plain name"),
        ("1 + V[0]", r"at column 5, 'V\[0\]': an index is not allowed"),
        ("(lambda: 1)()", "only functions with a plain name"),
        ("lambda: 1", "a lambda is not allowed"),
        ("[x for x in y]", "a comprehension is not allowed"),
        ("exp(k for k in y)", "a comprehension is not allowed"),
        ("'text'", "a string is not allowed"),
        ("f'{x}'", "a string is not allowed"),
        ("b'text'", "a string is not allowed"),
        ("__import__('os')", "there is no function __import__"),
        ("().__class__", "an attribute"),
        ("__builtins__", "names with two underscores"),
        ("x__", "names with two underscores"),
        ("a if b else c", "multiply by a condition"),
        ("(a := 1)", "':=' is not allowed"),
        ("a = 1", "compare with '=='"),
        ("a & b", "write 'and', 'or', 'not'"),
        ("a << b", "only \\+ - "),
        ("a @ b", "only \\+ - "),
        ("~a", "write 'not'"),
        ("a in b", "'in' and 'is' are not known"),
        ("a is b", "'in' and 'is' are not known"),
        ("a, b", "a comma is not allowed"),
        ("{a: b}", "a dict is not allowed"),
        ("1j", "only real numbers"),
        ("...", "only real numbers"),
        ("None", "only real numbers"),
        ("exp", "exp is a function; call it, as in exp\\(x\\)"),
        ("exp()", "exp takes 1 argument, not 0"),
        ("rand(3)", "rand takes no argument, not 1"),
        ("exp(x=1)", "arguments have no names"),
        ("exp(*x)", "'\\*' before an argument"),
        ("exp(**x)", "arguments have no names"),
        ("a b", "at column 3, near 'b'"),
        ("(a", "cannot be read as an expression"),
        ("", "the expression is empty"),
        ("   \n ", "the expression is empty"),
        ("\u03c4 + 1", "a name has letters a-z"),
        ("a\0b", "cannot be read as an expression"),
        ("await x", "cannot be read as an expression|not allowed"),
        ("(yield)", "not allowed"),
    ],
)
def test_anything_but_plain_arithmetic_is_refused_with_its_place(text, message):
    with pytest.raises(EvsimError, match=message) as caught:
        parse(text)
    assert str(caught.value).startswith("the threshold of cells:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9**9**9", "a power larger than 100"),
        ("2**(9*99)", "a power larger than 100"),
        ("x**-1e9", "a power larger than 100"),
        ("1e999", "too large for a double"),
        ("1" + "0" * 400, "too large for a double"),
        ("1" * 5000, "too many digits"),
        ("(" * 70 + "1" + ")" * 70, "more than 60 brackets"),
        ("-" * 5000 + "1", "nested"),
        ("-" * 300 + "1", "nested more than 200 levels"),
        ("+".join(["a"] * 4000), "nested"),
        ("+".join(["a"] * 300), "nested more than 200 levels"),
        ("a" * 20_000, "20000 characters"),
        ("not " * 2000 + "a", "nested"),
        ("exp(" * 59 + "x" + ")" * 59 + "**" * 3000 + "1", "."),
    ],
)
def test_huge_and_deep_texts_are_refused_and_never_computed(text, message):
    with pytest.raises(EvsimError, match=message) as caught:
        parse(text)
    assert len(str(caught.value)) < 500


def test_substitution_that_explodes_is_refused():
    expression = parse("x*x")
    with pytest.raises(EvsimError, match="split it up"):
        for _ in range(40):
            expression = expression.substitute({"x": parse("x*x")})


def test_text_must_be_text():
    with pytest.raises(EvsimTypeError, match="expected text, got 3 of type int"):
        Expression.parse(3, "the threshold of cells")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("(g_L*(E_L-V)+I)/C_m", "(g_L*(E_L - V) + I)/C_m"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a/(b*c)", "a/(b*c)"),
        ("(-x)**2", "(-x)**2"),
        ("-(x**2)", "-x**2"),
        ("-(-x)", "-(-x)"),
        ("+x", "x"),
        ("1.0 + 1e0", "1 + 1"),
        ("0.1", "0.1"),
        ("(a > b) and (c or d)", "a > b and (c or d)"),
        ("not (a and b)", "not (a and b)"),
        ("a   +\n b", "a + b"),
    ],
)
def test_equal_trees_have_one_spelling(text, canonical):
    assert parse(text).text == canonical
    assert parse(canonical) == parse(text)
    assert hash(parse(canonical)) == hash(parse(text))


def test_different_groupings_are_different_expressions():
    assert parse("a + (b + c)") != parse("a + b + c")
    assert parse("a*(b/c)") != parse("a*b/c")


def test_random_trees_survive_their_own_spelling():
    choose = random.Random(7)
    for _ in range(300):
        expression = parse(random_text(choose, 5))
        again = parse(expression.text)
        assert again.tree == expression.tree


def random_text(choose, depth):
    if depth == 0 or choose.random() < 0.1:
        return choose.choice(["a", "b", "c", "2", "0.1", "3e-7"])
    inner = [random_text(choose, depth - 1) for _ in range(3)]
    forms = ["({}) + ({})", "({})-({})", "({})*({})", "({})/({})", "-({})", "exp({})", "(({}) > ({}))*({})"]
    forms += ["({})**2", "min({}, {})", "({})%({})", "({})//({})", "{} + {}", "{}*{}", "{}-{}", "-{}/{}"]
    return choose.choice(forms).format(*inner)


def test_expressions_are_immutable_and_copies_are_equal():
    expression = parse("a + b")
    with pytest.raises(AttributeError):
        expression.tree = None
    assert copy.deepcopy(expression) == expression


def test_names_and_functions_are_listed():
    expression = parse("exp(V/D)*g + min(a, b)")
    assert expression.names == {"V", "D", "g", "a", "b"}
    assert expression.functions == {"exp", "min"}


def test_renaming_happens_at_once():
    assert parse("a - b").rename({"a": "b", "b": "a"}).text == "b - a"


def test_substitution_keeps_the_grouping():
    assert parse("2*x").substitute({"x": parse("a + b")}).text == "2*(a + b)"


def test_a_number_can_be_negative_but_must_be_finite():
    assert Expression.number(-2.5) == parse("-2.5")
    assert Expression.number(0.1).evaluate({}) == 0.1
    with pytest.raises(EvsimValueError, match="cannot hold nan"):
        Expression.number(math.nan)


@pytest.mark.parametrize(
    ("text", "c"),
    [
        ("(g*(E - V) + 2)/C", "(p[0]*(E - V) + 2.0)/C"),
        ("1/3", "1.0/3.0"),
        ("V**2", "(V*V)"),
        ("V**0.5", "sqrt(V)"),
        ("V**g", "evsim_pow(V, p[0])"),
        ("(V - E)**3", "evsim_cube(V - E)"),
        ("-(-V)", "-(-V)"),
        ("V - -C", "V - -C"),
        ("abs(V) + min(V, C, E)", "fabs(V) + evsim_min(evsim_min(V, C), E)"),
        ("(V > C)/(E > C)", "(double)(V > C)/(double)(E > C)"),
        ("not V > C or E > C and V > E", "(!(V > C)) || ((E > C) && (V > E))"),
        ("V % C", "evsim_mod(V, C)"),
    ],
)
def test_c_text_has_doubles_only(text, c):
    assert parse(text).to_c({"g": "p[0]", "E": "E", "V": "V", "C": "C"}) == c


def test_a_name_without_place_in_c_is_reported():
    with pytest.raises(EvsimNameError, match="tau has no place in the generated C"):
        parse("V/tau").to_c({"V": "V"})


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_compiled_c_agrees_with_numpy(tmp_path):
    choose = random.Random(3)
    texts = [random_text(choose, 4) for _ in range(60)]
    texts += [
        "exprel(a)",
        "sign(-b)",
        "clip(a, b, c)",
        "-7 // a",
        "-7 % a",
        "7 % -a",
        "int(-2.5*a)",
        "a**1.5",
    ]
    names = {"a": "a", "b": "b", "c": "c"}
    lines = [f"double f{k}(double a, double b, double c) {{ return {parse(text).to_c(names)}; }}"
             for k, text in enumerate(texts)]  # fmt: skip
    source = tmp_path / "formulas.c"
    source.write_text("#include <kernel/functions.h>\n" + "\n".join(lines))
    library = tmp_path / "formulas.so"
    command = ["cc", "-std=c11", "-O0", "-ffp-contract=off", f"-I{include.folder()}", "-shared", "-fPIC"]
    command += ["-o", library, source, "-lm"]
    subprocess.run(command, check=True)
    loaded = ctypes.CDLL(str(library))
    values = {"a": 0.75, "b": 1.5, "c": -2.25}
    finite = 0
    for k, text in enumerate(texts):
        function = getattr(loaded, f"f{k}")
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * 3
        expected = float(parse(text).evaluate(values))
        found = function(*values.values())
        if math.isfinite(expected):
            finite += 1
            assert found == pytest.approx(expected, rel=1e-13), text
        else:
            assert not math.isfinite(found), text
    assert finite > 40


def test_depth_limit_leaves_room_for_long_sums():
    assert parse("+".join(["a"] * (MAX_DEPTH - 10))).evaluate({"a": 1.0}) == MAX_DEPTH - 10


# Values from text


def test_initial_values_from_text_have_values_and_unit():
    volt = dimension_of(mV)
    variables = {"E_L": (-0.07, volt), "mV": (0.001, volt)}
    values, dimension = evaluate_text(
        "E_L + rand()*20*mV", variables, {"rand": lambda: np.array([0.0, 0.5, 1.0])}, "the initial V of cells"
    )
    assert dimension == volt
    assert values == pytest.approx([-0.07, -0.06, -0.05], rel=1e-15)


def test_connection_rules_from_text_take_indices():
    i, j = np.meshgrid(np.arange(3), np.arange(3), indexing="ij")
    variables = {"i": (i, DIMENSIONLESS), "j": (j, DIMENSIONLESS)}
    chosen, dimension = evaluate_text("i != j", variables)
    assert chosen.sum() == 6 and chosen.dtype == bool and dimension.is_dimensionless
    probability, _ = evaluate_text("exp(-abs(i - j)/10)", variables)
    assert probability[0, 2] == math.exp(-0.2)


def test_text_values_refuse_mixed_units_and_draws_that_are_not_given():
    variables = {"E_L": (-0.07, dimension_of(mV))}
    with pytest.raises(DimensionMismatchError, match=r"the initial V of cells.*'E_L' and '1'"):
        evaluate_text("E_L + 1", variables, where="the initial V of cells")
    with pytest.raises(EvsimError, match=r"randn\(\) cannot be drawn"):
        evaluate_text("E_L*randn()", variables)
