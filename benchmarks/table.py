"""Print the medians of measured runs and how many times slower each is than evsim exact: a Markdown table."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

MEASURED = Path(__file__).resolve().parents[1] / "output" / "benchmarks.jsonl"
HEADER = [
    "| network | simulator | CPU s per s | times evsim exact | rate (Hz) | before (s) | memory (MB) | runs |",
    "|---|---|--:|--:|--:|--:|--:|--:|",
]
Line = dict[str, Any]


def table(lines: list[Line]) -> str:
    """Return the table; runs of one network stand together, in the order in which they were measured."""
    networks: dict[tuple[Any, ...], dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        network = (line["network"], line["n"], line["variant"], line["duration"])
        entrant = f"{line['simulator']} {line['version']} {line['timing']} {line.get('method', '')}".rstrip()
        networks[network][entrant].append(line)
    rows = [row for network, entrants in networks.items() for row in rows_of(network, entrants)]
    return "\n".join([*HEADER, *rows])


def rows_of(network: tuple[Any, ...], entrants: dict[str, list[Line]]) -> list[str]:
    """Return one row for each simulator that ran the network."""
    name, n, variant, _ = network
    title = f"{name} {n}" + (f", delay {variant}" if variant else "")
    reference = [cpu(lines) for lines in entrants.values() if is_evsim_exact(lines[0])]
    return [
        row(title, entrant, lines, reference[0] if reference else None) for entrant, lines in entrants.items()
    ]


def row(title: str, entrant: str, lines: list[Line], reference: float | None) -> str:
    """Return one row: medians over the runs of one simulator."""
    seconds = cpu(lines)
    ratio = f"{seconds / reference:.2f}" if reference else ""
    middle = [f"{median(line[key] for line in lines):.4g}" for key in ("rate", "seconds_build", "memory_mb")]
    return "| " + " | ".join([title, entrant, f"{seconds:.4g}", ratio, *middle, str(len(lines))]) + " |"


def cpu(lines: list[Line]) -> float:
    """Return the median of CPU seconds per biological second."""
    return float(median(line["seconds_cpu"] / line["duration"] for line in lines))


def is_evsim_exact(line: Line) -> bool:
    """Say whether a line is the one to compare with."""
    return bool(line["simulator"] == "evsim" and line["timing"] == "exact" and not line.get("method"))


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else MEASURED
    print(table([json.loads(line) for line in file.read_text().splitlines()]))
