"""Coupled systems are what Brian 2.9 comes to as its steps, in which it holds sums still, get smaller."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import evsim

FOLDER = Path(__file__).parent / "brian2_steps"
_spec = importlib.util.spec_from_file_location("brian2_steps_cases", FOLDER / "cases.py")
assert _spec and _spec.loader
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@pytest.mark.parametrize("name", cases.CASES)
def test_brian_comes_nearer_with_every_smaller_step(name: str) -> None:
    found = cases.CASES[name](evsim)
    with np.load(FOLDER / f"{name}.npz") as brian:
        steps = [brian[f"{step:g}"] for step in cases.STEPS]
    size = np.abs(found).max()
    errors = [np.abs(each - found).max() / size for each in steps]
    assert errors[-1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.05)
    extrapolated = 2 * steps[2] - steps[1]
    assert np.abs(extrapolated - found).max() / size < errors[-1] / 50


def test_every_file_has_its_case() -> None:
    assert {file.stem for file in FOLDER.glob("*.npz")} == set(cases.CASES)
