"""The machine that kernels are compiled for: which instructions it has, and what tells it from others."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

from evsim.errors import EvsimValueError

OVERRIDE = "EVSIM_INSTRUCTION_SET"

# Levels of the x86-64 psABI, each on top of the one before, by the names that Linux uses.
_LEVELS = {
    "x86-64-v2": "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3",
    "x86-64-v3": "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave",
    "x86-64-v4": "avx512bw avx512cd avx512dq avx512f avx512vl",
}
_ON_PC = ("vendor_id", "cpu family", "model", "model name", "flags")
_ON_ARM = ("CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features")


def is_x86_64() -> bool:
    """Whether this is the 64-bit PC."""
    return platform.machine().lower() in ("x86_64", "amd64")


def instruction_sets_of_kind() -> tuple[str, ...]:
    """Every instruction set that machines of this kind may have, as the compiler's -march calls it; best last."""
    if is_x86_64():
        return tuple(_LEVELS)
    return ("armv8-a",) if platform.machine().lower() in ("aarch64", "arm64") else ()


def instruction_sets() -> tuple[str, ...]:
    """The instruction sets that this machine has, best first; one alone when EVSIM_INSTRUCTION_SET names it."""
    has = _sets_of(_processor().get("flags", ""))
    named = os.environ.get(OVERRIDE)
    if not named:
        return has
    if named not in has:
        raise EvsimValueError(
            f"{OVERRIDE}={named!r}: this machine has {', '.join(has) or 'none that is known'}"
        )
    return (named,)


def fingerprint() -> str:
    """What machine code made for exactly this machine depends on."""
    processor = sorted(_processor().items())
    return repr((sys.platform, platform.machine(), _c_library(), processor))


def _sets_of(flags: str) -> tuple[str, ...]:
    if not is_x86_64():
        return instruction_sets_of_kind()
    if sys.platform == "darwin":  # every Mac that runs a supported system; what is beyond is not asked for
        return ("x86-64-v2",)
    has, found = set(flags.split()), []
    for level, needed in _LEVELS.items():
        if not has.issuperset(needed.split()):
            break
        found.append(level)
    return tuple(reversed(found))


@cache
def _processor() -> dict[str, str]:
    """Make, model and features of the first processor."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            first = [line for line, _ in zip(lines, range(64), strict=False)]
    except OSError:
        return {"model name": platform.processor()}
    pairs = [line.partition(":")[::2] for line in first]
    named = [(name.strip(), value.strip()) for name, value in pairs]
    return {name: value for name, value in reversed(named) if name in (*_ON_PC, *_ON_ARM)}


def _c_library() -> str:
    names = getattr(os, "confstr_names", {})
    if "CS_GNU_LIBC_VERSION" in names:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    return platform.release()
