"""Compiled kernels on disk and in this process: one for each text of generated C."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from evsim import include
from evsim.codegen.compiler import FLAGS, NATIVE, compile_library, find_compiler

DECLARATIONS = "const void *evsim_kernel(void); const void *evsim_code(void);"
_loaded: dict[str, Any] = {}  # text -> library; a library that goes would take its functions with it


def kernel_address(source: str) -> int:
    """Where the `struct evsim_kernel` of a generated text stands in this process."""
    return _address(_load(source).evsim_kernel())


def code_address(source: str) -> int:
    """Where the `struct evsim_code` of a generated text stands in this process."""
    return _address(_load(source).evsim_code())


def library(source: str) -> Path:
    """The shared object made from a text, compiled if there is none yet."""
    compiler = find_compiler()
    folder = cache_folder()
    key = hashlib.sha256("\0".join([source, headers(), *FLAGS, *NATIVE, compiler.identity]).encode()).hexdigest()
    target = folder / f"{key}.so"
    if not target.exists():
        text = folder / f"{key}-{os.getpid()}.c"
        text.write_text(source, encoding="utf-8")
        handle, made = tempfile.mkstemp(dir=folder, suffix=".tmp")
        os.close(handle)
        compile_library(compiler, text, Path(made))
        os.replace(made, target)
        text.unlink()
    return target


def cache_folder() -> Path:
    """The user's folder of compiled kernels; EVSIM_CACHE names another."""
    named = os.environ.get("EVSIM_CACHE")
    if named:
        folder = Path(named)
    else:
        from platformdirs import user_cache_path

        folder = user_cache_path("evsim") / "kernels"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@cache
def headers() -> str:
    """Every header that generated C may include."""
    folder = include.folder()
    files = [folder / "kernel.h", *sorted((folder / "kernel").glob("*.h"))]
    return "\0".join(file.read_text(encoding="utf-8") for file in files)


@cache
def _ffi() -> Any:
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    return ffi


def _load(source: str) -> Any:
    if source not in _loaded:
        _loaded[source] = _ffi().dlopen(str(library(source)))
    return _loaded[source]


def _address(pointer: Any) -> int:
    return int(_ffi().cast("uintptr_t", pointer))
