"""What a user expects of clocks, scopes, runs and errors: one test for each row of the list of features."""

from __future__ import annotations

import builtins
import gc
import re
import traceback

import numpy as np
import pytest

import evsim
from evsim import *

SAWTOOTH = "dv/dt = 100*Hz : 1"


def sawtooth(n: int = 1, **options: object) -> NeuronGroup:
    return NeuronGroup(n, SAWTOOTH, threshold="v > 1", reset="v = 0", **options)


def test_13_the_default_step_sets_ten_points_per_millisecond() -> None:
    defaultclock.dt = 0.1 * ms
    group = sawtooth()
    trace = StateMonitor(group, "v", record=True)
    run(3 * ms)
    assert trace.N == 30
    defaultclock.dt = 0.2 * ms
    with pytest.raises(EvsimError, match=r"defaultclock\.dt"):
        run(1 * ms)
    start_scope()
    group = sawtooth()
    trace = StateMonitor(group, "v", record=True)
    run(3 * ms)
    assert trace.N == 15


def test_14_run_collects_what_was_made_since_start_scope() -> None:
    earlier = sawtooth()
    start_scope()
    group = sawtooth()
    spikes = SpikeMonitor(group)
    run(25 * ms)
    assert spikes.num_spikes == 2
    assert earlier.v[0] == 0


def test_14_objects_in_lists_take_part_and_collect_gives_them() -> None:
    groups = [sawtooth(), sawtooth()]
    monitors = {"spikes": [SpikeMonitor(group) for group in groups]}
    net = Network(collect())
    net.run(25 * ms)
    assert [monitor.num_spikes for monitor in monitors["spikes"]] == [2, 2]
    assert net.objects == (*groups, *monitors["spikes"])


def test_15_two_models_in_one_script_do_not_interfere() -> None:
    times = []
    for start in (0.0, 0.5):
        start_scope()
        group = sawtooth()
        group.v = start
        spikes = SpikeMonitor(group)
        run(12 * ms)
        times.append((spikes.t / ms).tolist())
    assert times == [pytest.approx([10], rel=1e-12), pytest.approx([5], rel=1e-12)]


def test_15_what_was_recorded_stays_as_it_is_when_its_model_has_ended() -> None:
    def record() -> tuple[SpikeMonitor, StateMonitor, PopulationRateMonitor]:
        start_scope()
        group = sawtooth()
        monitors = SpikeMonitor(group), StateMonitor(group, "v", record=True), PopulationRateMonitor(group)
        run(12 * ms)
        return monitors

    def show() -> list[bytes]:
        series = (
            spikes.t,
            spikes.offset,
            trace.t,
            trace.v,
            rate.t,
            rate.rate,
            rate.smooth_rate(width=1 * ms),
        )
        return [np.asarray(each).tobytes() for each in series]

    spikes, trace, rate = record()
    before = show()
    assert spikes.t / ms == pytest.approx([10], rel=1e-12)
    start_scope()
    defaultclock.dt = 0.05 * ms
    gc.collect()
    assert show() == before
    sawtooth()
    assert show() == before


def test_16_a_run_lasts_as_long_as_said_and_needs_a_unit() -> None:
    group = sawtooth()
    trace = StateMonitor(group, "v", record=True)
    run(70 * ms)
    assert trace.t[-1] / ms == pytest.approx(69.9, rel=1e-13)
    assert group.t == 70 * ms
    assert defaultclock.t == 70 * ms
    with pytest.raises(DimensionMismatchError, match=r"duration of run\(\)"):
        run(70)


def test_17_two_runs_of_one_millisecond_are_one_of_two() -> None:
    values = []
    for pieces in ([2], [1, 1]):
        start_scope()
        group = sawtooth(3)
        group.v = [0, 0.85, 0.95]
        trace, spikes = StateMonitor(group, "v", record=True), SpikeMonitor(group)
        for piece in pieces:
            run(piece * ms)
        values.append((trace.v.tobytes(), trace.t_.tobytes(), spikes.t_.tobytes(), group.v_.tobytes()))
        assert spikes.num_spikes == 2
    assert values[0] == values[1]


def test_18_a_text_report_names_start_duration_and_one_hundred_percent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    group = sawtooth()
    run(1 * second, report="text")
    text = capsys.readouterr().out
    assert len(group) == 1
    assert "t = 0 s" in text
    assert "duration of 1 s" in text
    assert "100 %" in text
    assert re.search(r"simulated in [\d.e-]+ s\n$", text)


def test_19_groups_synapses_and_both_monitors_work_together() -> None:
    source, target = sawtooth(2), NeuronGroup(2, "x : 1")
    source.v = [0, 0.5]
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w")
    synapses.connect(j="i")
    synapses.w = [1, 10]
    trace, spikes = StateMonitor(target, "x", record=True), SpikeMonitor(source)
    run(16 * ms)
    assert spikes.i.tolist() == [1, 0, 1]
    assert target.x[:].tolist() == [1.0, 20.0]
    assert trace.x[:, -1].tolist() == [1.0, 20.0]


def test_20_objects_may_have_steps_of_their_own() -> None:
    fine, coarse = sawtooth(dt=0.1 * ms), sawtooth(dt=0.5 * ms)
    traces = [StateMonitor(fine, "v", record=True), StateMonitor(coarse, "v", record=True)]
    own = StateMonitor(fine, "v", record=True, dt=0.25 * ms)
    spikes = [SpikeMonitor(fine), SpikeMonitor(coarse)]
    run(12 * ms)
    assert [trace.N for trace in traces] == [120, 24]
    assert own.N == 48
    assert [(monitor.t / ms).tolist() for monitor in spikes] == [pytest.approx([10], rel=1e-12)] * 2


def test_21_a_simulation_may_only_emit_and_record_poisson_spikes() -> None:
    spikes = SpikeMonitor(PoissonGroup(100, 20 * Hz, name="input"))
    kept = spikes.source
    run(1 * second)
    assert len(kept) == 100
    assert abs(spikes.num_spikes - 2000) < 5 * np.sqrt(2000)


def test_23_a_group_without_threshold_integrates_any_linear_system() -> None:
    omega = 2 * np.pi * 50 * Hz
    oscillator = NeuronGroup(1, "dx/dt = omega*y : 1\ndy/dt = -omega*x : 1")
    oscillator.x = 1
    trace = StateMonitor(oscillator, ["x", "y"], record=True)
    run(100 * ms)
    assert np.allclose(trace.x[0], np.cos(omega * trace.t), rtol=0, atol=1e-12)
    assert np.allclose(trace.y[0], -np.sin(omega * trace.t), rtol=0, atol=1e-12)


def mistakes() -> dict[str, object]:
    """Calls that a user may get wrong."""
    group = NeuronGroup(2, "dv/dt = -v/tau : 1\ntau : second")
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w")
    return {
        "unit": lambda: setattr(group, "tau", 3),
        "length": lambda: setattr(group, "v", [1, 2, 3]),
        "attribute": lambda: setattr(group, "tua", 3 * ms),
        "index": lambda: synapses.connect(i=0, j=9),
        "delay": lambda: setattr(synapses, "delay", -1 * ms),
        "duration": lambda: run(3),
        "text": lambda: setattr(group, "v", "3*("),
        "name": lambda: setattr(group, "v", "3*unknown"),
        "variable": lambda: StateMonitor(group, "u", record=True),
        "equation": lambda: NeuronGroup(1, "dv/dt = -v/tau"),
        "no synapses": lambda: run(1 * ms),
    }


@pytest.mark.parametrize("mistake", mistakes())
def test_137_an_error_ends_in_one_readable_line(mistake: str) -> None:
    with pytest.raises(EvsimError) as caught:
        mistakes()[mistake]()  # type: ignore[operator]
    text = "".join(traceback.format_exception_only(caught.value)).strip()
    assert "\n" not in text
    assert 20 < len(text) < 320


def test_138_the_star_import_brings_public_names_and_leaves_builtins_alone() -> None:
    assert {"NeuronGroup", "Synapses", "run", "ms", "mV", "Equations", "PopulationRateMonitor"} <= set(
        evsim.__all__
    )
    assert set(evsim.__all__) & set(dir(builtins)) == set()
    assert all(name in globals() for name in evsim.__all__)
    assert not any(name.startswith("_") for name in evsim.__all__)


def test_the_script_of_the_documentation_runs_as_printed(capsys: pytest.CaptureFixture[str]) -> None:
    defaultclock.dt = 0.1 * ms
    seed(1)
    tau_syn, C_m, E_L, g_L, I_stim = 5 * ms, 0.4 * nF, -70 * mV, 20 * nS, 0.44 * nA
    eqs = """dV/dt = (g_L*(E_L - V) + I_syn + I_stim)/C_m : volt
             dI_syn/dt = -I_syn/tau_syn : amp"""
    cells = NeuronGroup(1000, eqs, threshold="V > -50*mV", reset="V = -90*mV", method="exact")
    cells.V = "E_L + rand()*20*mV"
    exc = Synapses(cells[:800], cells, on_pre="I_syn_post += 100*pA", delay=1.37 * ms)
    exc.connect(p=0.02)
    spikes = SpikeMonitor(cells)
    trace = StateMonitor(cells, ["V", "I_syn"], record=[0, 7])
    run(1 * second, report="text")
    assert "100 %" in capsys.readouterr().out
    assert len(spikes.t) == len(spikes.i) == spikes.count.sum() > 30_000
    assert (trace.t / ms).shape == (trace.V[0] / mV).shape == (10_000,)
    assert spikes.tick.dtype == np.int64
    assert np.all((spikes.offset >= 0 * ms) & (spikes.offset < 0.1 * ms))
    assert np.allclose(spikes.tick * 0.1 + spikes.offset / ms, spikes.t / ms, rtol=1e-15, atol=0)
    assert (tau_syn, C_m, E_L, g_L, I_stim) == (5 * ms, 0.4 * nF, -70 * mV, 20 * nS, 0.44 * nA)


CELLS = [
    "from evsim import *\nimport numpy as np\ntau = 10*ms",
    """start_scope()
G = NeuronGroup(1, "dv/dt = (1 - v)/tau : 1", threshold="v > 0.8", reset="v = 0")
M, S = StateMonitor(G, "v", record=0), SpikeMonitor(G)
run(50*ms)
first = (S.t/ms).tolist()""",
    "run(10*ms)",
    """start_scope()
G = NeuronGroup(3, "dv/dt = (I - v)/tau : 1\\nI : 1\\ntau : second", threshold="v > 1", reset="v = 0")
G.I, G.tau = [2, 0, 0], [10, 100, 100]*ms
S = Synapses(G, G, "w : 1", on_pre="v_post += w")
S.connect(i=0, j=[1, 2])
S.w, S.delay = "j*0.2", "j*2*ms"
M = StateMonitor(G, "v", record=True)
run(50*ms)
second_ = M.v.tobytes()""",
]


def test_cells_of_a_notebook_run_again_with_the_same_results() -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    results = []
    for _ in range(2):
        for cell in CELLS:
            exec(cell, names)  # noqa: S102 - as a notebook does
        results.append((names["first"], names["second_"]))
    assert results[0] == results[1]
    assert results[0][0] == pytest.approx(10 * np.log(5) * np.array([1, 2, 3]), rel=1e-13)
    # a cell that makes its objects anew, without start_scope(), leaves the old ones behind
    anew = """G = NeuronGroup(1, "dv/dt = 100*Hz : 1", threshold="v > 1", reset="v = 0")
S = SpikeMonitor(G)
run(15*ms)
times = (S.t/ms).tolist()"""
    exec("start_scope()", names)  # noqa: S102 - as a notebook does
    for _ in range(2):
        exec(anew, names)  # noqa: S102 - as a notebook does
        assert names["times"] == pytest.approx([10], rel=1e-13)
