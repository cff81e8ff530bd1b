"""Synapses made from a modulation: they raise a parameter of their target, at every instant, and add up."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.commands.listing import model_page
from evsim.models import exponential
from evsim.plugin import Modulation, Parameter
from evsim.testing import check_model

low_pass = Modulation(
    name="low_pass",
    doc="A low-pass filter of the spike train.",
    equations="ds/dt = -s/tau_s : 1",
    parameters=[Parameter("tau_s", 5 * ms, "how long it remembers"), Parameter("g_0", 1.0, "strength")],
    on_pre="s += 1",
    gain="g_0*s",
    parameter="a",
    references=["nobody"],
)
CELL = "dx/dt = a/(10*ms) : 1\na : 1"


def one_spike(at: float) -> SpikeGeneratorGroup:
    return SpikeGeneratorGroup(1, [0], [at] * ms)


def integral(end: float, at: float, tau: float = 5.0) -> float:
    """Of exp(-t/tau) from a spike on, over 10 ms."""
    return tau * (1 - np.exp(-(end - at) / tau)) / 10


def test_a_modulation_raises_the_parameter_while_it_lasts() -> None:
    source, cell = one_spike(1.03), NeuronGroup(2, CELL)
    cell.a = 0.25
    synapses = Synapses(source, cell, low_pass, delay=0.7 * ms)
    synapses.connect(i=0, j=1)
    assert (synapses.w[0], synapses.g_0[0], synapses.tau_s[0]) == (1, 1, 5 * ms)
    run(20 * ms)
    assert cell.x[0] == pytest.approx(0.5, rel=1e-12)
    assert cell.x[1] == pytest.approx(0.5 + integral(20, 1.73), rel=1e-7)
    assert synapses.s[0] == pytest.approx(np.exp(-18.27 / 5), rel=1e-7)
    assert cell.a[:].tolist() == [0.25, 0.25]  # what was set stays what it is


def test_several_modulations_of_one_parameter_add_up_by_their_weights() -> None:
    first, second_, cell = one_spike(1.03), one_spike(4), NeuronGroup(1, CELL)
    up, down = Synapses(first, cell, low_pass(g_0=2.0)), Synapses(second_, cell, low_pass(tau_s=2 * ms))
    for synapses in (up, down):
        synapses.connect(n=2)
    up.w = [1, 3]
    down.w, down.g_0 = -1, [1, 0.5]
    run(20 * ms)
    expected = 8 * integral(20, 1.03) - 1.5 * integral(20, 4, 2.0)
    assert cell.x[0] == pytest.approx(expected, rel=1e-7)


def test_another_parameter_is_chosen_by_name() -> None:
    source, cell = one_spike(1), NeuronGroup(1, "dx/dt = -b*x/(10*ms) : 1\nb : 1")
    cell.x = 1
    synapses = Synapses(source, cell, low_pass, target="b")
    synapses.connect()
    run(20 * ms)
    assert cell.x[0] == pytest.approx(np.exp(-integral(20, 1)), rel=1e-7)


def test_modulations_that_do_not_fit_are_refused() -> None:
    source = one_spike(1)
    cell = NeuronGroup(1, "dx/dt = b/second : 1\nb : 1\nI : 1 (input)")
    with pytest.raises(EvsimError, match=r"no parameter 'a'.*target='b'.*it has b$"):
        Synapses(source, cell, low_pass)
    with pytest.raises(EvsimError, match="no parameter 'I'"):
        Synapses(source, cell, low_pass, target="I")
    with pytest.raises(EvsimError, match="takes no output"):
        Synapses(source, cell, low_pass, target="b", output=exponential)
    with pytest.raises(EvsimError, match="g_0 is an array"):
        Synapses(source, cell, low_pass(g_0=[1, 2]), target="b")
    volts = NeuronGroup(1, "dx/dt = a/second : volt\na : volt")
    wrong = Synapses(source, volts, low_pass)
    wrong.connect()
    with pytest.raises(DimensionMismatchError, match="a_synapses"):
        run(1 * ms)


def test_a_modulation_keeps_the_contract_or_is_told_what_is_wrong() -> None:
    assert check_model(low_pass) == []
    silent = Modulation(
        name="silent", doc="No spike acts.", equations="ds/dt = -s/tau : 1", gain="s", parameter="a",
        parameters=[Parameter("tau", 1 * ms, "time"), Parameter("spare", 1.0, "unused")], references=["nobody"],
    )  # fmt: skip
    complaints = check_model(silent)
    assert len(complaints) == 2
    assert "a modulation needs on_pre=, which is missing" in complaints[0]
    assert "spare occurs nowhere" in complaints[1]


def test_its_page_says_what_it_adds_to_what() -> None:
    page = model_page(low_pass)
    assert page.startswith("low_pass (modulation)")
    assert "spike       s += 1" in page
    assert "adds        g_0*s times w, to a" in page
