"""Options of commands that have many."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_plot(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `evsim plot`."""
    parser.add_argument("name", metavar="MODEL")
    parser.add_argument(
        "--with",
        dest="partners",
        metavar="MODEL",
        action="append",
        default=[],
        help="another gate, output or neuron to join it to; may be repeated",
    )
    parser.add_argument(
        "--set",
        dest="changes",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter, as in tau=3ms or lif.C_m=0.2nF, or a choice; may be repeated",
    )
    parser.add_argument("--spikes", metavar="TIMES", help="when spikes arrive, as in 10,12.5,30ms")
    parser.add_argument("--duration", metavar="TIME", help="length of the run, as in 200ms")
    parser.add_argument("--weight", metavar="W", help="weight of the synapse, as in 0.2nA or 2")
    parser.add_argument("--current", metavar="I", help="steps of current into a neuron, as in 0.2,0.4nA")
    parser.add_argument("--target", metavar="PORT", default="", help="the input that receives the current")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="the picture: png, svg or pdf (MODEL.png)"
    )
    parser.add_argument(
        "--show", action="store_true", help="show a window; the picture is saved with --output"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (1)")
