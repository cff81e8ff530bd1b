"""Networks of shipped models run without a compiler, with the same bits on every instruction set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import evsim.kernels
from evsim import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, models, ms, mV, nA, shipment
from evsim.codegen import cache, machine, shipped
from evsim.codegen.text import text_key
from evsim.engine.texts import texts_of
from evsim.errors import CompilerError, EvsimValueError
from evsim.models import alpha, current, exponential, lif

SETS = machine.instruction_sets()
INSTALLED = evsim.kernels.folder() / shipped.INDEX


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the kernels of lif with an exponential and an alpha gate, equal cells and own inputs."""
    folder = tmp_path_factory.mktemp("shipped")
    evsim.start_scope()  # names are counted from the start again
    described = shipment.described(lif, (exponential, current), (alpha, current))
    shipped.build(folder, texts_of(described) | texts_of(described, ["b"]))
    return folder


@pytest.fixture
def without_compiler(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Leave only the shipped kernels: no compiler, nothing loaded, an empty cache (whose place is returned)."""
    monkeypatch.setattr(evsim.kernels, "folder", lambda: made)
    monkeypatch.setattr(cache, "_addresses", {})
    monkeypatch.setenv("CC", "/nowhere")
    monkeypatch.setenv("EVSIM_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    assert not (tmp_path / "cache").exists()


def network(
    gates: tuple[models.Gate, ...] = (exponential, alpha), *, stim: object = 0.5 * nA
) -> NDArray[np.float64]:
    """Run 20 cells for 100 ms; return spike times (s) after the potentials (V) at the end."""
    evsim.start_scope()
    evsim.seed(1)
    cells = NeuronGroup(20, lif(I_stim=stim, t_ref=2 * ms))
    synapses = [Synapses(cells, cells, gate, output=current, delay=1.3 * ms) for gate in gates]
    for each in synapses:
        each.connect(p=0.3)
        each.w = 0.02 * nA
    spikes, last = SpikeMonitor(cells), StateMonitor(cells, "V", record=True, dt=10 * ms)
    cells.V = np.linspace(-70, -50, 20) * mV
    Network(cells, *synapses, spikes, last).run(100 * ms)
    assert len(spikes.t_) > 20
    return np.concatenate([last.V_.ravel(), spikes.t_])


@pytest.mark.usefixtures("without_compiler")
def test_shipped_models_run_without_a_compiler() -> None:
    network()
    network(stim=np.linspace(0.45, 0.6, 20) * nA)


@pytest.mark.usefixtures("without_compiler")
def test_other_networks_need_one() -> None:
    with pytest.raises(CompilerError, match=r"pip install evsim\[compiler\]"):
        network((alpha, alpha))


def test_every_instruction_set_gives_the_same_bits(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_addresses", {})
    monkeypatch.setattr(evsim.kernels, "folder", lambda: tmp_path)
    native = network()  # compiled for this machine
    monkeypatch.setattr(evsim.kernels, "folder", lambda: made)
    assert len(SETS) > 0
    for name in SETS:
        monkeypatch.setenv("EVSIM_INSTRUCTION_SET", name)
        monkeypatch.setattr(cache, "_addresses", {})
        assert network().tobytes() == native.tobytes(), name


@pytest.mark.usefixtures("without_compiler")
def test_an_instruction_set_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVSIM_INSTRUCTION_SET", "z80")
    with pytest.raises(EvsimValueError, match=re.escape(f"'z80': this machine has {', '.join(SETS)}")):
        network()


def test_machines_are_told_by_their_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(machine.sys, "platform", "linux")
    flags = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 "
    assert machine._sets_of("cx16 pni") == ()
    assert machine._sets_of(flags) == ("x86-64-v2",)
    flags += "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave "
    assert machine._sets_of(flags + "avx512f") == ("x86-64-v3", "x86-64-v2")
    flags += "avx512bw avx512cd avx512dq avx512f avx512vl"
    assert machine._sets_of(flags) == ("x86-64-v4", "x86-64-v3", "x86-64-v2")
    monkeypatch.setattr(machine.platform, "machine", lambda: "arm64")
    assert machine._sets_of("") == ("armv8-a",)


def test_the_index_says_what_each_kernel_is_for(made: Path) -> None:
    index = json.loads((made / shipped.INDEX).read_text(encoding="utf-8"))
    assert sorted(index.values()) == [
        "cells with the states V, s_synapses, s_synapses_1, x_synapses_1",
        "cells with the states V, s_synapses, s_synapses_1, x_synapses_1",
        "event code on the states V, s_synapses, s_synapses_1, x_synapses_1",
    ]


@pytest.mark.usefixtures("without_compiler")
def test_a_library_of_another_system_is_passed_over(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = tmp_path / "kernels"
    strange.mkdir()
    (strange / shipped.INDEX).write_text((made / shipped.INDEX).read_text())
    for name in SETS:
        (strange / f"{name}.so").write_bytes(b"not a library")
    monkeypatch.setattr(evsim.kernels, "folder", lambda: strange)
    with pytest.raises(CompilerError, match="new equations need a C compiler"):
        network()


@pytest.mark.skipif(not INSTALLED.exists(), reason="this evsim was built without kernels")
def test_the_package_has_every_kernel_that_it_should() -> None:
    index = json.loads(INSTALLED.read_text(encoding="utf-8"))
    assert {text_key(source) for source in shipment.texts()} == set(index)
    assert all(shipped.address(key) for key in index)
