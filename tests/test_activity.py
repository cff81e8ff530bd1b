"""What takes no part in runs: inactive objects, and those that were removed."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import *
from evsim import EvsimError, Network


def parts() -> dict[str, object]:
    """A cell that fires every 2 ms, and one that counts its spikes 1.5 ms later."""
    start_scope()
    cell = NeuronGroup(1, "dv/dt = 1/(2*ms) : 1", threshold="v >= 1", reset="v = 0", name="cell")
    counter = NeuronGroup(1, "n : 1", name="counter")
    wire = Synapses(cell, counter, on_pre="n_post += 1", delay=1.5 * ms, name="wire")
    wire.connect()
    return {
        "cell": cell,
        "counter": counter,
        "wire": wire,
        "spikes": SpikeMonitor(cell, name="spikes"),
        "trace": StateMonitor(counter, "n", record=0, dt=1 * ms, name="trace"),
        "rate": PopulationRateMonitor(cell, name="rate"),
    }


def test_an_inactive_monitor_records_nothing_and_goes_on_later() -> None:
    made = parts()
    net, spikes, trace = Network(made), made["spikes"], made["trace"]
    net.run(3 * ms)
    spikes.active = trace.active = False
    net.run(4 * ms)
    spikes.active = trace.active = True
    net.run(4 * ms)
    assert (spikes.t / ms).tolist() == pytest.approx([2, 8, 10])
    assert (trace.t / ms).tolist() == pytest.approx([0, 1, 2, 7, 8, 9, 10])
    assert trace.n[0].tolist() == [0, 0, 0, 2, 3, 3, 4]  # arrivals at 3.5, 5.5, 7.5 and 9.5 ms


@pytest.mark.parametrize("end", [2.0, 2.03, 3.0])
def test_inactive_synapses_take_in_no_spikes_and_what_is_under_way_arrives(end: float) -> None:
    made = parts()
    net, wire, counter = Network(made), made["wire"], made["counter"]
    net.run((end + 0.01) * ms)  # after the spike at 2 ms
    wire.active = False
    net.run(3 * ms)
    assert counter.n[0] == 1
    net.run((6.5 - end) * ms)
    assert counter.n[0] == 1
    wire.active = True
    net.run(3 * ms)
    assert counter.n[0] == 2  # of the spike at 10 ms, not of those at 4, 6 and 8 ms


def test_an_inactive_input_has_no_events() -> None:
    counter = NeuronGroup(1, "n : 1")
    drive = PoissonInput(counter, "n", 10, 100 * Hz, 1)
    run(100 * ms)
    before = counter.n[0]
    assert 60 < before < 140
    drive.active = False
    run(100 * ms)
    assert counter.n[0] == before
    drive.active = True
    run(100 * ms)
    assert 60 < counter.n[0] - before < 140


def test_a_removed_monitor_keeps_what_it_has_and_may_come_back() -> None:
    made = parts()
    net, spikes, rate = Network(made), made["spikes"], made["rate"]
    net.run(3 * ms)
    net.remove(spikes, rate)
    net.run(2 * ms)
    assert "spikes" not in net
    assert (spikes.t / ms).tolist() == pytest.approx([2])
    assert rate.t.size == 30
    net.add(spikes)
    net.run(2 * ms)
    assert (spikes.t / ms).tolist() == pytest.approx([2, 6])
    net.add(rate)
    net.run(1 * ms)
    assert rate.t.size == 40
    assert (rate.t / ms)[[29, 30]].tolist() == pytest.approx([2.9, 7.0])


def test_removed_synapses_act_no_more_and_may_come_back() -> None:
    made = parts()
    net, wire, counter = Network(made), made["wire"], made["counter"]
    net.run(3 * ms)
    net.remove(wire)
    net.run(5.5 * ms)
    assert counter.n[0] == 1
    net.add(wire)
    net.run(4 * ms)
    assert counter.n[0] == 2  # of the spike at 10 ms


def test_a_removed_group_stays_as_it_was() -> None:
    made = parts()
    net, cell, counter = Network(made), made["cell"], made["counter"]
    net.run(3.1 * ms)
    with pytest.raises(EvsimError, match="wire needs cell; remove it too"):
        net.remove(cell)
    net.remove(cell, made["wire"], made["spikes"], made["rate"])
    v = cell.v[0]
    net.run(5 * ms)
    assert cell.v[0] == v
    assert counter.n[0] == 1
    assert [each.name for each in net] == ["counter", "trace"]
    with pytest.raises(EvsimError, match="cell has run, was removed and cannot come back"):
        net.add(cell)


def test_removed_sources_are_silent() -> None:
    noise, train = PoissonGroup(10, 1000 * Hz), SpikeGeneratorGroup(1, [0, 0], [1, 3] * ms)
    counter = NeuronGroup(2, "n : 1")
    first = Synapses(noise, counter, on_pre="n_post += 1")
    second = Synapses(train, counter, on_pre="n_post += 1")
    first.connect(j="0")
    second.connect(j="1")
    net = Network(noise, train, counter, first, second)
    net.run(2 * ms)
    net.remove(noise, train, first, second)
    noise.rates = 5000 * Hz
    before = np.array(counter.n).tolist()
    net.run(2 * ms)
    assert np.array(counter.n).tolist() == before
    assert before[1] == 1


def test_operations_leave_with_their_group_and_alone() -> None:
    group, other = NeuronGroup(1, "x : 1"), NeuronGroup(1, "x : 1")
    operation = group.run_regularly("x += 1", dt=1 * ms)
    other.run_regularly("x += 1", dt=1 * ms)
    net = Network(group, other)
    net.run(2 * ms)
    net.remove(other)
    net.run(2 * ms)
    assert (group.x[0], other.x[0]) == (4, 2)
    assert operation in net
    assert len(net) == 2


def test_what_has_not_run_leaves_without_a_trace() -> None:
    made = parts()
    net = Network(made)
    net.remove(made["spikes"])
    net.run(3 * ms)
    assert made["spikes"].num_spikes == 0
    with pytest.raises(EvsimError, match="spikes is not part of network"):
        net.remove(made["spikes"])


def test_a_state_stored_with_resting_parts_is_restored_so() -> None:
    made = parts()
    net, wire, spikes = Network(made), made["wire"], made["spikes"]
    net.run(3 * ms)
    wire.active = spikes.active = False
    net.run(2.01 * ms)
    net.store()
    wire.active = spikes.active = True
    net.run(5 * ms)
    assert made["counter"].n[0] == 3
    net.restore()
    assert (wire.active, spikes.active) == (False, False)
    net.run(5 * ms)
    assert made["counter"].n[0] == 1
    assert (spikes.t / ms).tolist() == pytest.approx([2])


def test_a_rate_leaves_out_the_bins_in_which_it_takes_no_part() -> None:
    made = parts()
    net, rate = Network(made), made["rate"]
    net.run(1.25 * ms)
    rate.active = False
    net.run(2 * ms)
    rate.active = True
    net.run(3 * ms)
    assert np.allclose(rate.t / ms, [*np.arange(13) * 0.1, *(3.2 + np.arange(31) * 0.1)])
    assert (rate.t / ms)[np.flatnonzero(rate.rate)].tolist() == pytest.approx([4, 6])
    net.store()
    net.run(1 * ms)
    net.restore()
    assert rate.t.size == 44


@pytest.mark.parametrize("flag", ["clock-driven", "event-driven"])
@pytest.mark.parametrize("rate", ["-x", "-x*x"])
def test_variables_of_synapses_stand_still_while_these_are_inactive(rate: str, flag: str) -> None:
    """Those that are solved from event to event, by their flag, go on, as they do in Brian."""
    if rate == "-x*x" and flag == "event-driven":
        return
    source, cells = SpikeGeneratorGroup(1, [], [] * ms), NeuronGroup(1, "v : 1")
    synapses = Synapses(source, cells, f"dx/dt = {rate}/(10*ms) : 1 ({flag})")
    synapses.connect()
    synapses.x = 1
    net = Network(source, cells, synapses)
    net.run(3 * ms)
    synapses.active = False
    net.run(2.5 * ms)
    synapses.active = True
    net.run(4 * ms)
    span = 0.95 if flag == "event-driven" else 0.7
    expected = np.exp(-span) if rate == "-x" else 1 / (1 + span)
    assert synapses.x[0] == pytest.approx(expected, rel=1e-10)


def test_an_operation_lets_synapses_rest_at_its_instant() -> None:
    source, cells = SpikeGeneratorGroup(1, [0, 0], [1, 4] * ms), NeuronGroup(1, "v : 1")
    synapses = Synapses(source, cells, "dx/dt = -x*x/(10*ms) : 1 (clock-driven)", on_pre="v_post += 1")
    synapses.connect()
    synapses.x = 1
    rate = PopulationRateMonitor(source)

    @network_operation(dt=2 * ms)
    def rest(t: Quantity) -> None:
        synapses.active = rate.active = t < 2 * ms

    Network(source, cells, synapses, rest, rate).run(5 * ms)
    assert cells.v[0] == 1
    assert synapses.x[0] == pytest.approx(1 / 1.2, rel=1e-10)
    assert rate.t.size == 20


def test_active_is_true_or_false() -> None:
    made = parts()
    with pytest.raises(EvsimError, match=r"spikes\.active: got 2; give True or False"):
        made["spikes"].active = 2
    with pytest.raises(EvsimError, match="set active = False, delete the object"):
        magic_network().remove(made["spikes"])
