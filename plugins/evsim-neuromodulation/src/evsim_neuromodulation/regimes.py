"""Cells of the multi-scale model as one network that runs again and again with other gains; how they fire."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import Network, NeuronGroup, SpikeMonitor, StateMonitor
from evsim.units import ms
from evsim_neuromodulation.multiscale import multiscale

GAP = 500.0  # ms; longer intervals part bursts


class Cells:
    """A row of cells, each with parameters of its own."""

    def __init__(self, n: int = 1) -> None:
        self._cells = NeuronGroup(n, multiscale)
        self._trace = StateMonitor(self._cells, "V", record=True, dt=1 * ms)
        self._spikes = SpikeMonitor(self._cells)
        self._network = Network(self._cells, self._trace, self._spikes)
        self._network.store()

    def run(
        self, duration: Any, **parameters: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Any]]:
        """Return times (ms), potentials and spike times (ms) of all cells, which start anew."""
        self._network.restore()
        for name, value in parameters.items():
            setattr(self._cells, name, value)
        self._network.run(duration)
        trains = [train / ms for train in self._spikes.spike_trains().values()]
        return self._trace.t / ms, np.asarray(self._trace.V), trains


def bursts(train: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The spikes of a train, parted where nothing happens for a while."""
    return np.split(train, np.flatnonzero(np.diff(train) > GAP) + 1) if train.size else []


def regime(train: NDArray[np.float64], duration: Any) -> str:
    """How a cell fires in the second half of a run, by its spike times (ms): silent, bursting or tonic."""
    late = train[train > duration / ms / 2]
    if not late.size:
        return "silent"
    return "bursting" if len(bursts(train[-late.size - 1 :])) > 1 else "tonic"
