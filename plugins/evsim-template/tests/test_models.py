"""The models of this plugin keep the contract of evsim, and do what they are for."""

from __future__ import annotations

import pytest
from evsim.plugin import Model
from evsim.testing import check_model

import evsim_template


@pytest.mark.parametrize("model", evsim_template.evsim_models(), ids=lambda model: model.name)
def test_a_model_keeps_the_contract(model: Model) -> None:
    assert check_model(model) == []
