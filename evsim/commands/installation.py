"""What `evsim info` tells: versions, compiler, cache, instruction set, plugins. It fails for no part."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evsim import kernels
from evsim.codegen.compiler import find_compiler
from evsim.codegen.folder import cache_folder
from evsim.codegen.machine import instruction_sets
from evsim.codegen.shipped import INDEX
from evsim.errors import EvsimError
from evsim.plugin.registry import Registry

LIBRARIES = (
    "cffi",
    "matplotlib",
    "mpmath",
    "numpy",
    "pint",
    "platformdirs",
    "pluggy",
    "sortedcontainers",
    "sympy",
    "tqdm",
)


def info(registry: Registry) -> str:
    """Return what is installed, one thing a line."""
    rows = [
        ("evsim", f"{_version('evsim')}, {Path(__file__).resolve().parents[1]}"),
        ("python", f"{platform.python_version()}, {sys.executable}"),
        ("system", platform.platform()),
        ("instructions", _instructions()),
        ("compiler", _compiler()),
        ("cache", _cache()),
        ("shipped", _shipped()),
        ("libraries", ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)),
        *(("plugin", _plugin_row(plugin.title, plugin.complaint)) for plugin in registry.plugins),
    ]
    return "\n".join(f"{name:<13} {text}" for name, text in rows)


def _instructions() -> str:
    try:
        return ", ".join((platform.machine(), *instruction_sets()))
    except EvsimError as error:
        return f"{platform.machine()}, {error}"


def _plugin_row(title: str, complaint: str) -> str:
    return f"{title}, could not be loaded: {complaint}" if complaint else title


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from source" if package == "evsim" else "missing"


def _compiler() -> str:
    try:
        command = find_compiler().command
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, errors="replace", timeout=60
        )
    except (EvsimError, OSError, subprocess.SubprocessError) as error:
        return f"none: {' '.join(str(error).split())}"
    first = next(iter(done.stdout.splitlines()), "says no version")
    return f"{shlex.join(command)}: {first}"


def _cache() -> str:
    folder = cache_folder()
    try:
        return f"{folder}, {sum(1 for _ in folder.glob('*.so'))} kernels"
    except OSError as error:
        return f"{folder}, cannot be read: {error}"


def _shipped() -> str:
    try:
        index = json.loads((kernels.folder() / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "no kernels"
    sets = ", ".join(sorted(library.stem for library in kernels.folder().glob("*.so")))
    return f"{len(index)} kernels for {sets}"
