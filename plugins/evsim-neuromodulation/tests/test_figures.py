"""Figures without a display: the sweep, the modulated cells, and sliders that draw the cell again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from evsim_neuromodulation.__main__ import main
from evsim_neuromodulation.figures import RANGES, modulated, sliders, sweep

from evsim import second


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_95_a_slider_simulates_and_draws_the_cell_again() -> None:
    figure, found = sliders(6 * second)
    assert list(found) == list(RANGES)
    (line,) = figure.axes[0].lines
    before = np.array(line.get_ydata())
    assert figure.axes[0].get_title() == "bursting, 14 spikes"
    found["a_sp"].set_val(4.0)
    assert figure.axes[0].get_title().startswith("tonic")
    assert np.max(np.abs(line.get_ydata() - before)) > 1
    found["a_sp"].set_val(2.0)
    assert np.array_equal(line.get_ydata(), before)


def test_the_sweep_shows_silent_bursting_and_tonic_cells() -> None:
    figure = sweep(8 * second, (1.5, 2.0, 4.0))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["a_sp = 1.5: silent", "a_sp = 2: bursting", "a_sp = 4: tonic"]


def test_any_gain_can_be_swept_also_over_one_value() -> None:
    figure = sweep(0.5 * second, [-2.5], "I_app")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["I_app = -2.5: silent"]
    assert len(sweep(0.1 * second, gain="a_up").axes) == 5


def test_three_modulated_cells_are_drawn() -> None:
    figure = modulated(4 * second, 1 * second, 1 * second)
    assert len(figure.axes) == 3
    for ax in figure.axes:
        values = np.asarray(ax.lines[0].get_ydata())
        assert values.size == 4000
        assert np.all(np.isfinite(values))


def test_the_command_saves_pictures_where_there_is_no_display(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import evsim_neuromodulation.__main__ as command

    monkeypatch.setattr(command, "sweep", lambda gain: sweep(0.1 * second, (-2.0, 0.0), gain))
    monkeypatch.setattr(command, "modulated", lambda: modulated(0.1 * second, 0.02 * second, 0.05 * second))
    assert main(["--sweep", "I_app", "--output", str(tmp_path / "new")]) == 0
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == ["modulated.png", "sweep.png"]
    assert len(capsys.readouterr().out.splitlines()) == 2
