"""Runs the cells of a notebook in one namespace and keeps what they print and draw: python -m tools.notebook FILE."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

Output = dict[str, Any]


def run_cells(notebook: dict[str, Any]) -> list[list[Output]]:
    """Return the outputs of each code cell: text that it prints, its last value, its figures."""
    import matplotlib

    matplotlib.use("Agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    return [run_cell("".join(cell["source"]), names) for cell in code_cells(notebook)]


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells that hold code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run_cell(source: str, names: dict[str, Any]) -> list[Output]:
    """Run one cell as a notebook does; an expression at its end is its value."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102 - as a notebook does
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307 - the same
    outputs = [_stream(printed.getvalue())] if printed.getvalue() else []
    outputs += [] if value is None else [_result(repr(value))]
    return outputs + _figures()


def text_of(outputs: list[Output]) -> str:
    """Return what a cell says in words."""
    parts = [each.get("text", each.get("data", {}).get("text/plain", [])) for each in outputs]
    return "".join("".join(part) for part in parts)


def figures_of(outputs: list[Output]) -> list[str]:
    """Return the pictures of a cell."""
    return [each["data"]["image/png"] for each in outputs if "image/png" in each.get("data", {})]


def _stream(text: str) -> Output:
    return {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}


def _result(text: str) -> Output:
    data = {"text/plain": text.splitlines(keepends=True)}
    return {"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"}


def _figures() -> list[Output]:
    """What has been drawn, and closed again, as inline figures are."""
    import matplotlib.pyplot as plt

    found = []
    for number in plt.get_fignums():
        image = io.BytesIO()
        plt.figure(number).savefig(image, format="png", dpi=60, bbox_inches="tight")
        data = {"image/png": base64.b64encode(image.getvalue()).decode("ascii")}
        found.append({"data": data, "metadata": {}, "output_type": "display_data"})
    plt.close("all")
    return found


def main(arguments: list[str]) -> int:
    """Run notebooks and write their outputs into them."""
    for name in arguments:
        path = Path(name)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for number, (cell, outputs) in enumerate(
            zip(code_cells(notebook), run_cells(notebook), strict=True), 1
        ):
            cell["outputs"], cell["execution_count"] = outputs, number
            for each in outputs:
                if each["output_type"] == "execute_result":
                    each["execution_count"] = number
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
