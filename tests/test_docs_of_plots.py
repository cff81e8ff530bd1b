"""The pages on plots and on the command line: complete, and what they show works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evsim import plot
from evsim.commands import pictures
from evsim.commands.command_line import _parser, main

ROOT = Path(__file__).resolve().parents[1]
PLOTS, COMMANDS = (ROOT / "docs" / f"{name}.md" for name in ("plots", "commands"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_of_the_page_on_plots_runs(tmp_path: Path) -> None:
    (example,) = blocks(PLOTS, "python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "plots.png").stat().st_size > 10_000


def test_the_page_names_every_function() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PLOTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(plot.__all__)


@pytest.mark.parametrize("line", blocks(PLOTS, "sh")[0].strip().splitlines())
def test_a_command_of_the_page_asks_for_what_it_says(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []

    class Nothing:
        def savefig(self, *_: Any, **__: Any) -> None:
            pass

    monkeypatch.setattr(pictures, "draw", lambda trial, figure: drawn.append(trial) or Nothing())
    monkeypatch.setattr(pictures, "_window", lambda: None)
    program, *words = shlex.split(line)
    assert program == "evsim"
    assert main(words) == 0
    assert drawn[0].model.name == words[1]


def test_the_page_on_the_command_line_names_every_command() -> None:
    named = set(re.findall(r"^\| `evsim (\w+)", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE))
    commands = {name for action in _parser()._actions for name in getattr(action, "choices", None) or ()}
    assert named == commands


def test_every_page_is_found_from_the_index_and_no_link_of_it_is_broken() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)#]+)\)", index))
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= links
    for folder in ("tutorial", "models", "gallery", "decisions"):
        assert f"{folder}/README.md" in links
