"""Random numbers drawn while a network is described: counter based, one stream for every draw since `seed`.

Values given as text and connections take the next stream, so that a script that calls `seed(1)` first gives the
same numbers every time. Networks are counted by themselves: each of one script has another seed, and what else
the script draws does not change it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError

_WORD = 1 << 64


@dataclass
class _Streams:
    """`key` is the user's seed, `drawn` and `networks` count streams since; `epoch` counts calls of `seed`."""

    key: int
    drawn: int = 0
    networks: int = 0
    epoch: int = 0


_streams = _Streams(key=secrets.randbits(64))


def seed(seed: int | None = None) -> None:
    """Make every random number that follows repeatable; `seed()` makes them different each time again."""
    if seed is None:
        seed = secrets.randbits(64)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise EvsimTypeError(f"seed: got {seed!r}; give an integer, as in seed(1), or nothing")
    if not 0 <= int(seed) < _WORD:
        raise EvsimValueError(f"seed: got {seed}; give an integer from 0 to 2**64 - 1")
    _streams.key, _streams.drawn, _streams.networks = int(seed), 0, 0
    _streams.epoch += 1


def next_generator() -> np.random.Generator:
    """A numpy generator over the next stream."""
    _streams.drawn += 1
    return np.random.Generator(_stream(_streams.drawn))


def next_seed() -> int:
    """A seed for the engine that no other network of this script has."""
    _streams.networks += 1
    return int(_stream((1 << 63) + _streams.networks).random_raw())


def _stream(number: int) -> np.random.Philox:
    return np.random.Philox(key=np.array([_streams.key, number], dtype=np.uint64))


def streams_now() -> dict[str, NDArray[Any]]:
    """How far the draws for texts and networks have come."""
    return {"streams": np.array([_streams.key, _streams.drawn, _streams.networks], dtype=np.uint64)}


def put_streams(stored: dict[str, NDArray[Any]]) -> None:
    """Go on with draws from where `streams_now` saw them."""
    _streams.key, _streams.drawn, _streams.networks = (int(each) for each in stored["streams"])


def seed_epoch() -> int:
    """How often `seed` was called: a network looks whether it was called since it took its own seed."""
    return _streams.epoch
