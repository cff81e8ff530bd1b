"""What the program of an exported network has recorded, as objects much like monitors."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pint.util import UnitsContainer

from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimAttributeError, EvsimError
from evsim.instants import join, split
from evsim.units import Dimension, Quantity, dimension_of, quantity, unit_named
from evsim.words.monitors.rates import bins_of, counts_in

Load = Callable[[str], NDArray[Any]]
"""The array of a file, whose name comes without `.npy`."""

_HERTZ = dimension_of(unit_named("Hz"))
_SECOND = KNOWN_NAMES["dt"]


class _Recorded:
    """A monitor's name, its description, and its variables as attributes."""

    def __init__(self, name: str, contents: Mapping[str, Any], dt: float, load: Load) -> None:
        self.name = name
        self._contents, self._dt, self._load = contents, dt, load

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        bare = name.removesuffix("_")
        dimensions: dict[str, dict[str, str]] = self._contents.get("dimensions", {})
        if bare not in dimensions:
            raise EvsimAttributeError(self._unknown(name, [*dimensions]))
        values = self._variable(bare)
        return values if name != bare else quantity(values, _dimension(dimensions[bare]))

    def _variable(self, name: str) -> NDArray[np.float64]:
        """The values of one of them: a row for each element, unless a kind knows better."""
        return self._load(self._contents["files"][name])

    def _unknown(self, name: str, known: list[str]) -> str:
        if name.removesuffix("_") in self._contents.get("derived", ()):
            return (
                f"{self.name}: {name} follows from recorded states by a formula that only its monitor knows; "
                f"the program has recorded {', '.join(known) or 'no states'}"
            )
        close = difflib.get_close_matches(name, known, 1)
        guess = f"did you mean '{close[0]}'?" if close else f"it has {', '.join(known) or 'none'}"
        return f"{self.name} has no variable '{name}'; {guess}"


class ExportedSpikes(_Recorded):
    """The spikes, or other events, of a monitor, as it would have them after the run."""

    @property
    def tick(self) -> NDArray[np.int64]:
        """Whole steps of the clock before each spike."""
        return self._kept("tick")

    @property
    def offset(self) -> Quantity:
        """Time of each spike after its tick."""
        return Quantity.with_dimensions(self._kept("offset"), _SECOND)

    @property
    def i(self) -> NDArray[np.int64]:
        """The element that each spike belongs to."""
        return self._kept("i")

    @property
    def t(self) -> Quantity:
        """Time of every spike, in seconds as doubles."""
        return Quantity.with_dimensions(join(self._kept("tick"), self._kept("offset"), self._dt), _SECOND)

    @property
    def count(self) -> NDArray[np.int64]:
        """How many spikes each element had."""
        return np.bincount(self._load(f"{self.name}.i"), minlength=self._contents["size"])

    @property
    def num_spikes(self) -> int:
        """How many spikes there were."""
        return int(self._load(f"{self.name}.i").size)

    def _variable(self, name: str) -> NDArray[np.float64]:
        return self._kept(name)

    def _kept(self, what: str) -> NDArray[Any]:
        if not self._contents["keeps"]:
            raise EvsimError(f"{self.name} was made with record=False and has only count and num_spikes")
        values, chosen = self._load(f"{self.name}.{what}"), self._contents["chosen"]
        return values if chosen is None else values[np.isin(self._load(f"{self.name}.i"), chosen)]

    def __repr__(self) -> str:
        return f"<spikes of '{self.name}': {self.num_spikes}>"


class ExportedSamples(_Recorded):
    """The samples of a StateMonitor; row k of a variable belongs to record[k]."""

    @property
    def t(self) -> Quantity:
        """The time of every sample."""
        return Quantity.with_dimensions(self._load(self._contents["k"]) * self._contents["dt"], _SECOND)

    @property
    def record(self) -> NDArray[np.int64]:
        """The elements that were recorded."""
        return np.array(self._contents["indices"], dtype=np.int64)

    def __repr__(self) -> str:
        return f"<samples of '{self.name}': {', '.join(self._contents['dimensions'])}>"


class ExportedValues(_Recorded):
    """What a run changes of neurons or synapses, as it was at the end."""

    def _variable(self, name: str) -> NDArray[np.float64]:
        values = self._load(self._contents["files"][name])
        return values[0] if name in self._contents["shared"] else values

    def __repr__(self) -> str:
        return f"<last values of '{self.name}': {', '.join(self._contents['dimensions'])}>"


class ExportedRate(_Recorded):
    """Spikes per neuron and time in bins of a PopulationRateMonitor."""

    def __init__(
        self, name: str, contents: Mapping[str, Any], dt: float, load: Load, end: tuple[int, float]
    ) -> None:
        super().__init__(name, contents, dt, load)
        tick, offset = split(end[0] * dt + end[1], contents["dt"])
        self._bins = bins_of(contents["pieces"], int(tick) + bool(offset > 0))

    @property
    def t(self) -> Quantity:
        """Start of every bin."""
        return Quantity.with_dimensions(self._bins * self._contents["dt"], _SECOND)

    @property
    def rate(self) -> Quantity:
        """Spikes per neuron and time in every bin."""
        seconds = join(self._load(f"{self.name}.tick"), self._load(f"{self.name}.offset"), self._dt)
        counts = counts_in(self._bins, split(seconds, self._contents["dt"])[0])
        return Quantity.with_dimensions(counts / (self._contents["size"] * self._contents["dt"]), _HERTZ)

    def __repr__(self) -> str:
        return f"<rate of '{self.name}': {self._bins.size} bins>"


def _dimension(exponents: Mapping[str, str]) -> Dimension:
    return Dimension(
        UnitsContainer({base: Fraction(each) for base, each in exponents.items()}, non_int_type=Fraction)
    )
