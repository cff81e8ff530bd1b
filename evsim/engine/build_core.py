"""Compile the core: cffi reads the declarations from the header that the compiler reads.

Run by setup.py from the root of the source tree, never imported by the package.
"""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI

MODULE = "evsim.engine._core"
HEADERS = ["csrc/evsim.h"]  # what Python may call, in the order in which they build on each other
FLAGS = ["-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-pthread"]


def declarations(header: str) -> str:
    """Return the header without what cffi cannot read: preprocessor lines and `extern "C"` brackets."""
    joined = header.replace("\\\n", " ")
    plain = re.sub(r"#ifdef __cplusplus.*?#endif", "", joined, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#.*$", "", plain, flags=re.MULTILINE)


def _relative(pattern: str) -> list[str]:
    return sorted(path.as_posix() for path in Path("csrc").glob(pattern))


builder = FFI()
for name in HEADERS:
    builder.cdef(declarations(Path(name).read_text(encoding="utf-8")))
builder.set_source(
    MODULE,
    "\n".join(f'#include "{Path(name).name}"' for name in HEADERS),
    sources=_relative("*.c"),
    depends=_relative("**/*.h"),
    include_dirs=["csrc"],
    libraries=["m"],
    extra_compile_args=FLAGS,
    extra_link_args=["-pthread"],
)
