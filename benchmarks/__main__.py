"""Run the comparisons named (all by default): every run in a process of its own, on one core, interleaved."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import table
from benchmarks.plan import COMPARISONS, PYTHON_OF, Run, runs

ROOT = Path(__file__).resolve().parents[1]


def measure(run: Run, duration: float, seed: int, core: int) -> str | None:
    """Start one run and return its line, the last that it prints; say what went wrong if there is none."""
    command = run.command(duration, seed, core)
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode != 0:
        print(f"failed: {run}\n{finished.stderr[-2000:]}", file=sys.stderr)
        return None
    return finished.stdout.splitlines()[-1]


def main() -> int:
    """Measure, print a line for each run, keep the lines in a file, and end with the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(COMPARISONS))
    parser.add_argument("--simulators", nargs="+", choices=list(PYTHON_OF), default=list(PYTHON_OF))
    parser.add_argument("--repeats", type=int, default=3, help="the table shows medians")
    parser.add_argument("--duration", type=float, default=1.0, help="seconds of biological time")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "output" / "benchmarks.jsonl")
    options = parser.parse_args()
    unknown = set(options.names) - set(COMPARISONS)
    if unknown:
        parser.error(f"no comparison named {', '.join(sorted(unknown))}; there are {', '.join(COMPARISONS)}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    planned = runs(options.names or list(COMPARISONS), options.simulators)
    lines = []
    for repeat in range(options.repeats):
        for run in planned:
            line = measure(run, options.duration, 1 + repeat, options.core)
            if line is not None:
                print(line, flush=True)
                lines.append(line)
    options.out.write_text("\n".join(lines) + "\n")
    print(table.table([json.loads(line) for line in lines]))
    return int(len(lines) < options.repeats * len(planned))


if __name__ == "__main__":
    sys.exit(main())
