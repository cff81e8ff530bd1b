"""How long a user waits: importing evsim, the first run ever of CUBA (empty cache), and the next one.

Prints one JSON line for each: wall and CPU seconds of the whole process, compilers that it started included.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
CUBA = ["-m", "benchmarks.cuba", "evsim", "--n=4000", "--variant=0.1 ms", "--timing=exact"]
IMPORT = ["-c", "import evsim"]


def whole_process(arguments: list[str], cache: str) -> tuple[float, float]:
    """Return wall and CPU seconds of a Python with these arguments and this kernel cache."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "EVSIM_CACHE": cache}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(what: str, measured: list[tuple[float, float]]) -> None:
    """Print the medians of several measurements."""
    wall, cpu = (round(median(values), 3) for values in zip(*measured, strict=True))
    print(json.dumps({"what": what, "seconds_wall": wall, "seconds_cpu": cpu, "runs": len(measured)}))


def main(repeats: int = 5) -> None:
    """Measure each several times."""
    with tempfile.TemporaryDirectory() as folder:
        whole_process(IMPORT, folder)  # so that compiling Python's own files is not measured
        empty = [whole_process(["-c", "pass"], folder) for _ in range(repeats)]
        imported = [whole_process(IMPORT, folder) for _ in range(repeats)]
        first = [whole_process(CUBA, tempfile.mkdtemp(dir=folder)) for _ in range(repeats)]
        whole_process(CUBA, folder)
        later = [whole_process(CUBA, folder) for _ in range(repeats)]
    report("python -c pass", empty)
    report("import evsim", imported)
    report("first run of CUBA, empty cache", first)
    report("later run of CUBA", later)


if __name__ == "__main__":
    main()
