"""Compiled kernels of the shipped models; the build puts them into this folder."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Return the folder of the kernels that came with the package."""
    return Path(__file__).resolve().parent
