"""How fast paths of the methods for noise come to the right one, as steps get smaller: their strong orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evsim import Network, NeuronGroup, defaultclock, ms, run, seed, start_scope
from evsim.engine import Simulation

GEOMETRIC = """
dx/dt = 0.1*x/ms + 0.25*x*xi/sqrt(ms) : 1
dw/dt = xi/sqrt(ms) : 1
"""
SPAN = 16.0


def error_of_geometric_motion(method: str, step: float) -> float:
    """Root mean square of x against exp(0.1*t + 0.25*w), with the path w that the method itself has drawn.

    The method is put into the description: the words refuse it where the factor changes, or two equations share xi.
    """
    start_scope()
    seed(5)
    defaultclock.dt = step * ms
    cells = NeuronGroup(2000, GEOMETRIC, method="heun")
    cells.x = 1
    described = Network(cells).describe()
    population = described.populations[0]
    population.model = replace(population.model, method=method)  # type: ignore[type-var]
    Simulation(described).run(SPAN * 1e-3)
    drift = 0.1 - 0.25**2 / 2 * (method == "euler")  # Ito's sense, the others have that of Stratonovich
    w = population.state["w"]
    assert abs(np.var(w) / SPAN - 1) < 0.1
    return float(np.sqrt(np.mean((population.state["x"] / np.exp(drift * SPAN + 0.25 * w) - 1) ** 2)))


@pytest.mark.parametrize(("method", "order"), [("euler", 0.5), ("milstein", 1), ("heun", 1)])
def test_the_order_where_the_factor_of_noise_changes(method: str, order: float) -> None:
    errors = [error_of_geometric_motion(method, step) for step in (0.8, 0.4, 0.2, 0.1)]
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(slopes - order) < 0.1), (errors, slopes)


def end_of_shared_path(method: str, parts: int, number: int) -> float:
    """All steps, whatever their length, see one path: shared noise is refined by halves inside 0.8 ms."""
    start_scope()
    seed(number)
    defaultclock.dt = 0.8 * ms
    model = "dx/dt = (1 - x - 0.3*x**3)/ms + 0.6*xi/sqrt(ms) : 1 (shared)"
    group = NeuronGroup(1, model, method=method, dt=0.8 * ms / parts)
    group.x = 0.5
    run(8 * ms)
    return float(np.ravel(group.x)[0])


@pytest.mark.parametrize("method", ["euler", "milstein", "heun"])
def test_the_order_where_noise_is_added(method: str) -> None:
    paths = range(30)
    exact = np.array([end_of_shared_path("heun", 512, number) for number in paths])
    errors = []
    for parts in (2, 8, 32):
        ends = np.array([end_of_shared_path(method, parts, number) for number in paths])
        errors.append(float(np.sqrt(np.mean((ends - exact) ** 2))))
    slopes = np.log2(np.array(errors[:-1]) / errors[1:]) / 2
    assert np.all(np.abs(slopes - 1) < 0.35), (errors, slopes)
