"""The contract of models, as checks that run over any of them: for `evsim check` and for the tests of plugins.

@pytest.mark.parametrize("model", evsim_models(), ids=lambda model: model.name)
def test_a_model_keeps_the_contract(model):
    assert check_model(model) == []
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evsim.codegen.handwritten import gate_table
from evsim.composition import plasticity_equations
from evsim.composition.declared import own_equations, parameter_names
from evsim.equations.declaration import Equations
from evsim.errors import EvsimError
from evsim.plugin import Gate, InC, Junction, Model, Modulation, Neuron, Output, Plasticity
from evsim.testing.contract import check_texts
from evsim.testing.responses import gate_response
from evsim.testing.trials import check_behaviour

__all__ = [
    "check_behaviour",
    "check_documentation",
    "check_model",
    "check_parameters",
    "check_texts",
    "gate_response",
    "variants",
]


def check_model(model: Model) -> list[str]:
    """Return what is wrong with a model and its variants, one sentence each; nothing if it keeps the contract."""
    complaints = []
    for variant in variants(model):
        for check in (check_documentation, check_parameters, check_texts, check_behaviour):
            try:
                complaints += [f"{_title(variant)}: {text}" for text in check(variant)]
            except EvsimError as error:
                complaints.append(f"{_title(variant)}: {error}")
    return list(dict.fromkeys(complaints))


def variants(model: Model) -> list[Model]:
    """Return the model, and one copy for each further option of each of its choices."""
    further = [(choice.name, option) for choice in model.choices for option in choice.options]
    return [model, *(model(**{name: option}) for name, option in further if option != model.choice(name))]


def check_documentation(model: Model) -> Iterator[str]:
    """Yield what a reader would miss: a sentence on the model, meanings of parameters, references."""
    first = model.doc.split("\n\n")[0].strip()
    if not first.endswith("."):
        yield f"the docstring of its file should open with one sentence, got {first!r}"
    if not model.name.isidentifier():
        yield f"{model.name!r} is no name; call the file after the model"
    for entry in model.entries:
        if not entry.meaning.strip():
            yield f"{entry.name} has no meaning; say in one line what it is"
    if not model.references:
        yield "it has no references; name a paper or a book"


def check_parameters(model: Model) -> Iterator[str]:
    """Yield defaults that cannot be used, and parameters that nothing uses."""
    for parameter in model.parameters:
        parameter.check(model.value(parameter.name), model.name)
    unused = set(parameter_names(model)) - _names_used(model)
    for name in sorted(unused):
        yield f"parameter {name} occurs nowhere in its equations and events"


def _title(model: Model) -> str:
    options = ", ".join(f"{name}={option}" for name, option in model.chosen.items())
    return f"{model.name} with {options}" if options else model.name


def _names_used(model: Model) -> set[str]:
    texts = [model.threshold, model.reset, model.refractory] if isinstance(model, Neuron) else []
    texts += [str(value) for value in model.initial.values()] if isinstance(model, Neuron) else []
    texts += _events_of(model) if isinstance(model, Gate) else []
    texts += [model.current] if isinstance(model, Output) else []
    texts += [model.current, model.spikelet] if isinstance(model, Junction) else []
    texts += [model.on_pre, model.gain] if isinstance(model, Modulation) else []
    texts += _texts_of_plasticity(model) if isinstance(model, Plasticity) else []
    own = [str(variable.expression or "") for variable in _equations_of(model).values()]
    return set(re.findall(r"[A-Za-z_]\w*", " ".join([*map(model.written_out, texts), *own])))


def _equations_of(model: Model) -> Equations:
    return plasticity_equations(model) if isinstance(model, Plasticity) else own_equations(model)


def _texts_of_plasticity(model: Plasticity) -> list[str]:
    starts = [str(value) for value in model.initial.values()]
    return [model.on_pre, model.on_post, model.release, *starts, *(model.bounds or ())]


def _events_of(gate: Gate) -> list[str]:
    pulse = gate.on_pre
    if isinstance(pulse, InC):
        return list(gate_table(pulse.module, gate.name).parameters)
    return [pulse] if isinstance(pulse, str) else [pulse.height, pulse.duration]
