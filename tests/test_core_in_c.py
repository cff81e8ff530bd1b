"""The C tests of the core, built twice: under sanitizers, and as the product is compiled; threads a third time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parents[1] / "csrc"
PROGRAMS = sorted((CSRC / "tests").glob("test_*.c"))
COMMON = "-std=c11 -Wall -Wextra -Wpedantic -Werror -DEVSIM_TEST_ALLOCATION -pthread".split()
EXACT = "-ffp-contract=off -fno-math-errno -fno-trapping-math".split()
CHECKED = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer".split()
KINDS = {
    "checked": [*COMMON, *EXACT, *CHECKED],
    "product": [*COMMON, *EXACT, "-O3"],
    "threads": [*COMMON, *EXACT, *"-O1 -g -fsanitize=thread".split()],
}
THREADED = {"test_simulation", "test_team"}
RUNS = [
    (kind, program) for kind in KINDS for program in PROGRAMS if kind != "threads" or program.stem in THREADED
]

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the C tests need a C compiler named cc")


def run(command: list[str | Path]) -> str:
    """Run a command and return what it prints; show all of it when the command fails."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=300
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Path]]:
    """Return what compiles the core, once for each kind, to object files."""

    @cache
    def compiled(kind: str) -> list[Path]:
        folder = tmp_path_factory.mktemp(kind)
        sources = sorted(CSRC.glob("*.c"))
        for source in sources:
            run(["cc", *KINDS[kind], "-c", source, "-o", folder / f"{source.stem}.o"])
        return [folder / f"{source.stem}.o" for source in sources]

    return compiled


def test_the_core_is_there_to_be_tested() -> None:
    names = {program.stem for program in PROGRAMS}
    assert {"test_error", "test_linear", "test_queue", "test_random", "test_record", *THREADED} <= names


@pytest.mark.parametrize(("kind", "program"), RUNS, ids=lambda x: getattr(x, "stem", x))
def test_the_core_passes_its_own_tests(
    kind: str, program: Path, objects: Callable[[str], list[Path]], tmp_path: Path
) -> None:
    binary = tmp_path / program.stem
    run(["cc", *KINDS[kind], f"-I{CSRC}", program, *objects(kind), "-lm", "-ldl", "-o", binary])
    last = run([binary]).splitlines()[-1]
    assert last.endswith(" 0 failed")
    assert not last.endswith(" 0 passed, 0 failed")
