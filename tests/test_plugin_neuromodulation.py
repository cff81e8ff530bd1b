"""The package evsim-neuromodulation, installed by pip: its models are listed, its own tests and its example pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "plugins" / "evsim-neuromodulation"


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
    assert "  multiscale           Multi-scale neuron: " in listed
    _, _, modulations = listed.partition("\nmodulations\n")
    assert re.findall(r"^  (\w+)", modulations.partition("\n\n")[0], re.MULTILINE) == [
        "additive_modulation",
        "depressive_modulation",
    ]


def test_its_own_tests_pass(installed: Path) -> None:
    printed = python(["-m", "pytest", "-q", "-p", "no:cacheprovider", str(PACKAGE / "tests")], installed)
    assert re.search(r"^\d+ passed", printed, re.MULTILINE)
    assert "failed" not in printed


def test_the_example_of_its_readme_does_what_is_said(installed: Path) -> None:
    (example,) = re.findall(
        r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    told = """
times = [train/second for train in spikes.spike_trains().values()]
print(*(sum((train > 7.5) & (train < 14)) for train in times))
print(*(sum(train < 6) for train in times))
"""
    during, before = python(["-c", example + told], installed).splitlines()
    tonic, silent, fading = map(int, during.split())
    assert tonic > 100
    assert silent == 0
    assert 7 <= fading <= 28
    assert before.split() == ["14", "14", "14"]
