"""The shipped models: complete declarations, the documented names and defaults, the form of their files."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evsim.models
from evsim.composition import neuron_equations
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.models import alpha, dual_exponential, lif
from evsim.plugin import Gate, Model, Neuron, Parameter
from evsim.plugin.faults import require_sound
from evsim.plugin.registry import registry
from evsim.testing import check_model
from evsim.units import (
    DimensionMismatchError,
    Mohm,
    cm2,
    dimension_of,
    mM,
    mS,
    ms,
    mV,
    nA,
    nF,
    nS,
    pA,
    pF,
    si,
    uF,
    uM,
    um2,
    uS,
)  # fmt: skip

MODELS = {model.name: model for model in evsim.models.evsim_models()}

# Names, in their order, and defaults.
EXPECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "lif": (
        "neuron",
        {
            "C_m": 0.4 * nF,
            "g_L": 20 * nS,
            "E_L": -70 * mV,
            "I_stim": 0.44 * nA,
            "V_th": -50 * mV,
            "V_reset": -90 * mV,
            "t_ref": 0 * ms,
        },
    ),
    "lif_dimensionless": (
        "neuron",
        {"tau_m": 10 * ms, "R": 1.0, "I_stim": 1.0, "V_th": 0.8, "V_reset": 0.0, "t_ref": 5 * ms},
    ),
    "lif_resistance": (
        "neuron",
        {
            "R": 1 * Mohm,
            "tau_m": 10 * ms,
            "E_L": 0 * mV,
            "I_stim": 0 * nA,
            "V_th": 20 * mV,
            "V_reset": -5 * mV,
            "t_ref": 1 * ms,
        },
    ),
    "lif_noisy": (
        "neuron",
        {
            "C_m": 0.4 * nF,
            "g_L": 20 * nS,
            "E_L": -70 * mV,
            "sigma": 0.3 * mV,
            "I_stim": 0.44 * nA,
            "V_th": -50 * mV,
            "V_reset": -90 * mV,
            "t_ref": 0 * ms,
        },
    ),
    "eif": (
        "neuron",
        {
            "tau": 10 * ms,
            "R": 10 * Mohm,
            "V_rest": -65 * mV,
            "V_T": -59.9 * mV,
            "D": 3.48 * mV,
            "I_stim": 0 * nA,
            "V_th": -30 * mV,
            "V_reset": -68 * mV,
            "t_ref": 1.7 * ms,
        },
    ),
    "adex": (
        "neuron",
        {
            "C": 281 * pF,
            "g_L": 30 * nS,
            "E_L": -70.6 * mV,
            "V_T": -50.4 * mV,
            "D": 2 * mV,
            "a": 4 * nS,
            "b": 80.5 * pA,
            "tau_w": 144 * ms,
            "I_stim": 0 * nA,
            "V_cut": -40.4 * mV,
            "V_r": -70.6 * mV,
            "t_ref": 0 * ms,
        },
    ),
    "qif": (
        "neuron",
        {
            "tau": 10 * ms,
            "R": 1 * Mohm,
            "a_0": 0.07 / mV,
            "V_rest": -65 * mV,
            "V_c": -50 * mV,
            "I_stim": 0 * nA,
            "V_th": -30 * mV,
            "V_reset": -68 * mV,
            "t_ref": 0 * ms,
        },
    ),
    "izhikevich": (
        "neuron",
        {
            "a": 0.02 / ms,
            "b": 0.2 / ms,
            "c": -65 * mV,
            "d": 8 * mV / ms,
            "k": 0.04 / (mV * ms),
            "k_1": 5 / ms,
            "k_0": 140 * mV / ms,
            "C": 1 * nF,
            "I_stim": 0 * nA,
            "V_th": 30 * mV,
            "t_ref": 0 * ms,
        },
    ),
    "hh": (
        "neuron",
        {
            "C": 1 * uF / cm2,
            "g_Na": 120 * mS / cm2,
            "g_K": 36 * mS / cm2,
            "g_L": 0.3 * mS / cm2,
            "E_Na": 50 * mV,
            "E_K": -77 * mV,
            "E_L": -54.387 * mV,
            "area": 0.001 * cm2,
            "I_stim": 0 * nA,
            "V_th": -20 * mV,
        },
    ),
    "hh_traub": (
        "neuron",
        {
            "C": 1 * uF / cm2,
            "g_Na": 100 * mS / cm2,
            "g_K": 30 * mS / cm2,
            "g_L": 0.05 * mS / cm2,
            "E_Na": 50 * mV,
            "E_K": -90 * mV,
            "E_L": -60 * mV,
            "V_T": -63 * mV,
            "area": 20000 * um2,
            "I_stim": 0 * nA,
            "V_th": -20 * mV,
        },
    ),
    "voltage_jump": ("gate", {}),
    "exponential": ("gate", {"tau": 8 * ms}),
    "dual_exponential": ("gate", {"tau1": 1 * ms, "tau2": 3 * ms}),
    "alpha": ("gate", {"tau": 3 * ms}),
    "ampa": (
        "gate",
        {"alpha": 0.98 / (mM * ms), "beta": 0.18 / ms, "T_max": 0.5 * mM, "T_duration": 0.5 * ms},
    ),
    "gaba_a": (
        "gate",
        {"alpha": 0.53 / (mM * ms), "beta": 0.18 / ms, "T_max": 1 * mM, "T_duration": 1 * ms},
    ),
    "nmda": ("gate", {"tau_d": 100 * ms, "tau_r": 2 * ms, "a": 0.5 / ms}),
    "gaba_b": (
        "gate",
        {
            "k1": 0.18 * uM / ms,
            "k2": 0.034 / ms,
            "k3": 0.09 / (mM * ms),
            "k4": 0.0012 / ms,
            "K_d": 100 * uM**4,
            "T_max": 0.5 * mM,
            "T_duration": 0.3 * ms,
        },
    ),
    "gaba_b_desensitising": (
        "gate",
        {
            "k1": 0.66 / (mM * ms),
            "k2": 0.02 / ms,
            "k3": 0.0053 / ms,
            "k4": 0.017 / ms,
            "k5": 8.3e-5 * mM / ms,
            "k6": 7.9e-3 / ms,
            "K_d": 100 * uM**4,
            "T_max": 0.5 * mM,
            "T_duration": 0.5 * ms,
        },
    ),
    "current": ("output", {}),
    "conductance": ("output", {"g_max": 0.1 * uS, "E": 0 * mV}),
    "magnesium_block": (
        "output",
        {"g_max": 0.15 * uS, "E": 0 * mV, "c_Mg": 1.2 * mM, "alpha": 0.062 / mV, "beta": 3.57 * mM},
    ),
    "gap_junction": ("junction", {"k_spikelet": 0.1 * mV / uS}),
}
STATES = {
    "lif": ["V"],
    "lif_dimensionless": ["v"],
    "lif_resistance": ["V"],
    "lif_noisy": ["V"],
    "eif": ["V"],
    "adex": ["V", "w"],
    "qif": ["V"],
    "izhikevich": ["v", "u"],
    "hh": ["V", "m", "h", "n"],
    "hh_traub": ["V", "m", "h", "n"],
    "exponential": ["s"],
    "dual_exponential": ["s", "x"],
    "alpha": ["s", "x"],
    "ampa": ["s"],
    "gaba_a": ["s"],
    "nmda": ["s", "x"],
    "gaba_b": ["R", "G"],
    "gaba_b_desensitising": ["R", "D", "G"],
}
NEURONS = "lif lif_dimensionless lif_resistance lif_noisy eif adex qif izhikevich hh hh_traub".split()
PORTS = {name: ["I_syn"] for name in NEURONS}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shipped_model_has_the_documented_kind_names_and_defaults(name: str) -> None:
    kind, defaults = EXPECTED[name]
    model = MODELS[name]
    assert model.kind == kind
    assert [parameter.name for parameter in model.parameters] == list(defaults)
    for parameter in model.parameters:
        assert parameter.dimension == dimension_of(defaults[parameter.name])
        assert si(parameter.default) == pytest.approx(si(defaults[parameter.name]), rel=1e-15)


def test_every_shipped_model_is_in_the_list_above() -> None:
    assert sorted(MODELS) == sorted(EXPECTED) == evsim.models.__all__


@pytest.mark.parametrize("name", STATES)
def test_a_shipped_model_has_the_documented_states_and_ports(name: str) -> None:
    model = MODELS[name]
    from evsim.composition.declared import own_equations

    equations = own_equations(model)
    assert list(equations.of_kind("differential")) == STATES[name]
    assert list(equations.flagged("input")) == PORTS.get(name, [])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_shipped_model_keeps_the_contract(model: Model) -> None:
    assert check_model(model) == []


@pytest.mark.parametrize("name", EXPECTED)
def test_file_model_and_public_name_share_one_word(name: str) -> None:
    module = importlib.import_module(f"evsim.models.{name}")
    assert Path(str(module.__file__)).stem == name
    assert getattr(evsim.models, name) is getattr(module, name) is MODELS[name]
    assert MODELS[name].doc == str(module.__doc__).strip()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_model_file_has_docstring_equations_parameters_events_and_references_in_this_order(
    name: str,
) -> None:
    module = importlib.import_module(f"evsim.models.{name}")
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    statements = [node for node in tree.body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(statements) == 1
    assert isinstance(statements[0], ast.Assign)
    call = statements[0].value
    assert isinstance(call, ast.Call)
    order = [
        *("equations", "current", "weighs_in_port_unit", "parameters", "choices", "membrane", "initial"),
        *("threshold", "reset", "refractory", "on_pre", "spikelet", "references"),
    ]
    keywords = [str(keyword.arg) for keyword in call.keywords]
    assert keywords == sorted(keywords, key=order.index)
    assert keywords[-1] == "references"


def test_a_call_gives_a_copy_with_other_defaults() -> None:
    small = lif(C_m=0.25 * nF, g_L=12.5 * nS)
    assert small.value("C_m") == 0.25 * nF
    assert small.value("g_L") == 12.5 * nS
    assert small.value("E_L") == -70 * mV
    assert lif.value("C_m") == 0.4 * nF
    assert repr(lif(refractory="block")) == "lif(refractory='block')"
    again = small(g_L=10 * nS)
    assert (again.value("C_m"), again.value("g_L")) == (0.25 * nF, 10 * nS)


def test_parameters_are_shared_unless_given_as_arrays() -> None:
    equations = neuron_equations(lif(C_m=[0.2, 0.4] * nF))
    assert equations["C_m"].flags == frozenset()
    assert equations["g_L"].flags == {"shared"}


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"Cm": 1 * nF}, EvsimNameError, "model lif has no parameter 'Cm' (did you mean C_m?)"),
        ({"C_m": 3 * mV}, DimensionMismatchError, "parameter C_m of model lif must be in F"),
        ({"C_m": 3}, DimensionMismatchError, "parameter C_m of model lif must be in F"),
        ({"C_m": float("nan") * nF}, EvsimValueError, "parameter C_m of model lif must be finite"),
        ({"C_m": [1, float("inf")] * nF}, EvsimValueError, "parameter C_m of model lif must be finite"),
        ({"C_m": "0.4 nF"}, EvsimTypeError, "parameter C_m of model lif takes a number or an array"),
        ({"C_m": None}, EvsimTypeError, "parameter C_m of model lif takes a number or an array"),
        ({"refractory": "clmp"}, EvsimValueError, "is one of clamp, block, got 'clmp' (did you mean clamp?)"),
        ({"refractory": 3}, EvsimValueError, "is one of clamp, block, got 3"),
    ],
)
def test_what_a_copy_cannot_have_is_refused(
    changes: dict[str, Any], error: type[EvsimError], text: str
) -> None:
    with pytest.raises(error) as refused:
        lif(**changes)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


def test_each_gate_names_its_normalisations_and_refuses_others() -> None:
    assert [*alpha.choices[0].options] == ["peak", "closed_form", "area", "raw"]
    assert [*dual_exponential.choices[0].options] == ["peak", "area", "raw"]
    assert alpha.choice("normalisation") == dual_exponential.choice("normalisation") == "peak"
    with pytest.raises(EvsimValueError, match="is one of peak, area, raw, got 'closed_form'"):
        dual_exponential(normalisation="closed_form")


def test_a_declaration_with_one_name_twice_is_refused() -> None:
    twice = Gate(
        name="twice",
        equations="ds/dt = -a*s : 1",
        on_pre="s += 1",
        parameters=[Parameter("a", 1.0 / ms, "one"), Parameter("a", 2.0 / ms, "two")],
    )
    with pytest.raises(EvsimValueError, match="a is declared twice; give one of them another name"):
        require_sound(twice)


def test_the_contract_names_what_is_missing() -> None:
    bare = Neuron(
        name="bare",
        doc="no full stop",
        equations="dV/dt = -V/tau : volt",
        parameters=[Parameter("tau", 10 * ms, ""), Parameter("k", 1.0, "never used")],
        membrane="U",
    )
    line = bare.origin[1]
    assert check_model(bare) == [
        "test_models.py:1: the docstring of its file should open with one sentence, got 'no full stop'",
        f"test_models.py:{line}: it has no references; name a paper or a book",
        f"test_models.py:{line + 3}: its membrane potential 'U' has no equation; write one, or name it "
        "with membrane=",
        f"test_models.py:{line + 3}: it has no input; declare one, as in 'I_syn : amp (input)'",
        f"test_models.py:{line + 4}: parameter k occurs nowhere in its equations and events; use it or leave it out",
        f"test_models.py:{line + 4}: tau has no meaning; say in one line what it is",
    ]


def test_the_contract_checks_units() -> None:
    wrong = lif.__class__(
        name="wrong", doc="A.", equations="dV/dt = -V : volt\nI : amp (input)", references=["A"]
    )
    complaints = check_model(wrong)
    assert len(complaints) == 1
    assert "V is declared in V, so the right-hand side of dV/dt must be in V/s" in complaints[0]


def test_models_come_through_the_hook() -> None:
    plugin = registry().plugins[0]
    assert (plugin.name, plugin.error) == ("evsim", None)
    assert list(plugin.models) == list(MODELS.values())
    assert np.all([registry().find(name) is model for name, model in MODELS.items()])
