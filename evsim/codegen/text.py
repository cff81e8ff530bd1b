"""What counts in a generated text: not its comments, so models that differ in names share one kernel."""

from __future__ import annotations

import hashlib
import re
from functools import cache

from evsim import include

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def text_key(source: str) -> str:
    """The same for texts that compile to the same code against the present headers."""
    return digest(plain(source), _headers_key())


def digest(*parts: str | bytes) -> str:
    """A file name's worth of SHA-256."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(content))
        whole.update(content)
    return whole.hexdigest()[:32]


def plain(source: str) -> str:
    """The text without comments, indentation and empty lines."""
    lines = (" ".join(line.split()) for line in _COMMENT.sub(" ", source).splitlines())
    return "\n".join(line for line in lines if line)


@cache
def _headers_key() -> str:
    """Every header that generated C may include; the number of the kernel ABI is in the first."""
    folder = include.folder()
    files = [folder / "kernel.h", *sorted((folder / "kernel").glob("*.h"))]
    return digest(*(f"{file.name}\n{plain(file.read_text(encoding='utf-8'))}" for file in files))
