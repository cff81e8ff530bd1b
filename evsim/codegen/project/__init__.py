"""The C project of an exported network: its files, from the calls that build the network."""

from __future__ import annotations

from evsim.codegen.project.arrays import Arrays, Stored
from evsim.codegen.project.calls import Argument, Call, Scratch, Table
from evsim.codegen.project.files import write_project
from evsim.codegen.project.main import FinalValues, Program, SpikeFile, StateFile

__all__ = [
    "Argument",
    "Arrays",
    "Call",
    "FinalValues",
    "Program",
    "Scratch",
    "SpikeFile",
    "StateFile",
    "Stored",
    "Table",
    "write_project",
]
