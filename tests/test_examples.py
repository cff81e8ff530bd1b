"""Every example runs, shortened and without a display, and draws what it is about."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import evsim
from evsim import ms, second

FOLDER = Path(__file__).parent.parent / "examples"

SHORT: dict[str, dict[str, Any]] = {
    "adaptive_threshold": {"duration": 1 * second, "cells": 10},
    "adex_chaos": {"duration": 0.5 * second, "points": 10},
    "adex_patterns": {"duration": 200 * ms},
    "brunel2000": {"duration": 60 * ms, "scale": 0.05},
    "brunel_hakim": {"duration": 60 * ms, "cells": 500},
    "clopath2010": {"rates": (20, 50), "pairs": 10},
    "coba": {"duration": 60 * ms, "cells": 400},
    "cobahh": {"duration": 20 * ms, "cells": 200},
    "coherence_resonance": {"duration": 20 * ms, "trials": 2, "levels": 4},
    "cuba": {"duration": 100 * ms, "cells": 400},
    "exponential_if": {"duration": 200 * ms, "points": 5},
    "gap_junctions": {"duration": 400 * ms, "starts": 4},
    "hindmarsh_rose": {"duration": 300 * ms},
    "hodgkin_huxley_fi": {"duration": 200 * ms, "points": 10},
    "izhikevich_network": {"duration": 100 * ms, "cells": 100},
    "jeffress": {"duration": 60 * ms, "detectors": 21},
    "kuramoto": {"duration": 3 * ms, "oscillators": 10, "couplings": 3},
    "lif_fi": {"duration": 1 * second, "points": 6, "trials": 2},
    "morris_lecar": {"duration": 1 * second, "points": 6},
    "nerve_pulse": {"duration": 40 * ms, "units": 40},
    "orientation_ring": {"duration": 50 * ms, "units": 12},
    "ornstein_uhlenbeck": {"duration": 0.3 * second, "trials": 20},
    "phase_locking": {"duration": 0.4 * second, "cells": 40},
    "plots": {"duration": 60 * ms, "cells": 40},
    "poisson_epsps": {"duration": 0.3 * second, "cells": 10},
    "polychronous": {},
    "reliability": {"duration": 200 * ms, "trials": 5},
    "spatial_connections": {"side": 12, "duration": 30 * ms},
    "stdp": {"duration": 2 * second, "inputs": 100},
    "stdp_window": {"pairs": 17},
    "stp": {"duration": 2 * second, "trains": 5},
    "strength_duration": {"lengths": (1, 10, 100), "rounds": 20},
    "synfire_chain": {"duration": 50 * ms, "groups": 4},
    "vogels2011": {"before": 20 * ms, "after": 30 * ms, "cells": 400},
    "wang2002": {"duration": 60 * ms, "scale": 0.05},
    "wang_buzsaki": {"duration": 60 * ms, "n": 10},
}

SCRIPTS = {"first"}  # run by the test of the README


GALLERY = FOLDER.parent / "docs" / "gallery"
BY_TESTS_OF_A_PLUGIN = {"sweep", "modulated"}  # in evsim-neuromodulation


def load(name: str) -> ModuleType:
    return load_file(FOLDER / f"{name}.py")


def load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    evsim.start_scope()
    evsim.seed(5)
    dt = evsim.defaultclock.dt
    yield
    plt.close("all")
    evsim.start_scope()
    evsim.defaultclock.dt = dt


def draw(name: str, **changes: Any) -> Figure:
    return load(name).main(**(SHORT[name] | changes))


def points(ax: Any) -> int:
    """How many finite points, bars, images and lines an axis shows."""
    drawn = sum(int(np.isfinite(np.asarray(line.get_ydata(), dtype=float)).sum()) for line in ax.lines)
    return drawn + len(ax.images) + len(ax.patches) + sum(len(c.get_paths()) for c in ax.collections)


def curve(line: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    return x, y


def test_every_example_is_run_and_described() -> None:
    files = {file.stem for file in FOLDER.glob("*.py")}
    assert files == set(SHORT) | SCRIPTS
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(files) if f"`{name}.py`" not in page] == []


def test_the_gallery_shows_every_script_that_is_run_with_a_small_picture() -> None:
    tool = load_file(FOLDER.parent / "tools" / "gallery.py")
    assert (GALLERY / "README.md").read_text(encoding="utf-8") == tool.page(), "python -m tools.gallery"
    entries = tool.entries()
    assert {each.name for each in entries} == set(SHORT) | SCRIPTS | BY_TESTS_OF_A_PLUGIN
    assert {path.stem for path in (GALLERY / "pictures").iterdir()} == {each.name for each in entries}
    for each in entries:
        assert (FOLDER.parent / each.script).is_file()
        assert each.sentence.endswith((".", ")"))
        picture = (GALLERY / "pictures" / f"{each.name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 40_000


def test_figures_of_the_gallery_that_a_plugin_draws_are_run_by_its_tests() -> None:
    tests = FOLDER.parent / "plugins" / "evsim-neuromodulation" / "tests" / "test_figures.py"
    for name in BY_TESTS_OF_A_PLUGIN:
        assert f" {name}(" in tests.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHORT)
def test_example_names_its_source(name: str) -> None:
    doc = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")))
    assert doc
    assert "Source: " in doc


@pytest.mark.parametrize("name", SHORT)
def test_example_draws_something_on_every_axis(name: str, tmp_path: Path) -> None:
    figure = draw(name)
    assert [ax for ax in figure.axes if points(ax) < 1] == []
    figure.savefig(tmp_path / "figure.png")


def test_current_and_length_of_a_pulse_follow_lapicque() -> None:
    lengths, found = curve(draw("strength_duration").axes[0].lines[1])
    np.testing.assert_allclose(found, 1 / (1 - np.exp(-lengths / 10)), rtol=2e-4)


def test_stationary_release_is_that_of_the_closed_form() -> None:
    for ax in draw("stp", duration=4 * second).axes[1::2]:
        closed, found = (curve(line)[1] for line in ax.lines)
        np.testing.assert_allclose(found, closed, rtol=2e-2)


def test_delays_shift_the_window_of_plasticity() -> None:
    ax = draw("stdp_window", pairs=33).axes[0]
    lags, none = curve(ax.lines[0])
    expected = np.where(lags >= 0, np.exp(-lags / 17), -0.5 * np.exp(lags / 34))
    np.testing.assert_allclose(none[lags != 0], expected[lags != 0], rtol=1e-12)
    axonal, dendritic = (curve(line)[1] for line in ax.lines[1:3])
    np.testing.assert_allclose(axonal[3:], none[:-3], rtol=1e-12)  # 15 ms are three lags
    np.testing.assert_allclose(dendritic[:-3], none[3:], rtol=1e-12)


def test_rates_without_noise_are_those_of_theory() -> None:
    drives, rates = curve(draw("lif_fi", duration=4 * second).axes[0].lines[0])
    above = drives > 1
    theory = 1 / (0.005 + 0.02 * np.log(drives[above] / (drives[above] - 1)))
    np.testing.assert_allclose(rates[above], theory, atol=0.5)
    assert not np.any(rates[~above])


def test_only_the_pattern_that_the_delays_undo_makes_a_cell_fire() -> None:
    fired = [curve(ax.lines[-1])[1].tolist() for ax in draw("polychronous").axes]
    assert fired == [[], [0], [4]]


def test_squid_axons_begin_to_fire_at_a_rate_well_above_zero() -> None:
    figure = draw("hodgkin_huxley_fi", duration=400 * ms, points=16)
    currents, rates = curve(figure.axes[1].lines[0])
    assert np.all(rates[currents <= 6] == 0)
    assert np.all(rates[currents >= 8] >= 50)


def test_detectors_fire_where_the_delays_make_up_for_the_difference() -> None:
    ax = draw("jeffress", duration=100 * ms, detectors=41).axes[0]
    for line, difference in zip(ax.lines[::2], (-300, 0, 150), strict=True):
        best, rates = curve(line)
        firing = best[rates > 0]
        assert firing.size > 0
        assert abs(firing - difference).max() <= 50


def test_eight_patterns_have_their_numbers_of_spikes() -> None:
    figure = draw("adex_patterns", duration=500 * ms)
    spikes = [len(ax.collections[0].get_paths()) for ax in figure.axes]
    by_name = {ax.get_title(): count for ax, count in zip(figure.axes, spikes, strict=True)}
    assert by_name["transient spiking"] == 1
    assert by_name["tonic spiking"] > 3 * by_name["adaptation"]
    assert by_name["delayed accelerating"] > 20


def test_coupling_makes_the_width_of_tuning_the_same_at_every_contrast() -> None:
    without, coupled = draw("orientation_ring", duration=150 * ms, units=24).axes
    widths = [[int(np.sum(curve(line)[1] > 0.5)) for line in ax.lines] for ax in (without, coupled)]
    assert len(set(widths[1])) == 1
    assert widths[0][0] < widths[0][2]


def test_pulses_that_meet_end_there() -> None:
    times, units = curve(draw("nerve_pulse", duration=100 * ms, units=40).axes[0].lines[0])
    np.testing.assert_array_equal(np.sort(units), np.arange(40) + 0.5)  # each unit fires once
    last = units[times == times.max()]
    assert np.all(abs(last - 20) <= 1)


def test_pairs_at_a_low_rate_hardly_strengthen_and_at_a_high_rate_do_in_both_orders() -> None:
    before, after = (
        curve(line)[1] for line in draw("clopath2010", rates=(2, 50), pairs=30).axes[0].lines[:2]
    )
    assert abs(before[0] - 100) < 5
    assert 95 < after[0] < 100
    assert min(before[1], after[1]) > 150
