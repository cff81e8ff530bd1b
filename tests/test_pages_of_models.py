"""The pages of models are those that their declarations give, with a picture each."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from evsim.models import evsim_models

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "models"
_spec = importlib.util.spec_from_file_location("pages", ROOT / "tools" / "pages.py")
assert _spec
assert _spec.loader
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)
PAGES: dict[str, str] = tool.pages()
PNG = b"\x89PNG"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_declaration_says(name: str) -> None:
    found = (FOLDER / name).read_text(encoding="utf-8")
    assert found == PAGES[name], "make the pages anew: python -m tools.pages"


def test_there_is_a_page_for_every_model_and_no_other() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)
    names = {model.name for model in evsim_models()} | {"multiscale", "stdp_pair", "residual_calcium"}
    assert {f"{name}.md" for name in names} < set(PAGES)
    assert len(PAGES) >= 30


def test_the_index_links_every_page_once() -> None:
    links = re.findall(r"\]\((\w+\.md)\)", PAGES["README.md"])
    assert sorted(links) == sorted(set(PAGES) - {"README.md"})


def test_every_page_has_its_picture_which_is_small() -> None:
    pictures = {path.stem: path for path in (FOLDER / "pictures").iterdir()}
    assert {f"{name}.md" for name in pictures} == set(PAGES) - {"README.md"}
    for name, path in pictures.items():
        assert f"](pictures/{name}.png)" in PAGES[f"{name}.md"]
        assert path.read_bytes().startswith(PNG)
        assert 4_000 < path.stat().st_size < 40_000, name


def test_a_page_has_every_part() -> None:
    page = PAGES["ampa.md"]
    for line in (
        "# ampa",
        "ds/dt = alpha*T*(1 - s) - beta*s : 1",
        "| alpha | 0.98/(mM ms) | binding rate |",
        "T = T_max for T_duration; a spike within a pulse starts it anew",
        "* Destexhe, Mainen, Sejnowski 1994, Neural Computation 6:14",
    ):
        assert line in re.sub(r"^spike +", "", page, flags=re.MULTILINE).splitlines()
    assert "Two sums per target: its equations are linear" in page
