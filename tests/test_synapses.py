"""Synapses: weights, delays, what a spike does at its target, and the refusals."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *


def firing_at(*times: float) -> SpikeGeneratorGroup:
    """One element per time in ms."""
    return SpikeGeneratorGroup(len(times), range(len(times)), list(times) * ms)


def test_weights_are_zero_until_set() -> None:
    source, target = firing_at(1.0), NeuronGroup(1, "v : 1")
    s = Synapses(source, target, "w : 1", on_pre="v_post += w")
    s.connect()
    assert s.w[:].tolist() == [0.0]
    run(2 * ms)
    assert target.v[0] == 0.0
    s.w = 0.25
    source.set_spikes([0], [3] * ms)
    run(2 * ms)
    assert target.v[0] == 0.25


def test_weights_are_set_at_once_singly_by_condition_and_by_both_ends() -> None:
    group = NeuronGroup(3, "v : volt")
    s = Synapses(group, group, "w : volt", on_pre="v_post += w")
    s.connect()
    s.w = 0.2 * mV
    s.w[4] = 1 * mV
    s.w["i < j"] = "(i + 10*j)*mV"
    assert np.allclose(s.w / mV, [0.2, 10, 20, 0.2, 1, 21, 0.2, 0.2, 0.2], rtol=1e-14, atol=0)
    assert np.allclose(s.w["i < j"] / mV, [10, 20, 21], rtol=1e-14, atol=0)
    s.w[0, :] = 7 * mV
    assert np.allclose(s.w[0, :] / mV, 7, rtol=1e-14, atol=0)
    assert np.allclose(s.w[:, 2] / mV, [7, 21, 0.2], rtol=1e-14, atol=0)
    with pytest.raises(EvsimError, match="there are 9 elements"):
        s.w[9] = 1 * mV


def test_weights_may_be_drawn_and_use_variables_of_both_ends() -> None:
    group = NeuronGroup(2, "x : 1")
    group.x = [1, 5]
    s = Synapses(group, group, "w : 1", on_pre="x_post += w")
    s.connect()
    s.w = "x_post - 10*x_pre"
    assert s.w[:].tolist() == [-9.0, -5.0, -49.0, -45.0]
    s.w = "1 + rand()"
    assert len(set(s.w[:].tolist())) == 4
    assert np.all((s.w[:] >= 1) & (s.w[:] < 2))


def test_values_before_connect_are_refused() -> None:
    group = NeuronGroup(2, "v : 1")
    s = Synapses(group, group, "w : 1", on_pre="v_post += w")
    with pytest.raises(EvsimError, match=r"call synapses\.connect\(\) first"):
        s.w = 1
    with pytest.raises(EvsimError, match="no synapses"):
        run(1 * ms)


def test_delays_are_scalars_arrays_or_text() -> None:
    group = NeuronGroup(30, "v : 1")
    s = Synapses(group, group, on_pre="v_post += 1", delay=1.37 * ms)
    s.connect(j="i")
    assert s.delay / ms == pytest.approx(1.37, rel=1e-15)
    assert s.delay[3] == 1.37 * ms
    s.delay = "0.1*ms + rand()*4.9*ms"
    assert np.all((s.delay[:] >= 0.1 * ms) & (s.delay[:] < 5 * ms))
    assert len(set((s.delay / ms).tolist())) == 30
    s.delay[2] = 9 * ms
    assert s.delay[2] == 9 * ms
    s.delay = np.arange(30) * ms
    assert np.allclose(s.delay / ms, np.arange(30), rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (-1 * ms, "0 or more"),
        (float("nan") * ms, "nan"),
        (float("inf") * ms, "inf"),
        (3, "synapses.delay"),
        (2 * mV, "synapses.delay"),
    ],
)
def test_wrong_delays_are_refused(delay: object, words: str) -> None:
    group = NeuronGroup(2, "v : 1")
    with pytest.raises(EvsimError, match=words):
        Synapses(group, group, on_pre="v_post += 1", delay=delay)
    s = Synapses(group, group, on_pre="v_post += 1", delay=2 * ms, name="synapses")
    s.connect()
    with pytest.raises(EvsimError, match=words):
        s.delay = delay
    with pytest.raises(EvsimError):
        s.delay = "-1*ms + 0.5*i*ms"
    assert s.delay / ms == pytest.approx(2, rel=1e-15)


def test_three_spellings_of_the_target_act_alike() -> None:
    source, target = firing_at(1.0), NeuronGroup(1, "dI_syn/dt = -I_syn/(5*ms) : amp\nv : 1")
    codes = ("I_syn_post += 1*nA", "I_syn += 1*nA", "I_syn_post = I_syn_post + 1*nA")
    kept = [Synapses(source, target, on_pre=code) for code in codes]
    for s in kept:
        s.connect()
    run(6 * ms)
    assert target.I_syn[0] / nA == pytest.approx(3 * np.exp(-1), rel=1e-12)


def test_several_synapses_onto_one_variable_add_up_in_order() -> None:
    source, target = firing_at(1.0), NeuronGroup(1, "v : 1")
    first = Synapses(source, target, on_pre="v_post += 3")
    second = Synapses(source, target, on_pre="v_post *= 2")
    third = Synapses(source, target, on_pre="v_post -= 1")
    for s in (third, second, first):
        s.connect()
    run(2 * ms)
    assert target.v[0] == 5.0


def test_a_delay_off_the_grid_is_kept() -> None:
    source = firing_at(1.0)
    target = NeuronGroup(1, "v : 1", threshold="v > 0.5", reset="v = 0")
    s = Synapses(source, target, on_pre="v_post += 1", delay=1.2345678 * ms)
    s.connect()
    spikes = SpikeMonitor(target)
    run(5 * ms)
    assert spikes.t / ms == pytest.approx([2.2345678], rel=1e-15)


def test_parameters_of_the_source_are_gathered() -> None:
    source = NeuronGroup(2, "dv/dt = 1/(10*ms) : 1\ngain : 1", threshold="v > 0.5", reset="v = 0")
    source.gain = [2, 3]
    target = NeuronGroup(2, "u : 1")
    s = Synapses(source, target, on_pre="u_post += gain_pre")
    s.connect(j="i")
    run(6 * ms)
    assert target.u[:].tolist() == [2.0, 3.0]


def test_code_of_synapses_may_change_their_own_variables() -> None:
    source, target = firing_at(1.0), NeuronGroup(1, "v : 1")
    source.set_spikes([0, 0, 0], [1, 2, 3] * ms)
    s = Synapses(source, target, "w : 1", on_pre="v_post += w\nw *= 0.5")
    s.connect()
    s.w = 1
    run(5 * ms)
    assert target.v[0] == 1.75
    assert s.w[0] == 0.125


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        ("w : volt", "v_post += w", ["on_pre of synapses", "V"]),
        ("w : 1", "u_post += w", ["u_post"]),
        ("w : 1", "v_post += wieght", ["wieght"]),
        ("w : 1", "v_post += 3*nA", ["A"]),
        ("w : 1", "w_pre += 1", ["w_pre"]),
        ("w : 1", "gain += w", ["gain"]),
    ],
)
def test_code_that_does_not_fit_is_refused_before_the_run(model: str, code: str, words: list[str]) -> None:
    source, target = firing_at(1.0), NeuronGroup(1, "v : 1\ngain : 1 (constant)")
    s = Synapses(source, target, model, on_pre=code)
    s.connect()
    with pytest.raises(EvsimError) as error:
        run(2 * ms)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert target.v[0] == 0


@pytest.mark.parametrize(
    "options",
    [{"on_pre": "v_post += 1", "on_event": "other"}, {"model": "x = v_pre - v_post : 1 (summed)"}],
)
def test_what_cannot_be_is_refused_at_once(options: dict[str, object]) -> None:
    group = NeuronGroup(2, "v : 1")
    with pytest.raises(EvsimError, match="synapses"):
        Synapses(group, group, **options)


def test_ends_must_be_groups() -> None:
    group = NeuronGroup(2, "v : 1")
    with pytest.raises(EvsimError, match="target of synapses"):
        Synapses(group, 3)
    s = Synapses(group, name="s")
    with pytest.raises(EvsimError, match="source of synapses"):
        Synapses(s, group)
    assert s.target is group


def test_synapses_show_themselves() -> None:
    group = NeuronGroup(3, "v : 1")
    s = Synapses(group[:2], group, on_pre="v_post += 1")
    s.connect()
    assert repr(s) == (
        "<Synapses 'synapses': 6 synapses from neurongroup[0:2] to neurongroup, 9.33 bytes each, "
        "on_pre 'v_post += 1'>"
    )


def test_connections_after_a_run_are_refused() -> None:
    source, target = firing_at(1.0), NeuronGroup(2, "v : 1")
    s = Synapses(source, target, on_pre="v_post += 1")
    s.connect(i=0, j=0)
    run(1 * ms)
    with pytest.raises(EvsimError, match="has run already"):
        s.connect(i=0, j=1)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("u_post += q_post", [1, 0], [1, 12]),
        ("u_post += f_post", [8, 0], [8, 97]),
        ("u_post += q_pre + h_pre", [5, 0], [5, 60]),
    ],
)
def test_code_reads_parameters_and_formulas_of_neurons_as_they_are(
    code: str, before: list[float], after: list[float]
) -> None:
    """Those that no equation needs, with constants of the groups, and after an action has changed them in a run."""
    given = SpikeGeneratorGroup(2, [0, 1], [1.25, 3.25] * ms)
    source = NeuronGroup(
        2, "v : 1\nq : 1\nh = g*q : 1", threshold="v > 0.5", reset="v = 0", namespace={"g": 4.0}
    )
    driving = Synapses(given, source, on_pre="v_post += 1")
    driving.connect(j="i")
    target = NeuronGroup(2, "u : 1\nq : 1\nf = g*q + i : 1", namespace={"g": 8.0})
    source.q, target.q = [1, 2], [1, 2]
    synapses = Synapses(source, target, on_pre=code)
    synapses.connect(j="i")

    @network_operation(dt=2 * ms)
    def add(t: object) -> None:
        if t == 2 * ms:
            source.q[1], target.q[1] = 12, 12

    network = Network(given, source, driving, target, synapses, add)
    network.run(2 * ms)
    assert target.u[:].tolist() == before
    network.run(2 * ms)
    assert target.u[:].tolist() == after
