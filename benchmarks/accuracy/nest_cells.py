"""Those of the neurons that NEST has, on its grid: it rounds the events to its step, and its spikes are at steps."""

from __future__ import annotations

from typing import Any

import nest

from benchmarks.accuracy.cells import CELLS, Cell, events
from benchmarks.measure import cpu_seconds

MODELS = {
    "coba": "iaf_cond_exp",
    "eif": "aeif_psc_exp",
    "adex": "aeif_psc_exp",
    "hh_traub": "hh_cond_exp_traub",
}
SETTINGS = {"0.1 ms": 0.1, "0.01 ms": 0.01}


def parameters(cell: Cell) -> dict[str, Any]:
    """The parameters of a cell by NEST's names, in its units: ms, mV, pA, nS, pF."""
    v = cell.values
    if cell.family == "traub":
        return {"I_e": 1e3 * v["I"], "V_m": v["start"], "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
    both = {"C_m": 1e3 * v["C"], "g_L": 1e3 * v["g"], "E_L": v["E"], "I_e": 1e3 * v["I"], "V_m": v["start"]}
    both |= {"V_reset": v["reset"], "t_ref": v["t_ref"], "tau_syn_ex": 5.0}
    if cell.family == "conductances":
        return both | {"V_th": v["th"], "E_ex": 0.0, "E_in": -80.0, "tau_syn_in": 10.0}
    adapting = {
        "Delta_T": v["D"],
        "V_th": v["V_T"],
        "a": 1e3 * v["a"],
        "b": 1e3 * v["b"],
        "tau_w": v["tau_w"],
    }
    return both | adapting | {"V_peak": v["th"]}


def run(name: str, setting: str, duration: float, n: int) -> tuple[list[float], float]:
    """Run a cell; return the spikes of the first (ms) and CPU seconds per neuron."""
    cell, step = CELLS[name], SETTINGS[setting]
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": step, "local_num_threads": 1})
    cells = nest.Create(MODELS[name], n, parameters(cell))
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells[:1], recorder)
    train = events(cell, duration)
    for kind, weight in enumerate(cell.weights):
        rounded = [max(1, round(time / step)) - 1 for time, which in train if which == kind]
        source = nest.Create("spike_generator", params={"spike_times": [max(k, 1) * step for k in rounded]})
        nest.Connect(source, cells, syn_spec={"weight": 1e3 * weight * (-1) ** kind, "delay": step})
    nest.Prepare()
    cpu = cpu_seconds(lambda: nest.Run(1000.0 * duration))
    nest.Cleanup()
    return [float(t) for t in recorder.events["times"]], cpu / n
