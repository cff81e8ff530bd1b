"""Brian2 as a standalone program with its default flags; the time of the run loop alone."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brian2 as b

from benchmarks.measure import Case, Measured, since_start

BEFORE = "const std::clock_t loop_begun = std::clock();"
AFTER = """
std::ofstream("loop_seconds") << double(std::clock() - loop_begun) / CLOCKS_PER_SEC;
std::ofstream("loop_status") << std::ifstream("/proc/self/status").rdbuf();
"""


def simulate(
    case: Case, build: Callable[[Any, Case], list[Any]], ask: Callable[[], dict[str, object]] | None = None
) -> Measured:
    """Let `build` return the objects, a spike monitor last; compile them and run the program.

    `ask` gives more to report while the program's results are there.
    """
    with tempfile.TemporaryDirectory() as folder:
        b.set_device("cpp_standalone", build_on_run=False)
        b.seed(case.seed)
        b.defaultclock.dt = 0.1 * b.ms
        objects = build(b, case)
        b.device.insert_code("before_network_run", BEFORE)
        b.device.insert_code("after_network_run", AFTER)
        b.Network(objects).run(case.duration * b.second)
        b.device.build(directory=folder, run=False)
        before = since_start()
        b.device.run(directory=folder)
        cpu = float(Path(folder, "loop_seconds").read_text())
        peak = re.search(r"VmHWM:\s*(\d+) kB", Path(folder, "loop_status").read_text())
        assert peak is not None
        more = ask() if ask else None
        return Measured(before, cpu, int(objects[-1].num_spikes), b.__version__, int(peak[1]) / 1024, more)
