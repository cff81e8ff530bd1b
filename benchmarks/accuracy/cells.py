"""The neurons, their parameters in ms, mV, nA, uS and nF, and the events that they receive.

Only the standard library: this file runs in the Python of every simulator.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

RATE = 1000.0  # events per second


@dataclass(frozen=True)
class Cell:
    """A neuron of a family of equations. Events add `weights` to its inputs, the second for one event in four.

    Inputs decay with 5 ms, the second with 10 ms: a current s, or conductances towards 0 and -80 mV.
    """

    family: str
    weights: tuple[float, ...]
    values: dict[str, float] = field(default_factory=dict)


CELLS = {
    "coba": Cell(
        "conductances",
        (0.003, 0.004),
        {"C": 0.2, "g": 0.01, "E": -60, "th": -50, "reset": -60, "t_ref": 5, "start": -60, "I": 0},
    ),
    "eif": Cell(
        "exponential",
        (0.15,),
        {"C": 1, "g": 0.1, "E": -65, "D": 3.48, "V_T": -59.9, "a": 0, "b": 0, "tau_w": 100}
        | {"th": -30, "reset": -68, "t_ref": 1.7, "start": -65, "I": 0.2},
    ),
    "adex": Cell(
        "exponential",
        (0.2,),
        {"C": 0.281, "g": 0.03, "E": -70.6, "D": 2, "V_T": -50.4, "a": 0.004, "b": 0.0805, "tau_w": 144}
        | {"th": -40.4, "reset": -70.6, "t_ref": 0, "start": -70.6, "I": 0.2},
    ),
    "qif": Cell(
        "quadratic",
        (2.0,),
        {"C": 10, "p2": 0.07, "p1": 8.05, "p0": 227.5, "a": 0, "b": 0, "d": 0}
        | {"th": -30, "reset": -68, "start": -65, "I": 2},
    ),
    "izhikevich": Cell(
        "quadratic",
        (2.0,),
        {"C": 1, "p2": 0.04, "p1": 5, "p0": 140, "a": 0.02, "b": 0.2, "d": 8}
        | {"th": 30, "reset": -65, "start": -65, "I": 1},
    ),
    "hh": Cell("squid", (0.03, 0.06), {"th": -20, "start": -65, "I": 5}),
    "hh_traub": Cell("traub", (0.006, 0.02), {"th": -20, "start": -60, "I": 0.1}),
}


def events(cell: Cell, duration: float, seed: int = 3) -> list[tuple[float, int]]:
    """Return time (ms) and input of every event of a run (s)."""
    draw = random.Random(seed)
    times = sorted(draw.uniform(0.0, 1000.0 * duration) for _ in range(round(RATE * duration)))
    return [(time, int(len(cell.weights) > 1 and draw.random() < 0.25)) for time in times]
