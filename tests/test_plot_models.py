"""`evsim plot` and `evsim.plot.response`: figures of models of every kind, and one line for each mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evsim import *
from evsim import plot
from evsim.commands.command_line import main
from evsim.equations.quantities import parse_quantities, parse_quantity
from evsim.models import ampa, conductance, exponential, gap_junction, hh, lif
from evsim.plugin import Gate, Modulation, Neuron, Output, Parameter, Plasticity
from evsim.plugin.registry import registry
from evsim.units import si

MODELS = sorted({model.name for model, _ in registry().models()})


def panels(figure: Figure) -> dict[str, Axes]:
    """The panels of a figure by the labels of their y axes."""
    return {ax.get_ylabel(): ax for ax in figure.axes if ax.get_ylabel()}


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Titles and labels of axes that lie on each other."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [text for ax in figure.axes for text in (ax.title, ax._left_title, ax._right_title)]  # type: ignore[attr-defined]
    texts += [label for ax in figure.axes for label in (ax.xaxis.label, ax.yaxis.label)]
    texts += [figure._suptitle] if figure._suptitle else []  # type: ignore[attr-defined]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text().strip()]
    boxes = [(text, box) for text, box in boxes if box.width > 0]
    return [(a, b) for k, (a, one) in enumerate(boxes) for b, other in boxes[k + 1 :] if one.overlaps(other)]


@pytest.mark.parametrize("name", MODELS)
def test_every_registered_model_is_drawn_with_labels_that_do_not_overlap(name: str, tmp_path: Path) -> None:
    seed(1)
    figure = plot.response(name)
    assert figure._suptitle.get_text() == name  # type: ignore[attr-defined]
    labelled = panels(figure)
    assert len(labelled) >= 2
    lines = [line for ax in labelled.values() for line in ax.lines]
    assert any(np.ptp(np.asarray(line.get_ydata(), dtype=float)) > 0 for line in lines)
    assert all(np.all(np.isfinite(np.asarray(line.get_ydata(), dtype=float))) for line in lines)
    assert overlaps(figure) == []
    figure.savefig(tmp_path / "figure.png", dpi=50)


# What is drawn


def test_a_gate_is_drawn_from_the_spike_to_the_potential() -> None:
    figure = plot.response(exponential(tau=2 * ms), spikes=[5.05] * ms, duration=20 * ms)
    found = panels(figure)
    assert list(found) == ["spikes", "s", "g (nS)", "I (pA)", "V (mV)"]
    t, s = (np.asarray(each) for each in found["s"].lines[0].get_data())
    assert t[1] == pytest.approx(0.01)
    np.testing.assert_allclose(s, np.where(t >= 5.05, np.exp(-(t - 5.05) / 2), 0), atol=1e-9)
    g, current = (np.asarray(found[name].lines[0].get_ydata()) for name in ("g (nS)", "I (pA)"))
    V = np.asarray(found["V (mV)"].lines[0].get_ydata())
    np.testing.assert_allclose(g, 5 * s, rtol=1e-12)
    np.testing.assert_allclose(current, g * V, rtol=1e-12)
    assert V[0] == pytest.approx(-70)
    assert V.max() > -69.9
    assert found["V (mV)"].get_xlabel() == "time (ms)"


def test_an_inhibitory_receptor_opens_what_inhibits() -> None:
    for name in ("gaba_a", "gaba_b"):
        V = np.asarray(plot.response(name).axes[-1].lines[0].get_ydata())
        assert V[-1] <= V.max() == V[0]
        assert V.min() < V[0]


def test_a_change_too_small_beside_the_potential_is_drawn_by_itself() -> None:
    ax = plot.response("gaba_b").axes[-1]
    assert ax.get_ylabel() == "V − V(0) (nV)"
    assert np.asarray(ax.lines[0].get_ydata())[0] == 0


def test_another_output_and_a_spiking_neuron_can_be_chosen() -> None:
    figure = plot.response(
        ampa,
        output="current",
        neuron=hh,
        weight=100 * nA,
        spikes=[2, 22] * ms,
        duration=40 * ms,
    )
    found = panels(figure)
    assert list(found) == ["spikes", "s", "I (nA)", "V (mV)"]
    bars = found["V (mV)"].collections[0].get_paths()
    assert len(bars) == 2


def test_an_output_is_drawn_with_its_current_against_the_potential() -> None:
    figure = plot.response("magnesium_block")
    curve = figure.axes[-1]
    V, current = (np.asarray(each) for each in curve.lines[1].get_data())
    assert curve.get_xlabel() == "V (mV)"
    expected = 150 * V / (1 + 1.2 / 3.57 * np.exp(-0.062 * V)) / 1000
    np.testing.assert_allclose(current, expected, rtol=1e-12)
    assert "B" in panels(figure)


def test_a_neuron_is_drawn_below_and_above_its_threshold_with_its_rates() -> None:
    figure = plot.response(lif(I_stim=0 * nA))
    curve = panels(figure)["spikes per second"]
    currents, rates = (np.asarray(each) for each in curve.lines[0].get_data())
    assert curve.get_xlabel() == "I_syn (nA)"
    above = currents > 0.42
    expected = 1000 / (20 * np.log((50 * currents[above] + 20) / (50 * currents[above] - 20)))
    np.testing.assert_allclose(rates[above], expected, rtol=1e-9)
    assert not np.any(rates[currents < 0.4])
    told = [ax.get_title(loc="right") for ax in figure.axes]
    assert told[1].endswith(": 0 spikes")
    assert not told[3].endswith(": 0 spikes")


def test_steps_of_current_can_be_chosen() -> None:
    figure = plot.response(lif, current=[0.1, 0.2] * nA, duration=100 * ms)
    told = [ax.get_title(loc="right").partition(":")[0] for ax in figure.axes[1:3]]
    assert told == ["I_syn = 100 pA", "I_syn = 200 pA"]


def test_a_junction_is_drawn_with_both_cells() -> None:
    found = panels(plot.response(gap_junction, weight=10 * nS, duration=100 * ms))
    assert list(found) == ["V_0 (mV)", "V_1 (mV)", "I (pA)", "I_syn (pA)"]
    first, other = (np.asarray(found[f"V_{k} (mV)"].lines[0].get_ydata()) for k in (0, 1))
    through = np.asarray(found["I (pA)"].lines[0].get_ydata())
    np.testing.assert_allclose(through, 10 * (first - other), rtol=1e-9, atol=1e-9)


def test_a_modulation_is_drawn_onto_bare_equations_where_no_neuron_has_the_parameter() -> None:
    model = Modulation(
        name="own",
        doc="A modulation of a test.",
        equations="du/dt = -u/tau : 1",
        parameters=[Parameter("tau", 50 * ms, "decay")],
        on_pre="u += 1",
        gain="u*pA",
        parameter="I_nowhere",
    )
    assert list(panels(plot.response(model, spikes=[10] * ms))) == ["spikes", "u"]


def pair_rule() -> Plasticity:
    return Plasticity(
        name="own_pairs",
        doc="A rule of a test.",
        equations="dA/dt = -A/tau : {weight}\ndB/dt = -B/tau : {weight}",
        parameters=[Parameter("tau", 10 * ms, "of traces")],
        on_pre="A += 0.1*w\nw -= B",
        on_post="B += 0.2*w\nw += A",
    )


def test_a_plasticity_is_drawn_with_both_ends_and_its_window() -> None:
    figure = plot.response(pair_rule(), gate="alpha", weight=2 * nA)
    found = panels(figure)
    assert list(found) == ["source", "target", "A (pA)", "B (pA)", "w (nA)", "change of w (pA)"]
    later, earlier = (line.get_data() for line in found["change of w (pA)"].lines[-2:])
    np.testing.assert_allclose(later[1], 200 * np.exp(-np.asarray(later[0]) / 10), rtol=1e-9)
    np.testing.assert_allclose(earlier[1], -400 * np.exp(np.asarray(earlier[0]) / 10), rtol=1e-9)


def test_a_release_is_drawn_with_the_gate_and_the_potential() -> None:
    model = Plasticity(
        name="own_release",
        doc="A release of a test.",
        equations="dx/dt = (1 - x)/tau : 1",
        parameters=[Parameter("tau", 100 * ms, "recovery")],
        on_pre="r = x/2\nx -= r",
        release="r",
        initial={"x": 1},
    )
    figure = plot.response(model, gate=exponential(tau=1 * ms), spikes=[1, 2] * ms, duration=4 * ms)
    found = panels(figure)
    assert list(found) == ["spikes", "x", "s", "V (mV)"]
    x = np.asarray(found["x"].lines[0].get_ydata())
    assert x[0] == 1
    assert x[600] == pytest.approx(1 - 0.5 * np.exp(-0.2 / 100), rel=1e-9)


def test_models_of_others_are_drawn_as_built_in_ones_are() -> None:
    gate = Gate(
        name="own_gate", doc="A gate.", equations="ds/dt = -s/(4*ms) - s**2/(9*ms) : 1", on_pre="s += 1"
    )
    output = Output(
        name="own_output",
        doc="An output.",
        equations="G = w*G_max*s : siemens\nI = G*(V - E) : amp",
        parameters=[
            Parameter("G_max", 4 * nS, "largest"),
            Parameter("E", -10 * mV, "reversal"),
        ],
        current="-I",
    )
    neuron = Neuron(
        name="own_neuron",
        doc="A neuron.",
        equations="du/dt = (-u - 60*mV + 100*Mohm*I_in)/(7*ms) : volt\nI_in : amp (input)",
        membrane="u",
        threshold="u > -45*mV",
        reset="u = -60*mV",
        initial={"u": -60 * mV},
    )
    figure = plot.response(gate, output=output, neuron=neuron)
    assert list(panels(figure)) == ["spikes", "s", "G (nS)", "I (pA)", "u (mV)"]
    told = [ax.get_title(loc="right") for ax in plot.response(neuron).axes]
    assert told[1] == "I_in = 120 pA: 0 spikes"


def test_a_figure_of_the_user_is_drawn_in() -> None:
    mine = plt.figure()
    assert plot.response("voltage_jump", figure=mine) is mine
    plt.close(mine)


def test_the_step_of_the_users_clock_and_the_users_objects_stay_as_they_are() -> None:
    defaultclock.dt = 0.5 * ms
    group = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1")
    group.v = 1
    plot.response(exponential, duration=10 * ms)
    assert defaultclock.dt == 0.5 * ms
    run(10 * ms)
    assert group.v[0] == pytest.approx(np.exp(-1), rel=1e-12)


# The command


def test_the_command_saves_png_svg_and_pdf_without_a_display(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, head in (("voltage_jump.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("b.pdf", b"%PDF")):
        output = [] if name.endswith("png") else ["--output", name]
        assert main(["plot", "voltage_jump", "--duration", "20ms", *output]) == 0
        assert capsys.readouterr().out == f"voltage_jump: {name}\n"
        assert (tmp_path / name).read_bytes().startswith(head)


def test_parameters_of_the_model_and_of_its_partners_are_set_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evsim.commands import pictures

    drawn: list[Any] = []

    class Nothing:
        def savefig(self, *_: Any, **__: Any) -> None:
            pass

    monkeypatch.setattr(pictures, "draw", lambda trial, figure: drawn.append(trial) or Nothing())
    words = "plot alpha --set tau=2ms --set E=-80mV --set lif.C_m=0.2nF --set normalisation=closed_form"
    words += " --with lif --spikes 1,2.5,20ms --duration 0.1second --weight 2 --target I_syn"
    assert main([*words.split(), "--output", str(tmp_path / "x.png")]) == 0
    (trial,) = drawn
    assert trial.model.value("tau") == 2 * ms
    assert trial.model.choice("normalisation") == "closed_form"
    assert trial.output.value("E") == -80 * mV
    assert trial.neuron.value("C_m") == 0.2 * nF
    np.testing.assert_allclose(trial.spikes, [0.001, 0.0025, 0.02])
    assert (trial.duration, trial.weight, trial.port) == (0.1, 2, "I_syn")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lff", "no model is named 'lff' (did you mean lif?)"),
        ("ampa --set beta", "--set beta: give a name and a value, as in --set tau=3ms"),
        (
            "ampa --set bta=3/ms",
            "--set bta=3/ms: there is no parameter 'bta' (did you mean beta?); ampa has alpha",
        ),
        ("ampa --set qif.tau=3ms", "'qif' is not in this figure; there are ampa, conductance, lif"),
        ("ampa --set beta=3mV", "parameter beta of model ampa must be in Hz, got 3. mV"),
        ("ampa --set beta=3/mss", "there is no unit 'mss' in '3/mss'; write 3ms or 0.18/ms"),
        ("ampa --set beta=exp(1)/ms", "calls a function; give a number and a unit"),
        ("ampa --set beta=__import__('os').getcwd()", "only functions with a plain name can be called"),
        ("alpha --set normalisation=row", "normalisation of model alpha is one of"),
        ("ampa --spikes 1,2", "'1' is not in s; give numbers and a unit"),
        ("ampa --spikes=-1ms", "--spikes are times from 0 on, got -1ms"),
        ("ampa --duration 0ms", "--duration is a time above zero, got 0ms"),
        ("ampa --with hh --with lif", "a neuron cannot be joined to the gate ampa twice"),
        ("ampa --with exponential", "a gate cannot be joined to the gate ampa"),
        ("lif --spikes 1ms", "the figure of the neuron lif has no spikes to choose"),
        ("lif --with current", "the figure of the neuron lif has no output to choose"),
        ("lif --target I", "model lif has no input 'I'; it has I_syn"),
        ("ampa --target I", "the target has no input 'I'; it has I_syn"),
        ("ampa --output a.jpg", "a picture ends with .png, .svg, .pdf"),
        ("ampa --output no/such/a.png", "there is no folder no/such for the picture"),
        ("ampa --show", "there is no display to --show a window on (backend agg)"),
    ],
)
def test_a_mistake_is_one_line_and_code_1(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", *words.split()]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_plot_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "evsim", "plot", "voltage_jump"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "voltage_jump: voltage_jump.png\n", "")


# Quantities from text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3ms", 3 * ms),
        ("-80 mV", -80 * mV),
        ("0.18/ms", 0.18 / ms),
        ("0.98/(mM*ms)", 0.98 / (mM * ms)),
        ("2e-3uS", 2e-3 * uS),
        ("100uM^4", 100 * uM**4),
        ("1uF/cm2", 1 * uF / cm2),
        ("200mV/uS", 200 * mV / uS),
        ("0", 0.0),
        (".5", 0.5),
    ],
)
def test_a_quantity_is_read_as_it_is_written(text: str, value: Any) -> None:
    found = parse_quantity(text, "here")
    assert float(si(found)) == pytest.approx(float(si(value)), rel=1e-15)
    assert get_dimensions(found) == get_dimensions(value)


def test_values_without_a_unit_have_that_of_the_last() -> None:
    for text in ("1,5.3,20ms", "1 5.3 20ms", "1; 5.3; 20 ms", "0.001second, 5.3, 20ms"):
        np.testing.assert_allclose(si(parse_quantities(text, ms, "here")), [1e-3, 5.3e-3, 20e-3])


@pytest.mark.parametrize(
    "text", ["", "ms ms", "1..2ms", "3 apples", "1e999ms", "True", "[1]*ms", "a.b", "1/0"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(EvsimError):
        parse_quantity(text, "here")


def test_the_usual_conductance_of_the_figure_is_named_in_it() -> None:
    figure = plot.response("ampa", duration=30 * ms)
    assert "ampa through conductance (g_max = 5 nS) with w = 1, onto lif (I_stim = 0 nA)" in figure.axes[
        0
    ].get_title(loc="left")
    assert conductance.value("g_max") == 0.1 * uS
