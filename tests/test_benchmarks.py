"""The table of the benchmarks: medians, and ratios to evsim exact in the same network."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def module(name: str) -> ModuleType:
    """Load a file of benchmarks/, which is not part of the package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def line(simulator: str, timing: str, seconds: float) -> dict[str, Any]:
    network = {"network": "cuba", "n": 4000, "variant": "0.1 ms", "duration": 0.5}
    measured = {"seconds_cpu": seconds, "seconds_build": 1.0, "rate": 5.5, "memory_mb": 100.0}
    return {**network, "simulator": simulator, "timing": timing, "version": "1", **measured}


def test_the_table_shows_medians_per_biological_second_and_their_ratio_to_evsim_exact() -> None:
    lines = [line("nest", "exact", s) for s in (0.5, 0.3, 9.0)] + [line("evsim", "exact", 0.02)]
    rows = module("table").table(lines).splitlines()[2:]
    assert rows == [
        "| cuba 4000, delay 0.1 ms | nest 1 exact | 1 | 25.00 | 5.5 | 1 | 100 | 3 |",
        "| cuba 4000, delay 0.1 ms | evsim 1 exact | 0.04 | 1.00 | 5.5 | 1 | 100 | 1 |",
    ]


def test_a_benchmark_of_evsim_prints_one_line_with_a_plausible_rate(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").symlink_to(
        ROOT / "benchmarks"
    )  # beside it, no folder evsim that hides the installed one
    options = ["--n=400", "--variant=0.1-5 ms", "--timing=exact", "--duration=0.1"]
    command = [sys.executable, "-m", "benchmarks.cuba", "evsim", *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])}
    finished = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    measured = json.loads(finished.stdout)
    assert measured["simulator"] == "evsim"
    assert 1.0 < measured["rate"] < 20.0
    assert measured["spikes"] == round(measured["rate"] * 400 * 0.1)
