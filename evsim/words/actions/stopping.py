"""`stop()`: the end of a run from inside it."""

from __future__ import annotations


class StoppedError(Exception):
    """A report has stopped the run that it reports."""


_asked: set[str] = set()


def stop() -> None:
    """End the run that is going on at its present instant; a later `run()` goes on from there."""
    _asked.add("stop")


def forget_stop() -> None:
    """Begin a run: what was asked before does not count."""
    _asked.clear()


def is_stopping() -> bool:
    """Whether the present run was asked to end."""
    return bool(_asked)
