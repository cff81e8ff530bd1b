"""Taylor series of equations: each function and operation against thirty digits, and what has no series."""

from __future__ import annotations

import numpy as np
import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    ms,
    prefs,
    second,
    start_scope,
    verify,
)
from evsim.codegen.general import general_source
from evsim.codegen.series import gathered
from evsim.description import GeneralModel
from evsim.equations.expression import Expression

SMOOTH = {
    "product": "0.7 + v*(1 - v/3)*u",
    "power": "1.2 - 0.3*v**3 + 0.1*u**5",
    "quotient": "(1.5 + u)/(1 + v**2)",
    "inverse": "2/(1 + u**2 + v**2)",
    "exponential": "exp(-v) + 0.3*exp(0.5*u*v)",
    "exprel": "exprel(2*u - v)",
    "exprel_near_zero": "1/exprel(1.3*(v - 0.5)) + 0.2",
    "exprel_below": "0.5/exprel(4*v - 2*u)*(2 - v) + 0.3",
    "trigonometric": "1.5 + sin(3*u) - cos(v*u)",
    "hyperbolic": "1 + tanh(2*v - 1)*u",
    "time": "1 + 0.5*sin(5*t/ms)*u + (t/(20*ms))**2",
    "constant": "0.7",
}


def model(rate: str, **more: object) -> GeneralModel:
    """Describe one state v beside a u that it does not act on."""
    rates = {"v": Expression.parse(rate, "the test"), "u": Expression.parse("-k*u", "the test")}
    settings: dict[str, object] = {
        "clamped": frozenset(),
        "threshold": Expression.parse("v > 1", "the test"),
        "reset": (),
    }
    return GeneralModel(("v", "u"), rates, parameters=("k",), **{**settings, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SMOOTH)
def test_every_operation_gives_spikes_as_thirty_digits_do(name: str) -> None:
    start_scope()
    defaultclock.dt = 0.1 * ms
    times = np.array([0.31234, 1.7, 1.70001, 3.14159, 4.4, 6.02, 8.98765]) * ms
    source = SpikeGeneratorGroup(1, np.zeros(7, int), times)
    cells = NeuronGroup(
        1,
        f"dv/dt = ({SMOOTH[name]})/ms : 1 (unless refractory)\ndu/dt = -u/(2*ms) : 1",
        threshold="v > 1",
        reset="v = -0.25*u",
        refractory=0.37 * ms,
    )
    cells.u = 0.4
    synapses = Synapses(source, cells, on_pre="u_post += 0.2", delay=0.123 * ms)
    synapses.connect()
    report = verify(Network(cells, source, synapses), 10 * ms, digits=30)
    assert report.is_right, report
    assert report.n_spikes >= 3, report
    assert report.largest_difference < 1e-9, report


def test_equations_with_series_are_integrated_by_them_and_others_by_the_pair() -> None:
    smooth = general_source(model("v*u + exp(v)"), ())[0]
    assert "#define IS_SERIES 1" in smooth
    for rate in ("abs(v)", "clip(v, 0, 1)", "sqrt(u)", "v**0.5", "v**-1", "log(u)", "(v > 0.5)*u", "int(v)"):
        assert "#define IS_SERIES 0" in general_source(model(rate), ())[0], rate
    assert "#define IS_SERIES 0" in general_source(model("v*u", method="rk4"), ())[0]
    assert "#define IS_SERIES 0" in general_source(model("v*u"), (), is_linked=True)[0]


def test_what_is_linear_in_its_own_state_takes_one_product() -> None:
    rates = {"v": "ge*(Ee - v) + gi*(Ei - v) - v", "ge": "-ge", "gi": "-gi"}
    trees = {name: Expression.parse(rate, "the test").tree for name, rate in rates.items()}
    text = general_source(
        GeneralModel(
            ("v", "ge", "gi"),
            {name: Expression.parse(rate, "the test") for name, rate in rates.items()},
            frozenset(),
            None,
            (),
            ("Ee", "Ei"),
        ),
        (),
    )[0]
    assert text.count("= series_product(") == 1
    assert gathered(trees)["ge"] == trees["ge"]


def spikes_of(n: int, threads: int, pieces: int) -> tuple[list[int], list[float]]:
    """Cells of different drive, more than fill their lanes; some spike, some rest, all receive something."""
    start_scope()
    defaultclock.dt = 0.1 * ms
    source = SpikeGeneratorGroup(n, np.arange(n), np.linspace(0.05, 18.7, n) * ms)
    cells = NeuronGroup(
        n,
        "dv/dt = (I + v**2 + u*(1 - v))/(3*ms) : 1 (unless refractory)\ndu/dt = -u/(2*ms) : 1\nI : 1",
        threshold="v > 5",
        reset="v = -1",
        refractory=0.3 * ms,
    )
    cells.I = "-0.5 + 2*i/N"
    synapses = Synapses(source, cells, on_pre="u_post += 0.3")
    synapses.connect(j="k for k in range(i - 2, i + 3)", skip_if_invalid=True)
    again = Synapses(cells, cells, on_pre="u_post += 0.1", delay=0.777 * ms)
    again.connect(j="k for k in range(i - 1, i + 2)", skip_if_invalid=True)
    monitor = SpikeMonitor(cells)
    network = Network(cells, source, synapses, again, monitor)
    prefs.threads = threads
    for _ in range(pieces):
        network.run(20 * ms / pieces)
    return monitor.i.tolist(), monitor.t_.tolist()


@pytest.mark.parametrize(("threads", "pieces"), [(2, 1), (1, 7), (2, 3)])
def test_neurons_do_not_depend_on_their_company(threads: int, pieces: int) -> None:
    before = prefs.threads
    try:
        alone = spikes_of(77, 1, 1)
        assert len(alone[0]) > 100
        assert spikes_of(77, threads, pieces) == alone
    finally:
        prefs.threads = before


def test_a_runaway_is_followed_to_its_threshold() -> None:
    """dv/dt = v**2 from 1: v = 1/(1 - t) reaches 1e6 at 1 - 1e-6 ms."""
    start_scope()
    defaultclock.dt = 0.1 * ms
    cells = NeuronGroup(3, "dv/dt = v**2/ms : 1", threshold="v > 1e6", reset="v = 0")
    cells.v = 1
    monitor = SpikeMonitor(cells)
    Network(cells, monitor).run(1.5 * ms)
    np.testing.assert_allclose(monitor.t / ms, 1 - 1e-6, rtol=0, atol=1e-10)


def test_a_threshold_between_two_ends_of_a_step_is_found() -> None:
    """The crest of v = sin(t) is above the threshold for 0.28 ms, far less than the window of 1 ms."""
    start_scope()
    defaultclock.dt = 1 * ms
    cells = NeuronGroup(
        1, "dv/dt = w/ms : 1\ndw/dt = -v/ms*(1 + 0*w**2) : 1", threshold="v > 0.99", refractory=1 * second
    )
    cells.w = 1
    monitor = SpikeMonitor(cells)
    Network(cells, monitor).run(3 * ms)
    np.testing.assert_allclose(monitor.t / ms, [np.arcsin(0.99)], rtol=0, atol=1e-11)
