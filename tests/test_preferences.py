"""Preferences: known names only, checked values, errors that name what was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evsim import EvsimError, prefs


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    """Leave the target of code as it was."""
    before = prefs.codegen.target
    yield
    prefs.codegen.target = before


def test_preferences_are_read_and_set_by_attribute_and_by_name() -> None:
    prefs["threads"] = 2
    assert (prefs.threads, prefs["threads"]) == (2, 2)
    prefs["codegen.target"] = "numpy"
    assert (prefs.codegen.target, prefs["codegen.target"]) == ("numpy", "numpy")


def test_unknown_preferences_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(EvsimError, match=r"prefs has no 'thread'; did you mean threads\?"):
        prefs.thread = 2  # type: ignore[attr-defined]
    with pytest.raises(EvsimError, match=r"prefs has no 'timings'; did you mean timing\?"):
        prefs.timings  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(EvsimError, match=r"there are threads, timing, engine, codegen\.target"):
        prefs["colour"] = "blue"
    with pytest.raises(EvsimError, match=r"prefs\.codegen has no 'targte'"):
        prefs.codegen.targte = "numpy"  # type: ignore[attr-defined]
    with pytest.raises(EvsimError, match="prefs has no 'device'"):
        prefs["device.openmp"] = 2


def test_values_are_checked() -> None:
    with pytest.raises(EvsimError, match=r"prefs\.threads: got 0"):
        prefs.threads = 0
    with pytest.raises(EvsimError, match=r"prefs\.threads: got 'two'"):
        prefs.threads = "two"  # type: ignore[assignment]
    with pytest.raises(EvsimError, match=r'prefs\.timing: got .approximate.; give "exact" or "grid"'):
        prefs.timing = "approximate"
    with pytest.raises(EvsimError, match=r"prefs\.engine"):
        prefs["engine"] = "quantum"
