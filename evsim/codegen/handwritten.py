"""Gates in hand-written C: the library of a plugin found and loaded, its version and what it takes."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evsim import include
from evsim.codegen.cache import keep_text, library
from evsim.errors import EvsimError

_SIZES = {"size": "gate", "size_of_cells": "cells", "size_of_now": "now", "size_of_code": "code"}


class KernelVersionError(EvsimError):
    """A library that was compiled for another version of the kernel interface."""


@dataclass(frozen=True, eq=False)
class GateTable:
    """A `struct evsim_gate`: the names that it declares, and where its event code stands."""

    name: str
    parameters: tuple[str, ...]
    own: tuple[str, ...]
    jumps: tuple[str, ...]
    code: int
    _arrive: Any

    def arrive(
        self, since: float, parameters: Sequence[float], own: Sequence[float]
    ) -> tuple[list[float], list[float]]:
        """What a spike makes of a synapse's own variables, and how far it makes the gate's jump; all in SI."""
        ffi = _ffi()
        after, jump = ffi.new("double[]", list(own) or 1), ffi.new("double[]", max(len(self.jumps), 1))
        self._arrive(since, ffi.new("double[]", list(parameters) or 1), after, jump)
        return list(after)[: len(self.own)], list(jump)[: len(self.jumps)]


@cache
def gate_table(module: str, name: str) -> GateTable:
    """The table of the gate of that name in a compiled module, or in the C file of that name beside it."""
    ffi, path = _ffi(), _library(module, name)
    function = f"evsim_gate_{name}"
    ffi.cdef(f"const struct evsim_gate *{function}(void);", override=True)  # of another library
    try:
        found = getattr(ffi.dlopen(str(path), ffi.RTLD_NOW | ffi.RTLD_LOCAL), function)()
    except (AttributeError, OSError) as error:
        raise EvsimError(
            f"gate {name}: {path} does not give it ({error}); write EVSIM_GATE({name}, ...) in its C file and "
            f"install the package of {module} again"
        ) from None
    _check_version(found, name, path, module)
    _keep_source(module, name, found)
    return GateTable(
        name,
        _names(found.parameters, found.n_parameters),
        _names(found.own, found.n_own),
        _names(found.jumps, found.n_jumps),
        int(ffi.cast("uintptr_t", found.code)),
        found.arrive,
    )


def _check_version(found: Any, name: str, path: Path, module: str) -> None:
    remedy = f"install the package of {module} again, built with this evsim (pip install --force-reinstall)"
    if found.abi != _version():
        raise KernelVersionError(
            f"gate {name}: {path} was compiled for version {found.abi} of the kernel interface, and this evsim has "
            f"version {_version()}; {remedy}"
        )
    for field, struct in _SIZES.items():
        size, here = getattr(found, field), _ffi().sizeof(f"struct evsim_{struct}")
        if size != here:
            raise KernelVersionError(
                f"gate {name}: {path} was compiled with a struct evsim_{struct} of {size} bytes, and that of this "
                f"evsim has {here}; {remedy}"
            )


def _library(module: str, name: str) -> Path:
    """The compiled module, else its C file compiled now, into the cache."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:
        raise EvsimError(f"gate {name}: there is no module {module} ({error})") from None
    if spec is not None and spec.origin is not None:
        return Path(spec.origin)
    text = _source(module)
    if text is None:
        raise EvsimError(
            f"gate {name}: there is no compiled module {module}, and no C file of that name in its package; install "
            "the package, which compiles it"
        )
    return library(text)


def _source(module: str) -> str | None:
    """The C file that stands in the package under the name of the module."""
    package, _, leaf = module.rpartition(".")
    spec = importlib.util.find_spec(package) if package else None
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        file = Path(folder, f"{leaf}.c")
        if file.exists():
            return file.read_text(encoding="utf-8")
    return None


def _keep_source(module: str, name: str, found: Any) -> None:
    """Programs of their own are made from texts: that of the gate, with its event code under the usual name."""
    text = _source(module)
    if text is not None:
        head = "const struct evsim_code *evsim_code(void)"
        text = f"{text}\n{head};\n{head} {{ return {name}_gate.code; }}\n"
    keep_text(int(_ffi().cast("uintptr_t", found.code)), text, "evsim_code")


def _names(table: Any, n: int) -> tuple[str, ...]:
    return tuple(_ffi().string(table[k]).decode() for k in range(n))


@cache
def _version() -> int:
    found = re.search(r"#define EVSIM_KERNEL_ABI (\d+)", _header())
    assert found is not None
    return int(found[1])


@cache
def _header() -> str:
    return (include.folder() / "kernel.h").read_text(encoding="utf-8")


@cache
def _ffi() -> Any:
    """The structs of kernel.h, as the compiler reads them."""
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(re.sub(r"^[ \t]*#.*$", "", _header(), flags=re.MULTILINE))
    return ffi


__all__ = ["GateTable", "KernelVersionError", "gate_table"]
