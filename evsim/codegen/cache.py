"""Compiled C in this process and on disk: from the package, else from the user's cache, else from the compiler.

A file's name is KEY-DIGEST.so: KEY is made from the text, the headers it includes, flags, machine and compiler,
DIGEST from the file's content. Files are written under another name and then moved, so each is whole or not there,
and a damaged one is noticed.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from evsim.codegen import shipped
from evsim.codegen.compiler import FLAGS, NATIVE, Compiler, compile_native, find_compiler
from evsim.codegen.folder import cache_folder, make, require_private, temporary_folder, warn_of
from evsim.codegen.loading import entry
from evsim.codegen.machine import fingerprint
from evsim.codegen.text import digest, text_key
from evsim.errors import CompilerError, EvsimError

_addresses: dict[str, int] = {}
_texts: dict[
    int, tuple[str | None, str]
] = {}  # by address: the text, and the function of it that gives the table


def kernel_address(source: str) -> int:
    """Where the `struct evsim_kernel` of a generated text stands in this process."""
    return _address(source, "evsim_kernel")


def code_address(source: str) -> int:
    """Where the `struct evsim_code` of a generated text stands in this process."""
    return _address(source, "evsim_code")


def link_address(source: str) -> int:
    """Where the `struct evsim_link` of a generated text stands in this process."""
    return _address(source, "evsim_link")


def _address(source: str, function: str) -> int:
    key = text_key(source)
    if key not in _addresses:
        address = shipped.address(key)
        _addresses[key] = _entry(source, function) if address is None else address
    _texts[_addresses[key]] = source, function
    return _addresses[key]


def keep_text(address: int, source: str | None, function: str) -> None:
    """Say which text a table that came compiled was made from, and which function of it returns the table."""
    _texts[address] = source, function


def text_at(address: int) -> tuple[str, str]:
    """The text whose table stands at an address that was asked for, and the function that returns it."""
    source, function = _texts[address]
    if source is None:
        raise EvsimError(
            "a gate in hand-written C came without its C file, which a program of its own is made from; "
            "its package must bring the file along"
        )
    return source, function


def _entry(source: str, function: str) -> int:
    made = library(source)
    try:
        return entry(made, function)
    except OSError as error:
        reason = str(error)
    with suppress(OSError):
        made.unlink()  # whole, and yet of no use here: made anew, once
    made = library(source)
    try:
        return entry(made, function)
    except OSError:
        raise CompilerError(
            f"{made} was compiled and cannot be loaded ({reason}); if programs may not run from that folder, "
            "name another one in EVSIM_CACHE"
        ) from None


def library(source: str) -> Path:
    """The shared object of a text in the user's cache, compiled now if there is none."""
    folder = cache_folder()
    key = f"{text_key(source)}-{digest(fingerprint(), *FLAGS, *map(str, NATIVE))}"
    try:
        compiler = find_compiler()
    except CompilerError:
        found = _find(folder, key)  # what any compiler made is better than none
        if found is None:
            raise
        return found
    key = f"{key}-{digest(compiler.identity)}"
    return _find(folder, key) or _made(compiler, source, folder, key)


def _find(folder: Path, key: str) -> Path | None:
    """The whole file of that key; damaged ones are removed."""
    if not folder.is_dir():
        return None
    require_private(folder)
    for file in sorted(folder.glob(f"{key}-*.so")):
        if _is_whole(file):
            return file
        with suppress(OSError):
            file.unlink()
    return None


def _is_whole(file: Path) -> bool:
    try:
        return file.stem.endswith("-" + digest(file.read_bytes()))
    except OSError:
        return False


def _made(compiler: Compiler, source: str, folder: Path, key: str) -> Path:
    try:
        make(folder)
        require_private(folder)
        return _compiled(compiler, source, folder, key)
    except OSError as error:
        instead = temporary_folder()
        warn_of(folder, error.strerror or str(error))
    return _find(instead, key) or _compiled(compiler, source, instead, key)


def _compiled(compiler: Compiler, source: str, folder: Path, key: str) -> Path:
    with tempfile.TemporaryDirectory(dir=folder, prefix="making-") as aside:
        made = Path(aside, "made.so")
        try:
            compile_native(compiler, source, made)
        except CompilerError as error:
            text = folder / f"{key}.c"
            text.write_text(source, encoding="utf-8")
            raise CompilerError(f"{str(error).replace('<stdin>', str(text))}\nThe C text is {text}") from None
        if not made.exists():
            raise CompilerError(f"{compiler.command[0]} ended well and made nothing; name a C compiler in CC")
        target = folder / f"{key}-{digest(made.read_bytes())}.so"
        os.replace(made, target)
    return target
