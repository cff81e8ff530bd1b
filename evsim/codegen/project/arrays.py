"""The file of arrays that an exported network is built from: one after the other, equal ones once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

START = b"evsim 1\0"  # then the number 1 as int64, in the order of this machine
ALIGNED = 64  # bytes
SHORT = 4  # values, which stand in the C text instead

_C_TYPES = {
    "float64": "double",
    "int64": "int64_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "uint8": "uint8_t",
}


@dataclass(frozen=True)
class Stored:
    """An array of the file, or a short one as it is."""

    type: str
    offset: int
    values: tuple[float | int, ...] | None = None


class Arrays:
    """Takes arrays and writes them to the file at once."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("wb")
        self._places: dict[bytes, int] = {}
        self._file.write(START + np.int64(1).tobytes())

    def add(self, values: NDArray[Any], is_lasting: bool = False) -> Stored:
        """Where the values stand from now on; `is_lasting`: they are needed after the call that they are given to."""
        kind = _C_TYPES[values.dtype.name]
        if values.size <= SHORT and not is_lasting:
            return Stored(kind, 0, tuple(values.tolist()))
        content = np.ascontiguousarray(values).data.cast("B")
        key = hashlib.sha256(content).digest()
        if key not in self._places:
            self._file.write(bytes(-self._file.tell() % ALIGNED))
            self._places[key] = self._file.tell()
            self._file.write(content)
        return Stored(kind, self._places[key])

    def close(self) -> None:
        """All arrays are in the file."""
        self._file.close()
