"""Makes a page for each model from its declaration, with the picture of `evsim plot`, and an index of them.

python -m tools.pages              writes the texts
python -m tools.pages --pictures   draws the pictures too (takes minutes); after it names of models, some of them
"""

from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path
from typing import Any

from evsim.commands.listing import parameter_rows, sections
from evsim.models import evsim_models
from evsim.plugin import Model
from evsim.units import mV, uS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "models"
PLUGINS = ("evsim-neuromodulation", "evsim-plasticity", "evsim-residual-calcium")
WIDTH = 720  # of a picture

TRIALS: dict[str, dict[str, Any]] = {
    "additive_modulation": {"weight": 2},
    "depressive_modulation": {"weight": 2},
}
"""What differs from the usual figure, so that the picture shows what the model is for."""
CHANGES: dict[str, dict[str, Any]] = {"gap_junction": {"k_spikelet": 200 * mV / uS}}

KINDS = {
    "neuron": "A cell with a membrane potential and inputs. The picture: steps of current into it, and its rates.",
    "gate": "What a spike does to the share of open channels `s`. The picture: from spikes to the potential of a cell.",
    "output": "How a gate becomes a current. The picture: with a usual gate, and the current against the potential.",
    "junction": "A current from cell to cell at every instant. The picture: two cells, of which one is driven.",
    "modulation": "What spikes do to a parameter of their target. The picture: a train, and the cell that it moves.",
    "plasticity": "How spikes change a synapse, beside any gate and output. The picture: spikes and what they leave.",
}


def models() -> list[tuple[Model, str]]:
    """Every model of this repository with the package that brings it."""
    found = [(model, "evsim") for model in evsim_models()]
    for package in PLUGINS:
        found += [(model, package) for model in models_of(package)]
    return found


def models_of(package: str) -> list[Model]:
    """The models of a package of this repository, installed or not."""
    place = str(ROOT / "plugins" / package / "src")
    if place not in sys.path:
        sys.path.append(place)
    return list(importlib.import_module(package.replace("-", "_")).evsim_models())


def page(model: Model, package: str) -> str:
    """The page of a model."""
    first, _, rest = model.doc.partition("\n\n")
    parts = [
        f"# {model.name}",
        " ".join(first.split()),
        f"![What {model.name} does](pictures/{model.name}.png)",
    ]
    parts += [rest] if rest.strip() else []
    parts.append(f"A {model.kind} of `{package}`; in Python `from evsim.models import {model.name}`.")
    for title, lines in sections(model):
        if title == "parameters":
            parts += ["## Parameters", _table(("name", "default", "meaning"), parameter_rows(model))]
        elif title in ("equations", "events"):
            parts += [f"## {title.capitalize()}", "\n".join(["```text", *lines, "```"])]
        elif title == "choice":
            chosen, _, told = " ".join(lines).partition(" (of ")
            parts.append(f"`{chosen}` (of {told}")
        elif title == "treatment":
            parts += ["## How it is run", f"{' '.join(lines)[:1].upper()}{' '.join(lines)[1:]}."]
        else:
            parts += [f"## {title.capitalize()}", "\n".join(f"* {line}" for line in lines)]
    parts.append(
        f"`evsim plot {model.name}` draws the picture, also with other parameters. [All models](README.md)"
    )
    return "\n\n".join(parts) + "\n"


def index(found: list[tuple[Model, str]]) -> str:
    """The page that lists all pages, kind by kind."""
    parts = [
        "# Models",
        "One page for each model: equations, parameters with their units, what a spike does, how evsim runs it, and a "
        "picture of its response. [models.md](../models.md) explains how models go together.",
    ]
    for kind, words in KINDS.items():
        rows = [
            (f"[`{model.name}`]({model.name}.md)", model.summary, f"`{package}`")
            for model, package in found
            if model.kind == kind
        ]
        title = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
        parts += [f"## {title.capitalize()}", words, _table(("name", "what it is", "package"), rows)]
    parts.append(
        "The pages are made from the declarations by `python -m tools.pages`; a test holds them to that."
    )
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """The text of every page by the name of its file."""
    found = models()
    return {
        "README.md": index(found),
        **{f"{model.name}.md": page(model, package) for model, package in found},
    }


def _table(heads: tuple[str, ...], rows: Any) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").strip()


def draw(model: Model) -> bytes:
    """The picture of a model as a small png."""
    from evsim import plot, seed
    from tools.small_pictures import smaller

    seed(1)
    figure = plot.response(model(**CHANGES.get(model.name, {})), **TRIALS.get(model.name, {}))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=2 * WIDTH / figure.get_figwidth())
    drawn.seek(0)
    return smaller(drawn, WIDTH)


def main(arguments: list[str]) -> int:
    """Write the pages; with --pictures the pictures too, of all models or of those that are named."""
    (FOLDER / "pictures").mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    if "--pictures" in arguments:
        wanted = set(arguments) - {"--pictures"}
        for model, _ in models():
            if not wanted or model.name in wanted:
                (FOLDER / "pictures" / f"{model.name}.png").write_bytes(draw(model))
                print(model.name, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
