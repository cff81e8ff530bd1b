"""Write what Brian 2 makes of the cases with smaller and smaller steps: `python make.py`, with Brian 2.9 installed."""

from __future__ import annotations

from pathlib import Path

import brian2
import cases
import numpy as np


def main() -> None:
    brian2.prefs.codegen.target = "numpy"
    for name, case in cases.CASES.items():
        found = {}
        for step in cases.STEPS:
            brian2.defaultclock.dt = step * brian2.ms
            found[f"{step:g}"] = case(brian2)
        np.savez_compressed(Path(__file__).parent / f"{name}.npz", **found)


if __name__ == "__main__":
    main()
