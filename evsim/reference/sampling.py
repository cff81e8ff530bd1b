"""Samples of states on a grid; they look at neurons and synapses without moving them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

from evsim.description import StateRecord
from evsim.reference.exact import Exact, duration

Look = Callable[[Exact], Mapping[str, Exact]]  # the values of one neuron or synapse at a time


class Sampler:
    """Takes the samples of one `StateRecord`, each after everything that happens up to its instant."""

    def __init__(self, record: StateRecord, looks: list[Look], time: Exact, dt: float) -> None:
        self._record = record
        self._looks = looks
        self._period = duration(record.dt, dt)
        self._first = self._next = int(mp.ceil(mp.fdiv(time, self._period)))
        self._rows: list[list[list[float]]] = []  # sample, neuron, state

    def sample_before(self, time: Exact) -> None:
        """Take every sample that is due before the instant `time`, at which something changes."""
        while (due := mp.fmul(self._next, self._period, exact=True)) < time:
            states = [look(due) for look in self._looks]
            self._rows.append([[float(each[name]) for name in self._record.states] for each in states])
            self._next += 1

    def arrays(self) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """Sample numbers, and for each state an array (neuron, sample)."""
        shape = (len(self._rows), len(self._looks), len(self._record.states))
        taken = np.array(self._rows, dtype=np.float64).reshape(shape)
        numbers = np.arange(self._first, self._next, dtype=np.int64)
        return numbers, {name: taken[:, :, k].T.copy() for k, name in enumerate(self._record.states)}
