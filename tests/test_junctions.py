"""Electrical synapses by name: between any cells, what they add to both ends, what is refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from evsim import *
from evsim.commands.listing import model_page
from evsim.models import (
    evsim_models,
    gap_junction,
    hh,
    izhikevich,
    lif,
    lif_dimensionless,
    lif_noisy,
)
from evsim.plugin import Junction, Neuron, Parameter
from evsim.testing import check_model
from evsim.units import DimensionMismatchError

NEURONS = [model for model in evsim_models() if isinstance(model, Neuron)]
TEXT = "du/dt = (-u + I)/(10*ms) : 1\nI : 1 (input)"

rectifier = Junction(
    name="rectifier",
    doc="A junction that conducts where the potential falls from source to target.",
    equations="""
    g = w/(1 + exp(-(V_pre - V_post - V_half)/slope)) : siemens
    I = g*(V_pre - V_post) : amp
    """,
    parameters=[
        Parameter("V_half", 5 * mV, "difference at which half of it conducts"),
        Parameter("slope", 2 * mV, "how steeply"),
    ],
    references=["Furshpan, Potter 1959"],
)


def passive(n: int = 2, **changes: Any) -> NeuronGroup:
    """Cells that never fire by themselves, 1 mV from each other."""
    cells = NeuronGroup(n, lif(I_stim=0 * nA, **changes))
    cells.V = "E_L + i*mV"
    return cells


def pair(cells: Any, model: Any = gap_junction, symmetric: bool = True, **options: Any) -> Synapses:
    """A junction of cells 0 and 1."""
    made = Synapses(cells, cells, model, symmetric=symmetric, **options)
    made.connect(i=0, j=1)
    return made


# Between any cells


@pytest.mark.parametrize("model", NEURONS, ids=lambda model: model.name)
def test_two_cells_of_every_model_come_closer(model: Neuron) -> None:
    quiet = {"lif_dimensionless": lif_dimensionless(I_stim=0.0), "lif_noisy": lif_noisy(sigma=0.01 * mV)}

    def gap(w: float) -> float:
        start_scope()
        cells = NeuronGroup(2, quiet.get(model.name, model))
        port = cells.equations["I_syn"].dimension
        unit = 1 * mV if cells.equations[model.membrane].dimension == volt.dimension else 1
        setattr(cells, model.membrane, getattr(cells, model.membrane)[:] + np.array([0, 0.5]) * unit)
        junction = Synapses(cells, cells, gap_junction, symmetric=True)
        junction.connect(i=0, j=1)
        junction.w = w * (uS if port == amp.dimension else 1)
        run(2 * ms)
        found = np.asarray(getattr(cells, model.membrane)[:], dtype=float)
        assert np.all(np.isfinite(found))
        return float(abs(found[1] - found[0]))

    assert gap(0.5) < 0.95 * gap(0.0)


def test_two_groups_of_different_models_share_one_current() -> None:
    first, second_ = (
        NeuronGroup(2, lif(I_stim=0 * nA)),
        NeuronGroup(3, izhikevich(k=0 / (ms * mV), k_1=0 / ms)),
    )
    second_.k_0, second_.v, second_.u, second_.a = 0 * mV / ms, -60 * mV, 0 * mV / ms, 0 / ms
    junction = Synapses(first[1:], second_[:2], gap_junction, symmetric=True)
    junction.connect(i=0, j=1)
    junction.w = 4 * nS
    cell, other = StateMonitor(first, "V", record=1), StateMonitor(second_, "v", record=[0, 1])
    current = StateMonitor(junction, "I", record=True)
    run(1 * ms)
    assert np.asarray(current.I[0]) == pytest.approx(4e-9 * np.asarray(cell.V[0] - other.v[1]), rel=1e-12)
    assert np.all(other.v[0] == -60 * mV)
    sums = [getattr(group, f"I_{junction.name}")[1] for group in (first, second_)]
    assert sums[0] == -sums[1] != 0


def test_several_junction_objects_onto_one_group_add_up() -> None:
    cells = passive(4)
    one, two = pair(cells), Synapses(cells, cells, gap_junction, symmetric=True)
    two.connect(i=[0, 0], j=[2, 3])
    one.w, two.w = 1 * nS, 2 * nS
    first, second_, V = (
        StateMonitor(cells, name, record=True) for name in (f"I_{one.name}", f"I_{two.name}", "V")
    )
    run(3 * ms)
    v = np.asarray(V.V)
    assert np.asarray(getattr(first, f"I_{one.name}"))[0] == pytest.approx(1e-9 * (v[1] - v[0]), rel=1e-11)
    found = np.asarray(getattr(second_, f"I_{two.name}"))[0]
    assert found == pytest.approx(2e-9 * (v[2] + v[3] - 2 * v[0]), rel=1e-11)


def test_slices_of_one_group_count_by_themselves() -> None:
    cells = passive(6)
    junction = Synapses(cells[1:3], cells[3:], gap_junction, symmetric=True)
    junction.connect(i=1, j=2)
    junction.w = 20 * nS
    run(3 * ms)
    changed = np.asarray(cells.V[:]) != -70e-3 + 1e-3 * np.arange(6) * np.exp(-20 / 0.4 * 3e-3)
    still = np.asarray(cells.V[:]) == pytest.approx(
        -70e-3 + 1e-3 * np.arange(6) * np.exp(-20 / 0.4 * 3e-3), rel=1e-12
    )
    assert changed[[2, 5]].all() and not still
    assert cells.V[2] + cells.V[5] == pytest.approx(-140e-3 + 7e-3 * np.exp(-20 / 0.4 * 3e-3), rel=1e-12)


# Which variable is the potential


def test_the_potential_of_text_is_what_the_threshold_compares() -> None:
    cells = NeuronGroup(2, TEXT, threshold="u > 100")
    cells.u = [1, 3]
    junction = pair(cells)
    junction.w = 0.25
    run(10 * ms)
    assert cells.u[1] - cells.u[0] == pytest.approx(2 * np.exp(-1.5), rel=1e-9)


def test_the_potential_of_text_can_be_named() -> None:
    two = TEXT + "\ndv/dt = 0/second : 1"
    cells = NeuronGroup(2, two, membrane="u")
    cells.u = [1, 3]
    junction = pair(cells)
    junction.w = 0.25
    run(10 * ms)
    assert cells.u[1] - cells.u[0] == pytest.approx(2 * np.exp(-1.5), rel=1e-9)
    with pytest.raises(EvsimError, match=r"membrane of .*: it has no variable 'uu' \(did you mean u\?\)"):
        NeuronGroup(2, two, membrane="uu")


# Junctions of a plugin


def test_a_junction_that_depends_on_the_potentials() -> None:
    assert check_model(rectifier) == []
    cells = passive(2)
    cells.V = [-60, -70] * mV
    junction = pair(cells, rectifier, symmetric=False)
    junction.w = 3 * nS
    trace, V = StateMonitor(junction, ["g", "I"], record=True), StateMonitor(cells, "V", record=True)
    run(5 * ms)
    apart = np.asarray(V.V[0] - V.V[1])
    g = 3e-9 / (1 + np.exp(-(apart - 5e-3) / 2e-3))
    assert np.asarray(trace.g[0]) == pytest.approx(g, rel=1e-12)
    assert np.asarray(trace.I[0]) == pytest.approx(g * apart, rel=1e-12)
    junction.V_half = -5 * mV
    run(1 * ms)
    assert trace.g[0][-1] > 2.9 * nS


def test_on_cells_without_units_parameters_count_in_mV() -> None:
    cells = NeuronGroup(2, lif_dimensionless)
    junction = pair(cells, rectifier)
    assert (junction.V_half[0], junction.slope[0], junction.w[0]) == (5, 2, 1)
    assert pair(cells).k_spikelet[0] == pytest.approx(0.1)


def test_declarations_that_cannot_be_run_are_refused() -> None:
    def made(**changes: Any) -> Synapses:
        texts = {"equations": "I = w*(V_pre - V_post) : amp", **changes}
        return pair(passive(), Junction(name="odd", doc="Odd.", **texts))

    with pytest.raises(EvsimError, match="not proportional to w"):
        made(equations="I = (w + w**2/siemens)*(V_pre - V_post) : amp")
    with pytest.raises(DimensionMismatchError, match=r"I = .* does not fit the cells"):
        made(equations="I = w*(V_pre - V_post) : volt")
    with pytest.raises(EvsimError, match="x has an equation of its own"):
        made(equations="dx/dt = -x/(1*ms) : 1\nI = w*x*(V_pre - V_post) : amp")
    with pytest.raises(DimensionMismatchError, match="spikelet of odd, w, does not fit the potential"):
        made(spikelet="w")


# Spikelets


def fired(cell: NeuronGroup, at: float = 1.23) -> None:
    """Push the first cell over its threshold at this time, in ms, and no other."""
    source = SpikeGeneratorGroup(1, [0], [at] * ms, name="push")
    synapses = Synapses(source, cell, on_pre="V_post += 100*mV", name="pushing")
    synapses.connect(i=0, j=0)
    magic_network.add(source, synapses)


def test_a_spikelet_comes_at_the_exact_time_later_by_the_delay_on_both_sides() -> None:
    for first, second_ in ((0, 1), (1, 0)):
        start_scope()
        cells = NeuronGroup(2, lif(I_stim=0 * nA, V_reset=-70 * mV, g_L=0 * nS, C_m=1 * nF))
        source = SpikeGeneratorGroup(1, [0], [1.23] * ms)
        push = Synapses(source, cells, on_pre="V_post += 100*mV")
        push.connect(i=0, j=first)
        junction = Synapses(
            cells, cells, gap_junction(k_spikelet=2 * mV / nS), symmetric=True, delay=0.777 * ms
        )
        junction.connect(i=0, j=1)
        junction.w, junction.k_spikelet = 1e-6 * nS, 3e6 * mV / nS
        spikes = SpikeMonitor(cells)
        trace = StateMonitor(cells, "V", record=True, dt=0.001 * ms)
        run(3 * ms)
        assert spikes.i[:].tolist() == [first]
        jump = np.argmax(np.diff(trace.V[second_] / mV) > 1)
        assert trace.t[jump + 1] / ms == pytest.approx(1.23 + 0.777, abs=1.1e-3)
        assert cells.V[second_] / mV == pytest.approx(-67, abs=1e-4)


def test_spikelets_push_a_chain_over_its_threshold_at_one_instant_in_order() -> None:
    cells = NeuronGroup(4, lif(I_stim=0 * nA, t_ref=5 * ms))
    cells.V = -51 * mV
    source = SpikeGeneratorGroup(1, [0], [1.2345] * ms)
    push = Synapses(source, cells, on_pre="V_post += 100*mV")
    push.connect(i=0, j=0)
    junctions = Synapses(cells, cells, gap_junction(k_spikelet=10 * mV / nS), symmetric=True)
    junctions.connect("j == i + 1")
    junctions.w = 1 * nS
    spikes = SpikeMonitor(cells)
    run(3 * ms)
    assert spikes.i[:].tolist() == [0, 1, 2, 3]
    assert np.unique(spikes.t / ms).tolist() == [pytest.approx(1.2345, abs=1e-15)]


def test_a_clamped_cell_loses_spikelets_and_one_that_is_only_barred_does_not() -> None:
    found = {}
    for kind in ("clamp", "block"):
        start_scope()
        cells = NeuronGroup(2, lif(I_stim=0 * nA, t_ref=5 * ms, refractory=kind, V_reset=-70 * mV))
        source = SpikeGeneratorGroup(2, [1, 0], [1, 2.5] * ms)
        push = Synapses(source, cells, on_pre="V_post += 100*mV")
        push.connect(j="i")
        junction = Synapses(cells, cells, gap_junction(k_spikelet=10 * mV / nS))
        junction.connect(i=0, j=1)
        junction.w = 1e-9 * nS
        junction.k_spikelet = 1e10 * mV / nS
        trace = StateMonitor(cells, "V", record=1, dt=0.1 * ms)
        run(3 * ms)
        found[kind] = trace.V[0][-1] / mV
    assert found["clamp"] == pytest.approx(-70, abs=1e-9)
    assert found["block"] == pytest.approx(-70 + 10 * np.exp(-0.4 / 20), rel=1e-9)


def test_spikes_that_reset_nothing_make_no_spikelets_unless_asked_to() -> None:
    cells = NeuronGroup(2, hh)
    assert pair(cells)._pathways == ()
    with pytest.raises(EvsimError, match="k_spikelet"):
        pair(cells).k_spikelet = 1 * mV / uS
    asked = pair(cells, gap_junction(k_spikelet=1 * mV / uS))
    assert [each.trigger for each in asked._pathways] == ["pre", "post"]
    passive_ = NeuronGroup(2, "dv/dt = (I - v)/(10*ms) : 1\nI : 1 (input)")
    pair(passive_)
    run(1 * ms)


# What is refused


def test_junctions_that_make_no_sense_are_refused() -> None:
    cells, poisson = passive(), PoissonGroup(2, 10 * Hz)
    with pytest.raises(EvsimError, match=r"poissongroup.* has no membrane potential"):
        Synapses(poisson, cells, gap_junction)
    with pytest.raises(EvsimError, match="cannot receive spikes"):
        Synapses(cells, poisson, gap_junction)
    blind = NeuronGroup(2, "dx/dt = I/second : 1\nI : 1 (input)")
    with pytest.raises(EvsimError, match=r"target has no membrane potential.*membrane=\) \(it has x, I\)"):
        Synapses(cells, blind, gap_junction)
    with pytest.raises(EvsimError, match="source has no membrane potential"):
        Synapses(blind, cells, gap_junction)
    with pytest.raises(EvsimError, match="declare one in its equations, as in 'I_syn : amp"):
        pair(NeuronGroup(2, "dV/dt = -V/second : volt"))
    plain = NeuronGroup(2, lif_dimensionless)
    with pytest.raises(
        DimensionMismatchError, match="V of the source and v of the target are in different units"
    ):
        Synapses(cells, plain, gap_junction)
    with pytest.raises(EvsimError, match="is a current already and takes no output"):
        Synapses(cells, cells, gap_junction, output=gap_junction)  # type: ignore[arg-type]
    with pytest.raises(EvsimError, match="the model says what a spike does"):
        Synapses(cells, cells, gap_junction, on_pre="V_post += 1*mV")
    with pytest.raises(EvsimError, match="symmetric=True is for junctions"):
        Synapses(cells, cells, on_pre="V_post += 1*mV", symmetric=True)
    with pytest.raises(EvsimError, match="k_spikelet is an array"):
        pair(cells, gap_junction(k_spikelet=[1, 2] * mV / uS))
    junction = pair(cells)
    with pytest.raises(DimensionMismatchError):
        junction.w = 1 * mV


def test_a_junction_of_a_cell_with_itself_is_refused() -> None:
    cells = passive()
    for symmetric, repair in ((True, "i < j"), (False, "i != j")):
        junctions = Synapses(cells, cells, gap_junction, symmetric=symmetric)
        with pytest.raises(EvsimError, match=rf"cell 0 of neurongroup\w* with itself.*connect\('{repair}'\)"):
            junctions.connect()
        assert junctions.N == 0
    between = Synapses(cells[:1], cells[1:], gap_junction)
    between.connect()  # 0 in one slice and 0 in the other are two cells
    assert between.N == 1


def test_a_symmetric_junction_declared_twice_is_refused() -> None:
    cells, others = passive(3), passive(3)
    junctions = Synapses(cells, cells, gap_junction, symmetric=True)
    with pytest.raises(EvsimError, match=r"\[0\] and neurongroup\w*\[1\] is declared twice.*'i < j'"):
        junctions.connect("i != j")
    junctions.connect(i=0, j=1)
    with pytest.raises(EvsimError, match="declared twice"):
        junctions.connect(i=1, j=0)
    with pytest.raises(EvsimError, match="declared twice"):
        junctions.connect(i=0, j=2, n=2)
    assert junctions.N == 1
    across = Synapses(cells, others, gap_junction, symmetric=True)
    across.connect(i=[0, 1], j=[1, 0])  # four cells
    back = Synapses(others, cells, gap_junction)
    back.connect(i=1, j=0)
    with pytest.raises(EvsimError, match=rf"is declared twice, by {across.name} and by {back.name}"):
        run(1 * ms)


def test_the_declaration_is_shown() -> None:
    page = model_page(gap_junction)
    assert "gap_junction (junction)" in page
    assert "  current     I, at every instant\n  spike       V_post += w*k_spikelet" in page


# The same bits


def test_equal_cells_with_unequal_numbers_of_neighbours_stay_in_step() -> None:
    cells = NeuronGroup(9, lif(I_stim=0.5 * nA))
    junctions = Synapses(cells, cells, gap_junction(k_spikelet=0 * mV / nS), symmetric=True)
    junctions.connect("(j == i + 1 and j % 3 != 0) or j == i + 3")
    junctions.w = 3 * nS
    spikes = SpikeMonitor(cells)
    run(300 * ms)
    assert spikes.i[:].tolist() == 7 * list(range(9))
    assert len(set(zip(spikes.tick.tolist(), (spikes.offset / second).tolist(), strict=True))) == 7


def test_a_sum_in_text_is_solved_as_the_junction_is() -> None:
    def potentials(is_text: bool) -> list[float]:
        start_scope()
        current = "" if is_text else " (input)"
        cells = NeuronGroup(
            3, f"dv/dt = (1.2 + 0.3*i - v + c)/(10*ms) : 1\nc : 1{current}", threshold="v > 1", reset="v = 0"
        )
        if is_text:
            both = Synapses(cells, cells, "w : 1\nc_post = w*(v_pre - v_post) : 1 (summed)")
            both.connect("i != j")
        else:
            both = Synapses(cells, cells, gap_junction(k_spikelet=0 * mV / uS), symmetric=True)
            both.connect("i < j")
        both.w = 0.1
        run(100 * ms)
        return cells.v[:].tolist()

    assert potentials(True) == pytest.approx(potentials(False), rel=1e-13)


def trains(pieces: list[float], threads: int = 1, monitored: bool = False) -> tuple[Any, ...]:
    """Spikes of a small grid with spikelets, chemical input and refractory periods."""
    start_scope()
    cells = NeuronGroup(9, lif(t_ref=1.5 * ms, I_stim=np.linspace(0.42, 0.6, 9) * nA))
    junctions = Synapses(cells, cells, gap_junction(k_spikelet=1 * mV / nS), symmetric=True, delay=0.03 * ms)
    junctions.connect("(j == i + 1 and j % 3 != 0) or j == i + 3")
    junctions.w = "(0.3 + 0.1*i)*nS"
    source = SpikeGeneratorGroup(3, [0, 1, 2, 0], [1.234, 7.77, 20.001, 33.3] * ms)
    synapses = Synapses(source, cells, on_pre="V_post += 4*mV")
    synapses.connect(j="i*3")
    spikes = SpikeMonitor(cells)
    network = Network(cells, junctions, source, synapses, spikes)
    if monitored:
        network.add(StateMonitor(cells, "V", record=True), StateMonitor(junctions, "I", record=True))
    prefs.threads = threads
    try:
        for piece in pieces:
            network.run(piece * ms)
    finally:
        prefs.threads = 1
    return spikes.tick.tolist(), spikes.offset.tolist(), spikes.i[:].tolist(), cells.V[:].tolist()


def test_the_bits_do_not_depend_on_pieces_threads_or_monitors() -> None:
    whole = trains([150])
    assert len(whole[0]) > 15
    assert trains([13.37, 0.0111, 50, 150 - 63.3811])[:3] == whole[:3]
    assert trains([150], threads=2) == whole
    assert trains([150], monitored=True) == whole


def test_a_run_goes_on_from_what_was_stored() -> None:
    cells = NeuronGroup(3, lif(t_ref=1.5 * ms, I_stim=[0.6, 0.5, 0.45] * nA))
    junctions = Synapses(cells, cells, gap_junction, symmetric=True)
    junctions.connect("i < j")
    junctions.w = "(0.3 + i)*nS"
    spikes = SpikeMonitor(cells)
    network = Network(cells, junctions, spikes)
    network.run(31.4159 * ms)
    network.store()
    found = []
    for _ in product(range(2)):
        network.run(70 * ms)
        found.append((spikes.tick.tolist(), spikes.offset.tolist(), spikes.i[:].tolist()))
        network.restore()
    assert found[0] == found[1] and len(found[0][0]) > 5
