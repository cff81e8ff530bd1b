"""Defaults of models as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evsim.units import cm2, mM, mS, ms, mV, nA, nF, nS, pF, second, uF, uM, uS
from evsim.units.field import in_field_units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2500 * ms, "2500 ms"),
        (0 * second, "0 ms"),
        (0.3 * mV, "0.3 mV"),
        (-54.387 * mV, "-54.387 mV"),
        (0.18 / ms, "0.18/ms"),
        (0.98 / (mM * ms), "0.98/(mM ms)"),
        (0.062 / mV, "0.062/mV"),
        (0.04 / (mV * ms), "0.04/(mV ms)"),
        (8.3e-5 * uM / ms, "8.3e-05 uM/ms"),
        (100 * uM**4, "100 uM^4"),
        (36 * mS / cm2, "36 mS/cm^2"),
        (1 * uF / cm2, "1 uF/cm^2"),
        (0 * nA, "0 nA"),
        (0 * nF, "0 nF"),
        (0 * uS, "0 nS"),
        (0.1 * uS, "100 nS"),
        (281 * pF, "281 pF"),
        (0.44 * nA, "0.44 nA"),
        (2e-9 * ms, "2 ps"),
        (1e9 * mV, "1 MV"),
        (-1.5, "-1.5"),
        (3, "3"),
        (np.float64(0.25), "0.25"),
        ([1, 2] * nS, "[1. 2.] nS"),
        ("E_L", "E_L"),
    ],
)
def test_a_default_is_written_in_the_unit_of_its_field(value: Any, text: str) -> None:
    assert in_field_units(value) == text
