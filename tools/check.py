"""Look at everything a machine can see: style, types, layout of the C code, the C tests.

python -m tools.check          says what is wrong
python -m tools.check --fix    formats the files that are not
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


TESTS = ["tests/test_core_in_c.py", "tests/test_layers.py", "tests/test_repository.py"]


def commands(fix: bool) -> list[list[str]]:
    """Return the command lines of the checks."""
    c_files = sorted(str(path) for path in (ROOT / "csrc").rglob("*.[ch]"))
    python = [sys.executable, "-m"]
    return [
        [*python, "ruff", "check", *(["--fix"] if fix else [])],
        [*python, "ruff", "format", *([] if fix else ["--check"])],
        ["clang-format", *(["-i"] if fix else ["--dry-run", "--Werror"]), *c_files],
        [*python, "mypy"],
        [*python, "pytest", "-q", *TESTS],
    ]


def main(arguments: list[str]) -> int:
    """Run every check, also after one has failed; return how many did."""
    failed = []
    for command in commands(fix="--fix" in arguments):
        shown = " ".join(command[:6]).replace(sys.executable, "python")
        print(f"== {shown}", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode != 0:
            failed.append(shown)
    for shown in failed:
        print(f"failed: {shown}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
