"""The network of the scope as an object, a seed that numpy hears too, and everything as at the start."""

from __future__ import annotations

from typing import Any

import numpy

import evsim
from evsim.units import ms


class MagicNetworkOfScope:
    """Brian's `magic_network` is an object, evsim's a function: this is both."""

    def __call__(self) -> evsim.Network:
        return evsim.magic_network()

    def __getattr__(self, name: str) -> Any:
        return getattr(evsim.magic_network(), name)

    def __repr__(self) -> str:
        return repr(evsim.magic_network())


def seed(seed: int | None = None) -> None:
    """Make all random numbers that follow repeatable, also those of numpy's own functions, as in Brian."""
    evsim.seed(seed)
    numpy.random.seed(None if seed is None else int(seed) % 2**32)


def restore_initial_state() -> None:
    """Begin a new model with Brian's step of 0.1 ms."""
    evsim.start_scope()
    evsim.defaultclock.dt = 0.1 * ms
