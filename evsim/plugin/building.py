"""What a plugin's setup.py needs to compile gates in hand-written C into its wheel."""

from __future__ import annotations

from typing import Any

from evsim import include
from evsim.codegen.compiler import ARITHMETIC, OPTIMISATION

FLAGS = ("-std=c11", *OPTIMISATION, *ARITHMETIC, "-fvisibility=hidden")


def compiled_gates(module: str, *sources: str) -> dict[str, Any]:
    """Arguments for `setup()`: the C files become the library `module`, as in "my_package._gates".

    It is no module of Python's, so one wheel serves all versions of Python.
    """
    from setuptools import Extension
    from setuptools.command.bdist_wheel import bdist_wheel

    class AnyPython(bdist_wheel):  # type: ignore[misc]
        """The wheel of a library that does not call Python."""

        def get_tag(self) -> tuple[str, str, str]:
            return "py3", "none", str(super().get_tag()[2])

    extension = Extension(
        module,
        list(sources),
        include_dirs=[str(include.folder())],
        extra_compile_args=list(FLAGS),
        py_limited_api=True,
    )
    return {"ext_modules": [extension], "cmdclass": {"bdist_wheel": AnyPython}}
