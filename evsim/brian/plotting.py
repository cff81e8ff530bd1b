"""Plots of quantities, as in Brian: matplotlib draws their values in SI units."""

from __future__ import annotations

from typing import Any

import matplotlib.units
import numpy as np

from evsim.units import Quantity


class InSI(matplotlib.units.ConversionInterface):
    """How matplotlib turns quantities into numbers."""

    @staticmethod
    def convert(obj: Any, unit: Any, axis: Any) -> Any:
        """The values in SI."""
        return [np.asarray(each) for each in obj] if isinstance(obj, list | tuple) else np.asarray(obj)


def draw_in_si() -> None:
    """Let matplotlib draw quantities from now on."""
    matplotlib.units.registry[Quantity] = InSI()
