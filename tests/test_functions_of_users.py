"""Functions of the user in equations: Python that becomes a formula, C that comes with it, and what is refused."""

# ruff: noqa: F841 (variables that only equations name)

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from evsim import *
from evsim.equations.expression import Expression
from evsim.equations.functions import MPMATH
from evsim.equations.resolve import resolve_functions
from evsim.equations.user_functions import engine_functions
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, dimension_of
from evsim.units.functions import clip, exp, exprel

VOLT, SECOND = dimension_of(volt), dimension_of(second)


@check_units(v=volt, result=1)
def activation(v):
    return 1 / (1 + exp(-(v + 35 * mV) / (5 * mV)))


def bound(text, **functions):
    expression = Expression.parse(text, "it")
    return expression.bound(resolve_functions(expression.foreign, functions or None, globals()), "it")


def inlined(text, **functions):
    return bound(text, **functions).inlined("it")


def test_a_python_function_becomes_a_formula_in_si():
    assert inlined("2*activation(u)").text == "2*(1/(1 + exp(-(u + 0.035)/0.005)))"
    assert bound("2*activation(u)").text == "2*activation(u)"
    assert bound("2*activation(u)").functions == {"activation"}
    assert inlined("2*activation(u)").functions == {"exp"}


def test_its_value_is_the_same_in_python_in_doubles_and_in_arbitrary_precision():
    value = bound("activation(u)")
    assert value.evaluate({"u": -0.03}) == activation(-30 * mV)
    many = value.evaluate({"u": np.array([-0.03, -0.035])})
    assert many == pytest.approx([1 / (1 + math.exp(-1)), 0.5], rel=1e-14)
    with mpmath.workdps(40):
        exact = value.evaluate({"u": mpmath.mpf(-0.03)}, MPMATH)
        assert (
            abs(exact - 1 / (1 + mpmath.exp(-(mpmath.mpf(-0.03) + mpmath.mpf(0.035)) / 0.005)))
            < mpmath.mpf(10) ** -38
        )


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x**2 + 1 / x - 3, "x**2 + 1/x - 3"),
        (lambda x: 2**x, "2**x"),
        (lambda x: np.sqrt(x) * np.log1p(x), "sqrt(x)*log1p(x)"),
        (lambda x: abs(-x) % 3 // 2, "abs(-x) % 3 // 2"),
        (
            lambda x: np.clip(x, 0, 1) + clip(x, -1, 0) + x.clip(1, 2),
            "clip(x, 0, 1) + clip(x, -1, 0) + clip(x, 1, 2)",
        ),
        (lambda x: np.maximum(x, 0) - np.minimum(0, x), "max(x, 0) - min(0, x)"),
        (lambda x: exprel(x) + np.square(x) + np.reciprocal(x), "exprel(x) + x**2 + 1/x"),
        (lambda x: (x > 0) * x, "(x > 0)*x"),
        (lambda x: (x > 0) & ~(x >= 1) | (x == 3), "x > 0 and not x >= 1 or x == 3"),
        (lambda x: np.float64(2) * x + np.array(1.0), "2*x + 1"),
        (lambda x: 7, "7"),
        (lambda x: +x - (-1e-30), "x - -1e-30"),
        (
            lambda x: np.sign(x) * np.arctan(x) * np.floor(x) * np.trunc(x),
            "sign(x)*arctan(x)*floor(x)*int(x)",
        ),
    ],
)
def test_operators_and_functions_of_numpy_are_followed(function, text):
    assert inlined("f(x)", f=function) == Expression.parse(text, "it")


def test_functions_may_call_each_other_and_tables():
    table = TimedArray([1, 2] * mV, dt=1 * ms)

    @check_units(t=second, result=volt)
    def drive(t):
        return 2 * table(t - 1 * ms) + 3 * mV

    def both(v, t):
        return activation(v) + drive(t) / volt

    expression = inlined("both(u, t)", both=both)
    assert expression.evaluate({"u": -0.035, "t": 0.0025}) == pytest.approx(
        0.5 + 2 * 0.002 + 0.003, rel=1e-14
    )
    functions = engine_functions([expression], "it")
    assert list(functions) == ["timedarray"]
    assert functions["timedarray"] is table.table


def test_arguments_are_put_in_all_at_once():
    assert inlined("f(y, x)", f=lambda x, y: x - 2 * y).text == "y - 2*x"
    assert inlined("f(volt)", f=lambda volt: volt * 3 * mV).text == "volt*3*0.001"


def test_units_of_arguments_and_results_are_checked():
    assert bound("activation(u)").dimension({"u": VOLT}, "it") == DIMENSIONLESS
    with pytest.raises(DimensionMismatchError, match="argument v of activation does not fit"):
        bound("activation(u)").dimension({"u": SECOND}, "it")

    @check_units(v=volt, result=second)
    def wrong(v):
        return 2 * v

    with pytest.raises(DimensionMismatchError, match="wrong does not return what it declares"):
        bound("wrong(u)", wrong=wrong).dimension({"u": VOLT}, "it")


def test_units_that_are_not_declared_follow_from_the_body():
    def scaled(v):
        return v / (2 * mV) * ms

    assert bound("scaled(u)", scaled=scaled).dimension({"u": VOLT}, "it") == SECOND
    with pytest.raises(DimensionMismatchError, match="in the function shifted"):

        def shifted(v):
            return v + 2 * mV

        bound("shifted(u)", shifted=shifted).dimension({"u": SECOND}, "it")


def test_a_unit_may_follow_that_of_an_argument():
    @check_units(a=None, b="a", result=lambda a, b: a**2)
    def product(a, b):
        return a * b

    value = bound("product(u, w)", product=product)
    assert value.dimension({"u": VOLT, "w": VOLT}, "it") == VOLT**2
    assert product(2 * mV, 3 * mV) == 6 * mV * mV
    with pytest.raises(DimensionMismatchError, match="argument b of product"):
        value.dimension({"u": VOLT, "w": SECOND}, "it")
    with pytest.raises(DimensionMismatchError, match="product: argument b"):
        product(2 * mV, 3 * ms)


def test_a_truth_value_is_asked_for_by_bool():
    @check_units(x=bool, result=bool)
    def negated(x):
        return not x

    assert negated(True) is False
    with pytest.raises(EvsimTypeError, match="negated: argument x must be True or False"):
        negated(3)


def first_spike(cells):
    monitor = SpikeMonitor(cells)
    run(30 * ms)
    return monitor.t[0] / ms


def test_a_linear_function_leaves_the_equations_exact():
    def leak(v, tau):
        return (2 * mV - v) / tau

    namespace = {"leak": leak, "tau_m": 10 * ms}
    cells = NeuronGroup(
        1,
        "dv/dt = leak(v, tau_m) : volt",
        threshold="v > 1*mV",
        reset="v = -9*mV",
        method="exact",
        namespace=namespace,
    )
    assert first_spike(cells) == pytest.approx(10 * np.log(2), abs=1e-12)


def test_a_function_in_the_threshold_and_the_reset():
    def high(v):
        return 2 * v > 2 * mV

    def lowered(v):
        return v - 10 * mV

    cells = NeuronGroup(1, "dv/dt = (2*mV - v)/(10*ms) : volt", threshold="high(v)", reset="v = lowered(v)")
    spikes = SpikeMonitor(cells)
    run(40 * ms)
    again = 10 * np.log(11.0)  # from -9 mV to 1 mV, with 2 mV ahead
    assert np.asarray(spikes.t / ms) == pytest.approx([10 * np.log(2), 10 * np.log(2) + again], abs=1e-9)


@implementation("cpp", "inline double squared(double x) { return x*x; }  // plain C too")
@check_units(x=1, result=1)
def squared(x):
    return x * x


def test_c_is_called_under_the_name_that_equations_use():
    value = inlined("g(x) + 1", g=squared)
    functions = engine_functions([value], "it")
    assert functions["g"].arity == 1
    assert functions["g"].c.split() == "static inline double user_g(double x) { return x*x; }".split()
    assert functions["g"].evaluate(3.0) == 9
    assert value.to_c({"x": "x"}, {"g": lambda given: f"g({', '.join(given)})"}) == "g(x) + 1.0"
    assert squared(3) == 9


def test_equations_run_with_functions_in_c():
    # dx/dt = 1 + x**2 from 0 is tan(t): 1 is reached at pi/4
    cells = NeuronGroup(1, "dx/dt = (1 + squared(x))/(10*ms) : 1", threshold="x > 1", reset="x = 0")
    assert first_spike(cells) == pytest.approx(10 * np.pi / 4, abs=1e-6)


@implementation("c", "double b(double x) { return x*x; }")
@check_units(x=1, result=1)
def b(x):
    return x * x


@implementation(
    "c", "static double twice(double y) { return 2*y; }\ndouble erf(double x) { return twice(x); }"
)
@check_units(x=1, result=1)
def erf(x):
    return 2 * x


def test_names_of_c_and_of_the_kernel_are_free_for_functions():
    # dx/dt = 1 + x**2 as above, dy/dt = 1 + 2*y reaches 1 at ln(3)/2
    equations = "dx/dt = (1 + b(x))/(10*ms) : 1\ndy/dt = (1 + erf(y))/(10*ms) : 1"
    cells = NeuronGroup(1, equations, threshold="x > 1", reset="x = -1e3")
    also = NeuronGroup(1, equations, threshold="y > 1", reset="y = -1e3")
    spikes, more = SpikeMonitor(cells), SpikeMonitor(also)
    run(10 * ms)
    assert spikes.t[0] / ms == pytest.approx(10 * np.pi / 4, abs=1e-6)
    assert more.t[0] / ms == pytest.approx(10 * np.log(3) / 2, abs=1e-6)


def after_two_events(equations, on_pre, **options):
    cells = NeuronGroup(1, equations, **options)
    source = SpikeGeneratorGroup(1, [0, 0], [1.5, 2.5] * ms)
    synapses = Synapses(source, cells, "w : 1", on_pre=on_pre)
    synapses.connect()
    synapses.w = 3
    run(4 * ms)
    return cells.x[0]


def test_code_of_synapses_calls_python_and_c():
    decay = "dx/dt = -x/(10*ms) : 1"
    expected = np.exp(-0.25) + np.exp(-0.15)
    assert after_two_events(decay, "x += b(w)") == pytest.approx(9 * expected, rel=1e-12)
    assert after_two_events(decay, "x = x + b(w) + 0*erf(x)") == pytest.approx(9 * expected, rel=1e-12)
    start_scope()
    assert after_two_events("dx/dt = 0*x**3/ms : 1", "x += b(x + 1)") == pytest.approx(1 + 4, rel=1e-12)


def test_a_reset_calls_c_also_in_a_linear_system():
    cells = NeuronGroup(
        1, "dx/dt = (2 - x)/(10*ms) : 1", threshold="x > 1", reset="x = b(x - 2)/2 - 2.5 + erf(0)"
    )
    spikes = SpikeMonitor(cells)
    run(25 * ms)
    first, again = 10 * np.log(2), 10 * np.log(4)  # from 0 to 1, and from -2 to 1, with 2 ahead
    assert np.asarray(spikes.t / ms) == pytest.approx([first, first + again], abs=1e-8)


def test_text_values_use_python_also_where_no_formula_is_possible():
    @check_units(x=1, result=1)
    def stairs(x):
        if x < 2:
            return 0
        return 1

    cells = NeuronGroup(4, "x : 1")
    cells.x = "stairs(i) + activation(-35*mV)"
    assert np.array_equal(cells.x, [0.5, 0.5, 1.5, 1.5])


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: 1 if x > 0 else 0, "it decides with 'if'"),
        (lambda x: max(x, 0), "it decides with 'if'"),
        (lambda x: math.exp(x), "it needs a plain float, as the functions of math do; use numpy's"),
        (lambda x: np.where(x > 0, x, 0), "numpy's where is not a function of equations"),
        (lambda x: np.hypot(x, 1), "numpy's hypot is not a function of equations"),
        (lambda x: x * np.array([1, 2]), "not one number"),
        (lambda x: x[0], "it takes an element of its argument"),
        (lambda x: sum(x), "it goes through its argument as a list"),
        (lambda x: x * np.random.rand(), "it gives another result each time"),
        (lambda x: x.real, "it raises AttributeError"),
        (lambda x: x + np.inf, "it uses inf"),
        (lambda x: "text", "not one number"),
    ],
)
def test_a_function_that_is_no_formula_is_refused_with_reason_and_remedy(function, reason):
    with pytest.raises(EvsimTypeError) as caught:
        inlined("f(x)", f=function)
    assert reason in str(caught.value)
    assert str(caught.value).endswith('or give it C with @implementation("c", "double ...").')
    assert "\n" not in str(caught.value)


def test_the_refusal_names_the_group_and_the_equation():
    def stairs(x):
        return 1 if x > 0 else 0

    cells = NeuronGroup(1, "dx/dt = stairs(x)/ms : 1", name="cells")
    with pytest.raises(
        EvsimTypeError, match=r"cells, dx/dt: in 'stairs\(x\)/ms', .* stairs cannot become a formula"
    ):
        run(1 * ms)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "double other(double x) { return x; }",
            "the implementation of f does not define it; give C source, double f",
        ),
        ("float f(float x) { return x; }", "does not define it"),
        ("double f(double x, double y) { return x; }", r"has the arguments \(double x, double y\)"),
        ("double f(int x) { return x; }", r"has the arguments \(int x\); they are all double"),
        (
            "double f(double x) { return abs(x); }",
            r"uses abs\(\), which cuts to integers in C; write fabs\(\)",
        ),
        ("double f(double x) { return std::max(x, 0.0); }", r"uses C\+\+'s std::; write plain C"),
        ("/* double f(double x) { return x; } */", "does not define it"),
        (3, "got 3; give C source"),
    ],
)
def test_c_that_does_not_define_the_function_is_refused(code, message):
    with pytest.raises(EvsimError, match=message):

        @implementation("c", code)
        def f(x):
            return x


def test_the_order_of_the_decorators_does_not_matter():
    @check_units(x=volt, result=volt)
    @implementation("c", "double f(double x) { return 2*x; }")
    def f(x):
        raise NotImplementedError

    value = bound("f(x)", f=f)
    assert value.dimension({"x": VOLT}, "it") == VOLT
    assert "2*x" in engine_functions([value.inlined("it")], "it")["f"].c


def test_units_may_be_given_to_function_as_brian_has_it():
    tripled = Function(lambda x: 3 * x, arg_units=[volt], return_unit=volt)
    assert bound("tripled(x)", tripled=tripled).dimension({"x": VOLT}, "it") == VOLT
    with pytest.raises(DimensionMismatchError):
        bound("tripled(x)", tripled=tripled).dimension({"x": SECOND}, "it")


def test_other_targets_are_set_aside_and_unknown_ones_refused():
    @implementation("cython", "cdef double f(double x): return x")
    @implementation("numpy", discard_units=True)
    def f(x):
        return 2 * x

    assert inlined("f(x)", f=f).text == "2*x"
    with pytest.raises(EvsimValueError, match="there is no target 'fortran'"):
        implementation("fortran", "")


def test_c_without_python_cannot_be_evaluated_and_says_so():
    @implementation("c", "double f(double x) { return x; }")
    @check_units(x=1, result=1)
    def f(x):
        raise NotImplementedError("use the C code")

    cells = NeuronGroup(1, "x : 1")
    with pytest.raises(
        EvsimValueError, match="f cannot be evaluated in Python: NotImplementedError: use the C code"
    ):
        cells.x = "f(1)"


def test_c_without_units_that_python_does_not_tell_is_refused():
    @implementation("c", "double f(double x) { return x; }")
    def f(x):
        raise NotImplementedError

    with pytest.raises(EvsimTypeError, match=r"the unit of f is not known; declare it with @check_units"):
        bound("f(x)", f=f).dimension({"x": DIMENSIONLESS}, "it")


def test_a_wrong_number_of_arguments_is_refused():
    with pytest.raises(EvsimValueError, match=r"activation\(v\) takes 1 arguments, not 2"):
        bound("activation(u, w)")


def test_only_functions_of_the_user_are_called_from_text():
    import os
    import shutil

    for function in (os.system, os.popen, shutil.rmtree, print, open, np.sinc, exec, str, NeuronGroup):
        with pytest.raises(
            EvsimTypeError, match=r"act is called, but is .* only TimedArrays, and functions that you"
        ):
            resolve_functions({"act"}, {"act": function}, {})


def test_what_a_module_offers_cannot_be_reached_with_a_dot():
    import os

    assert callable(os.getpid)
    cells = NeuronGroup(1, "x : 1")
    with pytest.raises(EvsimError, match="only functions with a plain name can be called"):
        cells.x = "os.getpid()"


def test_a_forgotten_sign_of_multiplication_is_recognised():
    cells = NeuronGroup(1, "dx/dt = (1 - x)/ms : 1\ny : 1")
    for text, name in (
        ("y(1 - x)", "y is called, but is a variable"),
        ("ms(3)", "ms is called, but is the number msecond"),
    ):
        with pytest.raises(EvsimTypeError, match=rf"{name}.*; write \w+\*\(...\) for a product"):
            cells.x = text
    wrong = NeuronGroup(1, "dx/dt = y(1 - x)/ms : 1\ny : 1")
    with pytest.raises(
        EvsimTypeError, match=r"y is called, but is a variable; write y\*\(...\) for a product"
    ):
        Network(wrong).run(1 * ms)


def test_a_function_that_is_nowhere_is_refused_with_the_nearest_name():
    cells = NeuronGroup(1, "x : 1")
    with pytest.raises(EvsimNameError, match="there is no function actvation; did you mean activation"):
        cells.x = "actvation(1*mV)"
    with pytest.raises(EvsimNameError, match="there is no function exq; did you mean exp"):
        cells.x = "exq(1)"


def test_the_namespace_comes_before_the_scope():
    cells = NeuronGroup(1, "x : 1", namespace={"activation": lambda v: 3 * v / mV})
    cells.x = "activation(2*mV)"
    assert cells.x[0] == pytest.approx(6)


def test_a_function_keeps_its_meaning_from_run_to_run():
    slope = 1

    def growth(x):
        return slope + 0 * x

    cells = NeuronGroup(1, "dx/dt = growth(x)/ms : 1")
    run(1 * ms)
    run(1 * ms)
    assert cells.x[0] == pytest.approx(2)
    slope = 2
    with pytest.raises(EvsimError, match=r"has run already: a function made .* functions keep their meaning"):
        run(1 * ms)


def test_timestep_counts_steps_as_brian_does():
    value = Expression.parse("timestep(t, dt)", "it")
    for evaluate in (lambda v: value.evaluate(v), lambda v: value.evaluate(v, MPMATH)):
        assert [evaluate({"t": t, "dt": 0.1}) for t in (0.0, 0.05, 0.3, 0.99999, 1.0)] == [0, 0, 3, 10, 10]
    assert value.dimension({"t": SECOND, "dt": SECOND}, "it") == DIMENSIONLESS
    with pytest.raises(DimensionMismatchError):
        value.dimension({"t": SECOND, "dt": VOLT}, "it")


def test_mathematical_constants_need_no_definition():
    cells = NeuronGroup(1, "x : 1")
    cells.x = "pi + e + (inf > 1)"
    assert cells.x[0] == math.pi + math.e + 1
