"""The boundary: the one file that imports the compiled core, and the one function that makes its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evsim.engine import _core
from evsim.engine._core import ffi
from evsim.errors import EvsimRuntimeError

NO_MEMORY, NOT_FINITE, ENDLESS, STUCK, BAD_ARGUMENT, INTERRUPTED, NO_THREAD, TOO_OFTEN = range(-1, -9, -1)

Listener = Callable[[str, tuple[Any, ...], Any], None]
_listener: ContextVar[Listener | None] = ContextVar("evsim_listener", default=None)


class Functions:
    """The functions of the core by name. Who listens is told of every call, with arguments and result."""

    def __getattr__(self, name: str) -> Any:
        function = getattr(_core.lib, name)
        listener = _listener.get()
        return function if listener is None else _told(listener, name, function)


def _told(listener: Listener, name: str, function: Any) -> Any:
    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        listener(name, arguments, result)
        return result

    return call


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let somebody know what this thread asks of the core inside the block."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def arguments_of(name: str) -> list[Any]:
    """The C types of a function's arguments."""
    return list(ffi.typeof(getattr(_core.lib, name)).args)


lib = Functions()


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
    if dtype == "uint32_t" and isinstance(values, np.ndarray) and values.dtype == np.int32:
        values = np.ascontiguousarray(values).view(np.uint32)
    types = {"double": np.float64, "int32_t": np.int32, "int64_t": np.int64, "uint32_t": np.uint32}
    kept = np.ascontiguousarray(values, dtype=types[dtype]).reshape(-1)
    return ffi.from_buffer(f"{dtype}[]", kept), kept


def view(pointer: Any, count: int, dtype: type) -> np.ndarray[Any, Any]:
    """A numpy array over memory of the core; copy it before the core changes."""
    if count == 0:
        return np.zeros(0, dtype)
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer(ffi.buffer(pointer, size), dtype=dtype)


__all__ = [
    "ENDLESS", "NOT_FINITE", "STUCK", "TOO_OFTEN",
    "Listener", "arguments_of", "array", "check", "ffi", "lib", "listening", "view",
]  # fmt: skip
