"""The C compiler: which one, with which flags, and what it says when it fails."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from evsim import include
from evsim.errors import CompilerError

# -O2 with all of its vectoriser makes kernels as fast as -O3 does, in a third of the time.
OPTIMISATION = ("-O2", "-ftree-vectorize")
ARITHMETIC = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")  # the same bits on every machine
FLAGS = ("-std=c11", *OPTIMISATION, *ARITHMETIC, "-fPIC")
NATIVE = (("-march=native",), ("-mcpu=native",), ())  # the first that the compiler takes
SYSTEM = ("cc", "gcc", "clang")

REMEDY = "`pip install evsim[compiler]` brings one; or install the system's and name it in the variable CC"


@dataclass(frozen=True)
class Compiler:
    """The command that starts a C compiler, and what tells this one from others and from its other versions."""

    command: tuple[str, ...]
    identity: str


def find_compiler() -> Compiler:
    """The compiler that CC names; without CC the system's, else the one that `evsim[compiler]` brings."""
    named = tuple(shlex.split(os.environ.get("CC", "")))
    if named:
        if shutil.which(named[0]) is None:
            raise CompilerError(
                f"CC={named[0]!r} cannot be run, and new equations need a C compiler: {REMEDY}"
            )
        return Compiler(named, _identity(named))
    for name in SYSTEM:
        if shutil.which(name):
            return Compiler((name,), _identity((name,)))
    wheel = importlib.util.find_spec("ziglang")
    if wheel is not None and wheel.submodule_search_locations:
        command = (sys.executable, "-m", "ziglang", "cc")
        return Compiler(command, _identity((*command, str(Path(wheel.submodule_search_locations[0], "zig")))))
    raise CompilerError(f"new equations need a C compiler, and none was found: {REMEDY}")


def compile_native(compiler: Compiler, source: str, target: Path) -> None:
    """Compile a text to a shared object for this very machine."""
    for machine in NATIVE[:-1]:
        try:
            return compile_text(compiler, source, target, *machine, "-shared")
        except CompilerError as error:
            if "native" not in str(error):
                raise
    compile_text(compiler, source, target, *NATIVE[-1], "-shared")


def compile_text(compiler: Compiler, source: str, target: Path, *flags: str) -> None:
    """Compile a text; the error is what the compiler says."""
    folder = f"-I{include.folder()}"
    run(compiler, [*FLAGS, *flags, folder, "-x", "c", "-", "-o", str(target), "-lm"], source)


def run(compiler: Compiler, arguments: list[str], text: str = "") -> None:
    """Start the compiler with a text to read; the error is what it says."""
    command = [*compiler.command, *arguments]
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise CompilerError(f"{command[0]} cannot be run ({error.strerror}): {REMEDY}") from None
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or f"it ended with status {done.returncode}"
        raise CompilerError(f"{compiler.command[0]}: {said}")


def _identity(words: tuple[str, ...]) -> str:
    """The words, and size and time of the programs among them: they change with a version.

    Asking for the version itself would take a process at every look into the cache.
    """
    parts = [shlex.join(words)]
    for word in words:
        path = shutil.which(word)
        if path is not None:
            status = Path(path).resolve().stat()
            parts.append(f"{Path(path).resolve()} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(parts)
