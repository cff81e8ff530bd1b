"""The user's folder of compiled kernels: code that will run, so nobody else may write to it."""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

from evsim.errors import EvsimError

OVERRIDE = "EVSIM_CACHE"


def cache_folder() -> Path:
    """The folder that EVSIM_CACHE names, or the one in the user's cache; it need not exist."""
    named = os.environ.get(OVERRIDE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("evsim", appauthor=False) / "kernels"


def make(folder: Path) -> None:
    """Make the folder if it is missing, for its user alone."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def require_private(folder: Path) -> None:
    """Refuse a folder in which somebody else could put code."""
    status = folder.stat()
    if status.st_uid not in (os.geteuid(), 0):
        raise EvsimError(
            f"{folder} would give evsim code to run and belongs to another user (number {status.st_uid}): "
            f"name a folder of your own in {OVERRIDE}"
        )
    if status.st_mode & 0o022:
        raise EvsimError(
            f"{folder} gives evsim code to run, and other users can write to it (mode "
            f"{status.st_mode & 0o777:04o}): remove what you do not trust in it, then `chmod go-w {folder}`, "
            f"or name another folder in {OVERRIDE}"
        )


@cache
def temporary_folder() -> Path:
    """A folder for this process alone, removed when it ends."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="evsim-"))
    except OSError as error:
        raise EvsimError(
            f"no folder for compiled kernels can be written, not even a temporary one ({error.strerror}): "
            f"name one in {OVERRIDE}"
        ) from None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def warn_of(folder: Path, reason: str) -> None:
    """Say once that kernels cannot be kept in a folder."""
    warnings.warn(
        f"compiled kernels cannot be kept in {folder} ({reason}), so every process compiles its own: "
        f"make the folder writable or name another one in {OVERRIDE}",
        RuntimeWarning,
        stacklevel=2,
    )
