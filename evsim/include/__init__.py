"""The C headers that generated kernels include, and the C of the core, wherever this evsim was installed from."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Return the folder that holds kernel.h: this package, or the source tree in an editable install."""
    here = Path(__file__).resolve().parent
    return here if (here / "kernel.h").exists() else here.parents[1] / "csrc"


def core_folder() -> Path:
    """Return the folder that holds the C sources of the core, and those of programs of their own in `standalone`."""
    here = folder()
    return here if (here / "evsim.h").exists() else here / "core"
