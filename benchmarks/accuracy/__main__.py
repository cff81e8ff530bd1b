"""Run every cell in every simulator and setting, compare its spikes with thirty digits, and print a table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.accuracy import gates
from benchmarks.accuracy.cells import CELLS
from benchmarks.accuracy.ev import truth
from benchmarks.plan import PYTHON_OF

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "evsim": ("fast", "default", "tight"),
    "neuron": ("atol 1e-5", "atol 1e-9"),
    "nest": ("0.1 ms", "0.01 ms"),
}
NOT_IN_NEST = ("qif", "izhikevich", "hh")
NOT_COMPARABLE = {("nest", "hh_traub")}  # its spikes are the tops, not the crossings of a threshold
SAME = 1.0  # ms: spikes further apart are not the same
HEADER = """| cell | simulator | setting | CPU ms per neuron and s | largest error (ms) | missing | extra |
|---|---|---|--:|--:|--:|--:|"""


def compared(found: list[float], right: list[float], duration: float) -> dict[str, Any]:
    """Return the largest error of a spike (ms), and how many are missing and extra in a duration (s)."""
    left = [time for time in found if time < 1e3 * duration]
    errors = []
    for time in right:
        nearest = min(left, key=lambda other: abs(other - time), default=None)
        if nearest is not None and abs(nearest - time) < SAME:
            errors.append(abs(nearest - time))
            left.remove(nearest)
    return {
        "error_ms": max(errors, default=None),
        "missing": len(right) - len(errors),
        "extra": len(left),
        "spikes": len(right),
    }


def measure(simulator: str, cell: str, setting: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """Run one cell in a process of its own."""
    arguments = [simulator, cell, setting, f"--duration={options.duration}", f"--n={options.n}"]
    arguments.append(f"--core={options.core}")
    command = [PYTHON_OF[simulator] or "python", "-m", "benchmarks.accuracy.one", *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode != 0:
        print(f"failed: {' '.join(arguments)}\n{finished.stderr[-2000:]}", file=sys.stderr)
        return None
    measured: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return measured


def row(line: dict[str, Any]) -> str:
    """Return a line of the table."""
    error = "" if line.get("error_ms") is None else f"{line['error_ms']:.1e}"
    counts = [str(line.get(key, "")) for key in ("missing", "extra")]
    words = [line["cell"], line["simulator"], line["setting"], f"{line['ms_per_neuron_second']:.3g}", error]
    return "| " + " | ".join([*words, *counts]) + " |"


def main() -> int:
    """Measure, print a line for each run, and end with the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("cells", nargs="*", help=", ".join([*CELLS, "gates (every one with every output)"]))
    parser.add_argument("--simulators", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--duration", type=float, default=1.0, help="seconds of a run")
    parser.add_argument(
        "--truth", type=float, default=0.3, help="seconds compared with thirty digits; HH is slow"
    )
    parser.add_argument(
        "--n", type=int, default=16, help="copies of a cell that share the cost, except in NEURON"
    )
    parser.add_argument("--core", type=int, default=0)
    options = parser.parse_args()
    lines, failed = [], 0
    names = options.cells or [*CELLS, "gates"]
    of_gates = gates.table(100.0) if "gates" in names else ""
    for cell in (name for name in names if name != "gates"):
        right = truth(cell, options.truth, options.duration)
        for simulator in options.simulators:
            if PYTHON_OF[simulator] is None or (simulator == "nest" and cell in NOT_IN_NEST):
                continue
            for setting in SETTINGS[simulator]:
                measured = measure(simulator, cell, setting, options)
                failed += measured is None
                if measured is None:
                    continue
                line = {"cell": cell, "simulator": simulator, "setting": setting}
                line["ms_per_neuron_second"] = round(measured["ms_per_neuron_second"], 3)
                if (simulator, cell) not in NOT_COMPARABLE:
                    line |= compared(measured["spikes"], right, options.truth)
                print(json.dumps(line), flush=True)
                lines.append(line)
    print("\n".join([HEADER, *map(row, lines)] if lines else []))
    print(of_gates)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
