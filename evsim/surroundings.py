"""The Python names around a user's call: where the constants of text equations and expressions are found."""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Mapping
from typing import Any

# Frames of these modules stand between the user's line and the place that asks for names.
_BETWEEN = frozenset(
    "evsim." + module
    for module in (
        "surroundings variables view storage values slices neurons synapses wiring connect sources clocks"
        " monitors spike_monitor rate_monitor state_monitor synapse_monitor"
        " network describe described_neurons described_synapses magic objects randomness progress"
    ).split()
) | {"evsim.verify"}


def names_around_call() -> Mapping[str, Any]:
    """Locals over globals of the innermost frame that is not evsim's own machinery."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return ChainMap(dict(frame.f_locals), frame.f_globals)


def _is_between(module: str) -> bool:
    return module in _BETWEEN or module.split(".")[0] == "numpy"
