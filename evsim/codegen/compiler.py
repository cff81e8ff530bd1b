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

NATIVE = ("-march=native",)
OPTIMISATION = ("-O2", "-ftree-vectorize")
ARITHMETIC = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")
FLAGS = ("-std=c11", *OPTIMISATION, *ARITHMETIC, "-fPIC", "-shared")
PREFERRED = ("cc", "gcc", "clang")

REMEDY = (
    "install one: `pip install evsim[compiler]` brings a C compiler, or take the system's and name it in the "
    "environment variable CC"
)


@dataclass(frozen=True)
class Compiler:
    """The command that starts a compiler, and what distinguishes this one from others."""

    command: tuple[str, ...]
    identity: str


def find_compiler() -> Compiler:
    """The compiler that CC names; without CC the system's, or the one that `evsim[compiler]` brings."""
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        if shutil.which(named[0]) is None:
            raise CompilerError(f"CC={named[0]!r} is not a program that can be run, and new equations need a C compiler; {REMEDY}")
        return Compiler(tuple(named), _identity(named))
    for name in PREFERRED:
        if shutil.which(name):
            return Compiler((name,), _identity([name]))
    if importlib.util.find_spec("ziglang") is not None:
        command = (sys.executable, "-m", "ziglang", "cc")
        return Compiler(command, _identity(command))
    raise CompilerError(f"new equations need a C compiler, and none was found; {REMEDY}")


def compile_library(compiler: Compiler, source: Path, target: Path, flags: tuple[str, ...] = (*FLAGS, *NATIVE)) -> None:
    """Compile one C file to a shared object."""
    command = [*compiler.command, *flags, f"-I{include.folder()}", str(source), "-o", str(target), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise CompilerError(f"{shlex.join(command)} failed:\n{done.stderr.strip()}")


def _identity(command: list[str] | tuple[str, ...]) -> str:
    path = Path(shutil.which(command[0]) or command[0]).resolve()
    status = path.stat()
    return f"{shlex.join(command)} {path} {status.st_size} {status.st_mtime_ns}"
