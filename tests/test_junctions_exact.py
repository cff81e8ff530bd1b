"""Spike times of coupled integrate-and-fire cells against the matrix exponential, in numbers of 30 digits.

Cells of one capacitance and leak with symmetric junctions have a symmetric matrix, and the exponential is that of its
modes. Cells that are refractory are held still: then the matrix is that of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from evsim import *
from evsim.models import gap_junction, lif

STEP = 0.01  # ms between two looks for a crossing
Spike = tuple[Any, int]
Modes = tuple[list[list[Any]], list[Any]]


@dataclass
class CoupledCells:
    """Units are ms, mV, nA, uS and nF. `w[i][j]` is the weight of the junction of i and j."""

    w: Sequence[Sequence[float]]
    current: Sequence[float]
    start: Sequence[float]
    C: float = 0.4
    g_L: float = 0.02
    E_L: float = -70.0
    V_th: float = -50.0
    V_reset: float = -90.0
    t_ref: float = 0.0
    k: float = 0.0
    jumps: Sequence[tuple[float, int, float]] = ()  # time, cell, mV
    modes_of_all: Callable[[], Modes] | None = None
    spikes: list[Spike] = field(default_factory=list)

    def run(self, end: float) -> list[Spike]:
        """All spikes before the end, in the order of times and cells."""
        with mp.workdps(30):
            self._begin()
            due = [(mpf(t), cell, mpf(amount)) for t, cell, amount in self.jumps]
            while self.now < end:
                stop = min([mpf(end), *(t for t, _, _ in due), *self.release.values()])
                crossing = self._move(stop)
                if crossing is not None:
                    self._instant([crossing])
                    continue
                for cell in [each for each, t in self.release.items() if t == self.now]:
                    del self.release[cell]
                for _, cell, amount in [each for each in due if each[0] == self.now]:
                    self._jump(cell, amount)
                due = [each for each in due if each[0] > self.now]
                self._instant(self._over())
            return sorted(self.spikes)

    def _begin(self) -> None:
        self.n = len(self.start)
        self.x = [mpf(each) for each in self.start]
        self.w_ = [[mpf(each) for each in row] for row in self.w]
        self.now = mpf(0)
        self.release: dict[int, Any] = {}
        self.known: dict[tuple[int, ...], Modes] = {}

    def _over(self) -> list[int]:
        return [i for i in range(self.n) if i not in self.release and self.x[i] > self.V_th]

    def _jump(self, cell: int, amount: Any) -> None:
        if cell not in self.release:
            self.x[cell] += amount

    def _instant(self, spiking: list[int]) -> None:
        """Spikes, and those that their spikelets cause at once."""
        while spiking:
            for i in spiking:
                self.spikes.append((self.now, i))
                self.x[i] = mpf(self.V_reset)
                if self.t_ref:
                    self.release[i] = self.now + mpf(self.t_ref)
            for i in spiking:
                for j in range(self.n):
                    if self.k and self.w_[i][j]:
                        self._jump(j, self.w_[i][j] * mpf(self.k))
            spiking = self._over() if self.k else []

    # Between events

    def _modes(self, moving: tuple[int, ...]) -> Modes:
        if len(moving) == self.n and self.modes_of_all:
            return self.modes_of_all()
        if moving not in self.known:
            m = mp.matrix(len(moving))
            for a, i in enumerate(moving):
                for b, j in enumerate(moving):
                    m[a, b] = -self.w_[i][j]
                m[a, a] = mpf(self.g_L) + mp.fsum(self.w_[i])
            values, q = mp.eigsy(m)
            rows = [[q[a, b] for b in range(len(moving))] for a in range(len(moving))]
            self.known[moving] = rows, [each / mpf(self.C) for each in values]
        return self.known[moving]

    def _move(self, stop: Any) -> int | None:
        """Go to `stop`, or to the first crossing, whose cell is returned."""
        moving = tuple(i for i in range(self.n) if i not in self.release)
        if not moving:
            self.now = stop
            return None
        q, rates = self._modes(moving)
        drive = [
            (
                mpf(self.g_L) * self.E_L
                + mpf(self.current[i])
                + mp.fsum(self.w_[i][j] * self.x[j] for j in self.release)
            )
            / mpf(self.C)
            for i in moving
        ]
        modes = range(len(moving))
        rest = [mp.fsum(q[a][m] * drive[a] for a in modes) / rates[m] for m in modes]
        away = [mp.fsum(q[a][m] * self.x[moving[a]] for a in modes) - rest[m] for m in modes]

        def value(a: int, t: Any) -> Any:
            return mp.fsum(q[a][m] * (rest[m] + away[m] * mp.exp(-rates[m] * t)) for m in modes)

        length, crossing = self._first(value, (q, rates, rest, away), stop - self.now)
        self.x = [self.x[i] if i in self.release else value(moving.index(i), length) for i in range(self.n)]
        self.now = stop if crossing is None else self.now + length
        return None if crossing is None else moving[crossing]

    def _first(self, value: Any, modes: tuple[Any, ...], length: Any) -> tuple[Any, int | None]:
        """How long until the first of the moving cells crosses, and which; looked for with floats, made with mpf."""
        q, rates, rest, away = (np.array(each, dtype=float) for each in modes)
        t = np.append(np.arange(0, float(length), STEP), float(length))
        v = q @ (rest[:, None] + away[:, None] * np.exp(-np.outer(rates, t)))
        over = (v > self.V_th + 1e-12).any(axis=0)
        if not over.any():
            return length, None
        k = int(np.argmax(over))
        found = []
        for a in np.flatnonzero(v[:, k] > self.V_th):
            if value(a, mpf(t[k])) > self.V_th:
                low = mpf(t[k - 1]) if k else mpf(0)
                root = mp.findroot(
                    lambda s, a=a: value(a, s) - self.V_th, (low, mpf(t[k])), solver="illinois", tol=1e-50
                )
                found.append((root, int(a)))
        return min(found) if found else (length, None)


def grid_modes(side: int, w: float, g_L: float = 0.02, C: float = 0.4) -> Modes:
    """The modes of a square grid with open edges: products of cosines."""
    line = [
        [
            mp.sqrt(mpf(2 - (k == 0)) / side) * mp.cos(mp.pi * k * (2 * r + 1) / (2 * side))
            for k in range(side)
        ]
        for r in range(side)
    ]
    bend = [2 - 2 * mp.cos(mp.pi * k / side) for k in range(side)]
    rows = [
        [line[r][k] * line[c][m] for k in range(side) for m in range(side)]
        for r in range(side)
        for c in range(side)
    ]
    rates = [(mpf(g_L) + mpf(w) * (bend[k] + bend[m])) / mpf(C) for k in range(side) for m in range(side)]
    return rows, rates


K_SPIKELET = 1500.0  # mV/uS
JUMPS = [
    (3.3333, 0, 9.0),
    (7.77, 3, 8.0),
    (7.7701, 4, 3.0),
    (21.0123, 5, 12.5),
    (33.3, 1, 6.0),
    (41.7, 0, 11.0),
]


def weights(n: int, pairs: list[tuple[int, int]], w: Callable[[int], float]) -> list[list[float]]:
    """The matrix of the weights, in uS."""
    found = [[0.0] * n for _ in range(n)]
    for k, (i, j) in enumerate(pairs):
        found[i][j] = found[j][i] = w(k)
    return found


def spikes_of(
    reference: CoupledCells, pairs: list[tuple[int, int]], end: float, as_text: bool = False
) -> list[tuple[Any, int]]:
    """What evsim makes of the same cells: times in ms as exact sums of tick and offset."""
    start_scope()
    n = len(reference.start)
    model: Any = lif(I_stim=np.array(reference.current) * nA, t_ref=reference.t_ref * ms)
    options: dict[str, Any] = {}
    if as_text:
        model = """dV/dt = (g_L*(E_L - V) + I + I_syn)/C_m : volt (unless refractory)
                   I_syn : amp (input)
                   I : amp"""
        names = {"g_L": 20 * nS, "E_L": -70 * mV, "C_m": 0.4 * nF}
        options = {
            "threshold": "V > -50*mV",
            "reset": "V = -90*mV",
            "refractory": reference.t_ref * ms,
            "namespace": names,
        }
    cells = NeuronGroup(n, model, **options)
    if as_text:
        cells.I = np.array(reference.current) * nA
    cells.V = np.array(reference.start) * mV
    junctions = Synapses(cells, cells, gap_junction(k_spikelet=reference.k * mV / uS), symmetric=True)
    junctions.connect(i=[i for i, _ in pairs], j=[j for _, j in pairs])
    junctions.w = np.array([reference.w[i][j] for i, j in pairs]) * uS
    source = SpikeGeneratorGroup(
        max(1, len(reference.jumps)), range(len(reference.jumps)), [t for t, _, _ in reference.jumps] * ms
    )
    chemical = Synapses(source, cells, "w : volt", on_pre="V_post += w")
    for k, (_, cell, _) in enumerate(reference.jumps):
        chemical.connect(i=k, j=cell)
    if reference.jumps:
        chemical.w = [amount for _, _, amount in reference.jumps] * mV
    spikes = SpikeMonitor(cells)
    run(end * ms)
    dt = mpf(float(defaultclock.dt / second))
    times = [
        (mpf(int(k)) * dt + mpf(float(o))) * 1000
        for k, o in zip(spikes.tick, spikes.offset / second, strict=True)
    ]
    return list(zip(times, (int(i) for i in spikes.i), strict=True))


def largest_error(found: list[tuple[Any, int]], expected: list[tuple[Any, int]]) -> float:
    """Of the times, in ms; the cells must be the same, in the same order."""
    assert [i for _, i in found] == [i for _, i in expected]
    assert len(expected) > 10
    return max(float(abs(a - b)) for (a, _), (b, _) in zip(found, expected, strict=True))


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("t_ref", [0.0, 2.3])
@pytest.mark.parametrize("k", [0.0, K_SPIKELET])
def test_146_a_pair_with_spikelets_and_refractory_periods(t_ref: float, k: float, as_text: bool) -> None:
    jumps = [(t, cell % 2, amount) for t, cell, amount in JUMPS]
    reference = CoupledCells(
        weights(2, [(0, 1)], lambda _: 0.004), [0.55, 0.47], [-70.0, -61.0], t_ref=t_ref, k=k, jumps=jumps
    )
    expected = reference.run(250.0)
    found = spikes_of(reference, [(0, 1)], 250.0, as_text)
    assert largest_error(found, expected) < 1e-12


def test_a_ring_of_ten_with_refractory_periods_and_input_off_the_grid() -> None:
    ring = [(k, (k + 1) % 10) for k in range(10)]
    reference = CoupledCells(
        weights(10, ring, lambda k: 0.002 + 0.0003 * k),
        [0.42 + 0.02 * i for i in range(10)],
        [-70.0 + 1.7 * i for i in range(10)],
        t_ref=1.25,
        k=K_SPIKELET,
        jumps=JUMPS,
    )
    assert largest_error(spikes_of(reference, ring, 90.0), reference.run(90.0)) < 1e-12


def test_a_grid_of_a_hundred_with_input_off_the_grid() -> None:
    side = 10
    pairs = [(k, k + 1) for k in range(100) if (k + 1) % side] + [(k, k + side) for k in range(90)]
    with mp.workdps(30):
        modes = grid_modes(side, 0.003)
    reference = CoupledCells(
        weights(100, pairs, lambda _: 0.003),
        [0.5 + 0.002 * ((7 * i) % 100) for i in range(100)],
        [-72.0 + 0.21 * ((31 * i) % 100) for i in range(100)],
        k=100.0,
        jumps=[(t, 11 * cell, amount) for t, cell, amount in JUMPS],
        modes_of_all=lambda: modes,
    )
    assert largest_error(spikes_of(reference, pairs, 13.0), reference.run(13.0)) < 1e-12
