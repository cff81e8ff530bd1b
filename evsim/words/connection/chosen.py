"""Some synapses of many, as `S[0, :]`, `S[[1, 5]]` or `S["i != j"]`: their ends, and their variables as attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.words.connection.pairs import checked_indices


class ChosenSynapses:
    """The synapses `numbers` of a Synapses object; what is assigned to their variables goes there."""

    _synapses: Any
    _numbers: NDArray[np.int64]

    def __init__(self, synapses: Any, numbers: NDArray[np.int64]) -> None:
        object.__setattr__(self, "_synapses", synapses)
        object.__setattr__(self, "_numbers", numbers)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Which synapses these are, in order of creation."""
        return self._numbers

    @property
    def N(self) -> int:
        """How many there are."""
        return int(self._numbers.size)

    def __len__(self) -> int:
        return self.N

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.array(self._numbers, dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._synapses, name)[self._numbers]

    def __setattr__(self, name: str, value: Any) -> None:
        getattr(self._synapses, name)[self._numbers] = value

    def __repr__(self) -> str:
        return f"<{self.N} of the synapses of '{self._synapses.name}'>"


def chosen_numbers(record: Any, source: Any, name: str) -> NDArray[np.int64]:
    """The synapses of `source` to record, by number."""
    if record is None or record is False:
        raise EvsimTypeError(
            f"record of {name}: got {record!r}; give True for all synapses, indices, S[0, :] or a condition"
        )
    n = len(source)
    if record is True:
        return np.arange(n, dtype=np.int64)
    if isinstance(record, ChosenSynapses):
        if record._synapses is not source:
            raise EvsimValueError(f"record of {name}: {record!r} are not synapses of {source.name}")
        return record.numbers
    if isinstance(record, (str, slice)):
        numbers: NDArray[np.int64] = np.arange(n, dtype=np.int64)[source._positions(record)]
        return numbers
    return checked_indices(np.atleast_1d(record), n, f"record of {name}")
