"""NeuronGroup: variables as attributes with units, slices, texts and their refusals."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *

LIF = """dV/dt = (E_L - V + R*I)/tau : volt (unless refractory)
         tau : second
         I : amp
         drive = R*I : volt"""
R, E_L = 100 * Mohm, -70 * mV


def group(n: int = 4) -> NeuronGroup:
    return NeuronGroup(n, LIF, threshold="V > -50*mV", reset="V = E_L", refractory=2 * ms)


def test_a_scalar_sets_all_and_a_list_sets_each() -> None:
    g = group()
    g.V = E_L
    g.tau = [10, 20, 30, 40] * ms
    assert np.array_equal(g.V / mV, [-70.0] * 4)
    assert np.array_equal(g.tau[:] / ms, [10.0, 20.0, 30.0, 40.0])
    assert g.tau[2] == 30 * ms
    assert str(g.tau[1]) == "20. ms"


def test_parts_are_set_by_index_slice_list_mask_and_condition() -> None:
    g = group()
    g.tau[0] = 1 * ms
    g.tau[1:3] = 2 * ms
    g.tau[[3]] = [7] * ms
    assert np.array_equal(g.tau / ms, [1.0, 2.0, 2.0, 7.0])
    g.tau["i > 1"] = "i*ms"
    g.tau[np.array([True, False, False, False])] = 9 * ms
    assert np.array_equal(g.tau / ms, [9.0, 2.0, 2.0, 3.0])
    assert np.array_equal(g.tau["i < 2"] / ms, [9.0, 2.0])


def test_arithmetic_works_on_attributes() -> None:
    g = group()
    g.V = -60 * mV
    g.V += 5 * mV
    g.V[1] -= 2 * mV
    assert np.allclose(g.V / mV, [-55, -57, -55, -55], rtol=1e-14, atol=0)
    assert np.allclose((g.V - E_L) / mV, [15, 13, 15, 15], rtol=1e-13, atol=0)
    assert abs(np.mean(g.V) / mV + 55.5) < 1e-12
    assert (E_L * g.I).dimension == (volt * amp).dimension
    g.tau = 2 * ms
    g.tau *= 2
    assert np.array_equal(g.tau / ms, [4.0] * 4)


def test_a_view_cannot_be_changed_past_its_group() -> None:
    g = group()
    with pytest.raises(ValueError, match="read-only"):
        np.add(g.V, 1 * mV, out=g.V)
    copy = g.V[:]
    copy[0] = 1 * volt
    assert np.array_equal(g.V / mV, [0.0] * 4)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-60, ["neurongroup.V", "-60", "V"]),
        (3 * nA, ["neurongroup.V", "A", "V"]),
        ([1, 2] * mV, ["neurongroup.V", "2 values for 4 elements"]),
        ("3*nA", ["neurongroup.V", "A", "V"]),
        ("E_L + x", ["x"]),
        (float("nan") * mV, ["neurongroup.V", "nan"]),
        (float("inf") * mV, ["neurongroup.V", "inf"]),
        ([[1, 2], [3, 4]] * mV, ["shape (2, 2)"]),
        (None, ["neurongroup.V", "None"]),
    ],
)
def test_wrong_values_are_refused_and_nothing_changes(value: object, words: list[str]) -> None:
    g = group()
    g.V = E_L
    with pytest.raises(EvsimError) as error:
        g.V = value
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value)
    assert np.array_equal(g.V / mV, [-70.0] * 4)


def test_an_undeclared_attribute_is_refused_with_the_declaration() -> None:
    g = NeuronGroup(2, "v : 1")
    with pytest.raises(EvsimError, match=r"no variable 'tau'.*'tau : second'"):
        g.tau = 10 * ms
    with pytest.raises(AttributeError, match="no variable 'tau'"):
        g.tau  # noqa: B018
    with pytest.raises(EvsimError, match="did you mean 'tau'"):
        group().tua = 10 * ms


def test_a_subexpression_is_read_and_not_set() -> None:
    g = group()
    g.I = [0, 1, 2, 3] * nA
    assert np.allclose(g.drive / mV, [0, 100, 200, 300], rtol=1e-14, atol=0)
    with pytest.raises(EvsimError, match="given by its equation"):
        g.drive = 3 * mV


def test_text_draws_for_every_neuron_and_the_seed_repeats_it() -> None:
    drawn = []
    for _ in range(2):
        seed(3)
        g = group(1000)
        g.V = "E_L + rand()*20*mV"
        drawn.append(g.V[:] / mV)
    assert np.array_equal(drawn[0], drawn[1])
    assert len(set(drawn[0])) == 1000
    assert drawn[0].min() >= -70
    assert drawn[0].max() <= -50
    assert abs(drawn[0].mean() + 60) < 5 * 20 / np.sqrt(12 * 1000)
    g.V = "E_L + rand()*20*mV"
    assert not np.array_equal(drawn[0], g.V[:] / mV)


def test_text_may_set_one_neuron() -> None:
    g = group()
    g.tau[2] = "(i + 1)*ms"
    g.V[1] = "rand()*mV"
    assert np.allclose(g.tau / ms, [0, 0, 3, 0], rtol=1e-14, atol=0)
    assert 0 * mV < g.V[1] < 1 * mV


def test_text_is_evaluated_once_at_the_present_time() -> None:
    g = group()
    g.tau = "t + 1*ms"
    assert np.all(g.tau == 1 * ms)
    run(2 * ms)
    g.tau = "t + 1*ms"
    assert np.all(g.tau == 2 * ms + 1 * ms)
    with pytest.raises(EvsimError, match=r"neurongroup.tau: lastspike is the time of the last spike"):
        g.tau = "lastspike"


def test_text_may_use_index_size_other_variables_and_constants() -> None:
    g = group()
    step = 3 * ms
    g.tau = "step*(i + 1)/N"
    assert np.allclose(g.tau / step, [0.25, 0.5, 0.75, 1.0], rtol=1e-14, atol=0)
    g.V = "tau/second*volt"
    assert np.allclose(g.V / mV, [0.75, 1.5, 2.25, 3.0], rtol=1e-14, atol=0)


def test_a_namespace_comes_before_the_lines_around() -> None:
    scale = 1 * mV
    g = NeuronGroup(2, "V : volt", namespace={"scale": 5 * mV})
    g.V = "scale*i"
    assert np.array_equal(g.V / mV, [0.0, 5.0])
    assert scale == 1 * mV


def test_shared_parameters_have_one_value() -> None:
    g = NeuronGroup(3, "g_L : siemens (shared)\nx : 1")
    g.g_L = 2 * nS
    g.x = "g_L/nS"
    assert g.g_L / nS == 2.0
    assert np.allclose(g.x[:], 2.0, rtol=1e-14, atol=0)
    with pytest.raises(EvsimError, match="shared"):
        g.g_L[0] = 1 * nS


def test_slices_are_seen_with_their_own_indices() -> None:
    g = group(10)
    part = g[4:]
    assert len(part) == part.N == 6
    assert len(g[:4]) == 4
    assert len(g[3]) == 1
    assert len(part[1:3]) == 2
    part.tau = "(i + 1)*ms"
    part[:1].I = 5 * nA
    assert np.array_equal(g.tau / ms, [0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
    assert np.array_equal(g.I / nA, [0, 0, 0, 0, 5, 0, 0, 0, 0, 0])
    assert part.tau[0] == 1 * ms


@pytest.mark.parametrize("item", [slice(0, 20), slice(4, 4), slice(0, 8, 2), 12, [1, 3], "i > 3", 2.5])
def test_other_slices_are_refused(item: object) -> None:
    with pytest.raises(EvsimError):
        group(10)[item]


@pytest.mark.parametrize("n", [0, -3, 2.5, "ten", True])
def test_a_wrong_number_of_neurons_is_refused(n: object) -> None:
    with pytest.raises(EvsimError, match="N is"):
        NeuronGroup(n, "v : 1")


def test_names_are_given_in_order_and_are_unique() -> None:
    first, second = group(), group()
    assert (first.name, second.name) == ("neurongroup", "neurongroup_1")
    named = NeuronGroup(1, "v : 1", name="cells")
    assert named.name == "cells"
    with pytest.raises(EvsimError, match="'cells' is taken"):
        NeuronGroup(1, "v : 1", name="cells")
    with pytest.raises(EvsimError, match="my cells"):
        NeuronGroup(1, "v : 1", name="my cells")


def test_a_variable_may_not_hide_what_a_group_has() -> None:
    with pytest.raises(EvsimError, match="'threshold' cannot be declared"):
        NeuronGroup(1, "threshold : volt")


def test_unknown_methods_and_models_are_refused() -> None:
    with pytest.raises(EvsimError, match="no method 'fast'"):
        NeuronGroup(1, "v : 1", method="fast")
    with pytest.raises(EvsimError, match="equations as text"):
        NeuronGroup(1, 3)
    with pytest.raises(EvsimError, match="threshold of neurongroup"):
        NeuronGroup(1, "v : 1", threshold=3)


@pytest.mark.parametrize(
    ("refractory", "words"), [(5, "refractory"), (-1 * ms, "0 or more"), ([1, 2] * ms, "2 values")]
)
def test_wrong_refractory_periods_are_refused(refractory: object, words: str) -> None:
    with pytest.raises(EvsimError, match=words):
        NeuronGroup(4, "v : 1", threshold="v > 1", reset="v = 0", refractory=refractory)


def test_a_group_shows_itself() -> None:
    g = group()
    assert repr(g) == (
        "<NeuronGroup 'neurongroup': 4 neurons; V : V, tau : s, I : A, drive : V; "
        "threshold 'V > -50*mV', reset 'V = E_L'>"
    )
    g.V = E_L
    assert repr(g.V) == "<neurongroup.V: array([-70., -70., -70., -70.]) * mvolt>"
    assert repr(g[1:3]) == "<Subgroup neurongroup[1:3] of 2 elements>"
    assert {"V", "tau", "I", "drive"} <= set(dir(g))


def test_values_without_unit_have_an_underscore() -> None:
    g = group()
    g.V = E_L
    assert np.array_equal(g.V_, [-0.07] * 4)
    assert type(g.V_) is np.ndarray


def test_booleans_and_integers_are_checked() -> None:
    g = NeuronGroup(2, "is_open : boolean\nk : integer")
    g.is_open = [True, False]
    g.k = [1, 2]
    assert g.is_open[:].tolist() == [True, False]
    assert g.k[:].tolist() == [1, 2]
    assert g.k[:].dtype.kind == "i"
    with pytest.raises(EvsimError, match="boolean"):
        g.is_open = 2
    with pytest.raises(EvsimError, match="whole numbers"):
        g.k = 1.5
