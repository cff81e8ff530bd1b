"""Two Hodgkin-Huxley cells with a gap junction against extrapolated steps in numbers of 19 digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evsim import *
from evsim.models import gap_junction, hh

STEPS = 12  # in a millisecond


def _rates(x: Any, w: float, current: Any) -> Any:
    """The squid axon, two cells: mV, ms, uA/cm2 and mS/cm2."""
    V, m, h, n = x
    one = np.longdouble(1)
    a = V + 40
    alpha_m = np.where(np.abs(a) < 1e-9, one, a / 10 / -np.expm1(-a / 10))
    b = V + 55
    alpha_n = np.where(np.abs(b) < 1e-9, one / 10, b / 100 / -np.expm1(-b / 10))
    ionic = (
        120 * m**3 * h * (V - 50)
        + 36 * n**4 * (V + 77)
        + np.longdouble("0.3") * (V + np.longdouble("54.387"))
    )
    return np.stack([
        -ionic + current + np.longdouble(w) * (V[::-1] - V),
        alpha_m * (1 - m) - 4 * np.exp(-(V + 65) / 18) * m,
        np.longdouble("0.07") * np.exp(-(V + 65) / 20) * (1 - h) - h / (1 + np.exp(-(V + 35) / 10)),
        alpha_n * (1 - n) - np.exp(-(V + 65) / 80) / 8 * n,
    ])  # fmt: skip


def _extrapolated(x: Any, h: Any, rates: Callable[[Any], Any], levels: int = 8) -> Any:
    """One step by Gragg's midpoint rule, extrapolated (Hairer, Norsett, Wanner 1993, section II.9)."""
    table: list[Any] = []
    for k in range(levels):
        n = 2 * (k + 1)
        part = h / n
        before, now = x, x + part * rates(x)
        for _ in range(n - 1):
            before, now = now, before + 2 * part * rates(now)
        row = [(before + now + part * rates(now)) / 2]
        for m in range(1, k + 1):
            ratio = (np.longdouble(k + 1) / (k + 1 - m)) ** 2
            row.append(row[-1] + (row[-1] - table[k - 1][m - 1]) / (ratio - 1))
        table.append(row)
    return table[-1][-1]


def axons(w: float, current: Any, start: Any, end: float, threshold: float) -> list[tuple[float, int]]:
    """Times at which the potentials rise through the threshold."""

    def rates(x: Any) -> Any:
        return _rates(x, w, current)

    x, h, found = start.astype(np.longdouble), np.longdouble(1) / STEPS, []
    for step in range(int(end * STEPS)):
        after = _extrapolated(x, h, rates)
        for i in np.flatnonzero((x[0] <= threshold) & (after[0] > threshold)):
            ends = [(np.longdouble(0), x[0, i] - threshold), (h, after[0, i] - threshold)]
            while abs(ends[-1][1]) > 1e-14 and len(ends) < 12:  # secant
                (one, at_one), (two, at_two) = ends[-2:]
                u = two - at_two * (two - one) / (at_two - at_one)
                ends.append((u, _extrapolated(x, u, rates)[0, i] - threshold))
            u = ends[-1][0]
            found.append((float(step * h + u), int(i)))
        x = after
    return sorted(found)


def test_a_pair_of_hodgkin_huxley_cells() -> None:
    current = np.array([10.0, 6.5])
    area = float(hh.value("area") / cm2)
    made = NeuronGroup(2, hh(I_stim=current * area * uA))
    names = ("V", "m", "h", "n")
    start = np.array([np.asarray(getattr(made, name)[:]) for name in names])
    junction = Synapses(made, made, gap_junction, symmetric=True)
    junction.connect(i=0, j=1)
    junction.w = 0.2 * area * mS
    spikes = SpikeMonitor(made)
    network = Network(made, junction, spikes)
    network.run(36 * ms)
    start[0] *= 1e3
    threshold = float(hh.value("V_th") / mV)
    expected = axons(0.2, current, start, 36.0, threshold)
    found = list(zip((spikes.t / ms).tolist(), spikes.i[:].tolist(), strict=True))
    assert len(expected) == 6
    assert [i for _, i in found] == [i for _, i in expected]
    assert max(abs(a - b) for (a, _), (b, _) in zip(found, expected, strict=True)) < 1e-9
