"""The C tests of the core, each built with the address and undefined-behaviour sanitizers and run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parents[1] / "csrc"
PROGRAMS = sorted((CSRC / "tests").glob("test_*.c"))
FLAGS = "-std=c11 -g -O1 -Wall -Wextra -Wpedantic -Werror -pthread -fno-omit-frame-pointer".split()
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def test_every_file_of_the_core_is_there_to_be_tested() -> None:
    names = {program.stem for program in PROGRAMS}
    assert {"test_error", "test_queue", "test_random", "test_record"} <= names


@pytest.mark.skipif(shutil.which("cc") is None, reason="the C tests need a C compiler named cc")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_core_passes_its_own_tests_under_sanitizers(program: Path, tmp_path: Path) -> None:
    binary = tmp_path / program.stem
    sources = [program, *sorted(CSRC.glob("*.c"))]
    build = ["cc", *FLAGS, *SANITIZERS, f"-I{CSRC}", *map(str, sources), "-lm", "-ldl", "-o", str(binary)]
    compiled = subprocess.run(build, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stderr
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    finished = subprocess.run([str(binary)], capture_output=True, text=True, env=environment, timeout=300)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "0 failed" in finished.stdout
