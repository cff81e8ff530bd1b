"""Elementary functions of generated C: nearly rounded right, vectorised, and the same bits on every instruction set."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from cffi import FFI

from evsim import include
from evsim.codegen.code import code_source
from evsim.codegen.compiler import FLAGS, compile_text, find_compiler
from evsim.codegen.machine import instruction_sets, is_x86_64
from evsim.description import Assignment, LinearForm, LinearModel
from evsim.equations.expression import Expression
from evsim.errors import CompilerError

LANES = 16


@dataclass(frozen=True)
class Case:
    """A function as C and as mpmath have it, where its errors are looked at, and their bound in last places."""

    name: str
    c: str
    exact: Callable[[Any], Any]
    low: float
    high: float
    bound: float


CASES = [
    Case("exp", "evsim_exp(x)", mp.exp, -700, 700, 0.7),
    Case("expm1", "evsim_expm1(x)", mp.expm1, -3, 3, 0.65),
    Case("exprel", "evsim_exprel(x)", lambda x: mp.expm1(x) / x, -50, 50, 0.65),
    Case("tanh", "evsim_tanh(x)", mp.tanh, -5, 5, 0.65),
    Case("log", "evsim_log(x)", mp.log, 0.01, 20, 0.7),
    Case("log1p", "evsim_log1p(x)", mp.log1p, -0.99, 20, 0.7),
    Case("sin", "evsim_sin(x)", mp.sin, -1e5, 1e5, 0.9),
    Case("cos", "evsim_cos(x)", mp.cos, -1e5, 1e5, 0.9),
    Case("pow", "evsim_pow(x, 1.7)", lambda x: x ** mp.mpf(1.7), 1e-3, 1e3, 0.7),
    Case("root", "evsim_pow(x, -0.3)", lambda x: x ** mp.mpf(-0.3), 1e-3, 1e3, 0.7),
]
EDGES = [
    0.0,
    5e-324,
    1e-310,
    1e-20,
    0.5,
    1.0,
    20.0,
    709.7,
    709.8,
    716.0,
    745.0,
    746.0,
    2.0**30,
    1e300,
    np.inf,
]

LOOP = """void loop_{name}(double *restrict y, const double *restrict v, long n);
void loop_{name}(double *restrict y, const double *restrict v, long n) {{
    for (long i = 0; i < n; i += {lanes})
        for (int l = 0; l < {lanes}; l++) {{
            const double x = v[i + l];
            y[i + l] = {c};
        }}
}}
"""
NORMAL = """void loop_normal(double *restrict y, const double *restrict v, long n);
void loop_normal(double *restrict y, const double *restrict v, long n) {
    (void)v;
    for (long i = 0; i < n; i += 16)
        for (int l = 0; l < 16; l++) {
            const uint32_t key[2] = {1, 2}, counter[4] = {(uint32_t)(i + l), 0, 5, 0};
            uint32_t block[4];
            random_block(key, counter, block);
            y[i + l] = random_normal(block);
        }
}
"""
HEAD = "#include <kernel/functions.h>\n#include <kernel/random.h>\n"
LOOPS = {
    **{case.name: LOOP.format(name=case.name, c=case.c, lanes=LANES) for case in CASES},
    "normal": NORMAL,
}


def machines() -> dict[str, tuple[str, ...]]:
    """Flags for every instruction set that this machine has, and for no vectors at all."""
    sets = [*(["x86-64"] if is_x86_64() else []), *reversed(instruction_sets())]
    return {"alone": ("-fno-tree-vectorize",), **{each: (f"-march={each}",) for each in sets}}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ctypes.CDLL]:
    """Return the loops, compiled for each."""
    try:
        compiler = find_compiler()
    except CompilerError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("loops")
    for name, flags in machines().items():
        compile_text(compiler, HEAD + "".join(LOOPS.values()), folder / f"{name}.so", *flags, "-shared")
    return {name: ctypes.CDLL(str(folder / f"{name}.so")) for name in machines()}


def values(library: ctypes.CDLL, name: str, x: np.ndarray) -> np.ndarray:
    """What a loop makes of x, whose length is a multiple of the lanes."""
    assert len(x) % LANES == 0
    y = np.full(len(x), -1.25)
    pointer = ctypes.POINTER(ctypes.c_double)
    getattr(library, f"loop_{name}")(
        y.ctypes.data_as(pointer), x.ctypes.data_as(pointer), ctypes.c_long(len(x))
    )
    return y


def bits(y: np.ndarray) -> np.ndarray:
    """The bits of numbers; all NaN are one."""
    return np.where(np.isnan(y), np.nan, y).view(np.uint64)


def inputs() -> np.ndarray:
    """Numbers of all sizes and signs, and the edges."""
    random = np.random.default_rng(5)
    sizes = 10.0 ** random.uniform(-12, 4, 20000) * random.choice([-1.0, 1.0], 20000)
    edges = np.array(EDGES + [-each for each in EDGES] + [np.nan, -np.nan])
    return np.concatenate([sizes, random.normal(0, 2, 20000), np.resize(edges, 320)])


@pytest.mark.parametrize("name", LOOPS)
def test_every_instruction_set_gives_the_same_bits(name: str, libraries: dict[str, ctypes.CDLL]) -> None:
    x = inputs()
    found = {machine: bits(values(library, name, x)) for machine, library in libraries.items()}
    assert len(found) >= 2
    assert len(np.unique(found["alone"])) > 10000
    for machine, each in found.items():
        assert np.array_equal(each, found["alone"]), machine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_errors_are_below_a_unit_in_the_last_place(case: Case, libraries: dict[str, ctypes.CDLL]) -> None:
    x = np.random.default_rng(7).uniform(case.low, case.high, 1600)
    y = values(libraries["alone"], case.name, x)
    with mp.workprec(160):
        exact = [case.exact(mp.mpf(each)) for each in x.tolist()]
        errors = [abs((mp.mpf(a) - b) / np.spacing(float(b))) for a, b in zip(y.tolist(), exact, strict=True)]
    assert 0.45 < max(errors) < case.bound


@pytest.mark.parametrize("name", LOOPS)
def test_gcc_turns_loops_into_vectors(name: str, tmp_path: Path) -> None:
    if not is_x86_64():
        pytest.skip("looked at on the PC only")
    command = find_compiler().command
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    if "Free Software Foundation" not in version:
        pytest.skip("only gcc says what it has done")
    arguments = [*FLAGS, f"-I{include.folder()}", "-fopt-info-vec-optimized", "-S", "-x", "c", "-"]
    for machine, width in {"x86-64": 16, "x86-64-v2": 16, "x86-64-v3": 32, "x86-64-v4": 64}.items():
        done = subprocess.run(
            [
                *command,
                *arguments,
                f"-march={machine}",
                "-mprefer-vector-width=512",
                "-o",
                tmp_path / "loop.s",
            ],
            input=HEAD + LOOPS[name],
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"loop vectorized using {width} byte vectors" in done.stderr, machine


EVENT = """
w = exp(-w/3) + 0.1*exprel(w - 1)
u = tanh(w)*sin(7*u) + cos(100*w)**2 + log1p(w)
w = (w + log(1 + abs(u)))**1.7 - min(expm1(u), 2)
""".strip().splitlines()


def test_generated_event_code_gives_the_same_bits_on_every_instruction_set(tmp_path: Path) -> None:
    compiler = find_compiler()
    none = LinearForm({}, Expression.number(0))
    model = LinearModel(("V",), {"V": none}, frozenset(), None, True, (), ())
    code = tuple(
        Assignment(target, "synapse", "set", Expression.parse(text, "the test"))
        for target, text in (line.split(" = ") for line in EVENT)
    )
    source = code_source(code, model, ("w", "u"), ())
    ffi = FFI()
    header = (include.folder() / "kernel.h").read_text(encoding="utf-8")
    ffi.cdef(re.sub(r"^[ \t]*#.*$", "", header, flags=re.MULTILINE))
    ffi.cdef("const struct evsim_code *evsim_code(void);")
    results = {}
    for machine, flags in machines().items():
        compile_text(compiler, source, tmp_path / f"{machine}.so", *flags, "-shared")
        table = ffi.dlopen(str(tmp_path / f"{machine}.so")).evsim_code()
        arrays = [ffi.new("double[]", np.linspace(0.1, 3, 500).tolist()) for _ in range(2)]
        pointers, steps = ffi.new("double *[]", arrays), ffi.new("int64_t[]", [1, 1])
        now = ffi.new("struct evsim_now *")
        for synapse in range(500):
            table.run(ffi.new("double[1]"), ffi.new("struct evsim_cells *"), 0, now, pointers, steps, synapse)
        results[machine] = np.array([list(each) for each in arrays])
    assert len(results) >= 2
    assert np.isfinite(results["alone"]).all()
    assert len(np.unique(results["alone"])) == 1000
    for machine, each in results.items():
        assert np.array_equal(bits(each), bits(results["alone"])), machine
