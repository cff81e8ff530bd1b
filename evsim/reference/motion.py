"""What a neuron asks of the solution of its equations between two events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from evsim.reference.exact import Exact


class Motion(Protocol):
    """The solution from the neuron's present on, as long as nothing happens to it."""

    def states_at(self, time: Exact) -> dict[str, Exact]:
        """Every state at a time that is not before the start."""

    def is_over(self, also_at_start: bool) -> bool:
        """Whether the threshold condition holds from the start on, or also at the start only."""

    def next_crossing(self, patience: Exact) -> tuple[Exact, bool]:
        """A later time, and whether the threshold condition becomes true then or was false so far.

        `patience` is how far it is worth to look, or zero where nothing is known.
        """

    def is_held(self) -> bool:
        """Whether the refractory condition holds from the start on."""

    def next_end(self) -> tuple[Exact, bool]:
        """A later time, and whether the refractory condition becomes false then or was true so far."""

    def conditioning(self) -> float:
        """By how many seconds one rounding of a double moves the crossing at the start."""


class Dynamics(Protocol):
    """The equations of one neuron."""

    def motion(self, values: Mapping[str, Exact], time: Exact, is_refractory: bool) -> Motion:
        """The solution from a time and the values there on."""

    def forget(self) -> None:
        """Parameters have changed."""
