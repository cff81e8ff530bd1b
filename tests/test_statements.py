"""Event code: statements, and whose variables they change."""

from __future__ import annotations

import pytest

from evsim.equations.declaration import Equations
from evsim.equations.statements import parse_statements
from evsim.equations.synapse_code import synapse_code
from evsim.errors import EvsimError, EvsimNameError, EvsimTypeError

SYNAPSE = Equations("w : 1\nx : 1\nr = w*x : 1\nshared_name : 1")
TARGET = Equations(
    """dV/dt = -V/tau : 1
       dI_syn/dt = -I_syn/tau : 1
       q = a*V : 1
       fixed : 1 (constant)
       port : 1 (input)
       shared_name : 1"""
)
CONSTANTS = ("tau", "a", "pA")


def resolved(code):
    statements = parse_statements(code, "on_pre of S")
    assignments = synapse_code(statements, SYNAPSE, TARGET, CONSTANTS, ("X",), "on_pre of S")
    return [(each.target, each.where, each.operation, each.expression.text) for each in assignments]


def test_statements_are_lines_or_parted_by_semicolons():
    statements = parse_statements(
        "V = -90*mV; w+=b  # jump\n\n u = (a\n  + b)\n x -= 1 + \\\n 2", "the reset"
    )
    assert [str(each) for each in statements] == ["V = -90*mV", "w += b", "u = a + b", "x -= 1 + 2"]
    assert [each.operator for each in statements] == ["=", "+=", "=", "-="]


def test_no_code_has_no_statements():
    assert parse_statements("", "the reset") == []
    assert parse_statements(" # nothing\n;", "the reset") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("V == 3", "'V == 3' is not a statement; write 'name = expression'"),
        ("V", "is not a statement"),
        ("V.x = 3", "is not a statement"),
        ("V[0] = 3", "is not a statement"),
        ("V **= 2", "is not a statement"),
        ("V +=", "the expression is empty"),
        ("V = w = 3", "compare with '=='"),
        ("V = (3", "a bracket stays open"),
        ("import os", "is not a statement"),
        ("V = __import__('os')", "there is no function __import__"),
        ("for k in x: V = 3", "is not a statement"),
    ],
)
def test_anything_else_is_refused(text, message):
    with pytest.raises(EvsimError, match=message) as caught:
        parse_statements(text, "the reset of cells")
    assert str(caught.value).startswith("the reset of cells")


def test_code_must_be_text():
    with pytest.raises(EvsimTypeError, match="expected text, got 3"):
        parse_statements(3, "the reset of cells")


@pytest.mark.parametrize("name", ["I_syn", "I_syn_post"])
def test_target_variables_are_named_bare_or_with_suffix(name):
    assert resolved(f"{name} += w") == [("I_syn", "neuron", "add", "w")]


def test_every_operator_becomes_set_or_add():
    assert resolved("V = a; V += a; V -= a + w; V *= w; V /= w") == [
        ("V", "neuron", "set", "a"),
        ("V", "neuron", "add", "a"),
        ("V", "neuron", "add", "-(a + w)"),
        ("V", "neuron", "set", "V_post*w"),
        ("V", "neuron", "set", "V_post/w"),
    ]
    assert resolved("w *= 2") == [("w", "synapse", "set", "w*2")]


def test_a_bare_name_is_the_synapses_own_before_the_targets():
    assert resolved("shared_name += 1; shared_name_post += shared_name") == [
        ("shared_name", "synapse", "add", "1"),
        ("shared_name", "neuron", "add", "shared_name"),
    ]


def test_formulas_name_target_source_and_constants():
    assert resolved("x += V + 2*X_pre*pA") == [("x", "synapse", "add", "V_post + 2*X_pre*pA")]
    assert resolved("x += V_post*(i + j)") == [("x", "synapse", "add", "V_post*(i + j)")]


def test_subexpressions_of_both_sides_are_put_in():
    assert resolved("I_syn += r + q + q_post") == [
        ("I_syn", "neuron", "add", "w*x + a_of_target*V_post + a_of_target*V_post")
    ]


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        (
            "I_sin += 1",
            EvsimNameError,
            "I_sin is no variable of the synapse or of its target; did you mean I_syn",
        ),
        ("tau += 1", EvsimNameError, "tau is no variable of the synapse"),
        ("I_syn += W_e", EvsimNameError, "W_e is not defined"),
        ("I_syn += Z_post", EvsimNameError, "Z_post is not a variable of the neurons"),
        ("I_syn += Y_pre", EvsimNameError, "Y_pre is not a variable of the neurons"),
        ("X_pre += 1", EvsimError, "X_pre belongs to the source"),
        ("q += 1", EvsimError, "q follows from its formula"),
        ("r += 1", EvsimError, "r follows from its formula"),
        ("fixed += 1", EvsimError, r"fixed is declared \(constant\)"),
        ("port += 1", EvsimError, r"port is declared \(input\)"),
        (
            "u = 3*w",
            EvsimNameError,
            "u is set and never used, and it is no variable of the synapse or of its target",
        ),
        ("I_sny = 3*w", EvsimNameError, "I_sny is set and never used.*did you mean I_syn"),
        ("u += 3*w", EvsimNameError, "u is no variable of the synapse"),
        ("I_syn += u; u = w", EvsimNameError, "u is not defined"),
        ("u_post = w", EvsimNameError, "u_post is no variable of the synapse or of its target"),
        ("dt = w", EvsimNameError, "dt is no variable of the synapse"),
    ],
)
def test_what_synapse_code_cannot_do_is_refused(code, error, message):
    with pytest.raises(error, match=message) as caught:
        resolved(code)
    assert str(caught.value).startswith("on_pre of S")
