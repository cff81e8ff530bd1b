"""Event code in C does what its statements say: in order, on the right places, clamped states left alone."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from cffi import FFI

from evsim import include
from evsim.codegen.cache import code_address
from evsim.codegen.code import code_source
from evsim.description import Assignment, LinearForm, LinearModel
from evsim.equations.expression import Expression
from evsim.errors import EvsimNameError

Values = Mapping[str, list[float]]

# Kernels and event code know nothing of each other's model but this: V clamped, g not.
FORM = LinearForm({}, Expression.number(0))
MODEL = LinearModel(("V", "g"), {"V": FORM, "g": FORM}, frozenset({"V"}), None, True, (), ("E", "tau"))


def declared() -> FFI:
    """Read the structures from the header that generated C includes."""
    header = (include.folder() / "kernel.h").read_text(encoding="utf-8")
    ffi = FFI()
    ffi.cdef(re.sub(r"^[ \t]*#.*$", "", header, flags=re.MULTILINE))
    return ffi


FFI_OF_HEADER = declared()
ABI = int(
    re.findall(r"#define EVSIM_KERNEL_ABI (\d+)", (include.folder() / "kernel.h").read_text("utf-8"))[0]
)


def statement(text: str, where: str = "neuron") -> Assignment:
    """`target = expression` or `target += expression`."""
    target, operator, expression = re.fullmatch(r"(\w+) (\+?=) (.*)", text).groups()  # type: ignore[union-attr]
    operation = "add" if operator == "+=" else "set"
    return Assignment(target, where, operation, Expression.parse(expression, "the test"))  # type: ignore[arg-type]


class Arrays:
    """Arrays for C, one value for all or one each, with their steps."""

    def __init__(self, values: Values) -> None:
        self.names = tuple(values)
        self.arrays = [FFI_OF_HEADER.new("double[]", list(each)) for each in values.values()]
        self.pointers = FFI_OF_HEADER.new("double *[]", self.arrays or [FFI_OF_HEADER.NULL])
        self.steps = FFI_OF_HEADER.new("int64_t[]", [int(len(each) > 1) for each in values.values()] or [0])

    def __getitem__(self, name: str) -> list[float]:
        return list(self.arrays[self.names.index(name)])


def run(
    code: list[Assignment],
    x: list[float],
    variables: Values | None = None,
    parameters: Values | None = None,
    *,
    neuron: int = 0,
    synapse: int = 0,
    is_refractory: bool = False,
) -> tuple[list[float], Arrays]:
    """Compile the statements and run them on the state x of a neuron; return the state and the variables."""
    own, shared = Arrays(variables or {}), Arrays(parameters or {})
    source = code_source(tuple(code), MODEL, own.names, shared.names)
    table: Any = FFI_OF_HEADER.cast("const struct evsim_code *", code_address(source))
    assert table.abi == ABI
    cells = FFI_OF_HEADER.new("struct evsim_cells *")
    cells.parameter, cells.parameter_step = shared.pointers, shared.steps
    state = FFI_OF_HEADER.new("double[]", x)
    now = FFI_OF_HEADER.new("struct evsim_now *", (0.0, -math.inf, is_refractory))
    table.run(state, cells, neuron, now, own.pointers, own.steps, synapse)
    return list(state), own


def test_statements_run_in_order_and_see_what_came_before() -> None:
    code = [statement("V = V_post*3"), statement("g += V_post"), statement("V += g_post")]
    assert run(code, [2.0, 10.0])[0] == [22.0, 16.0]


def test_names_with_post_are_the_targets_and_others_the_synapses() -> None:
    code = [statement("g = w + 10*g_post + 100*E_post + 1000*tau_post")]
    state, _ = run(
        code,
        [0.0, 2.0],
        {"w": [0.0, 0.0, 1.0]},
        {"E": [9.0, 3.0], "tau": [4.0]},
        neuron=1,
        synapse=2,
    )
    assert state == [0.0, 4321.0]


def test_a_constant_of_the_synapses_is_read_by_all() -> None:
    code = [statement("g = w + a")]
    assert run(code, [0.0, 0.0], {"w": [1.0, 2.0], "a": [0.5]}, synapse=1)[0] == [0.0, 2.5]


def test_a_variable_of_the_synapse_is_changed_for_this_synapse_alone() -> None:
    code = [statement("w = w*u", "synapse"), statement("w += 1", "synapse"), statement("g += w")]
    state, own = run(code, [0.0, 0.0], {"u": [0.5], "w": [8.0, 6.0, 4.0]}, synapse=1)
    assert own["w"] == [8.0, 4.0, 4.0]
    assert own["u"] == [0.5]
    assert state == [0.0, 4.0]


def test_while_refractory_clamped_states_stay_and_the_rest_changes() -> None:
    code = [statement("V += 1"), statement("g += V_post"), statement("w = 7", "synapse"), statement("V = 5")]
    state, own = run(code, [2.0, 0.0], {"w": [1.0]}, is_refractory=True)
    assert (state, own["w"]) == ([2.0, 2.0], [7.0])
    state, own = run(code, [2.0, 0.0], {"w": [1.0]}, is_refractory=False)
    assert (state, own["w"]) == ([5.0, 3.0], [7.0])


def test_a_condition_is_one_or_zero() -> None:
    code = [statement("g += w*(V_post > 1 and not g_post >= 3)")]
    assert run(code, [2.0, 2.0], {"w": [5.0]})[0] == [2.0, 7.0]
    assert run(code, [2.0, 3.0], {"w": [5.0]})[0] == [2.0, 3.0]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("neuron", "event code changes E, which is not a state of the target; there are V, g"),
        ("synapse", "event code changes E, which is not a variable of the synapse; there are w"),
    ],
)
def test_what_cannot_be_changed_is_named(where: str, message: str) -> None:
    with pytest.raises(EvsimNameError, match=re.escape(message)):
        code_source((statement("E = 1", where),), MODEL, ("w",), ("E",))


def test_a_name_without_place_is_named() -> None:
    with pytest.raises(EvsimNameError, match="u has no place in the generated C"):
        code_source((statement("g = u"),), MODEL, ("w",), ())


NUMBERS = [
    -1e300,
    -7.5,
    -3.0,
    -1.0,
    -1e-9,
    -0.0,
    0.0,
    1e-300,
    1e-9,
    0.3,
    1.0,
    2.0,
    3.0,
    7.5,
    4503599627370497.0,
]
EXACT = {
    "sign(a)": lambda a, b: np.sign(a),
    "abs(a)": lambda a, b: np.abs(a),
    "floor(a)": lambda a, b: np.floor(a),
    "ceil(a)": lambda a, b: np.ceil(a),
    "int(a)": lambda a, b: np.trunc(a),
    "int(a > b)": lambda a, b: np.float64(a > b),
    "min(a, b, 2)": lambda a, b: np.min([a, b, 2.0]),
    "max(a, b, 2)": lambda a, b: np.max([a, b, 2.0]),
    "clip(a, b, 3)": lambda a, b: np.clip(a, b, 3.0),
    "sqrt(abs(a))": lambda a, b: np.sqrt(np.abs(a)),
    "a % b": lambda a, b: np.mod(a, b),
    "a // b": lambda a, b: np.floor_divide(a, b),
    "a**2": lambda a, b: a * a,
    "-a**3": lambda a, b: -(a * a * a),
}
ROUNDED = (
    "exp(a) log(abs(a)) log10(abs(a)) log1p(abs(a)) expm1(a) exprel(a) sin(a) cos(a) tan(a) atan(a) arctan(a)"
)
ROUNDED += " asin(tanh(a)) arcsin(tanh(a)) acos(tanh(a)) arccos(tanh(a)) sinh(a) cosh(a) tanh(a) abs(a)**0.7"


def in_c(texts: list[str], a: float, b: float) -> list[float]:
    """Every formula's value, from one library."""
    _, own = run(
        [statement(f"r{k} = {text}", "synapse") for k, text in enumerate(texts)],
        [0.0, 0.0],
        {"a": [a], "b": [b], **{f"r{k}": [math.nan] for k in range(len(texts))}},
    )
    return [own[f"r{k}"][0] for k in range(len(texts))]


@pytest.mark.parametrize("a", NUMBERS)
def test_functions_without_rounding_give_what_numpy_gives(a: float) -> None:
    with np.errstate(all="ignore"):
        for b in (-2.0, 0.7, 3.0):
            wanted = [float(function(np.float64(a), np.float64(b))) for function in EXACT.values()]
            assert dict(zip(EXACT, in_c(list(EXACT), a, b), strict=True)) == dict(
                zip(EXACT, wanted, strict=True)
            )


@pytest.mark.parametrize("a", NUMBERS[1:-1])
def test_functions_with_rounding_agree_with_numpy(a: float) -> None:
    texts = ROUNDED.replace(") ", ")\n").splitlines()
    assert len(texts) == 19
    wanted = [float(Expression.parse(text, "the test").evaluate({"a": a})) for text in texts]
    assert in_c(texts, a, 1.0) == pytest.approx(wanted, rel=1e-15, abs=1e-300)


def test_exprel_is_exact_near_zero() -> None:
    assert in_c(["exprel(a)", "exprel(b)"], 1e-20, 1e-9) == [1.0, 1.0000000005]


def test_a_state_that_is_not_a_number_stays_one() -> None:
    texts = ["clip(a, 0, 1)", "sign(a)", "a % 2", "a // 2"]
    assert all(math.isnan(value) for value in in_c(texts, math.nan, 1.0))
