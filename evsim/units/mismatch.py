"""The error for units that should agree and do not."""

from __future__ import annotations

import pint

from evsim.errors import EvsimTypeError
from evsim.units.dimension import Dimension


class DimensionMismatchError(EvsimTypeError, pint.DimensionalityError):
    """Two units that should agree do not.

    Parameters
    ----------
    description : what was tried, with the values.
    dimensions : what was found, then what was expected; both are added to the text.
    """

    def __init__(self, description: str, *dimensions: Dimension) -> None:
        found, expected = [*(str(dimension) for dimension in dimensions), "", ""][:2]
        pint.DimensionalityError.__init__(self, found, expected)
        self.args = (description, *dimensions)
        self.description = description
        self.dimensions = dimensions

    def __str__(self) -> str:
        units = " and ".join(unit_text(dimension) for dimension in self.dimensions)
        return f"{self.description} (units: {units})" if units else self.description

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), self.args


def unit_text(dimension: Dimension) -> str:
    """The unit for an error message: "V", or "1, a plain number"."""
    return "1, a plain number" if dimension.is_dimensionless else str(dimension)
