"""Write what Brian 2 makes of the cases: `python make.py [NAME ...]`, with Brian 2.9 installed; all without a name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import brian2
import cases
import method_cases
import nonlinear_cases
import numpy as np
import plastic_cases
import scripted_cases

CASES = cases.CASES | method_cases.CASES | nonlinear_cases.CASES | plastic_cases.CASES | scripted_cases.CASES


def train(monitor: brian2.EventMonitor) -> np.ndarray:
    """Step and element of every event, in order of time, then element."""
    step = np.rint(np.asarray(monitor.t / brian2.defaultclock.dt)).astype(np.uint16)
    element = np.asarray(monitor.i).astype(np.uint16)
    order = np.lexsort((element, step))
    return np.stack([step[order], element[order]])


def values(found: Any) -> np.ndarray:
    """Spikes as a table of steps and elements, states as plain numbers in units of the SI."""
    return train(found) if isinstance(found, brian2.EventMonitor) else np.array(found, dtype=float)


def main() -> None:
    brian2.prefs.codegen.target = "numpy"
    for name in sys.argv[1:] or CASES:
        brian2.defaultclock.dt = 0.1 * brian2.ms
        found = {key: values(value) for key, value in CASES[name](brian2).items()}
        np.savez_compressed(Path(__file__).parent / f"{name}.npz", **found)


if __name__ == "__main__":
    main()
