"""Makes the gallery: a picture and a sentence for each example, from the scripts themselves.

python -m tools.gallery                     writes the page
python -m tools.gallery --pictures [NAMES]  runs the examples too, all or some of them, for their pictures
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"
WIDTH = 560
COLUMNS = 2
LONGEST = 900  # seconds that an example may take

NEUROMODULATION = "plugins/evsim-neuromodulation/src/evsim_neuromodulation/figures.py"


@dataclass(frozen=True)
class Entry:
    """A picture, the script that draws it, what to run for it, and what it shows."""

    name: str
    script: str
    command: tuple[str, ...]
    sentence: str


def entries() -> list[Entry]:
    """Every example, and the figures of the plugins."""
    found = [
        Entry(path.stem, f"examples/{path.name}", (str(path),), sentence(path))
        for path in sorted((ROOT / "examples").glob("*.py"))
    ]
    sweep = ("-m", "evsim_neuromodulation", "--sweep")
    return [
        *found,
        Entry(
            "sweep",
            NEUROMODULATION,
            sweep,
            "The multi-scale neuron is silent, bursts or fires tonically by its gain.",
        ),
        Entry(
            "modulated",
            NEUROMODULATION,
            sweep,
            "Modulation makes a bursting cell tonic or silent while it lasts.",
        ),
    ]


def sentence(path: Path) -> str:
    """The first paragraph of a script's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def page() -> str:
    """The gallery as Markdown."""
    parts = [
        "# Gallery",
        "What the scripts of `examples/` and the plugins draw. Each is short, runs by itself "
        "(`python examples/NAME.py`), and is run by the tests. The responses of single models are in "
        "[models](../models/README.md).",
    ]
    found = entries()
    lines = ["| " + " | ".join(" " for _ in range(COLUMNS)) + " |", "|" + " --- |" * COLUMNS]
    for k in range(0, len(found), COLUMNS):
        row = [_cell(each) for each in found[k : k + COLUMNS]]
        lines.append("| " + " | ".join([*row, *[" "] * (COLUMNS - len(row))]) + " |")
    parts.append("\n".join(lines))
    parts.append("`python -m tools.gallery` makes this page, with `--pictures` its pictures.")
    return "\n\n".join(parts) + "\n"


def _cell(entry: Entry) -> str:
    text = entry.sentence.replace("|", "\\|")
    return f"![{entry.name}](pictures/{entry.name}.png)<br>[`{entry.name}`](../../{entry.script}): {text}"


def draw(entry: Entry) -> bytes:
    """Run the script of an entry and return its picture, small."""
    from tools.small_pictures import smaller

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(ROOT), *map(str, (ROOT / "plugins").glob("*/src")), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(paths)}
        command = [sys.executable, *entry.command]
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=LONGEST)
        return smaller(Path(folder) / f"{entry.name}.png", WIDTH)


def main(arguments: list[str]) -> int:
    """Write the page; with --pictures also the pictures of all entries, or of those that are named."""
    (FOLDER / "pictures").mkdir(parents=True, exist_ok=True)
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    wanted, failed = set(arguments) - {"--pictures"}, 0
    for entry in entries() if "--pictures" in arguments else []:
        if wanted and entry.name not in wanted:
            continue
        try:
            (FOLDER / "pictures" / f"{entry.name}.png").write_bytes(draw(entry))
            print(entry.name, flush=True)
        except (subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"{entry.name}: {error}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
