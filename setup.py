"""What pyproject.toml cannot say: the compiled core, the headers and the kernels that go into the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

BUILD_KERNELS = """
import sys
from pathlib import Path
from evsim.shipment import build
build(Path(sys.argv[1]))
"""


class PackageWithHeaders(build_py):
    """Start from an empty folder, and add the headers that generated C includes, and the C of the core.

    Without the first, modules removed from the source would live on in an old build folder. In an editable
    install the headers are read where they are.
    """

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(Path(self.build_lib, "evsim"), ignore_errors=True)
        super().run()
        if not self.editable_mode:
            include = Path(self.build_lib, "evsim", "include")
            include.mkdir(parents=True, exist_ok=True)
            shutil.copy("csrc/kernel.h", include)
            shutil.copytree("csrc/kernel", include / "kernel", dirs_exist_ok=True)
            copy_core(include / "core")


def copy_core(folder: Path) -> None:
    """Copy the C of the core, which exported networks are built from."""
    shutil.copytree("csrc/standalone", folder / "standalone", dirs_exist_ok=True)
    for file in sorted(Path("csrc").glob("*.[ch]")):
        shutil.copy(file, folder)


class CoreAndKernels(build_ext):
    """Compile the core, then let the package as built make the kernels of its own models.

    EVSIM_SHIP_KERNELS=0 leaves the kernels out, for those who work on the core or the code generator.
    """

    def run(self) -> None:
        super().run()
        if os.environ.get("EVSIM_SHIP_KERNELS") != "0":
            home = Path("." if self.inplace else self.build_lib).resolve()
            paths = [str(home), os.environ.get("PYTHONPATH", "")]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
            folder = str(home / "evsim" / "kernels")
            subprocess.run([sys.executable, "-P", "-c", BUILD_KERNELS, folder], check=True, env=environment)


setup(
    cffi_modules=["evsim/engine/build_core.py:builder"],
    cmdclass={"build_py": PackageWithHeaders, "build_ext": CoreAndKernels},
)
