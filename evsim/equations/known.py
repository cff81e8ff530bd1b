"""Names that mean something in every equation without being declared, with their dimensions."""

from __future__ import annotations

from evsim.units import DIMENSIONLESS, Dimension, dimension_of, unit_named

_TIME = dimension_of(unit_named("second"))

KNOWN_NAMES: dict[str, Dimension] = {
    "i": DIMENSIONLESS,
    "j": DIMENSIONLESS,
    "N": DIMENSIONLESS,
    "t": _TIME,
    "dt": _TIME,
    "lastspike": _TIME,
    "not_refractory": DIMENSIONLESS,
}

NOISE: Dimension = _TIME**-0.5
"""The dimension of xi."""

VARYING = {
    "t": "changes with time",
    "lastspike": "is the time of the last spike",
    "not_refractory": "changes at the end of the refractory period",
}
"""Known names whose value is not a constant of the run, and why."""


def is_noise(name: str) -> bool:
    """Whether it is white noise: xi, or xi_ and a name."""
    return name == "xi" or name.startswith("xi_")
