"""Compiled kernels are kept, found again without a compiler, and never taken from where others can write."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evsim import include
from evsim.codegen import cache, folder, text
from evsim.codegen.cache import kernel_address, library
from evsim.codegen.text import digest, text_key
from evsim.errors import CompilerError, EvsimError

SOURCE = """/* A table without functions. */
#include <kernel.h>
static const struct evsim_kernel table = {.abi = EVSIM_KERNEL_ABI, .n_states = 3};
const struct evsim_kernel *evsim_kernel(void);
const struct evsim_kernel *evsim_kernel(void) { return &table; }
"""
ASK = """
import sys, time
from evsim.codegen.cache import kernel_address
from evsim.codegen.loading import _ffi
_ffi()
source = sys.stdin.read()
start = time.perf_counter()
print(kernel_address(source) > 0, time.perf_counter() - start)
"""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the cache folder of one test, not made yet, in a process that has loaded nothing."""
    monkeypatch.setenv("EVSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_addresses", {})
    folder.warn_of.cache_clear()
    yield tmp_path / "cache"
    folder.warn_of.cache_clear()


def ask(**environment: str) -> subprocess.Popen[str]:
    """Start a process that loads the kernel."""
    whole = {**os.environ, **environment}
    command = [sys.executable, "-W", "error", "-c", ASK]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=whole)
    assert process.stdin is not None
    process.stdin.write(SOURCE)
    process.stdin.close()
    process.stdin = None
    return process


def answer(process: subprocess.Popen[str]) -> tuple[str, float]:
    out, err = process.communicate(timeout=60)
    assert err == ""
    loaded, seconds = out.split()
    return loaded, float(seconds)


def names(kept: Path) -> list[str]:
    return sorted(file.name for file in kept.iterdir())


def test_the_first_use_leaves_one_file_in_a_folder_of_the_users_own(kept: Path) -> None:
    assert kernel_address(SOURCE) == kernel_address(SOURCE) > 0
    assert kept.stat().st_mode & 0o777 == 0o700
    assert names(kept) == [library(SOURCE).name]


def test_the_second_process_is_quick_and_needs_no_compiler(kept: Path) -> None:
    assert answer(ask())[0] == "True"
    loaded, seconds = answer(ask(CC="/nowhere"))
    assert loaded == "True"
    assert seconds < 0.05
    assert len(names(kept)) == 1


def test_two_processes_that_compile_at_once_both_succeed(kept: Path) -> None:
    both = [ask(), ask()]
    assert [answer(each)[0] for each in both] == ["True", "True"]
    assert len(names(kept)) == 1


def test_without_compiler_and_kernel_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere")
    with pytest.raises(CompilerError, match=r"pip install evsim\[compiler\]"):
        kernel_address(SOURCE)


def test_names_in_comments_make_no_other_kernel(kept: Path) -> None:
    first = library(SOURCE)
    assert library("/* Another\n * name. */\n\n" + SOURCE.replace("= 3", "= /* three */ 3")) == first
    assert library(SOURCE.replace("= 3", "= 4")) != first
    assert len(names(kept)) == 2


def test_other_flags_another_machine_and_another_compiler_make_other_kernels(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(SOURCE)
    monkeypatch.setattr(cache, "FLAGS", (*cache.FLAGS, "-fno-unroll-loops"))
    library(SOURCE)
    monkeypatch.setattr(cache, "fingerprint", lambda: "another machine")
    library(SOURCE)
    monkeypatch.setenv("CC", "cc -fPIC")
    library(SOURCE)
    assert len(names(kept)) == 4
    assert len({name.split("-")[0] for name in names(kept)}) == 1


def test_another_header_makes_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = text_key(SOURCE)
    (tmp_path / "kernel").mkdir()
    header = (include.folder() / "kernel.h").read_text(encoding="utf-8")
    (tmp_path / "kernel.h").write_text(header.replace("EVSIM_KERNEL_ABI 1", "EVSIM_KERNEL_ABI 99"))
    monkeypatch.setattr(include, "folder", lambda: tmp_path)
    text._headers_key.cache_clear()
    try:
        assert text_key(SOURCE) != before
    finally:
        text._headers_key.cache_clear()


def test_a_file_cut_short_is_compiled_again(kept: Path) -> None:
    made = library(SOURCE)
    whole = made.read_bytes()
    made.write_bytes(whole[: len(whole) // 2])
    assert kernel_address(SOURCE) > 0
    assert made.read_bytes() == whole
    assert len(names(kept)) == 1


def test_a_file_without_code_is_compiled_again(kept: Path) -> None:
    made = library(SOURCE)
    made.unlink()
    key = made.stem.rpartition("-")[0]
    junk = b"not a library"
    (kept / f"{key}-{digest(junk)}.so").write_bytes(junk)
    assert kernel_address(SOURCE) > 0
    assert names(kept) == [made.name]


def test_a_compiler_that_makes_no_library_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "true")
    with pytest.raises(CompilerError, match="true ended well and made nothing; name a C compiler in CC"):
        kernel_address(SOURCE)


def test_the_text_of_a_failure_stays_and_is_named(kept: Path) -> None:
    wrong = SOURCE.replace("= 3", "= three")
    with pytest.raises(CompilerError) as failed:
        kernel_address(wrong)
    (left,) = kept.iterdir()
    assert left.suffix == ".c"
    assert left.read_text(encoding="utf-8") == wrong
    assert f"{left}:3:" in str(failed.value)
    assert str(failed.value).splitlines()[-1] == f"The C text is {left}"


def test_a_folder_that_cannot_be_made_is_replaced_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    wanted = tmp_path / "file" / "cache"
    monkeypatch.setenv("EVSIM_CACHE", str(wanted))
    with pytest.warns(RuntimeWarning) as warned:
        assert kernel_address(SOURCE) > 0
        assert kernel_address(SOURCE.replace("= 3", "= 5")) > 0
    (warning,) = warned
    assert str(warning.message) == (
        f"compiled kernels cannot be kept in {wanted} (Not a directory), so every process compiles its own: "
        "make the folder writable or name another one in EVSIM_CACHE"
    )


def test_when_nothing_can_be_written_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EVSIM_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    folder.temporary_folder.cache_clear()
    with pytest.raises(EvsimError, match=r"not even a temporary one \(Permission denied\)"):
        kernel_address(SOURCE)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_in_which_others_can_write_is_refused(kept: Path, mode: int) -> None:
    library(SOURCE)
    kept.chmod(mode)
    with pytest.raises(EvsimError, match=rf"mode 0{mode:o}.*`chmod go-w {kept}`"):
        kernel_address(SOURCE)
    kept.chmod(0o755)
    assert kernel_address(SOURCE) > 0


def test_a_folder_of_another_user_is_refused(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(SOURCE)
    stranger = os.geteuid() + 1
    if os.geteuid() == 0:
        os.chown(kept, stranger, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: stranger)
    owner = kept.stat().st_uid
    message = rf"belongs to another user \(number {owner}\): name a folder of your own in EVSIM_CACHE"
    with pytest.raises(EvsimError, match=message):
        kernel_address(SOURCE)


def test_a_relative_folder_is_found_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVSIM_CACHE", "here")
    assert kernel_address(SOURCE) > 0
    assert library(SOURCE).parent == tmp_path / "here"


def test_import_brings_nothing_of_this() -> None:
    code = "import sys, evsim; print(*[m for m in sys.modules if m.startswith(('cffi', 'evsim.codegen'))])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
