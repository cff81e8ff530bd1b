"""Networks of shipped models run where there is no compiler, from kernels that came with the package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evsim import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    kernels,
    ms,
    mV,
    nA,
    nS,
    shipment,
)
from evsim.codegen import cache
from evsim.commands import demo
from evsim.errors import CompilerError
from evsim.models import (
    adex,
    alpha,
    ampa,
    conductance,
    current,
    eif,
    exponential,
    gaba_a,
    hh,
    hh_traub,
    izhikevich,
    lif,
    lif_noisy,
    qif,
    voltage_jump,
)

pytestmark = pytest.mark.skipif(
    not (kernels.folder() / "index.json").exists(), reason="this evsim was built without kernels"
)


@pytest.fixture(autouse=True)
def no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name a compiler that is not there, and a cache with nothing in it; forget what was loaded before."""
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("EVSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_addresses", {})
    yield tmp_path / "cache"
    assert not (tmp_path / "cache").exists()


def test_monitors_of_single_synapses_need_no_compiler() -> None:
    for gate in (exponential, ampa):
        source, cell = SpikeGeneratorGroup(1, [0], [1.25] * ms), NeuronGroup(1, lif(I_stim=0 * nA))
        synapses = Synapses(source, cell, gate, output=current)
        synapses.connect()
        trace = StateMonitor(synapses, ["s", "I"], record=True)
        Network(source, cell, synapses, trace).run(3 * ms)
        assert trace.s[0].max() > 0


@pytest.mark.parametrize("gate", [exponential, alpha], ids=lambda gate: gate.name)
def test_a_shipped_neuron_with_a_shipped_gate_needs_no_compiler(gate: object) -> None:
    source = SpikeGeneratorGroup(1, [0], [1.234] * ms)
    cells = NeuronGroup(2, lif(I_stim=0 * nA))
    synapses = Synapses(source, cells, gate, output=current, delay=0.5 * ms)
    synapses.connect()
    before = cells.V[0]
    Network(source, cells, synapses).run(5 * ms)
    assert cells.V[0] > before


@pytest.mark.parametrize(
    "neuron", [eif, adex, hh, hh_traub, izhikevich, lif_noisy, qif], ids=lambda neuron: neuron.name
)
def test_a_nonlinear_shipped_neuron_needs_no_compiler(neuron: object) -> None:
    cells = NeuronGroup(2, neuron)
    Network(cells).run(1 * ms)


@pytest.mark.parametrize("gate", [exponential, ampa], ids=lambda gate: gate.name)
def test_two_conductances_on_a_leaky_neuron_need_no_compiler(gate: object) -> None:
    cells = NeuronGroup(2, lif(I_stim=0 * nA))
    source = SpikeGeneratorGroup(1, [0], [1.234] * ms)
    exciting = Synapses(source, cells, gate, output=conductance(g_max=2 * nS))
    inhibiting = Synapses(
        source, cells, gaba_a if gate is ampa else exponential, output=conductance(E=-80 * mV)
    )
    exciting.connect(j=[0], i=0)
    inhibiting.connect(j=[1], i=0)
    Network(source, cells, exciting, inhibiting).run(3 * ms)
    assert cells.V[0] > -70 * mV > cells.V[1]


def test_voltage_jumps_need_no_compiler() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1.0, 2.0] * ms)
    cells = NeuronGroup(1, lif(I_stim=0 * nA))
    synapses = Synapses(source, cells, voltage_jump)
    synapses.connect()
    synapses.w = 100 * mV
    spikes = SpikeMonitor(cells)
    Network(source, cells, synapses, spikes).run(3 * ms)
    assert spikes.num_spikes >= 1
    assert spikes.t[0] == 1.0 * ms


def test_the_demonstration_needs_no_compiler() -> None:
    assert demo.simulate(duration=0.01).n_cells == 1000


def test_other_equations_are_refused_with_the_remedy() -> None:
    cells = NeuronGroup(1, "dx/dt = -x/(7*ms) + 1/second : 1\ny : 1\ndz/dt = -z/ms : 1")
    with pytest.raises(CompilerError, match=r"evsim\[compiler\]"):
        Network(cells).run(1 * ms)


def test_every_shipped_text_is_in_the_index() -> None:
    from evsim.codegen.text import text_key

    wanted = {text_key(text) for text in shipment.texts()}
    assert len(wanted) > 20
    assert {key for key in wanted if cache.shipped.address(key) is None} == set()
