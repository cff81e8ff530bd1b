"""The tutorial and the teaching notebook: every block and cell runs, and says what stands below it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evsim import start_scope

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("[0-9]*.md"))
NOTEBOOK = ROOT / "examples" / "teaching.ipynb"
_spec = importlib.util.spec_from_file_location("notebook", ROOT / "tools" / "notebook.py")
assert _spec
assert _spec.loader
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)
code_cells, figures_of, run_cells, text_of = tool.code_cells, tool.figures_of, tool.run_cells, tool.text_of
BLOCK = re.compile(r"```(python|text)\n(.*?)```", re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page in one language."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for each, text in found if each == language]


def test_135_the_documentation_has_a_tutorial_and_examples_that_run() -> None:
    index = (TUTORIAL / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d-[\w-]+\.md)\)", index) == [page.name for page in PAGES]
    assert len(PAGES) == 6
    for page, following in itertools.pairwise(PAGES):
        assert f"]({following.name})" in page.read_text(encoding="utf-8")
    for place, link in ((ROOT, "docs/tutorial"), (ROOT / "docs", "tutorial/README.md")):
        assert link in (place / "README.md").read_text(encoding="utf-8")
    assert "`examples/`" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(list((ROOT / "examples").glob("*.py"))) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_135_a_page_of_the_tutorial_prints_what_stands_below_its_blocks(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks(page, "python")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(blocks(page, "text"))
    saved = re.findall(r'savefig\("([\w-]+\.png)"\)', script.read_text(encoding="utf-8"))
    assert sorted(saved) == sorted(each.name for each in tmp_path.glob("*.png"))


def steady(text: str) -> str:
    """Without the time that a run has taken."""
    return re.sub(r"simulated in [\d.e-]+ s", "simulated", text)


def test_136_the_notebook_runs_cell_by_cell_with_text_and_figures_inline() -> None:
    start_scope()
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    kept = [cell["outputs"] for cell in code_cells(notebook)]
    found = run_cells(notebook)
    assert [steady(text_of(each)) for each in found] == [steady(text_of(each)) for each in kept]
    assert [len(figures_of(each)) for each in found] == [len(figures_of(each)) for each in kept]
    assert sum(len(figures_of(each)) for each in found) == 4
    assert all(len(picture) > 2000 for each in found for picture in figures_of(each))
    said = "".join(text_of(each) for each in kept)
    for word in ("20. ms", "Cannot add", "8 spikes", "mean current", "spikes per cell"):
        assert word in said


def test_136_the_notebook_has_the_form_that_notebooks_have() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("markdown", "code")
        assert isinstance(cell["source"], list)
        assert ("outputs" in cell) == ("execution_count" in cell) == (cell["cell_type"] == "code")
    titles = [line for cell in notebook["cells"] for line in cell["source"] if line.startswith("## ")]
    assert [title.split()[1] for title in titles] == ["Units", "A", "Noise", "Poisson", "A"]
