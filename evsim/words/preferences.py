"""Preferences of a script: `prefs.threads`, `prefs.timing`, `prefs.engine`, with environment variables."""

from __future__ import annotations

import difflib
import os
from typing import Any

from evsim.errors import EvsimAttributeError, EvsimTypeError, EvsimValueError

TIMINGS = ("exact", "grid")
ENGINES = ("compiled", "reference")
_NAMES = ("threads", "timing", "engine", "codegen.target")


class CodegenPreferences:
    """Names that scripts written for Brian set; the result of a run does not depend on them."""

    target: str
    cpp: dict[str, Any]

    def __init__(self) -> None:
        self.target = "auto"
        self.cpp = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("target", "cpp"):
            raise EvsimAttributeError(
                f"prefs.codegen has no '{name}'; there is target, and evsim.brian knows all of Brian's preferences"
            )
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"target={self.target!r} (accepted; evsim always runs compiled kernels)"


class Preferences:
    """What a run does when its own arguments do not say.

    `threads` (EVSIM_THREADS): how many threads step the network; the result is the same bits for any number.
    `timing` (EVSIM_TIMING): "exact" or "grid".
    `engine` (EVSIM_ENGINE): "compiled" or "reference" (slow, arbitrary precision).
    """

    threads: int
    timing: str
    engine: str
    codegen: CodegenPreferences

    def __init__(self) -> None:
        self.threads = _threads_from_environment()
        self.timing = os.environ.get("EVSIM_TIMING", "exact")
        self.engine = os.environ.get("EVSIM_ENGINE", "compiled")
        self.codegen = CodegenPreferences()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "threads":
            value = check_threads(value, "prefs.threads")
        elif name == "timing":
            value = check_timing(value, "prefs.timing")
        elif name == "engine":
            value = _one_of(value, ENGINES, "prefs.engine")
        elif name != "codegen":
            raise self._unknown(name)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise self._unknown(name)

    def __getitem__(self, name: str) -> Any:
        """A preference by its name, as in prefs["codegen.target"]."""
        owner, _, last = name.rpartition(".")
        return getattr(getattr(self, owner) if owner else self, last)

    def __setitem__(self, name: str, value: Any) -> None:
        owner, _, last = name.rpartition(".")
        setattr(getattr(self, owner) if owner else self, last, value)

    @staticmethod
    def _unknown(name: str) -> EvsimAttributeError:
        close = difflib.get_close_matches(name, _NAMES, 1)
        guess = f"did you mean {close[0]}?" if close else f"there are {', '.join(_NAMES)}"
        return EvsimAttributeError(f"prefs has no '{name}'; {guess}")

    def __repr__(self) -> str:
        return f"Preferences(threads={self.threads}, timing={self.timing!r}, engine={self.engine!r})"


def check_threads(value: Any, where: str) -> int:
    """A number of threads, or an error that names where it was given."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise EvsimTypeError(f"{where}: got {value!r}; give a whole number of threads, 1 or more")
    if value.__index__() < 1:
        raise EvsimValueError(f"{where}: got {value}; give a whole number of threads, 1 or more")
    return int(value.__index__())


def check_timing(value: Any, where: str) -> str:
    """One of the two timings, or an error that names where it was given."""
    return _one_of(value, TIMINGS, where)


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        choices = " or ".join(f'"{name}"' for name in allowed)
        raise EvsimValueError(f"{where}: got {value!r}; give {choices}")
    return str(value)


def _threads_from_environment() -> int:
    text = os.environ.get("EVSIM_THREADS", "1")
    if not text.isdecimal() or int(text) < 1:
        raise EvsimValueError(f"EVSIM_THREADS: got {text!r}; give a whole number of threads, 1 or more")
    return int(text)


prefs = Preferences()
