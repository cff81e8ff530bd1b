"""The boundary: the one file that imports the compiled core, and the one function that makes its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evsim.engine._core import ffi, lib
from evsim.errors import EvsimRuntimeError

NO_MEMORY, NOT_FINITE, ENDLESS, STUCK, BAD_ARGUMENT, INTERRUPTED, NO_THREAD, TOO_OFTEN = range(-1, -9, -1)


def check(code: int) -> int:
    """The count that a function of the core returned; an error code becomes an exception."""
    if code >= 0:
        return code
    text = ffi.string(lib.evsim_error_text(code)).decode()
    if code == NO_MEMORY:
        raise MemoryError(f"evsim: {text}")
    raise EvsimRuntimeError(f"the core refused: {text}.")


def array(values: ArrayLike, dtype: str) -> tuple[Any, Any]:
    """A C pointer to values of this type (`double`, `int32_t`, ...), and the array that must live as long."""
    types = {"double": np.float64, "int32_t": np.int32, "int64_t": np.int64, "uint32_t": np.uint32}
    kept = np.ascontiguousarray(values, dtype=types[dtype]).reshape(-1)
    return ffi.from_buffer(f"{dtype}[]", kept), kept


def view(pointer: Any, count: int, dtype: type) -> np.ndarray[Any, Any]:
    """A numpy array over memory of the core; copy it before the core changes."""
    if count == 0:
        return np.zeros(0, dtype)
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer(ffi.buffer(pointer, size), dtype=dtype)


__all__ = ["ENDLESS", "NOT_FINITE", "STUCK", "TOO_OFTEN", "array", "check", "ffi", "lib", "view"]
