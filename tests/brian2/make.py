"""Write the spike trains of every case as Brian 2 makes them: `python make.py`, with Brian 2.9 installed."""

from __future__ import annotations

from pathlib import Path

import brian2
import numpy as np
from cases import CASES


def trains(monitors: dict[str, brian2.SpikeMonitor]) -> dict[str, np.ndarray]:
    """Step and element of every spike, in order of time, then element: two rows for each monitor."""
    out = {}
    for name, monitor in monitors.items():
        step = np.rint(np.asarray(monitor.t / brian2.ms) / 0.1).astype(np.uint16)
        element = np.asarray(monitor.i).astype(np.uint16)
        order = np.lexsort((element, step))
        out[name] = np.stack([step[order], element[order]])
    return out


def main() -> None:
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = 0.1 * brian2.ms
    for name, case in CASES.items():
        found = trains(case(brian2))
        np.savez_compressed(Path(__file__).parent / f"{name}.npz", **found)


if __name__ == "__main__":
    main()
