"""A table as text and as HTML for notebooks."""

from __future__ import annotations

import html
from collections.abc import Sequence

Rows = Sequence[Sequence[str]]


def as_text(head: Sequence[str], rows: Rows) -> str:
    """Columns side by side, each as wide as it must be."""
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:]])


def as_html(head: Sequence[str], rows: Rows) -> str:
    """The same for a notebook."""
    first = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    others = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return f"<table><tr>{first}</tr>{''.join(f'<tr>{row}</tr>' for row in others)}</table>"
