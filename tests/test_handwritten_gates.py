"""Gates in hand-written C: what a declaration and its C must agree on, and libraries of another version."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evsim
from evsim import NeuronGroup, SpikeGeneratorGroup, Synapses, include
from evsim.codegen.handwritten import KernelVersionError, gate_table
from evsim.composition import treatment_of
from evsim.composition.treatment import EACH_SOURCE
from evsim.errors import CompilerError, EvsimError
from evsim.models import current, lif
from evsim.plugin import Gate, InC, Parameter
from evsim.testing import check_model, gate_response
from evsim.units import ms, nA

C = """#include <kernel/gate.h>

static void arrive(double since, const double *parameter, double *own, double *jump) {
    own[0] = 1.0 - (1.0 - own[0]) * exp(-since / parameter[1]);
    jump[0] = parameter[0] * own[0];
    own[0] -= jump[0];
}

EVSIM_GATE(depressing, arrive, EVSIM_NAMES("U", "tau_rec"), EVSIM_NAMES("ready"), EVSIM_NAMES("s"))
"""

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the C is compiled here")


def gate(module: str, equations: str = "ds/dt = -s/tau : 1", **changes: Any) -> Gate:
    """Declare a gate that depresses."""
    parameters = [
        Parameter("tau", 2 * ms, "decay"),
        Parameter("U", 0.5, "share that is released"),
        Parameter("tau_rec", 100 * ms, "recovery"),
    ]
    keeps = [Parameter("ready", 1.0, "share that is ready")]
    declared = {"parameters": parameters, "on_pre": InC(module, keeps), **changes}
    return Gate(name="depressing", doc="A gate.", equations=equations, references=["here"], **declared)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty package that can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / f"package_{abs(hash(str(tmp_path)))}"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""A package."""\n')
    importlib.invalidate_caches()
    return folder


def compiled(package: Path, *options: str, source: str = C) -> str:
    """Compile the C into the package; return the name of the module."""
    file = package / "_gates.so"
    command = ["cc", "-std=c11", "-O2", "-shared", "-fPIC", f"-I{include.folder()}", *options]
    subprocess.run([*command, "-x", "c", "-", "-o", file], input=source, text=True, check=True)
    importlib.invalidate_caches()
    return f"{package.name}._gates"


def test_a_synapse_keeps_its_share_and_recovers_between_spikes(package: Path) -> None:
    trace = gate_response(gate(compiled(package)), [1.25, 21.25] * ms, 30 * ms)
    recovered = 1 - 0.5 * np.exp(-20 / 100)
    sizes = (0.5, 0.5 * recovered)
    expected = sum(
        size * np.where(trace.t / ms >= at, np.exp(-(trace.t / ms - at) / 2), 0)
        for at, size in zip((1.25, 21.25), sizes, strict=True)
    )
    assert np.max(np.abs(trace.s[0] - expected)) < 1e-14


def test_a_c_file_without_a_library_is_compiled_into_the_cache(package: Path) -> None:
    (package / "_gates.c").write_text(C)
    assert check_model(gate(f"{package.name}._gates")) == []


def test_a_gate_in_c_that_does_not_add_up_is_one_state_for_each_source_and_delay(package: Path) -> None:
    saturating = gate(compiled(package), "ds/dt = -s/tau - 0.1*s*s/tau : 1")
    assert treatment_of(saturating).name == EACH_SOURCE
    source = SpikeGeneratorGroup(1, [0, 0], [1.25, 21.25] * ms)
    synapses = Synapses(source, NeuronGroup(2, lif(I_stim=0 * nA)), saturating, output=current)
    synapses.connect()
    trace = evsim.StateMonitor(synapses, "s", record=True)
    evsim.run(2 * ms)
    # ds/dt = -s (1 + 0.1 s)/tau from 0.5: s/(1 + 0.1 s) decays
    u = 0.5 / 1.05 * np.exp(-(1.9 - 1.25) / 2)
    assert trace.s[0][19] == pytest.approx(u / (1 - 0.1 * u), abs=1e-9)
    assert np.array_equal(trace.s[0], trace.s[1])


@pytest.mark.parametrize(
    ("number", "complaint"),
    [
        (
            "-DEVSIM_KERNEL_ABI=3",
            "was compiled for version 3 of the kernel interface, and this evsim has version",
        ),
        ("-DOTHER_SIZE", "was compiled with a struct evsim_gate of"),
    ],
)
def test_a_library_of_another_version_is_refused_with_the_remedy(
    number: str, complaint: str, package: Path
) -> None:
    if "ABI" in number:
        source = "#include <kernel.h>\n#undef EVSIM_KERNEL_ABI\n#define EVSIM_KERNEL_ABI 3\n" + C
    else:
        source = C.replace(
            "EVSIM_GATE(",
            "#define sizeof(x) (sizeof(x) - 8*(sizeof(x) == sizeof(struct evsim_gate)))\nEVSIM_GATE(",
        )
    module = compiled(package, source=source)
    with pytest.raises(KernelVersionError) as refused:
        gate_table(module, "depressing")
    assert complaint in str(refused.value)
    assert str(refused.value).endswith("built with this evsim (pip install --force-reinstall)")
    assert "\n" not in str(refused.value)


def test_names_of_the_c_and_of_the_declaration_must_agree(package: Path) -> None:
    module = compiled(package)
    refusals = {
        "its C reads 'U', which its declaration does not have in parameters; there are tau, tau_rec": {
            "parameters": [Parameter("tau", 2 * ms, "decay"), Parameter("tau_rec", 100 * ms, "recovery")]
        },
        "its C keeps 'ready', which its declaration does not have in keeps; there are full": {
            "on_pre": InC(module, [Parameter("full", 1.0, "share")])
        },
        "its C does not know 'more', which is declared in keeps": {
            "on_pre": InC(module, [Parameter("ready", 1.0, "share"), Parameter("more", 1.0, "share")])
        },
        "its C changes 's', which its declaration does not have in equations; there are x": {
            "equations": "dx/dt = -x/tau : 1\ns = x : 1"
        },
    }
    for complaint, changes in refusals.items():
        said = check_model(gate(module, **changes))
        assert any(complaint in each for each in said), said


def test_a_library_that_is_not_there_or_does_not_have_the_gate(package: Path) -> None:
    with pytest.raises(EvsimError, match=r"gate depressing: there is no module nowhere\.gates"):
        gate_table("nowhere.gates", "depressing")
    with pytest.raises(EvsimError, match=r"there is no compiled module .*, and no C file of that name"):
        gate_table(f"{package.name}._gates", "depressing")
    with pytest.raises(EvsimError, match=r"write EVSIM_GATE\(another, \.\.\.\) in its C file"):
        gate_table(compiled(package), "another")
    (package / "_broken.c").write_text("#include <kernel/gate.h>\nthis is no C\n")
    with pytest.raises(CompilerError, match="The C text is"):
        gate_table(f"{package.name}._broken", "depressing")


def test_the_c_and_the_declaration_of_the_docs_page_run(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "handwritten.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```c\n(.*?)```", page, re.DOTALL)
    declaration, setup = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "compiled_gates(" in setup
    module = compiled(package, source=source)
    (tmp_path / "declared.py").write_text(declaration.replace("my_package._gates", module))
    declared = importlib.import_module("declared")
    trace = gate_response(replace(declared.depressing, name="depressing"), [1.25] * ms, 2 * ms)
    assert trace.s[0].max() == pytest.approx(0.5 * np.exp(-0.05 / 2), abs=1e-14)
