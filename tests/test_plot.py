"""Plots on given axes: what is drawn, units on axes, and inputs that are empty, huge or wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from evsim import *
from evsim import plot
from evsim.plot.scales import scale_for
from evsim.units import dimension_of, si

EQUATIONS = "dV/dt = (30*mV - V)/(10*ms) : volt"


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, axes = plt.subplots()
    yield axes
    figure.canvas.draw()  # nothing of what was drawn fails or warns late
    plt.close(figure)


def cells(n: int = 3) -> NeuronGroup:
    group = NeuronGroup(n, EQUATIONS, threshold="V > 20*mV", reset="V = 0*mV")
    group.V = np.arange(n) * mV
    return group


def run_cells() -> tuple[SpikeMonitor, StateMonitor]:
    group = cells()
    spikes, trace = SpikeMonitor(group), StateMonitor(group, "V", record=[0, 2])
    Network(group, spikes, trace).run(30 * ms)
    return spikes, trace


def test_77_a_raster_has_a_mark_for_each_spike_of_a_monitor(ax: Axes) -> None:
    spikes, _ = run_cells()
    marks = plot.raster(spikes, ax=ax)
    assert spikes.num_spikes == 6
    np.testing.assert_allclose(marks.get_xdata(), spikes.t / ms, rtol=1e-15)
    np.testing.assert_array_equal(marks.get_ydata(), spikes.i)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "neuron")
    assert ax.get_xlim() == (0, 30)
    assert ax.get_ylim() == (-0.5, 2.5)
    assert marks.get_marker() == "|"


def test_a_raster_takes_arrays_and_a_unit_and_the_users_marks(ax: Axes) -> None:
    marks = plot.raster([1, 2500] * ms, [4, 0], ax=ax, unit=second, color="red", label="these", offset=10)
    np.testing.assert_allclose(marks.get_xdata(), [0.001, 2.5])
    np.testing.assert_array_equal(marks.get_ydata(), [14, 10])
    assert ax.get_xlabel() == "time (s)"
    assert (marks.get_color(), marks.get_label()) == ("red", "these")
    assert ax.get_ylim() == (9.5, 14.5)


def test_a_second_raster_on_the_same_axes_leaves_the_first_in_sight(ax: Axes) -> None:
    plot.raster([1, 50] * ms, [0, 9], ax=ax)
    plot.raster([3] * ms, [0], ax=ax, offset=10)
    assert ax.get_xlim() == (0, 50)
    assert ax.get_ylim() == (-0.5, 10.5)


def test_an_empty_raster_shows_the_rows_and_the_whole_run(ax: Axes) -> None:
    group = NeuronGroup(5, EQUATIONS, threshold="V > 1*volt", reset="V = 0*mV")
    spikes = SpikeMonitor(group)
    plot.raster(spikes, ax=ax)
    Network(group, spikes).run(7 * ms)
    plot.raster(spikes, ax=ax)
    assert ax.get_ylim() == (-0.5, 4.5)
    assert ax.get_xlim() == (0, 7)


def test_a_million_spikes_are_pixels_that_let_through_what_lies_below(ax: Axes) -> None:
    n = 1_000_000
    marks = plot.raster(np.linspace(0, 1, n) * second, np.arange(n) % 5000, ax=ax)
    assert marks.get_marker() == ","
    assert marks.get_rasterized()
    assert 0.02 <= marks.get_alpha() < 0.3


def test_79_traces_have_names_units_and_a_legend(ax: Axes) -> None:
    _, trace = run_cells()
    lines = plot.traces(trace, ax=ax)
    assert [line.get_label() for line in lines] == ["neuron 0", "neuron 2"]
    np.testing.assert_allclose(lines[1].get_ydata(), trace.V[1] / mV, rtol=1e-14)
    np.testing.assert_allclose(lines[1].get_xdata(), trace.t / ms, rtol=1e-14)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "V (mV)")
    assert ax.get_legend() is not None


def test_76_spikes_are_bars_above_their_traces(ax: Axes) -> None:
    spikes, trace = run_cells()
    plot.traces(trace, "V", ax=ax, spikes=spikes)
    bars = [np.array([path.vertices[0, 0] for path in each.get_paths()]) for each in ax.collections]
    for found, neuron in zip(bars, (0, 2), strict=True):
        np.testing.assert_allclose(found, spikes.spike_trains()[neuron] / ms, rtol=1e-14)
    assert ax.get_ylim()[1] > float(trace.V.max() / mV)


def test_one_of_the_recorded_elements_can_be_chosen(ax: Axes) -> None:
    _, trace = run_cells()
    (line,) = plot.traces(trace, record=2, ax=ax, unit=uV, time_unit=second, color="k")
    np.testing.assert_allclose(line.get_ydata(), trace.V[1] / uV, rtol=1e-14)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "V (µV)")
    with pytest.raises(EvsimError, match="does not record neuron 1; it records 0, 2"):
        plot.traces(trace, record=1, ax=ax)


def test_traces_of_single_synapses_are_called_so(ax: Axes) -> None:
    from evsim.models import conductance, exponential, lif

    group = NeuronGroup(2, lif)
    synapses = Synapses(SpikeGeneratorGroup(1, [0], [1] * ms), group, exponential, output=conductance)
    synapses.connect()
    trace = StateMonitor(synapses, ["s", "I"], record=True)
    Network(group, synapses.source, synapses, trace).run(2 * ms)
    lines = plot.traces(trace, "I", ax=ax)
    assert [line.get_label() for line in lines] == ["synapse 0", "synapse 1"]
    assert ax.get_ylabel() == "I (nA)"
    with pytest.raises(TypeError, match=r"say which variable of .* to draw: s, I"):
        plot.traces(trace, ax=ax)


def test_peaks_of_a_long_trace_are_kept(ax: Axes) -> None:
    t = np.arange(1_000_001) * 1e-6
    values = np.sin(t)
    values[[123_456, 777_777]] = 5, -7
    (line,) = plot.traces(t * second, values, ax=ax)
    x, y = (np.asarray(each) for each in line.get_data())
    assert x.size < 25_000
    assert x[y.argmax()] == pytest.approx(123.456)
    assert (y.max(), y.min()) == (5, -7)
    assert np.all(np.diff(x) > 0)
    assert (x[0], x[-1]) == (0, 1000)


def test_an_empty_monitor_one_sample_and_many_rows_are_drawn_too(ax: Axes) -> None:
    group = cells()
    lines = plot.traces(StateMonitor(group, "V", record=True), ax=ax)
    assert [np.asarray(line.get_xdata()).size for line in lines] == [0, 0, 0]
    (dot,) = plot.traces([3.0] * ms, [4] * pA, ax=ax, marker="o", name="I")
    assert dot.get_marker() == "o"
    assert ax.get_ylabel() == "I (pA)"
    assert len(plot.traces([1, 2] * ms, np.ones((20, 2)) * nS, ax=ax)) == 20


def connected() -> Synapses:
    synapses = Synapses(cells(4), cells(3), "w : siemens")
    synapses.connect(i=[0, 3, 3], j=[2, 0, 0])
    synapses.w = [1, 2, 4] * nS
    return synapses


def test_connectivity_marks_sources_and_targets(ax: Axes) -> None:
    marks = plot.connectivity(connected(), ax=ax)
    assert isinstance(marks, plt.Line2D)
    np.testing.assert_array_equal(marks.get_xdata(), [0, 3, 3])
    np.testing.assert_array_equal(marks.get_ydata(), [2, 0, 0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("source", "target")
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-0.5, 3.5, -0.5, 2.5)


def test_many_synapses_are_a_picture_of_how_dense_they_are(ax: Axes) -> None:
    i = np.repeat(np.arange(2000), 100)
    image = plot.connectivity(i, (i * 7 + np.tile(np.arange(100), 2000)) % 1000, ax=ax)
    values = np.asarray(image.get_array())  # type: ignore[union-attr]
    assert values.shape == (500, 500)
    assert values.mean() == pytest.approx(0.1, rel=1e-12)
    assert ax.figure.axes[1].get_ylabel() == "synapses per pair"


def test_weights_are_a_picture_with_the_mean_where_synapses_share_a_place(ax: Axes) -> None:
    image: Any = plot.weights(connected(), ax=ax)
    expected = np.full((3, 4), np.nan)
    expected[2, 0], expected[0, 3] = 1, 3
    np.testing.assert_allclose(np.ma.filled(image.get_array(), np.nan), expected)
    assert ax.figure.axes[1].get_ylabel() == "w (nS)"


def test_weights_of_both_signs_have_zero_in_the_middle(ax: Axes) -> None:
    image = plot.weights([0, 1], [-3, 1] * pA, [0, 0], ax=ax)
    assert image.get_clim() == (-3, 3)


def test_weights_can_be_a_histogram_and_delays_too(ax: Axes) -> None:
    synapses = connected()
    synapses.delay = [1, 1, 3] * ms
    bars: Any = plot.weights(synapses, "delay", kind="histogram", ax=ax)
    assert bars.get_data().values.sum() == 3
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("delay (ms)", "synapses")


def test_synapses_that_are_not_connected_draw_an_empty_frame(ax: Axes) -> None:
    synapses = Synapses(cells(4), cells(3), "w : 1")
    synapses.connect("i > 10")
    plot.connectivity(synapses, ax=ax)
    plot.weights(synapses, ax=ax)
    plot.weights(synapses, ax=ax, kind="histogram")


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (
            lambda ax: plot.raster([1, 2] * ms, ax=ax),
            TypeError,
            "raster: give a SpikeMonitor, or times and indices",
        ),
        (
            lambda ax: plot.raster([1.0, 2.0], [0, 1], ax=ax),
            DimensionMismatchError,
            "times of raster must be in s",
        ),
        (lambda ax: plot.raster([1, 2] * ms, [0], ax=ax), ValueError, "give one index for each time"),
        (lambda ax: plot.raster([1] * ms, [0.5], ax=ax), TypeError, "indices are integers"),
        (
            lambda ax: plot.raster([1] * ms, [0], ax=ax, unit=mV),
            DimensionMismatchError,
            "must be in s, got mV",
        ),
        (lambda ax: plot.traces([1] * ms, [1, 2], ax=ax), ValueError, "give a value for each time"),
        (lambda ax: plot.traces([1] * ms, ax=ax), TypeError, "give a StateMonitor, or times and values"),
        (lambda ax: plot.connectivity([0], ax=ax), TypeError, "give Synapses, or the indices"),
        (lambda ax: plot.connectivity([0], [-1], ax=ax), TypeError, "indices are integers from 0 on"),
        (lambda ax: plot.weights([0], [1.0, 2.0], [0], ax=ax), ValueError, "got 2 values for 1 synapses"),
        (
            lambda ax: plot.weights([0], [1.0], [0], kind="x", ax=ax),
            ValueError,
            "'matrix' or 'histogram', got 'x'",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_repair(
    draw: Any, error: type[Exception], message: str, ax: Axes
) -> None:
    with pytest.raises(error) as raised:
        draw(ax)
    assert message in str(raised.value)


def test_without_axes_the_present_ones_are_taken(ax: Axes) -> None:
    plt.sca(ax)
    plot.raster([1] * ms, [0])
    assert len(ax.lines) == 1


@pytest.mark.parametrize(
    ("values", "symbol", "size"),
    [
        ([-70e-3, -50e-3], "mV", 1e-3),
        ([0.5], "mV", 1e-3),
        ([2e-7], "nV", 1e-9),
        ([0.0], "mV", 1e-3),
        ([], "mV", 1e-3),
        ([np.nan, 0.1], "mV", 1e-3),
    ],
)
def test_potentials_are_read_in_mv_unless_they_are_tiny(values: Any, symbol: str, size: float) -> None:
    scale = scale_for(values, dimension_of(volt))
    assert (scale.symbol, scale.size) == (symbol, pytest.approx(size))


def test_other_units_have_the_largest_value_between_1_and_1000() -> None:
    for value, symbol in (
        (999 * pA, "pA"),
        (1 * nA, "nA"),
        (4 * uS, "µS"),
        (20 * nS, "nS"),
        (3 * Mohm, "MΩ"),
    ):
        assert scale_for(si(value), dimension_of(value)).symbol == symbol
    assert scale_for(3.0, dimension_of(1.0)).label("s") == "s"


def test_matplotlib_is_loaded_when_something_is_drawn() -> None:
    code = "import sys, evsim; evsim.plot.raster; print('matplotlib' in sys.modules, 'pyplot' in str(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
