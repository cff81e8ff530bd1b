"""The Python names around a user's call: where the constants of text equations and expressions are found."""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from types import FrameType
from typing import Any

# Frames of modules that begin so stand between the user's line and the place that asks for names.
_BETWEEN = ("evsim.words.", "evsim.verify", "numpy.")


def names_around_call() -> Mapping[str, Any]:
    """Locals over globals of the innermost frame that is not evsim's own machinery.

    A comprehension or lambda sees what the function around it sees, as a reader would expect.
    """
    maps: list[MutableMapping[str, Any]] = []
    for frame in _frames_of_user(sys._getframe(1)):
        maps += [dict(frame.f_locals), frame.f_globals]
        if not frame.f_code.co_name.startswith("<") or frame.f_code.co_name == "<module>":
            break
    return ChainMap(*maps)


def _frames_of_user(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        if not _is_between(frame.f_globals.get("__name__", "")):
            yield frame
        frame = frame.f_back


def _is_between(module: str) -> bool:
    return f"{module}.".startswith(_BETWEEN)
