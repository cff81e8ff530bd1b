"""The hooks that evsim calls in its plugins, one sentence each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from evsim.plugin import Model

PROJECT = "evsim"
ENTRY_POINT_GROUP = "evsim"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def evsim_models() -> Iterable[Model]:  # type: ignore[empty-body]
    """Return the models that the plugin offers: neurons, gates and outputs, in any order."""
