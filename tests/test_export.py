"""Networks as C programs: what they compute is, bit for bit, what the network computes in Python."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evsim
from evsim import *
from evsim.codegen import compiler
from evsim.errors import EvsimAttributeError, EvsimError, EvsimRuntimeError, EvsimTypeError, EvsimValueError
from evsim.models import ampa, conductance, exponential, lif, nmda
from evsim.plugin import Plasticity
from evsim.words.exports import ExportedRate, ExportedSamples, ExportedSpikes, ExportedValues

Build = Callable[[], Network]

TAU = 10 * ms


def integrate_and_fire(n: int = 40, name: str = "cells") -> NeuronGroup:
    equations = "dv/dt = (I + s - v)/TAU : 1\nds/dt = -s/(5*ms) : 1\nI : 1"
    cells = NeuronGroup(n, equations, "v > 1", "v = 0", refractory=2 * ms, method="exact", name=name)
    cells.v, cells.I = "rand()", "0.9 + 0.3*rand()"
    return cells


def linear_network() -> Network:
    """Poisson input, recurrent synapses with real delays, all kinds of monitors."""
    noise = PoissonGroup(20, "(100 + 10*i)*Hz")
    cells = integrate_and_fire()
    inputs = Synapses(noise, cells, "w : 1", on_pre="s_post += w")
    inputs.connect(p=0.3)
    inputs.w, inputs.delay = "rand()*0.4", "rand()*3*ms"
    inside = Synapses(cells, cells, on_pre="s_post -= 0.05", delay=1.37 * ms)
    inside.connect(p=0.1)
    return Network(
        noise, cells, inputs, inside,
        PoissonInput(cells[:10], "v", 5, 40 * Hz, 0.1),
        SpikeMonitor(cells, variables=["s"], name="spikes"),
        SpikeMonitor(cells[5:20], record=[1, 3], name="some"),
        SpikeMonitor(noise, record=False, name="counts"),
        StateMonitor(cells, ["v", "s"], record=[7, 0], dt=0.3 * ms, name="trace"),
        PopulationRateMonitor(cells, name="rate"),
    )  # fmt: skip


def noisy_network() -> Network:
    equations = "dv/dt = (-v + exp((v - 1)/0.1)*0.1 + 0.9)/TAU + 0.3*sqrt(2/TAU)*xi : 1"
    cells = NeuronGroup(30, equations, "v > 2", "v = 0", method="euler", name="cells")
    return Network(cells, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", True, name="trace"))


def exponential_network() -> Network:
    """Adaptive integration, a function of time, a function in C that equations and event code call."""
    current = TimedArray([0.8, 3, 1.3], dt=3.3 * ms)

    @implementation("c", "double cube(double x) { return x*x*x; }")
    @check_units(x=1, result=1)
    def cube(x: float) -> float:
        return x**3

    names = {"current": current, "cube": cube, "TAU": TAU}
    equations = "dv/dt = (-v + exp((v - 1)/0.1)*0.1 + current(t) + 0.1*cube(v))/TAU : 1"
    cells = NeuronGroup(10, equations, "v > 2", "v = 0.1*v", refractory=1 * ms, namespace=names, name="cells")
    cells.v = "i/20"
    ring = Synapses(
        cells, cells, on_pre="v_post += 0.2*cube(0.9 - 0.1*v_post)", delay=0.77 * ms, namespace=names
    )
    ring.connect(j="(i + 1) % N_post")
    return Network(
        cells, ring, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", True, name="trace")
    )


def plastic_network() -> Network:
    """Pair STDP with event-driven traces, and synapses that fail at random."""
    noise, cells = PoissonGroup(30, 60 * Hz), integrate_and_fire(3)
    model = """w : 1
               dx/dt = -x/(20*ms) : 1 (event-driven)
               dy/dt = -y/(25*ms) : 1 (event-driven)"""
    on_pre = "s_post += w*int(rand() < 0.7)\nx += 0.01\nw = clip(w - y, 0, 1)"
    stdp = Synapses(
        noise, cells, model, on_pre=on_pre, on_post="y += 0.012\nw = clip(w + x, 0, 1)", name="stdp"
    )
    stdp.connect()
    stdp.w, stdp.pre.delay = "rand()", "0.3*ms + rand()*ms"
    weights = StateMonitor(stdp, ["w", "x"], record=[0, 5, 50], dt=1 * ms, name="weights")
    return Network(noise, cells, stdp, SpikeMonitor(cells, name="spikes"), weights)


def network_of_plastic_models() -> Network:
    """A gate in which a spike releases a share that depletes, and whose weights follow the target."""
    depletes = Plasticity(
        equations="dx/dt = (1 - x)/(30*ms) : 1\ndA/dt = -A/(20*ms) : {weight}",
        initial={"x": 1},
        on_pre="r = 0.4*x; x -= r; A += 0.01",
        on_post="w += A",
        release="r",
        name="depletes",
    )
    noise, cells = PoissonGroup(8, 90 * Hz), NeuronGroup(3, lif, name="cells")
    every = [noise, cells, SpikeMonitor(cells, name="spikes")]
    for gate, output in ((ampa, conductance(g_max=5 * nS)), (nmda, conductance(g_max=5 * nS))):
        synapses = Synapses(noise, cells, gate, output=output, plasticity=depletes, name=f"of_{gate.name}")
        synapses.connect()
        synapses.pre.delay = "0.3*ms + rand()*ms"
        names = ["w", "x" if gate is ampa else "depletes_x", "s"]
        every += [
            synapses,
            StateMonitor(synapses, names, record=[0, 5], dt=1 * ms, name=f"shown_{gate.name}"),
        ]
    return Network(every)


def coupled_network() -> Network:
    """Gap junctions as sums."""
    equations = "dv/dt = (1.3 + 0.02*i - v + g)/TAU : 1\ng : 1"
    cells = NeuronGroup(6, equations, "v > 1", "v = 0", name="cells")
    cells.v = "i/7"
    gap = Synapses(cells, cells, "w : 1\ng_post = w*(v_pre - v_post) : 1 (summed)")
    gap.connect("abs(i - j) == 1")
    gap.w = "0.1 + 0.01*i"
    return Network(
        cells, gap, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", True, name="trace")
    )


def network_that_reads_both_ends() -> Network:
    """Resources of the source, used up at arrivals, and weights that follow its potential."""
    equations = "dv/dt = (1.2 + 0.03*i - v)/TAU : 1\ndx/dt = (1 - x)/(40*ms) : 1"
    cells = NeuronGroup(6, equations, "v > 1", "v = 0", name="cells")
    cells.v, cells.x = "i/7", 1
    ring = Synapses(
        cells,
        cells,
        "w : 1",
        on_pre="v_post += w*x_pre; x_pre -= 0.3*x_pre",
        on_post="w += 0.01*v_pre",
        name="ring",
    )
    ring.connect(j="(i + 1) % N_post")
    ring.w, ring.pre.delay = 0.2, "0.1*ms + i*0.23*ms"
    weights = StateMonitor(ring, "w", record=True, name="weights")
    return Network(cells, ring, SpikeMonitor(cells, name="spikes"), weights)


def network_with_events() -> Network:
    """Events of the user's own, that run code and drive synapses."""
    equations = "dv/dt = (1.3 + 0.02*i - v)/TAU : 1\nx : 1"
    cells = NeuronGroup(6, equations, "v > 1", "v = 0", events={"half": "v > 0.5"}, name="cells")
    cells.run_on_event("half", "x += v")
    hits = Synapses(cells, cells, on_pre="v_post += 0.01", on_event={"pre": "half"}, delay=3.21 * ms)
    hits.connect("i != j")
    halves = EventMonitor(cells, "half", variables=["x"], name="halves")
    return Network(cells, hits, SpikeMonitor(cells, name="spikes"), halves)


def network_of_models() -> Network:
    """Models by name, with monitors of their gates."""
    stimulus = SpikeGeneratorGroup(2, [0, 1, 0], [1.23, 2.5, 7.891] * ms)
    cells = NeuronGroup(4, lif(), name="cells")
    cells.V = "E_L + i*3*mV"
    gates = Synapses(stimulus, cells, exponential, output=conductance(g_max=5 * nS, E=0 * mV), delay=1.3 * ms)
    gates.connect()
    seen = StateMonitor(gates, ["s", "I"], record=[0, 3], name="seen")
    return Network(stimulus, cells, gates, SpikeMonitor(cells, name="spikes"), seen)


def network_of_chance() -> Network:
    """Rates that change with time, resets that draw, and code at the spikes of a source as target."""
    stimulus = TimedArray([500, 0, 200] * Hz, dt=3.33 * ms)
    names = {"stimulus": stimulus}
    noise, sines = (
        PoissonGroup(20, "stimulus(t)*(1 + i/N)", namespace=names),
        PoissonGroup(5, "100*Hz*(1 + sin(t/ms))"),
    )
    cells = NeuronGroup(
        6, "dv/dt = (1.3 - v)/TAU : 1\nu : 1", "v > 1", "low = 0.5*rand(); v = low; u += low", name="cells"
    )
    inputs = Synapses(noise, cells, on_pre="v_post += 0.05")
    inputs.connect(p=0.5)
    marks = Synapses(cells, sines, "w : 1", on_pre="w += 1", on_post="w *= 0.9", name="marks")
    marks.connect()
    return Network(
        noise, sines, cells, inputs, marks, SpikeMonitor(cells, name="spikes"), SpikeMonitor(sines)
    )


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core of one export, compiled once for all programs."""
    folder = tmp_path_factory.mktemp("core") / "program"
    export_c(Network(PoissonGroup(1, 1 * Hz)), folder, duration=1 * ms)
    started("make", "-j2", "core.a", folder=folder)
    return folder / "core.a"


def started(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program that ends well and complains of nothing."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done


def results_of(folder: Path, core: Path) -> dict[str, Any]:
    """Build and run the program, and read what it has written."""
    command = compiler.find_compiler().command
    started("make", f"CORE={core}", f"CC={' '.join(command)}", folder=folder)
    started("./run", folder=folder)
    return read_export(folder)


def same_bits(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert found.tobytes() == expected.tobytes()


def compare(net: Network, results: dict[str, Any]) -> int:
    """Every recorded value of the program with that of the network; returns how many spikes there were."""
    spikes = 0
    for name, result in results.items():
        known: Any = net[name]
        if isinstance(result, ExportedSpikes):
            spikes += result.num_spikes
            same_bits(result.count, known.count)
            for what in ("tick", "offset", "i", "t") if known._keeps_spikes else ():
                same_bits(getattr(result, what), getattr(known, what))
        elif isinstance(result, ExportedRate):
            same_bits(result.t, known.t)
            same_bits(result.rate, known.rate)
        if isinstance(result, ExportedSamples):
            same_bits(result.t, known.t)
        if isinstance(result, ExportedSamples | ExportedSpikes | ExportedValues):
            for variable in result._contents["dimensions"]:
                same_bits(getattr(result, variable), getattr(known, variable))
                assert get_dimensions(getattr(result, variable)) == get_dimensions(getattr(known, variable))
    return spikes


@pytest.mark.parametrize(
    ("build", "least"),
    [
        (linear_network, 500), (noisy_network, 20), (exponential_network, 20), (plastic_network, 10),
        (coupled_network, 20), (network_that_reads_both_ends, 20), (network_with_events, 20), (network_of_models, 1),
        (network_of_chance, 20), (network_of_plastic_models, 4),
    ],
)  # fmt: skip
def test_26_the_program_computes_what_the_network_computes(
    build: Build, least: int, tmp_path: Path, core: Path
) -> None:
    seed(4)
    net = build()
    export_c(net, tmp_path / "program", duration=60.07 * ms)
    results = results_of(tmp_path / "program", core)
    net.run(60.07 * ms)
    assert compare(net, results) >= least


def test_an_export_in_the_middle_of_a_run_goes_on_from_there(tmp_path: Path, core: Path) -> None:
    seed(5)
    net = linear_network()
    trace: Any = net["trace"]
    net.run(12.34 * ms)
    trace.active = False
    net.run(5 * ms)
    trace.active = True
    net["cells"].I = 1.2
    export_c(net, tmp_path / "program", duration=20 * ms)
    results = results_of(tmp_path / "program", core)
    net.run(20 * ms)
    assert trace.N < 37.34 / 0.3
    assert compare(net, results) > 200


def test_a_program_on_the_grid(tmp_path: Path, core: Path) -> None:
    seed(6)
    net = linear_network()
    export_c(net, tmp_path / "program", duration=20 * ms, timing="grid")
    results = results_of(tmp_path / "program", core)
    net.run(20 * ms, timing="grid")
    assert compare(net, results) > 200
    assert not np.any(results["spikes"].offset)


def test_threads_and_the_folder_of_results_are_arguments(tmp_path: Path, core: Path) -> None:
    seed(7)
    net = linear_network()
    export_c(net, tmp_path / "program", duration=20 * ms, threads=2)
    first = results_of(tmp_path / "program", core)
    started("program/run", "elsewhere", "1", folder=tmp_path)
    second = read_export(tmp_path / "program", tmp_path / "elsewhere")
    same_bits(first["spikes"].t, second["spikes"].t)
    done = subprocess.run(
        ["./run", "results", "none"], cwd=tmp_path / "program", capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "usage: ./run [folder for results [number of threads]]\n"


def test_a_program_that_fails_says_where_and_leaves_no_results(tmp_path: Path, core: Path) -> None:
    cells = NeuronGroup(3, "dv/dt = 1/(2*ms) : 1", "v > 1", "v = 2", method="exact", name="cells")
    cells.v = "0.1*i"
    export_c(Network(cells, SpikeMonitor(cells)), tmp_path / "program", duration=10 * ms)
    started("make", f"CORE={core}", folder=tmp_path / "program")
    done = subprocess.run(["./run"], cwd=tmp_path / "program", capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("cells[2]: the threshold holds after the reset")
    assert "at 1.6 ms" in done.stderr
    with pytest.raises(EvsimValueError, match="holds no results of a run that has finished"):
        read_export(tmp_path / "program")


def test_a_program_that_makes_a_weight_infinite_says_which(tmp_path: Path, core: Path) -> None:
    source = SpikeGeneratorGroup(2, [1], [1] * ms)
    cells = NeuronGroup(2, "v : 1", name="cells")
    synapses = Synapses(source, cells, "w : 1", on_pre="w = 1/(w - 1)", name="synapses")
    synapses.connect(j="i")
    synapses.w = 1
    export_c(Network(source, cells, synapses), tmp_path / "program", duration=1.5 * ms)
    started("make", f"CORE={core}", folder=tmp_path / "program")
    done = subprocess.run(["./run"], cwd=tmp_path / "program", capture_output=True, text=True)
    said = "synapses: its code has made w of synapse 1 infinite or NaN, at 1 ms\n"
    assert (done.returncode, done.stderr) == (1, said)


def exported(tmp_path: Path) -> Network:
    """A network that cannot be changed any more."""
    seed(8)
    net = linear_network()
    export_c(net, tmp_path / "program", duration=10 * ms)
    return net


REMEDY = "was exported to .*program, and the program there is fixed; make the network anew, change it, and call export"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda net: setattr(net["cells"], "I", 2), "cells.I cannot be changed"),
        (lambda net: setattr(net["cells"][3:5], "v", 0), r"cells\[3:5\].v cannot be changed"),
        (lambda net: net["cells"].v.__setitem__(0, 0.5), "cells.v cannot be changed"),
        (lambda net: setattr(net["synapses"], "w", 2), "synapses.w cannot be changed"),
        (lambda net: setattr(net["synapses"], "delay", 2 * ms), "synapses.delay cannot be changed"),
        (lambda net: setattr(net["poissongroup"], "rates", 2 * Hz), "poissongroup.rates cannot be changed"),
        (lambda net: setattr(net["trace"], "active", False), "trace.active cannot be changed"),
        (lambda net: net["cells"].set_states({"I": 1.0}), "cells.I cannot be changed"),
        (lambda net: net.add(SpikeMonitor(net["cells"], name="late")), "late cannot be added"),
        (lambda net: net.remove(net["rate"]), "rate cannot be removed"),
        (lambda net: net.restore(), "restore.'default'. is not possible"),
    ],
)  # fmt: skip
def test_27_what_was_exported_cannot_be_changed(
    change: Callable[[Network], None], named: str, tmp_path: Path
) -> None:
    start_scope()
    net = exported(tmp_path)
    with pytest.raises(EvsimRuntimeError, match=f"{named}: network.* {REMEDY}"):
        change(net)
    net.run(1 * ms)
    net.run(1 * ms)


def test_a_constant_that_changes_after_the_export_stops_the_next_run(tmp_path: Path) -> None:
    start_scope()
    net, tau = Network(), 10 * ms
    net.add(NeuronGroup(1, "dv/dt = -v/tau : 1", method="exact", name="cells"))
    export_c(net, tmp_path / "program", duration=10 * ms)
    tau = 20 * ms
    with pytest.raises(EvsimRuntimeError, match=r"cells\.tau has changed, and the run would differ"):
        net.run(1 * ms)
    assert tau == 20 * ms


def test_a_new_object_of_the_scope_stops_the_next_run(tmp_path: Path) -> None:
    start_scope()
    cells = integrate_and_fire(2)
    export_c(magic_network(), tmp_path / "program", duration=10 * ms)
    late = SpikeMonitor(cells, name="late")
    with pytest.raises(EvsimRuntimeError, match="late is new and cannot take part"):
        run(1 * ms)
    assert late.num_spikes == 0


@pytest.mark.parametrize(
    ("add", "named"),
    [
        (lambda net: net.add(NetworkOperation(lambda: None, name="mine")), r"mine \(NetworkOperation\)"),
        (lambda net: net["cells"].run_regularly("v = 0", dt=1 * ms), r"cells_\w+ \(Operation\)|operation"),
    ],
)
def test_what_runs_in_python_is_refused(add: Callable[[Network], None], named: str, tmp_path: Path) -> None:
    net = linear_network()
    add(net)
    with pytest.raises(EvsimError, match=f"export_c\\(\\): ({named}).* runs in Python") as caught:
        export_c(net, tmp_path / "program", duration=10 * ms)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_reference_engine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefs, "engine", "reference")
    with pytest.raises(EvsimRuntimeError, match="the reference engine cannot be exported"):
        export_c(linear_network(), tmp_path / "program", duration=10 * ms)


def test_folders_that_hold_other_files_are_refused(tmp_path: Path) -> None:
    net = linear_network()
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(
        EvsimValueError, match="holds files that are no export; give a new folder, or an empty"
    ):
        export_c(net, tmp_path, duration=10 * ms)
    with pytest.raises(EvsimValueError, match=r"mine\.txt is a file; give another folder"):
        export_c(net, tmp_path / "mine.txt", duration=10 * ms)
    with pytest.raises(EvsimTypeError, match=r"folder of export_c.*: got 3; give a path"):
        export_c(net, 3, duration=10 * ms)  # type: ignore[arg-type]
    with pytest.raises(EvsimValueError, match=r"duration of export_c.*; give a finite time of 0 or more"):
        export_c(net, tmp_path / "new", duration=-1 * ms)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    net["cells"].I = 1  # still free


def test_a_second_export_replaces_the_first_and_nothing_else(tmp_path: Path, core: Path) -> None:
    seed(9)
    folder = tmp_path / "program"
    export_c(exponential_network(), folder, duration=5 * ms)
    results_of(folder, core)
    (folder / "notes.txt").write_text("kept")
    start_scope()
    net = linear_network()
    export_c(net, folder, duration=5 * ms)
    assert (folder / "notes.txt").read_text() == "kept"
    assert sorted(path.name for path in (folder / "tables").glob("*.c")) == ["table_0.c"]
    with pytest.raises(EvsimValueError, match=r"holds the results of another export; call `make && ./run`"):
        read_export(folder)
    results = results_of(folder, core)
    net.run(5 * ms)
    compare(net, results)


def test_no_compiler_is_needed_to_write_what_was_compiled_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linear_network().run(0 * ms)
    start_scope()
    monkeypatch.setenv("CC", "no-such-compiler")
    export_c(linear_network(), tmp_path / "program", duration=10 * ms)
    assert (tmp_path / "program" / "Makefile").exists()


def test_reading_what_is_not_there_says_what_is_missing(tmp_path: Path, core: Path) -> None:
    with pytest.raises(EvsimValueError, match="holds no exported network"):
        read_export(tmp_path)
    net = network_of_models()
    export_c(net, tmp_path / "program", duration=5 * ms)
    with pytest.raises(EvsimValueError, match=r"call `make && ./run` in .*program first"):
        read_export(tmp_path / "program")
    results = results_of(tmp_path / "program", core)
    with pytest.raises(EvsimAttributeError, match="seen: I follows from recorded states by a formula"):
        assert results["seen"].I
    with pytest.raises(EvsimAttributeError, match="cells has no variable 'v'; it has V"):
        assert results["cells"].v


def test_the_core_is_compiled_as_it_is_for_python(tmp_path: Path) -> None:
    export_c(Network(PoissonGroup(1, 1 * Hz)), tmp_path / "program", duration=1 * ms)
    makefile = (tmp_path / "program" / "Makefile").read_text()
    builder = (Path(evsim.__file__).parent / "engine" / "build_core.py").read_text()
    for flag in ("-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-pthread"):
        assert f'"{flag}"' in builder
        assert flag in makefile
