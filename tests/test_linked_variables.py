"""Linked variables: a parameter of one group that is read from another, through an index."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError

# u rises to 2 with time constant tau and crosses 1 at tau*ln(2)
READS = "du/dt = (2 - u)/tau : 1\ntau : second (linked)"
GIVES = "tau : second\nboth = 2*tau : second\ndx/dt = -x/second : 1"


def first_spikes(cells):
    monitor = SpikeMonitor(cells)
    run(40 * ms)
    return {int(i): t for i, t in zip(monitor.i[::-1], np.asarray(monitor.t / ms)[::-1], strict=True)}


def reading(n):
    return NeuronGroup(n, READS, threshold="u > 1", reset="u = -1e6")


def test_groups_of_equal_size_are_linked_element_by_element():
    source, cells = NeuronGroup(3, GIVES), reading(3)
    source.tau = [10, 20, 30] * ms
    cells.tau = linked_var(source, "tau")
    assert np.array_equal(cells.tau / ms, [10, 20, 30])
    found = first_spikes(cells)
    assert found == pytest.approx({k: (k + 1) * 10 * np.log(2) for k in range(3)}, abs=1e-11)


def test_an_index_says_which_element_is_read():
    source, cells = NeuronGroup(2, GIVES), reading(4)
    source.tau = [10, 20] * ms
    cells.tau = linked_var(source, "tau", index=[1, 0, 0, 1])
    found = first_spikes(cells)
    assert found == pytest.approx({k: [20, 10, 10, 20][k] * np.log(2) for k in range(4)}, abs=1e-11)


def test_a_source_of_one_element_is_read_by_all():
    source, cells = NeuronGroup(1, GIVES), reading(3)
    source.tau = 20 * ms
    cells.tau = linked_var(source, "tau")
    assert first_spikes(cells) == pytest.approx(dict.fromkeys(range(3), 20 * np.log(2)), abs=1e-11)


def test_a_slice_of_a_group_is_a_source_with_elements_of_its_own():
    source, cells = NeuronGroup(5, GIVES), reading(2)
    source.tau = [1, 2, 3, 10, 20] * ms
    cells.tau = linked_var(source[3:], "tau")
    assert np.array_equal(cells.tau / ms, [10, 20])
    assert np.array_equal(cells[1:].tau / ms, [20])


def test_a_variable_itself_can_be_given_and_a_formula_of_parameters_too():
    source, cells = NeuronGroup(2, GIVES), reading(2)
    source.tau = [5, 10] * ms
    cells.tau = linked_var(source.both)
    assert np.array_equal(cells.tau / ms, [10, 20])


def test_a_change_of_the_source_between_runs_is_seen():
    source, cells = NeuronGroup(1, GIVES), reading(1)
    source.tau = 1000 * ms
    cells.tau = linked_var(source, "tau")
    run(1 * ms)
    source.tau, cells.u = 10 * ms, 0
    assert first_spikes(cells)[0] == pytest.approx(1 + 10 * np.log(2), abs=1e-11)


def test_a_link_may_lead_on_to_another_link():
    first, middle, cells = NeuronGroup(1, GIVES), NeuronGroup(2, "tau : second (linked)"), reading(2)
    first.tau = 10 * ms
    middle.tau = linked_var(first, "tau")
    cells.tau = linked_var(middle, "tau")
    assert np.array_equal(cells.tau / ms, [10, 10])
    run(1 * ms)
    first.tau = 20 * ms
    cells.u = 0
    assert first_spikes(cells)[1] == pytest.approx(1 + 20 * np.log(2), abs=1e-11)


def test_text_reads_linked_variables():
    source, cells = NeuronGroup(2, GIVES), reading(2)
    source.tau = [10, 20] * ms
    cells.tau = linked_var(source, "tau")
    cells.u = "tau/ms"
    assert np.array_equal(cells.u, [10, 20])


def test_a_link_to_what_changes_is_read_at_every_instant():
    source, cells = (
        NeuronGroup(2, "dx/dt = -x/(10*ms) : 1"),
        NeuronGroup(3, "du/dt = (y - u)/(10*ms) : 1\ny : 1 (linked)"),
    )
    source.x = [1, 2]
    cells.y = linked_var(source, "x", index=[0, 1, 1])
    monitor = StateMonitor(cells, ["u", "y"], record=True)
    run(5 * ms)
    assert np.allclose(cells.u, np.array([1, 2, 2]) * 0.5 * np.exp(-0.5), rtol=1e-11, atol=0)
    assert np.allclose(cells.y, np.array([1, 2, 2]) * np.exp(-0.5), rtol=1e-11, atol=0)
    t = monitor.t / (10 * ms)
    assert np.allclose(monitor.y[2], 2 * np.exp(-t), rtol=1e-11, atol=0)
    assert np.allclose(monitor.u[0], t * np.exp(-t), rtol=1e-10, atol=1e-13)


def test_a_link_to_a_formula_takes_over_its_parameters():
    source = NeuronGroup(
        1, "dx/dt = -x/(10*ms) : 1\nboth = scale*x + shift : 1\nshift : 1", namespace={"scale": 2}
    )
    cells = NeuronGroup(2, "du/dt = (y - u)/(10*ms) : 1\ny : 1 (linked)")
    source.x, source.shift = 1, 3
    cells.y = linked_var(source, "both")
    run(5 * ms)
    first = np.exp(-0.5) + 3 * (1 - np.exp(-0.5))
    assert np.allclose(cells.u, first, rtol=1e-11, atol=0)
    source.shift = 0
    run(5 * ms)
    second = first * np.exp(-0.5) + 2 * np.exp(-0.5) * 0.5 * np.exp(-0.5)
    assert np.allclose(cells.u, second, rtol=1e-11, atol=0)


def test_links_of_links_read_what_the_last_one_reads():
    source = NeuronGroup(3, "dx/dt = -x/(10*ms) : 1")
    between = NeuronGroup(2, "dz/dt = (y - z)/(10*ms) : 1\ny : 1 (linked)")
    cells = NeuronGroup(2, "du/dt = (y - u)/(10*ms) : 1\ny : 1 (linked)")
    source.x = [1, 2, 3]
    between.y = linked_var(source, "x", index=[2, 1])
    cells.y = linked_var(between, "y", index=[1, 0])
    run(5 * ms)
    assert np.allclose(cells.u, np.array([2, 3]) * 0.5 * np.exp(-0.5), rtol=1e-11, atol=0)


def test_a_threshold_that_falls_elsewhere_is_crossed_at_its_instant():
    """u = t/10 ms meets y = exp(-t/5 ms) where both are W(2)/2."""
    source = NeuronGroup(1, "dx/dt = -x/(5*ms) : 1")
    cells = NeuronGroup(1, "du/dt = 1/(10*ms) : 1\ny : 1 (linked)", threshold="u > y", reset="u = -10*y")
    cells.y = linked_var(source, "x")
    source.x = 1
    spikes = SpikeMonitor(cells)
    run(6 * ms)
    half = 0.8526055020137254913 / 2
    assert np.allclose(spikes.t / ms, [10 * half], rtol=1e-10, atol=0)
    assert cells.u[0] == pytest.approx(-10 * half + 0.6 - half, rel=1e-10)


def test_what_does_not_fit_is_refused():
    source, cells = NeuronGroup(2, GIVES), reading(4)
    with pytest.raises(EvsimValueError, match=r"has 4 elements and .* has 2; give index="):
        cells.tau = linked_var(source, "tau")
    with pytest.raises(EvsimValueError, match="index 2 is out of range"):
        cells.tau = linked_var(source, "tau", index=[0, 1, 2, 0])
    with pytest.raises(EvsimValueError, match="index needs 4 whole numbers"):
        cells.tau = linked_var(source, "tau", index=[0, 1])
    with pytest.raises(
        DimensionMismatchError, match=r"cannot be linked to .*\.x \(units: 1, a plain number and s\)"
    ):
        cells.tau = linked_var(source, "x")
    with pytest.raises(EvsimValueError, match="has no variable 'y'; it has tau, both, x"):
        linked_var(source, "y")
    with pytest.raises(EvsimTypeError, match="give a group and a name"):
        linked_var(3, "x")
    with pytest.raises(EvsimTypeError, match="give a group and a name"):
        linked_var(Synapses(source, cells, "w : 1"), "w")
    with pytest.raises(EvsimTypeError, match=r"is not declared as linked; write 'u : 1 \(linked\)'"):
        cells.u = linked_var(source, "x")
    with pytest.raises(EvsimTypeError, match="is linked; set what it reads"):
        cells.tau = 10 * ms
    cells.tau = linked_var(source, "tau", index=[0, 0, 1, 1])
    with pytest.raises(EvsimTypeError, match="linked as a whole"):
        cells.tau[0] = linked_var(source, "tau")


def test_a_linked_variable_without_a_link_is_refused():
    cells = reading(1)
    with pytest.raises(EvsimValueError, match=r"is declared \(linked\) and linked to nothing; set it"):
        run(1 * ms)
    with pytest.raises(EvsimValueError, match="linked to nothing"):
        _ = cells.tau


def test_event_code_does_not_write_a_linked_variable():
    source, cells = NeuronGroup(1, GIVES), NeuronGroup(1, READS, threshold="u > 1", reset="tau = 1*ms")
    cells.tau = linked_var(source, "tau")
    with pytest.raises(EvsimValueError, match=r"tau is declared \(linked\) and cannot be changed"):
        run(1 * ms)


def test_code_that_runs_regularly_reads_links_and_does_not_write_them():
    source, cells = NeuronGroup(2, GIVES), NeuronGroup(2, "tau : second (linked)\nx : 1")
    source.tau = [1, 2] * ms
    cells.tau = linked_var(source, "tau", index=[1, 0])
    cells.run_regularly("x += tau/ms", dt=1 * ms)
    run(3 * ms)
    assert np.array_equal(cells.x, [6, 3])
    with pytest.raises(EvsimError, match="tau reads another group's variable; write that one"):
        cells.run_regularly("tau = 1*ms", dt=1 * ms)


def test_a_source_that_code_changes_during_a_run_is_followed():
    # x grows by 1 per ms, from 2 ms on by 3 per ms
    source, cells = NeuronGroup(1, "rate : Hz"), NeuronGroup(1, "dx/dt = rate : 1\nrate : Hz (linked)")
    source.rate = 1 / ms
    cells.rate = linked_var(source, "rate")
    source.run_regularly("rate = 1*kHz + (t > 1.5*ms)*2*kHz", dt=1 * ms)
    run(4 * ms)
    assert cells.x[0] == pytest.approx(2 * 1 + 2 * 3, abs=1e-12)


def test_only_a_parameter_can_be_linked():
    with pytest.raises(EvsimValueError, match=r"\(linked\) is not a flag that a differential can have"):
        NeuronGroup(1, "dx/dt = -x/second : 1 (linked)")
