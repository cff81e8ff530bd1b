"""Where the wall time of a run went, as far as it is measured: the core steps all objects together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evsim.errors import EvsimValueError
from evsim.units import Quantity, si
from evsim.words.clocks import in_seconds
from evsim.words.summaries.table import as_html, as_text

DESCRIBE = "equations read and checked"
ENGINE = {
    "build": "kernels and values into the core",
    "core": "core: all neurons, synapses and records",
    "values": "values out of the core",
}
COLLECT = "monitors and synapses brought up to date"


class Profile:
    """Wall time by name of what took it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, name: str, seconds: float) -> None:
        """Add to a name."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """Add the time that a block takes."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - start)

    def take_engine(self, before: dict[str, float], after: dict[str, float]) -> None:
        """Add what an engine has measured between two looks at its times."""
        for key, seconds in after.items():
            self.add(ENGINE[key], seconds - before.get(key, 0.0))

    def info(self) -> list[tuple[str, Quantity]]:
        """Names and times, longest first."""
        ordered = sorted(self.seconds.items(), key=lambda each: -each[1])
        return [(name, in_seconds(seconds)) for name, seconds in ordered]


class ProfilingSummary:
    """Names, times and percentages of what took time in the last profiled run."""

    def __init__(self, network: Any, show: int | None = None) -> None:
        info = network.profiling_info[:show]
        self.names = [name for name, _ in info]
        self.times = [seconds for _, seconds in info]
        total = sum(float(si(seconds)) for _, seconds in network.profiling_info)
        self.percentages = [100 * float(si(seconds)) / total if total else 0.0 for seconds in self.times]

    def __getitem__(self, name: str) -> Any:
        if name not in self.names:
            raise EvsimValueError(f"the profile has no {name!r}; it has {', '.join(map(repr, self.names))}")
        return self.times[self.names.index(name)]

    def _rows(self) -> list[list[str]]:
        return [
            [name, f"{float(si(seconds)):.3g} s", f"{percent:.1f} %"]
            for name, seconds, percent in zip(self.names, self.times, self.percentages, strict=True)
        ]

    def __repr__(self) -> str:
        return as_text(["what", "time", "share"], self._rows())

    def _repr_html_(self) -> str:
        return as_html(["what", "time", "share"], self._rows())
