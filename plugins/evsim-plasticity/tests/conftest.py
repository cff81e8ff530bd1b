"""Every test begins with no objects of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evsim import start_scope


@pytest.fixture(autouse=True)
def _own_scope() -> Iterator[None]:
    start_scope()
    yield
    start_scope()
