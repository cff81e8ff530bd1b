"""The source tree as a stranger finds it: nothing of one machine, and a README that tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT = {".c", ".cfg", ".h", ".in", ".ini", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yml", ""}
SKIPPED = {
    ".git",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "build",
    "dist",
    "output",
}
FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(ROOT.rglob("*"))
    if path.is_file() and path.suffix in TEXT and not SKIPPED & set(path.relative_to(ROOT).parts)
}
PLACES_OF_ONE_MACHINE = re.compile(
    r"(?<![\w.$/}])/(home|Users|work|root|mnt|opt|tmp)/\w|pypi[.]org|pythonhoste[d]"
)


def test_no_file_names_a_place_that_only_one_machine_knows() -> None:
    found = [
        (name, match.group())
        for name, text in FILES.items()
        for match in PLACES_OF_ONE_MACHINE.finditer(text)
    ]
    assert found == []


def test_such_places_would_be_found() -> None:
    folder = "/".join(["", "home", "ada"])
    assert PLACES_OF_ONE_MACHINE.search(f"cd {folder}/evsim")
    assert {"README.md", "pyproject.toml", "evsim/errors.py", ".ci/run", "tools/test"} <= set(FILES)


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    assert "\nbash tools/test\n" in FILES["README.md"]
    assert "\nbash tools/test\n" in FILES[".ci/run"]


def test_the_first_script_of_the_readme_is_the_example() -> None:
    script = FILES["examples/first.py"]
    shown = re.findall(r"```python\n(.*?)```", FILES["README.md"], flags=re.DOTALL)
    assert shown == [script.partition('"""\n\n')[2]]
    assert (ROOT / "docs" / "pictures" / "first.png").stat().st_size > 10_000


def test_every_decision_is_in_the_index() -> None:
    notes = {path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    listed = re.findall(r"\]\((\d{4}-[a-z-]+\.md)\)", FILES["docs/decisions/README.md"])
    assert sorted(listed) == sorted(notes)
    assert "0001-setuptools-and-cffi.md" in notes
