"""`python -m evsim_neuromodulation`: sliders for the gains of a cell; without a display, pictures of a sweep."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt

from evsim_neuromodulation.figures import RANGES, modulated, sliders, sweep

WITHOUT_DISPLAY = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the sliders where there is a display, else save the pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m evsim_neuromodulation", description=__doc__)
    parser.add_argument(
        "--sweep",
        nargs="?",
        const="a_sp",
        choices=list(RANGES),
        metavar="GAIN",
        help="save the pictures, also where there is a display; "
        f"the first is a sweep over one of {', '.join(RANGES)} (a_sp)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path(), metavar="FOLDER", help="where pictures go (here)"
    )
    options = parser.parse_args(arguments)
    if not options.sweep and plt.get_backend().lower() not in WITHOUT_DISPLAY:
        kept = sliders()  # they work as long as they are held
        plt.show()
        return 0 if kept else 1
    options.output.mkdir(parents=True, exist_ok=True)
    swept = options.sweep or "a_sp"
    for name, make in (("sweep", lambda: sweep(gain=swept)), ("modulated", modulated)):
        path = options.output / f"{name}.png"
        make().savefig(path, dpi=100)
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
