"""The package evsim-plasticity, installed by pip: its models are listed, its own tests and its example pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "plugins" / "evsim-plasticity"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package into a folder of its own, from a copy of its sources."""
    sources = tmp_path_factory.mktemp("sources") / PACKAGE.name
    shutil.copytree(PACKAGE, sources, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    target = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return target


def python(arguments: list[str], installed: Path) -> str:
    """Run Python with the package in sight and without a display; return what it prints."""
    paths = os.pathsep.join([str(installed), os.environ["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": paths, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=500,
        cwd=installed,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_its_models_are_listed_by_kind(installed: Path) -> None:
    listed = python(["-m", "evsim", "models"], installed)
    _, _, plasticities = listed.partition("\nplasticities\n")
    assert re.findall(r"^  (\w+)", plasticities, re.MULTILINE) == ["tsodyks_markram", "stdp_pair"]
    assert "w_max = 20" in plasticities


@pytest.mark.parametrize("name", ["tsodyks_markram", "stdp_pair"])
def test_its_models_are_shown_with_their_treatment_and_keep_the_contract(name: str, installed: Path) -> None:
    page = python(["-m", "evsim", "models", name], installed)
    assert "\ntreatment\n  exactly, from event to event: its equations are linear" in page
    assert python(["-m", "evsim", "check", name], installed) == f"{name}: keeps the contract\n"


def test_its_own_tests_pass(installed: Path) -> None:
    printed = python(["-m", "pytest", "-q", "-p", "no:cacheprovider", str(PACKAGE / "tests")], installed)
    assert re.search(r"^\d+ passed", printed, re.MULTILINE)
    assert "failed" not in printed


def test_the_example_of_its_readme_does_what_is_said(installed: Path) -> None:
    (example,) = re.findall(
        r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    told = """
print(spikes.num_spikes > 10, trace.w.shape[0], np.all((synapses.w >= 0*nA) & (synapses.w <= 0.5*nA)))
print(np.ptp(synapses.w/nA) > 0.01, 0 < trace.u.max() < 1, 0 < trace.x.min() < 0.9, trace.I.max() > 0*nA)
"""
    first, second = python(["-c", example + told], installed).splitlines()
    assert first.split() == ["True", "2", "True"]
    assert second.split() == ["True"] * 4
