"""Models of a package that pip has just installed, beside evsim's own with the same equations: the same speed.

One network of LIF cells with two-state synapses is made twice, once from `lif` and `ampa`, once from models that a
stranger's package brings under names of its own. Both run in one process, piece by piece in turn.

    python -m benchmarks.plugins --repeats 15
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import cpu_seconds

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "evsim-stranger"
version = "0.1.0"

[project.entry-points.evsim]
stranger = "evsim_stranger"
""",
    "evsim_stranger/__init__.py": '''
"""Two models of somebody else."""

from evsim.plugin import hookimpl
from evsim_stranger.leaky import leaky
from evsim_stranger.two_state import two_state


@hookimpl
def evsim_models():
    return [leaky, two_state]
''',
    "evsim_stranger/leaky.py": '''
"""Leaky neuron, with names of its own."""

from evsim.plugin import Neuron, Parameter, refractory
from evsim.units import ms, mV, nA, nF, nS

leaky = Neuron(
    equations="""
    dU/dt = (g*(E - U) + I_all + I_0)/C : volt {while_refractory}
    I_all : amp (input)
    """,
    membrane="U",
    parameters=[
        Parameter("C", 0.4*nF, "capacitance"),
        Parameter("g", 20*nS, "leak conductance"),
        Parameter("E", -70*mV, "resting potential"),
        Parameter("I_0", 0.44*nA, "constant current"),
        Parameter("top", -50*mV, "threshold"),
        Parameter("bottom", -90*mV, "potential after a spike"),
        Parameter("rest", 0*ms, "refractory period"),
    ],
    choices=[refractory],
    initial={"U": "E"},
    threshold="U > top",
    reset="U = bottom",
    refractory="rest",
    references=["nobody"],
)
''',
    "evsim_stranger/two_state.py": '''
"""Two-state receptor, with names of its own."""

from evsim.plugin import Gate, Parameter, Pulse
from evsim.units import mM, ms

two_state = Gate(
    equations="ds/dt = opening*C*(1 - s) - closing*s : 1",
    parameters=[
        Parameter("opening", 0.98/(mM*ms), "binding rate"),
        Parameter("closing", 0.18/ms, "unbinding rate"),
        Parameter("peak", 0.5*mM, "concentration in the pulse"),
        Parameter("length", 0.5*ms, "length of the pulse"),
    ],
    on_pre=Pulse("C", height="peak", duration="length"),
    references=["nobody"],
)
''',
}


def install(folder: Path) -> None:
    """Write the package and install it with pip, without a network, where this process finds it."""
    for name, text in FILES.items():
        file = folder / "sources" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip(), encoding="utf-8")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    target = str(folder / "installed")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", target, str(folder / "sources")]
    subprocess.run(command, check=True)
    sys.path.insert(0, target)


def network(neuron: Any, gate: Any, n: int) -> tuple[Any, Any]:
    """Build the network from two models; return it with its spikes."""
    from evsim import Network, NeuronGroup, SpikeMonitor, Synapses, ms, pA, seed, start_scope
    from evsim.models import current

    start_scope()
    seed(1)
    cells = NeuronGroup(n, neuron)
    setattr(cells, neuron.membrane, "-70*mV + rand()*20*mV")
    synapses = Synapses(cells, cells, gate, output=current)
    synapses.connect(p=100 / n)
    synapses.delay = "1*ms + rand()*4*ms"
    synapses.w = 5 * pA
    spikes = SpikeMonitor(cells)
    made = Network(cells, synapses, spikes)
    made.run(50 * ms)  # kernels are loaded, the network has left its start
    return made, spikes


def measure(n: int, repeats: int, duration: float) -> dict[str, object]:
    """Run both networks in turn; return what one line says."""
    from evsim import second
    from evsim.models import ampa, lif
    from evsim.plugin.registry import find_model

    kinds = {"built_in": (lif, ampa), "plugin": (find_model("leaky"), find_model("two_state"))}
    made = {kind: network(*models, n) for kind, models in kinds.items()}
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(repeats):
        for kind in sorted(kinds, reverse=turn % 2 == 1):  # each is first as often as the other
            times[kind].append(cpu_seconds(partial(made[kind][0].run, duration * second)))
    spikes = {kind: int(each.num_spikes) for kind, (_, each) in made.items()}
    medians = {kind: statistics.median(each) for kind, each in times.items()}
    return {
        "network": "plugins",
        "n": n,
        "duration": duration,
        "repeats": repeats,
        "seconds_cpu": {kind: round(each, 5) for kind, each in medians.items()},
        "ratio": round(medians["plugin"] / medians["built_in"], 4),
        "spikes": spikes,
    }


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plugins")
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--duration", type=float, default=0.2, help="seconds of biological time in a run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        print(json.dumps(measure(**vars(options))))


if __name__ == "__main__":
    main()
