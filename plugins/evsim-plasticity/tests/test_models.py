"""The models of this plugin keep the contract of evsim."""

from __future__ import annotations

import evsim_plasticity
import pytest

from evsim.plugin import Model
from evsim.testing import check_model


@pytest.mark.parametrize("model", evsim_plasticity.evsim_models(), ids=lambda model: model.name)
def test_a_model_keeps_the_contract(model: Model) -> None:
    """Every sentence of the contract holds."""
    assert check_model(model) == []
