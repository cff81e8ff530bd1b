"""The hooks that evsim calls in its plugins, one sentence each, and the marks that join both sides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pluggy

PROJECT = "evsim"
ENTRY_POINT_GROUP = "evsim"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def evsim_models() -> Iterable[Any]:  # type: ignore[empty-body]
    """Return the models that the plugin offers: declarations of any kind, in any order."""
