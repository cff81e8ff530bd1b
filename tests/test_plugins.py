"""The template plugin as its users meet it: installed by pip, found through its entry point, run, checked."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

import evsim
from evsim.codegen.text import plain
from evsim.engine.texts import texts_of
from evsim.models import ampa, current, lif
from evsim.shipment import described

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "plugins" / "evsim-template"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the template with pip into a folder of its own, from a copy of its sources."""
    sources = tmp_path_factory.mktemp("sources") / "evsim-template"
    shutil.copytree(TEMPLATE, sources, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    target = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment of its own, which sees the libraries of this one, and install the template into it."""
    home = tmp_path_factory.mktemp("fresh") / "environment"
    venv.create(home, with_pip=False)
    interpreter = home / "bin" / "python"
    (site,) = home.glob("lib/python*/site-packages")
    seen = [os.environ["PYTHONPATH"], *(path for path in sys.path if path.endswith("site-packages"))]
    (site / "seen.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    sources = tmp_path_factory.mktemp("sources") / "evsim-template"
    shutil.copytree(TEMPLATE, sources, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", *options, str(sources)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return interpreter


def test_in_a_fresh_environment_its_models_are_listed_drawn_and_run(fresh: Path, tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [fresh, *arguments], env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "  resonate_and_fire    Resonate-and-fire neuron: " in said("-m", "evsim", "models")
    for name in ("resonate_and_fire", "difference_of_exponentials"):
        said("-m", "evsim", "plot", name, "--output", f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
    (example,) = re.findall(r"```python\n(.*?)```", (TEMPLATE / "README.md").read_text("utf-8"), re.DOTALL)
    where = "import evsim_template; print(spikes.num_spikes > 0, evsim_template.__file__)"
    ran, place = said("-W", "error", "-c", f"{example}\n{where}").split()
    assert ran == "True"
    assert Path(place).is_relative_to(fresh.parents[1])


def python(arguments: list[str], installed: Path) -> str:
    """Run Python with the plugin in sight; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ["PYTHONPATH"]])}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=installed,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_plugin_is_listed_with_its_models(installed: Path) -> None:
    listed = python(["-m", "evsim", "plugins"], installed).splitlines()
    place = listed.index("template             evsim-template 0.1.0")
    assert listed[place + 1].strip() == "resonate_and_fire, difference_of_exponentials"


def test_models_of_a_plugin_stand_in_the_list_of_models(installed: Path) -> None:
    listed = python(["-m", "evsim", "models"], installed)
    assert "  resonate_and_fire    Resonate-and-fire neuron: " in listed
    assert "[template (evsim-template 0.1.0)]" in listed
    page = python(["-m", "evsim", "models", "difference_of_exponentials"], installed)
    assert page.startswith("difference_of_exponentials (gate) of template (evsim-template ")
    assert "  tau_decay  5 ms    time constant of the decay" in page


def test_models_of_a_plugin_keep_the_contract(installed: Path) -> None:
    for name in ("resonate_and_fire", "difference_of_exponentials"):
        assert python(["-m", "evsim", "check", name], installed) == f"{name}: keeps the contract\n"


def test_the_tests_of_the_template_pass(installed: Path) -> None:
    printed = python(["-m", "pytest", "-q", "-p", "no:cacheprovider", str(TEMPLATE / "tests")], installed)
    assert "2 passed" in printed


def test_a_gate_takes_less_than_40_lines_and_a_neuron_less_than_60() -> None:
    lengths = {
        file.stem: len(file.read_text(encoding="utf-8").splitlines())
        for file in (TEMPLATE / "src" / "evsim_template").glob("*.py")
    }
    assert lengths["difference_of_exponentials"] < 40
    assert lengths["resonate_and_fire"] < 60


SCRIPT = """
import numpy as np
from evsim import *
from evsim.models import current, difference_of_exponentials, resonate_and_fire

cell = NeuronGroup(1, resonate_and_fire(V_th=0*mV, C_m=0.2*nF))
cell.V = -60*mV
target = NeuronGroup(1, resonate_and_fire(V_th=0*mV, g_W=0*nS))
source = SpikeGeneratorGroup(1, [0], [2.5]*ms)
synapses = Synapses(source, target, difference_of_exponentials, output=current, delay=1.3*ms, name="synapses")
synapses.connect()
synapses.w = 0.2*nA
trace = StateMonitor(cell, "V", record=True)
gate = StateMonitor(target, ["I_syn", "V"], record=True)
run(60*ms)
np.savez("traces.npz", t=trace.t_, V=trace.V[0]/mV, I=gate.I_syn[0]/nA)
"""


def test_a_plugin_neuron_and_a_plugin_gate_run_and_equal_their_closed_forms(installed: Path) -> None:
    (installed / "script.py").write_text(SCRIPT)
    python(["-m", "evsim", "run", "script.py"], installed)
    traces = np.load(installed / "traces.npz")
    t = traces["t"]

    # dV/dt = -V/tau - k W, dW/dt = m V - W/tau with equal tau: a damped cosine at sqrt(g_W/(C_m tau_W)) = 122.5/s.
    ringing = -70 + 10 * np.exp(-t / 20e-3) * np.cos(np.sqrt(60e-9 / (0.2e-9 * 20e-3)) * t)
    assert np.max(np.abs(traces["V"] - ringing)) < 1e-9

    since = np.maximum(t - 3.8e-3, 0)
    shape = np.exp(-since / 5e-3) - np.exp(-since / 0.5e-3)
    highest = 0.1 ** (0.1 / 0.9) - 0.1 ** (1 / 0.9)
    assert np.max(np.abs(traces["I"] - 0.2 * shape / highest)) < 1e-12
    assert 0.199 < np.max(traces["I"]) <= 0.2


def test_the_example_of_the_templates_readme_runs(installed: Path) -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    (installed / "example.py").write_text(example + "assert spikes.num_spikes > 0\n")
    python(["-W", "error", "example.py"], installed)


def test_models_of_a_package_run_the_code_of_built_in_ones_with_their_equations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names do not count but for the order of a synapse's variables; `benchmarks.plugins` measures the speed."""
    monkeypatch.syspath_prepend(str(ROOT))
    for name, text in importlib.import_module("benchmarks.plugins").FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.lstrip(), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    leaky, two_state = importlib.import_module("evsim_stranger").evsim_models()
    found = []
    for neuron, gate in ((lif, ampa), (leaky, two_state)):
        evsim.start_scope()
        found.append([plain(text) for text in texts_of(described(neuron, (gate, current)))])
    (cells, *code), (other_cells, *other_code) = found
    assert cells == other_cells
    assert len(code) == 2  # both ends of a pulse
    for one, other in zip(code, other_code, strict=True):
        unnumbered = [sorted(re.sub(r"\d+", "#", each).splitlines()) for each in (one, other)]
        assert unnumbered[0] == unnumbered[1]
