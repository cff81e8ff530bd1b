"""connect() in all its forms, on whole groups and slices."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.words.connection.pairs import random_pairs


def groups(n_source: int, n_target: int) -> tuple[NeuronGroup, NeuronGroup]:
    equations = "x : metre\nv : 1"
    return NeuronGroup(n_source, equations), NeuronGroup(n_target, equations)


def synapses(n_source: int, n_target: int) -> Synapses:
    return Synapses(*groups(n_source, n_target), "w : 1", on_pre="v_post += w")


def pairs(s: Synapses) -> list[tuple[int, int]]:
    return list(zip(s.i.tolist(), s.j.tolist(), strict=True))


def test_connect_without_arguments_makes_all_pairs() -> None:
    s = synapses(3, 2)
    s.connect()
    assert pairs(s) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert s.N == len(s) == 6


def test_scalars_and_lists_of_indices_are_pairs() -> None:
    s = synapses(3, 3)
    s.connect(i=0, j=1)
    s.connect(i=0, j=[1, 2])
    s.connect(i=[2, 1], j=[0, 0])
    assert pairs(s) == [(0, 1), (0, 1), (0, 2), (2, 0), (1, 0)]


@pytest.mark.parametrize(
    ("i", "j", "words"),
    [
        (0, 3, ["j holds 3", "0 to 2"]),
        (-1, 0, ["i holds -1"]),
        ([0, 1], [0, 1, 2], ["i has 2 entries and j has 3"]),
        (0.5, 0, ["0.5", "whole numbers"]),
        (0, None, ["give both i and j"]),
    ],
)
def test_wrong_indices_are_refused(i: object, j: object, words: list[str]) -> None:
    s = synapses(3, 3)
    with pytest.raises(EvsimError) as error:
        s.connect(i=i, j=j)
    assert all(word in str(error.value) for word in ["connect() of synapses", *words])
    assert s.N == 0


def test_a_condition_over_indices_leaves_out_the_diagonal() -> None:
    s = synapses(40, 40)
    s.connect("i != j")
    assert s.N == 40 * 39
    assert np.all(s.i != s.j)


def test_a_condition_over_variables_of_both_ends_uses_their_units() -> None:
    s = synapses(5, 5)
    s.source.x = "i*10*um"
    s.target.x = "i*10*um"
    s.connect("abs(x_pre - x_post) < 15*um")
    assert pairs(s) == [(i, j) for i in range(5) for j in range(5) if abs(i - j) <= 1]
    with pytest.raises(DimensionMismatchError):
        s.connect("abs(x_pre - x_post) < 15*mV")


def test_constants_in_conditions_come_from_the_lines_around() -> None:
    s = synapses(5, 5)
    reach = 2
    s.connect("abs(i - j) == reach")
    assert set(np.abs(s.i - s.j).tolist()) == {reach}
    with pytest.raises(EvsimError, match="raech"):
        s.connect("abs(i - j) == raech")


def test_probability_gives_binomial_numbers_with_self_connections() -> None:
    counts = []
    for _ in range(40):
        s = synapses(200, 300)
        s.connect(p=0.02)
        counts.append(s.N)
        assert len(set(pairs(s))) == s.N
    mean, sd = 60000 * 0.02, np.sqrt(60000 * 0.02 * 0.98)
    assert abs(np.mean(counts) - mean) < 4 * sd / np.sqrt(40)
    assert 0.6 * sd < np.std(counts) < 1.5 * sd


def test_every_pair_has_the_probability() -> None:
    hits = np.zeros((5, 7))
    for key in range(4000):
        i, j = random_pairs(5, 7, 0.3, np.random.default_rng(key))
        hits[i, j] += 1
    assert np.all(np.abs(hits / 4000 - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 4000))


def test_probability_one_and_zero_need_no_luck() -> None:
    s = synapses(10, 10)
    s.connect(p=1)
    s.connect(p=0)
    assert s.N == 100


def test_the_seed_repeats_connections() -> None:
    found = []
    for _ in range(2):
        seed(7)
        s = synapses(100, 100)
        s.connect(p=0.1)
        found.append(pairs(s))
    assert found[0] == found[1]
    s = synapses(100, 100)
    s.connect(p=0.1)
    assert pairs(s) != found[0]


def test_probability_may_be_text_over_distance() -> None:
    s = synapses(300, 300)
    s.connect(p="exp(-abs(i - j)/20)")
    distance = np.abs(s.i - s.j)
    close, far = np.sum(distance == 1), np.sum(distance == 40)
    assert abs(close / 598 - np.exp(-1 / 20)) < 0.05
    assert abs(far / 520 - np.exp(-2)) < 0.07


def test_condition_and_probability_hold_both() -> None:
    s = synapses(300, 300)
    s.connect("i != j", p=0.5)
    assert np.all(s.i != s.j)
    assert abs(s.N - 300 * 299 / 2) < 5 * np.sqrt(300 * 299 / 4)


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan"), "1.5 + 0*i"])
def test_a_probability_outside_zero_and_one_is_refused(p: object) -> None:
    with pytest.raises(EvsimError, match="between 0 and 1"):
        synapses(3, 3).connect(p=p)


def test_generator_text_gives_neighbours() -> None:
    s = synapses(5, 5)
    s.connect(j="k for k in range(i-2, i+3) if k != i", skip_if_invalid=True)
    assert pairs(s) == [(i, k) for i in range(5) for k in range(i - 2, i + 3) if k != i and 0 <= k < 5]


def test_generator_text_outside_the_group_is_refused() -> None:
    s = synapses(5, 5)
    with pytest.raises(EvsimError, match=r"gives -2 for i=0.*skip_if_invalid=True"):
        s.connect(j="k for k in range(i-2, i+3) if k != i")


def test_generator_text_may_be_an_expression_or_run_over_sources() -> None:
    s = synapses(4, 4)
    s.connect(j="i")
    s.connect(j="(i + 1) % N_post")
    s.connect(i="k for k in range(2)")
    assert pairs(s)[:8] == [(0, 0), (1, 1), (2, 2), (3, 3), (0, 1), (1, 2), (2, 3), (3, 0)]
    assert pairs(s)[8:] == [(i, j) for i in range(2) for j in range(4)]


def test_generator_text_may_step_and_sample() -> None:
    s = synapses(3, 10)
    s.connect(j="2*k for k in range(0, 5, 2)")
    assert pairs(s) == [(i, j) for i in range(3) for j in (0, 4, 8)]
    t = synapses(50, 100)
    t.connect(j="k for k in sample(N_post, p=0.1)")
    assert abs(t.N - 500) < 5 * np.sqrt(450)
    u = synapses(50, 100)
    u.connect(j="k for k in sample(N_post, size=7)")
    assert np.all(u.N_outgoing_pre == 7)
    assert len(set(pairs(u))) == 350


@pytest.mark.parametrize(
    "text",
    ["k for k in open('x')", "k for k in range(3) for l in range(2)", "k for", "__import__('os')", "[1, 2]"],
)
def test_other_generator_text_is_refused(text: str) -> None:
    with pytest.raises(EvsimError):
        synapses(3, 3).connect(j=text)


def test_n_repeats_every_pair() -> None:
    s = synapses(2, 2)
    s.connect(i=[0, 1], j=[1, 0], n=2)
    s.connect("i == j", n="i + 1")
    assert pairs(s) == [(0, 1), (0, 1), (1, 0), (1, 0), (0, 0), (1, 1), (1, 1)]
    with pytest.raises(EvsimError, match="n is -1"):
        s.connect(n=-1)


def test_indices_of_a_slice_count_from_its_start() -> None:
    source, target = groups(10, 10)
    s = Synapses(source[4:], target[:3], on_pre="v_post += 1")
    s.connect()
    assert s.N == 18
    assert s.i.max() == 5
    assert s.j.max() == 2


def test_degrees_are_counted() -> None:
    s = synapses(3, 2)
    s.connect(i=[0, 0, 2], j=[0, 1, 1])
    assert s.N_outgoing_pre.tolist() == [2, 0, 1]
    assert s.N_incoming_post.tolist() == [1, 2]


def test_condition_with_indices_is_refused() -> None:
    with pytest.raises(EvsimError, match="give one of them"):
        synapses(3, 3).connect("i != j", i=0, j=1)
