"""The contract of models, as checks that run over any of them: for `evsim check` and for the tests of plugins.

@pytest.mark.parametrize("model", evsim_models(), ids=lambda model: model.name)
def test_a_model_keeps_the_contract(model):
    assert check_model(model) == []
"""

from __future__ import annotations

from evsim.errors import EvsimError
from evsim.plugin import Model
from evsim.plugin.faults import faults_of
from evsim.plugin.faulty_texts import variants
from evsim.testing.contract import check_texts
from evsim.testing.responses import gate_response
from evsim.testing.trials import check_behaviour

__all__ = [
    "check_behaviour",
    "check_model",
    "check_texts",
    "gate_response",
    "variants",
]


def check_model(model: Model) -> list[str]:
    """Return what is wrong with a model and its variants, one sentence each; nothing if it keeps the contract."""
    faults = faults_of(model)
    complaints = [str(fault) for fault in faults]
    if any(fault.is_grave for fault in faults):
        return complaints
    for variant in variants(model):
        for check in (check_texts, check_behaviour):
            try:
                complaints += [f"{_title(variant)}: {text}" for text in check(variant)]
            except EvsimError as error:
                complaints.append(f"{_title(variant)}: {error}")
    return list(dict.fromkeys(complaints))


def _title(model: Model) -> str:
    options = ", ".join(f"{name}={option}" for name, option in model.chosen.items())
    return f"{model.name} with {options}" if options else model.name
