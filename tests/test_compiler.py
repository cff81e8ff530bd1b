"""The C compiler: found by name, asked with the right flags, and quoted when it refuses."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import resource
import shutil
import stat
import sys
from pathlib import Path

import pytest
from cffi import FFI

from evsim.codegen.compiler import compile_native, find_compiler
from evsim.codegen.kernel import kernel_source
from evsim.description import Assignment, LinearForm, LinearModel
from evsim.equations.expression import Expression
from evsim.errors import CompilerError

REFUSES_NATIVE = """for word in "$@"; do
    case "$word" in *=native) echo "error: bad value 'native' for '$word'" >&2; exit 1;; esac
done
"""


def formula(text: str) -> Expression:
    return Expression.parse(text, "the test")


def cuba() -> LinearModel:
    """Leaky integrate-and-fire with an exciting and an inhibiting current."""
    rates = {
        "V": LinearForm(
            {"V": formula("-1/tau"), "g": formula("1/tau"), "h": formula("1/tau")}, formula("E/tau")
        ),
        "g": LinearForm({"g": formula("-1/tau_g")}, formula("0")),
        "h": LinearForm({"h": formula("-1/tau_h")}, formula("0")),
    }
    threshold = LinearForm({"V": formula("1")}, formula("-V_th"))
    reset = (Assignment("V", "neuron", "set", formula("V_reset")),)
    parameters = ("tau", "tau_g", "tau_h", "E", "V_th", "V_reset")
    return LinearModel(("V", "g", "h"), rates, frozenset({"V"}), threshold, True, reset, parameters)


@pytest.fixture
def no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which programs are found; it is empty."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return folder


def script(file: Path, first: str = "") -> Path:
    """Write a compiler that does something first, then hands on to the real one, and counts its calls."""
    real = shutil.which("cc")
    assert real is not None
    file.write_text(f'#!/bin/sh\necho called >> "{file}.calls"\n{first}exec "{real}" "$@"\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def calls(file: Path) -> int:
    return len(Path(f"{file}.calls").read_text().splitlines())


def test_cc_names_the_compiler_and_its_first_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "cc -DEVSIM_TEST=1")
    assert find_compiler().command == ("cc", "-DEVSIM_TEST=1")


def test_a_missing_cc_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere")
    with pytest.raises(CompilerError) as failed:
        find_compiler()
    assert str(failed.value) == (
        "CC='/nowhere' cannot be run, and new equations need a C compiler: `pip install evsim[compiler]` brings "
        "one; or install the system's and name it in the variable CC"
    )


def test_without_any_compiler_the_error_names_the_remedy(no_compiler: Path) -> None:
    with pytest.raises(CompilerError, match=r"none was found: `pip install evsim\[compiler\]` brings one"):
        find_compiler()


@pytest.mark.parametrize(
    ("there", "found"), [("clang", "clang"), ("gcc clang", "gcc"), ("gcc cc clang", "cc")]
)
def test_cc_comes_before_gcc_and_clang(no_compiler: Path, there: str, found: str) -> None:
    for name in there.split():
        (no_compiler / name).write_text("#!/bin/sh\n")
        (no_compiler / name).chmod(0o755)
    assert find_compiler().command == (found,)


def test_the_wheel_with_a_compiler_serves_when_the_system_has_none(
    no_compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = importlib.machinery.ModuleSpec("ziglang", None, is_package=True)
    wheel.submodule_search_locations = [str(no_compiler)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: wheel if name == "ziglang" else None)
    assert find_compiler().command == (sys.executable, "-m", "ziglang", "cc")


def test_another_version_of_a_compiler_is_another_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = script(tmp_path / "cc")
    monkeypatch.setenv("CC", str(compiler))
    before = find_compiler().identity
    assert find_compiler().identity == before
    os.utime(compiler, ns=(0, 0))
    assert find_compiler().identity != before


def test_products_and_sums_are_rounded_one_by_one(tmp_path: Path) -> None:
    text = "double f(double a, double b, double c);\ndouble f(double a, double b, double c) { return a * b + c; }\n"
    compile_native(find_compiler(), text, tmp_path / "f.so")
    ffi = FFI()
    ffi.cdef("double f(double a, double b, double c);")
    library = ffi.dlopen(str(tmp_path / "f.so"))
    a = 1 + 2.0**-30
    assert library.f(a, a, -(1 + 2.0**-29)) == 0.0  # 2**-60 if rounded once


def test_a_compiler_that_does_not_know_this_machine_is_asked_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = script(tmp_path / "old", REFUSES_NATIVE)
    monkeypatch.setenv("CC", str(compiler))
    compile_native(find_compiler(), "int x;\n", tmp_path / "x.so")
    assert (tmp_path / "x.so").stat().st_size > 0
    assert calls(compiler) == 3


def test_a_wrong_text_is_compiled_once_and_the_compiler_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = script(tmp_path / "cc")
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(CompilerError, match=r"<stdin>:2:\d+: error: .*wrong"):
        compile_native(find_compiler(), "int x;\nint y = wrong;\n", tmp_path / "x.so")
    assert calls(compiler) == 1


def test_a_kernel_takes_the_compiler_less_than_a_second(tmp_path: Path) -> None:
    source, _ = kernel_source(cuba(), ())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    compile_native(find_compiler(), source, tmp_path / "cuba.so")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert 0.0 < seconds < 1.0
