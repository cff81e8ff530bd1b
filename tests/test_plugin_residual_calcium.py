"""The package evsim-residual-calcium, whose gate is hand-written C: its wheel, without a compiler, its own tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import evsim
from evsim import shipment
from evsim.codegen import shipped
from evsim.engine.texts import texts_of
from evsim.models import exponential

PACKAGE = Path(__file__).resolve().parents[1] / "plugins" / "evsim-residual-calcium"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
OFFLINE = ["--no-deps", "--no-index"]

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="its wheel is built with a C compiler")


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=folder, env={**os.environ, **variables}
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the sources."""
    sources = tmp_path_factory.mktemp("sources") / PACKAGE.name
    shutil.copytree(PACKAGE, sources, ignore=shutil.ignore_patterns("build", "*.egg-info", "*.so"))
    target = tmp_path_factory.mktemp("wheels")
    run([*PIP, "wheel", "--no-build-isolation", *OFFLINE, "-w", str(target), str(sources)], target)
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a folder of its own."""
    target = tmp_path_factory.mktemp("installed")
    run([*PIP, "install", *OFFLINE, "--target", str(target), str(wheel)], target)
    return target


def python(arguments: list[str], installed: Path, **variables: str) -> str:
    """Run Python with the package in sight; return what it prints."""
    paths = os.pathsep.join([str(installed), os.environ["PYTHONPATH"]])
    return run([sys.executable, *arguments], installed, PYTHONPATH=paths, **variables)


def test_the_wheel_has_the_compiled_library_and_serves_every_python(wheel: Path) -> None:
    assert re.fullmatch(r"evsim_residual_calcium-0\.1\.0-py3-none-\w+\.whl", wheel.name)
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"evsim_residual_calcium/_gates.{end}" for end in ("abi3.so", "c")} <= names


def test_the_command_line_knows_it(installed: Path) -> None:
    page = python(["-m", "evsim", "models", "residual_calcium"], installed)
    assert "  spike       hand-written C in evsim_residual_calcium._gates; every synapse keeps\n" in page
    assert "\ntreatment\n  one sum per target: " in page
    checked = python(["-m", "evsim", "check", "residual_calcium"], installed)
    assert checked == "residual_calcium: keeps the contract\n"


def test_its_own_tests_pass(installed: Path) -> None:
    printed = python(["-m", "pytest", "-q", "-p", "no:cacheprovider", str(PACKAGE / "tests")], installed)
    assert re.search(r"^\d+ passed", printed, re.MULTILINE)
    assert "failed" not in printed


def test_it_runs_where_there_is_no_compiler(installed: Path, tmp_path: Path) -> None:
    """Its kernels of neurons are those of an exponential gate, which evsim ships."""
    evsim.start_scope()
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    shipped.build(kernels, texts_of(shipment.recorded(exponential)))
    (example,) = re.findall(
        r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    head = f"import pathlib, evsim.kernels\nevsim.kernels.folder = lambda: pathlib.Path({str(kernels)!r})\n"
    cache = tmp_path / "cache"
    printed = python(["-c", head + example], installed, CC="/nowhere", EVSIM_CACHE=str(cache))
    assert printed.endswith("[63.4] ms\n")
    assert not cache.exists()


def test_a_program_of_its_own_is_made_from_its_text_and_gives_the_same_bits(
    installed: Path, tmp_path: Path
) -> None:
    (example,) = re.findall(
        r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    head, _, _ = example.partition("trace = ")
    export = "net = Network(collect())\nexport_c(net, 'program', duration=300*ms)\nnet.run(300*ms)\n"
    told = "print(*synapses.ready_.tolist(), *cell.V_.tolist())"
    printed = python(["-c", head + export + told], installed)
    run(["make", "-s"], installed / "program")
    run(["./run"], installed / "program")
    read = "r = read_export('program')\nprint(*r['synapses'].ready_.tolist(), *r['neurongroup'].V_.tolist())"
    assert python(["-c", f"from evsim import *\n{read}"], installed) == printed
