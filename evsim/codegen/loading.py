"""Shared objects in this process, kept for its life: functions of a library that goes would go with it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

_DECLARATIONS = """
const void *evsim_kernel(void);
const void *evsim_code(void);
const void *evsim_link(void);
const void *evsim_shipped(const char *key);
"""
_libraries: dict[Path, Any] = {}


def entry(library: Path, function: str, *arguments: bytes) -> int:
    """What a function of a library returns, a pointer, as a number; 0 for NULL. OSError: it cannot be loaded."""
    ffi = _ffi()
    if library not in _libraries:
        _libraries[library] = ffi.dlopen(str(library), ffi.RTLD_NOW | ffi.RTLD_LOCAL)
    try:
        called = getattr(_libraries[library], function)
    except AttributeError as error:
        raise OSError(str(error)) from None
    return int(ffi.cast("uintptr_t", called(*arguments)))


@cache
def _ffi() -> Any:
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(_DECLARATIONS)
    return ffi
