"""What `evsim info` tells: versions, compiler, cache, instruction set, plugins. It fails for no part."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evsim.errors import EvsimError
from evsim.registry import Registry

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

# Levels of x86-64 by what the newest of them adds; each level has all that those before it have.
_LEVELS = {
    "x86-64-v2": {"cx16", "sse4_2", "popcnt"},
    "x86-64-v3": {"avx2", "bmi2", "fma"},
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}


def info(registry: Registry) -> str:
    """Return what is installed, one thing a line."""
    rows = [
        ("evsim", f"{_version('evsim')}, {Path(__file__).resolve().parent}"),
        ("python", f"{platform.python_version()}, {sys.executable}"),
        ("system", platform.platform()),
        ("instructions", instruction_set()),
        ("compiler", _compiler()),
        ("cache", _cache()),
        ("libraries", ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)),
        *(("plugin", _plugin_row(plugin.title, plugin.complaint)) for plugin in registry.plugins),
    ]
    return "\n".join(f"{name:<13} {text}" for name, text in rows)


def instruction_set() -> str:
    """Return the newest known level of the processor's instruction set."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    words = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    level = platform.machine()
    for name, needed in _LEVELS.items():
        if not needed <= words:
            break
        level = name
    return level


def _plugin_row(title: str, complaint: str) -> str:
    return f"{title}, could not be loaded: {complaint}" if complaint else title


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from source" if package == "evsim" else "missing"


def _compiler() -> str:
    from evsim.codegen.compiler import find_compiler

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
    from evsim.codegen.cache import cache_folder

    try:
        folder = cache_folder()
        return f"{folder}, {sum(1 for _ in folder.glob('*.so'))} kernels"
    except (EvsimError, OSError) as error:
        return f"none: {error}"
