"""Which expressions are proportional to variables, so that what many synapses do adds up."""

from __future__ import annotations

import pytest

from evsim.composition.superposition import degree
from evsim.equations.expression import Expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-s/tau", 1),
        ("x", 1),
        ("-x*(1/tau1 + 1/tau2) - s/(tau1*tau2)", 1),
        ("2*(s + 0) - 3*x", 1),
        ("exp(tau)*s", 1),
        ("tau", 0),
        ("exp(tau)/3", 0),
        ("0", 0),
        ("s + 1", None),
        ("s*x", None),
        ("s**2", None),
        ("tau/s", None),
        ("exp(s)", None),
        ("abs(s)", None),
        ("s - s*x", None),
        ("s*(1 - s)", None),
    ],
)
def test_proportional_to_the_variables_or_free_of_them_or_neither(text: str, expected: int | None) -> None:
    assert degree(Expression.parse(text, "test"), {"s", "x"}) == expected
