"""What a user expects of models and of the engine behind them: one test for each row of the list of features."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from evsim import *
from evsim.models import current, exponential, lif
from evsim.plugin.registry import find_model

OWN_MODELS = '''"""Two models of a user: an integrator with a steady leak, and a gate of two parts."""

from evsim.plugin import Gate, Neuron, Parameter, hookimpl
from evsim.units import mV, ms, nA, nF

steady_leak = Neuron(
    name="steady_leak",
    doc="An integrator that leaks by a constant current.",
    equations="""dV/dt = (I_syn - I_leak)/C_m : volt
                 I_syn : amp (input)""",
    parameters=[
        Parameter("C_m", 1*nF, "membrane capacitance"),
        Parameter("I_leak", 0*nA, "what leaks"),
        Parameter("V_th", 10*mV, "threshold"),
    ],
    threshold="V > V_th",
    reset="V -= V_th",
    references=["Abbott 1999, Brain Research Bulletin 50:303"],
)

two_rates = Gate(
    name="two_rates",
    doc="A gate of two parts, which decay with two rates.",
    equations="""s = a + b : 1
                 da/dt = -a/tau_a : 1
                 db/dt = -b/tau_b : 1""",
    parameters=[Parameter("tau_a", 2*ms, "of one part"), Parameter("tau_b", 20*ms, "of the other")],
    on_pre="""a += 0.5
              b += 0.5""",
    references=["Roth, van Rossum 2009, Modeling synapses"],
)


@hookimpl
def evsim_models():
    return [steady_leak, two_rates]
'''

OWN_SCRIPT = """from evsim import *
from evsim.models import current, steady_leak, two_rates

source = SpikeGeneratorGroup(1, [0], [1.05]*ms)
cells = NeuronGroup(2, steady_leak(V_th=[10, 1e6]*mV))
synapses = Synapses(source, cells, two_rates, output=current)
synapses.connect()
synapses.w = 2*nA
spikes = SpikeMonitor(cells)
run(200*ms)
print(spikes.num_spikes, spikes.t[0]/ms, cells.V[1]/mV)
"""


def installed(folder: Path, name: str, text: str) -> None:
    """What `pip install` leaves behind of a package of one module."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[evsim]\n{name} = {name}\n", encoding="utf-8")


def test_24_a_user_registers_a_neuron_and_a_gate_and_runs_them(tmp_path: Path) -> None:
    installed(tmp_path, "mymodels", OWN_MODELS)
    script = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{OWN_SCRIPT}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    count, first, end = (float(word) for word in done.stdout.split())
    # q(x) = a (1 - exp(-x/2)) + 10 a (1 - exp(-x/20)) with a = 2 mV passes 10 mV once, twice in all
    x = first - 1.05
    assert 2 * (1 - np.exp(-x / 2)) + 20 * (1 - np.exp(-x / 20)) == pytest.approx(10, rel=1e-9)
    assert count == 2
    assert end == pytest.approx(22 - 20 * np.exp(-198.95 / 20), rel=1e-12)


def cells_with_input(engine: str) -> tuple[bytes, int, float]:
    """Indices and times of the spikes of a small network, and how long the run took."""
    start_scope()
    seed(3)
    cells = NeuronGroup(20, lif(I_stim=0.44 * nA))
    cells.V = "-70*mV + rand()*15*mV"
    synapses = Synapses(cells, cells, exponential(tau=5 * ms), output=current, delay=1.37 * ms)
    synapses.connect("i != j", p=0.3)
    synapses.w = 0.05 * nA
    spikes = SpikeMonitor(cells)
    prefs.engine = engine
    try:
        run(0 * ms)
        start = time.perf_counter()
        run(60 * ms)
        elapsed = time.perf_counter() - start
    finally:
        prefs.engine = "compiled"
    order = spikes.i.tobytes() + np.round(spikes.t / ms, 9).tobytes()
    return order, spikes.num_spikes, elapsed


def test_25_the_compiled_engine_gives_the_numbers_of_the_plain_one_sooner() -> None:
    compiled, plain = [cells_with_input("compiled") for _ in range(5)], cells_with_input("reference")
    assert {each[:2] for each in compiled} == {plain[:2]}
    assert plain[1] >= 20
    assert min(seconds for *_, seconds in compiled) < plain[2] / 5


def large() -> tuple[Network, NeuronGroup, SpikeMonitor]:
    """Twenty thousand cells with two million synapses."""
    start_scope()
    seed(8)
    cells = NeuronGroup(20_000, lif(I_stim=0.44 * nA))
    cells.V = "-70*mV + rand()*19*mV"
    synapses = Synapses(cells, cells, exponential(tau=5 * ms), output=current, delay=1.5 * ms)
    synapses.connect(p=0.005)
    synapses.w = 1 * pA
    assert abs(synapses.N / 2_000_000 - 1) < 0.01
    spikes = SpikeMonitor(cells, name="spikes")
    return Network(cells, synapses, spikes), cells, spikes


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The large network as a C program, built and run for 50 ms, with the seconds of its run."""
    folder = tmp_path_factory.mktemp("export") / "program"
    net, _, _ = large()
    export_c(net, folder, duration=50 * ms)
    subprocess.run(["make", "-s", "-j2"], cwd=folder, check=True, capture_output=True, timeout=500)
    start = time.perf_counter()
    subprocess.run(["./run"], cwd=folder, check=True, capture_output=True, timeout=100)
    (folder / "seconds").write_text(str(time.perf_counter() - start), encoding="utf-8")
    return folder


def test_26_one_call_makes_a_program_with_the_results_of_the_run_in_process(program: Path) -> None:
    net, _, spikes = large()
    net.run(50 * ms)
    results = read_export(program)["spikes"]
    assert results.count.sum() == spikes.num_spikes > 15_000
    for name in ("tick", "offset", "i"):
        assert np.array_equal(np.asarray(getattr(results, name)), np.asarray(getattr(spikes, name)))


def test_27_a_change_after_the_export_is_refused(tmp_path: Path) -> None:
    cells = NeuronGroup(3, lif, name="cells")
    export_c(Network(cells), tmp_path / "program", duration=10 * ms)
    with pytest.raises(EvsimError, match="cells") as caught:
        cells.I_stim = 0.5 * nA
    assert "export" in str(caught.value)
    assert cells.I_stim == 0.44 * nA


def test_28_a_large_network_takes_seconds_in_process_and_as_a_program(program: Path) -> None:
    net, _, spikes = large()
    start = time.perf_counter()
    net.run(50 * ms)
    assert time.perf_counter() - start < 30  # below 1 s where nothing else runs
    assert spikes.num_spikes > 15_000
    assert float((program / "seconds").read_text(encoding="utf-8")) < 30


def test_97_a_model_is_picked_by_name_size_and_parameters() -> None:
    cells = NeuronGroup(2, lif(t_ref=0 * ms))
    same = NeuronGroup(2, find_model("lif")(t_ref=0 * ms))
    spikes = [SpikeMonitor(cells), SpikeMonitor(same)]
    run(500 * ms)
    for each in spikes:
        assert each.count.tolist() == [8, 8]
        assert each.t[0] / ms == pytest.approx(20 * np.log(11), rel=1e-12)
    with pytest.raises(EvsimError, match=r"lif has no parameter 't_refractory'.* t_ref,"):
        lif(t_refractory=0 * ms)


def test_139_the_list_of_models_shows_them_with_their_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    from evsim.commands.command_line import main

    assert main(["models"]) == 0
    table = capsys.readouterr().out
    for name in "voltage_jump exponential dual_exponential alpha ampa gaba_a nmda gaba_b current lif".split():
        assert f"\n  {name} " in table
    assert "C_m = 0.4 nF, g_L = 20 nS, E_L = -70 mV" in table
    assert "tau = 8 ms" in table
    assert main(["models", "ampa"]) == 0
    assert "ds/dt = alpha*T*(1 - s) - beta*s" in capsys.readouterr().out
