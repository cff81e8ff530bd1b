"""What every test shares: no display, one evsim, a kernel cache that ends with the session, a fresh scope."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import evsim

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib

# A Python that a test starts finds the evsim of these tests, installed or in the source tree, and takes no other for
# it that happens to lie in the present folder.
os.environ["PYTHONPATH"] = str(Path(evsim.__file__).resolve().parents[1])
os.environ["PYTHONSAFEPATH"] = "1"


@pytest.fixture(scope="session", autouse=True)
def kernel_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled kernels of the tests out of the user's cache, in this process and in those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVSIM_CACHE", str(tmp_path_factory.mktemp("kernels")))
        yield


@pytest.fixture(autouse=True)
def fresh_scope() -> None:
    """Begin every test with no objects, the default clock, exact timing and one seed."""
    evsim.start_scope()
    evsim.defaultclock.dt = 0.1 * evsim.ms
    evsim.prefs.timing, evsim.prefs.threads = "exact", 1
    evsim.seed(1)
