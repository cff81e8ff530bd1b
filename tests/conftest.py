"""What every test shares: no display, and a kernel cache of its own that ends with the session."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib


@pytest.fixture(scope="session", autouse=True)
def kernel_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled kernels of the tests out of the user's cache, in this process and in those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVSIM_CACHE", str(tmp_path_factory.mktemp("kernels")))
        yield


@pytest.fixture(autouse=True)
def fresh_scope() -> None:
    """Begin every test with no objects, the default clock, exact timing and one seed."""
    import evsim

    evsim.start_scope()
    evsim.defaultclock.dt = 0.1 * evsim.ms
    evsim.prefs.timing, evsim.prefs.threads = "exact", 1
    evsim.seed(1)
