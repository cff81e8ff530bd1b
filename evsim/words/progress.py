"""What `run(report=...)` says: lines of text, or calls of the user's function."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from evsim.errors import EvsimTypeError
from evsim.units import si
from evsim.words.clocks import in_seconds

Report = Callable[[Any, float, Any, Any], None]


class Reporter:
    """Calls a report at the start, every `period` seconds of wall time, and at the end.

    A report takes the elapsed wall time, the part that is completed (0 to 1), the start and the duration.
    """

    def __init__(self, report: Any, period: float, start: float, duration: float) -> None:
        self._report = _report(report)
        self._period = period
        self._start, self._duration = start, duration
        self._began = self._last = time.monotonic()
        self._is_over = False

    def begin(self) -> None:
        """Report the start."""
        self._call(0.0)

    def advance(self, done: float) -> None:
        """Report progress after `done` seconds of biological time, if the period has passed."""
        if (
            self._report is not None
            and time.monotonic() - self._last >= self._period
            and done < self._duration
        ):
            self._last = time.monotonic()
            self._call(done / self._duration)

    def end(self) -> None:
        """Report that all is done."""
        self._call(1.0)

    def _call(self, completed: float) -> None:
        if self._report is not None:
            elapsed = in_seconds(time.monotonic() - self._began)
            self._report(elapsed, completed, in_seconds(self._start), in_seconds(self._duration))


def _report(report: Any) -> Report | None:
    if report is None or report is False:
        return None
    if report in ("text", "stdout"):
        return _text_report(None)
    if report == "stderr":
        return _text_report(sys.stderr)
    if callable(report):
        return report  # type: ignore[no-any-return]
    raise EvsimTypeError(f"report is {report!r}; give 'text', 'stdout', 'stderr' or a function")


def _text_report(stream: TextIO | None) -> Report:
    def write(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        out = stream or sys.stdout
        out.write(_line(si(elapsed), completed, start, duration) + "\n")
        out.flush()

    return write


def _line(elapsed: float, completed: float, start: Any, duration: Any) -> str:
    if completed == 0:
        return f"Starting simulation at t = {_plain(start)} for a duration of {_plain(duration)}"
    done = f"{_plain(duration * completed)} ({math.floor(completed * 100)} %) simulated in {_wall(elapsed)}"
    return (
        done if completed == 1 else f"{done}, about {_wall(elapsed * (1 - completed) / completed)} remaining"
    )


def _plain(time: Any) -> str:
    """A time in the unit that suits it: "0 s", "1 s", "250 ms"."""
    seconds = float(si(time))
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if abs(seconds) >= factor or seconds == 0:
            return f"{seconds / factor:.6g} {unit}"
    return f"{seconds:g} s"


def _wall(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"
