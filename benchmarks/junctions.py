"""Hodgkin-Huxley cells, each joined to 60 others by gap junctions: the cells and the size of Hahne et al. 2015.

Cells after Mancilla et al. 2007 (J. Neurosci. 27:2058), network after Hahne et al. 2015 (Front. Neuroinform. 9:22),
without chemical synapses: constant currents of 100 to 200 pA drive the cells. All simulators have the same junctions,
currents and initial states; the lines tell how far the potentials of the first 50 ms are from those of evsim at a
tolerance of 1e-12, which its own runs leave in `output/`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.measure import Case, Measured, main

EQUATIONS = """
dV/dt = (I_L + I_Na + I_K + I_gap + I_e)/(40*pF) : volt
I_L = 10*nS*(-70*mV - V) : amp
I_Na = 4500*nS*m**3*h*(74*mV - V) : amp
I_K = (9*nS*n**4 + 9000*nS*p**2)*(-90*mV - V) : amp
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dp/dt = alpha_p*(1 - p) - beta_p*p : 1
alpha_m = 540/ms/exprel((75.5*mV - V)/(13.5*mV)) : hertz
beta_m = 1.2262/ms*exp(-V/(42.248*mV)) : hertz
alpha_h = 0.0035/ms*exp(-V/(24.186*mV)) : hertz
beta_h = 0.0884/ms/exprel(-(51.25*mV + V)/(5.2*mV)) : hertz
alpha_n = 0.0322/ms/exprel(-(V + 44*mV)/(2.3*mV)) : hertz
beta_n = 0.0043/ms*exp(-(V + 44*mV)/(34*mV)) : hertz
alpha_p = 11.8/ms/exprel((95*mV - V)/(11.8*mV)) : hertz
beta_p = 0.025/ms*exp(-V/(22.222*mV)) : hertz
I_e : amp
I_gap : amp
"""
SUM = "w : siemens\nI_gap_post = w*(V_pre - V_post) : amp (summed)"
PARTNERS, WEIGHT = 60, 0.3  # of each cell; nS
COMPARED = 50  # ms
RTOL, TIGHT = 5e-4, 1e-12
REFERENCE = Path(__file__).resolve().parents[1] / "output"


@dataclass(frozen=True)
class Drawn:
    """Junctions from i to j, both ways; currents (pA) and potentials (mV) of the cells."""

    i: list[int]
    j: list[int]
    current: list[float]
    start: list[float]

    def gates(self) -> dict[str, list[float]]:
        """Return the resting values of m, h, n and p at these potentials."""
        return {
            "m": [
                _rest(540 / _exprel((75.5 - v) / 13.5), 1.2262 * math.exp(-v / 42.248)) for v in self.start
            ],
            "h": [
                _rest(0.0035 * math.exp(-v / 24.186), 0.0884 / _exprel(-(51.25 + v) / 5.2))
                for v in self.start
            ],
            "n": [
                _rest(0.0322 / _exprel(-(v + 44) / 2.3), 0.0043 * math.exp(-(v + 44) / 34))
                for v in self.start
            ],
            "p": [_rest(11.8 / _exprel((95 - v) / 11.8), 0.025 * math.exp(-v / 22.222)) for v in self.start],
        }


def _exprel(x: float) -> float:
    return math.expm1(x) / x if x else 1.0


def _rest(opening: float, closing: float) -> float:
    return opening / (opening + closing)


@cache
def drawn(n: int, seed: int) -> Drawn:
    """Draw a network with n*PARTNERS/2 junctions, the same in every Python."""
    rng = random.Random(seed)
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < n * PARTNERS // 2:
        i, j = rng.randrange(n), rng.randrange(n)
        if i != j:
            pairs.add((min(i, j), max(i, j)))
    first, second = zip(*sorted(pairs), strict=True)
    current = [100 + 100 * rng.random() for _ in range(n)]
    return Drawn([*first, *second], [*second, *first], current, [-70 + 20 * rng.random() for _ in range(n)])


def network(words: Any, case: Case, **options: Any) -> list[Any]:
    """Build the network in the words that Brian2 and evsim share; the potentials of all cells are recorded."""
    given = drawn(case.n, case.seed)
    cells = words.NeuronGroup(case.n, EQUATIONS, threshold="V > 0*mV", refractory="V > 0*mV", **options)
    cells.V, cells.I_e = given.start * words.mV, given.current * words.pA
    for gate, values in given.gates().items():
        setattr(cells, gate, values)
    junctions = words.Synapses(cells, cells, SUM)
    junctions.connect(i=given.i, j=given.j)
    junctions.w = WEIGHT * words.nS
    trace = words.StateMonitor(cells, "V", record=True, dt=1 * words.ms)
    return [cells, junctions, trace, words.SpikeMonitor(cells)]


def reference_file(case: Case) -> Path:
    """Where the potentials to compare with stand."""
    return REFERENCE / f"junctions-{case.n}-{case.seed}.npy"


def errors(case: Case, times: Iterable[float], potentials: Any) -> dict[str, float]:
    """Return how far potentials (mV; one row per cell, samples at `times`, ms) are from the reference."""
    import numpy as np

    if not reference_file(case).exists():
        return {}
    expected = np.load(reference_file(case))
    ticks = np.rint(np.asarray(times)).astype(int)
    known = (ticks < expected.shape[1]) & (ticks > 0)
    apart = np.abs(np.asarray(potentials)[:, known] - expected[:, ticks[known]])
    return {"rms_error_mv": float(np.sqrt((apart**2).mean())), "largest_error_mv": float(apart.max())}


def evsim(case: Case) -> Measured:
    """Run on evsim, at a tolerance that gives errors below those of waveform relaxation."""
    from dataclasses import replace

    import numpy as np

    from benchmarks.simulators import ev

    made: list[Any] = []

    def remembered(words: Any, case: Case) -> list[Any]:
        made[:] = network(words, case, method_options={"rtol": RTOL})
        return made

    measured = ev.simulate(case, remembered)
    trace = made[2]
    times, potentials = np.asarray(trace.t / ev.ev.ms), np.asarray(trace.V / ev.ev.mV)
    if not reference_file(case).exists():
        ev.ev.start_scope()
        tight = network(ev.ev, case, method_options={"rtol": TIGHT})
        ev.ev.Network(tight).run(COMPARED * ev.ev.ms)
        reference_file(case).parent.mkdir(parents=True, exist_ok=True)
        np.save(reference_file(case), np.asarray(tight[2].V / ev.ev.mV))
    return replace(measured, more=errors(case, times, potentials))


def brian2(case: Case) -> Measured:
    """Run on Brian2 standalone, exponential Euler with steps of 0.05 ms."""
    import brian2 as b
    import numpy as np

    from benchmarks.simulators import brian

    made: list[Any] = []

    def remembered(words: Any, case: Case) -> list[Any]:
        words.defaultclock.dt = 0.05 * words.ms
        made[:] = network(words, case, method="exponential_euler")
        return made

    def compared() -> dict[str, object]:
        return {**errors(case, np.asarray(made[2].t / b.ms), np.asarray(made[2].V / b.mV))}

    return brian.simulate(case, remembered, compared)


def nest(case: Case) -> Measured:
    """Run on NEST with waveform relaxation at its defaults: intervals of 1 ms, cubic interpolation."""
    from dataclasses import replace

    import numpy as np

    from benchmarks.simulators import nest as simulator

    simulator.start(case, resolution=0.05)
    given, gates = drawn(case.n, case.seed), drawn(case.n, case.seed).gates()
    fixed = {"g_Na": 4500.0, "g_Kv1": 9.0, "g_Kv3": 9000.0, "g_L": 10.0, "C_m": 40.0}
    fixed |= {"E_Na": 74.0, "E_K": -90.0, "E_L": -70.0}
    cells = simulator.nest.Create("hh_psc_alpha_gap", case.n, fixed)
    names = {"Act_m": "m", "Inact_h": "h", "Act_n": "n", "Inact_p": "p"}
    cells.V_m, cells.I_e = given.start, given.current
    cells.set([{name: gates[gate][k] for name, gate in names.items()} for k in range(case.n)])
    ends = np.array(given.i) + 1, np.array(given.j) + 1
    junction = {"synapse_model": "gap_junction", "weight": np.full(len(given.i), WEIGHT)}
    simulator.nest.Connect(*ends, {"rule": "one_to_one"}, junction)
    meter = simulator.nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 1.0})
    simulator.nest.Connect(meter, cells)
    measured = simulator.simulate(case, cells)
    events = meter.events
    order = np.lexsort((events["times"], events["senders"]))
    potentials = events["V_m"][order].reshape(case.n, -1)
    return replace(measured, more=errors(case, np.unique(events["times"]), potentials))


if __name__ == "__main__":
    main("junctions", {"evsim": evsim, "brian2": brian2, "nest": nest})
