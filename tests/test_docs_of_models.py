"""The page on models and the README of the template: complete, and their examples run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evsim.models import alpha, dual_exponential, evsim_models

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "models.md"


def examples(page: Path) -> list[str]:
    """Return the Python examples of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_names_every_shipped_model_with_its_kind() -> None:
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(model.kind, model.name) for model in evsim_models()]


def test_the_page_names_every_normalisation_and_the_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for gate in (alpha, dual_exponential):
        for option in gate.choices[0].options:
            assert f'| `"{option}"`' in page
        assert f'| `"{gate.choice("normalisation")}"` (default)' in page


@pytest.mark.parametrize("number", range(len(examples(PAGE))))
def test_an_example_of_the_page_runs(number: int, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(examples(PAGE)[number], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_has_an_example() -> None:
    assert len(examples(PAGE)) == 1
