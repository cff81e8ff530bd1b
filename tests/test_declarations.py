"""Broken declarations: every fault at once, with file and line; what is broken stops nothing else."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import evsim.models
from evsim import NeuronGroup, SpikeGeneratorGroup, Synapses, ms
from evsim.models import current, lif
from evsim.plugin import Gate, Model
from evsim.plugin.faults import DeclarationError, faults_of, require_sound
from evsim.plugin.registry import registry

PACKAGE = Path(evsim.models.__file__).resolve().parents[2]

BAD_GATE = '''"""A gate with many faults"""

from evsim.plugin import Choice, Gate, Parameter
from evsim.units import ms, mV

bad_gate = Gate(
    equations="""
    ds/dt = -s/tau + q : 1   # q is nowhere
    dx/dt = -x/tau_x : 1
    dy/dt = -y/E : 1
    v = {word}*s : 1
    z = 2*s
    """,
    parameters=[
        Parameter("tau", 5*ms, "time constant of the decay"),
        Parameter("tau", 6*ms, ""),
        Parameter("tau_x", "5 ms", "another time constant"),
        Parameter("E", 5*mV, "a potential"),
        Parameter("spare", 1.0, "nothing"),
        Parameter("dt", 1.0, "a name that is taken"),
        Parameter("nought", None, "no number"),
    ],
    on_pre="""
    s += 1
    tau += 1*ms
    y += 3*mV
    u += 1
    released = 3*s
    x = released
    v = 2
    """,
)
'''

EXPECTED = [
    (1, "the docstring of its file should open with one sentence, got 'A gate with many faults'"),
    (6, "it has no references; name a paper or a book"),
    (8, "ds/dt: q is not declared"),
    (
        10,
        "y is declared in 1 (a plain number), so the right-hand side of dy/dt must be in Hz, but '-y/E' is in 1/V",
    ),
    (11, "{word} is no word of any choice"),
    (12, "'z = 2*s' has no unit; end it with ' : volt', or ' : 1' for a plain number"),
    (16, "tau is declared twice; give one of them another name"),
    (16, "tau has no meaning; say in one line what it is"),
    (17, "the default of tau_x is '5 ms'; give a number or a quantity, as in 5*ms"),
    (19, "parameter spare occurs nowhere in its equations and events; use it or leave it out"),
    (20, "dt has a fixed meaning in equations and cannot be declared"),
    (21, "parameter nought occurs nowhere"),
    (21, "the default of nought is None; give a number or a quantity, as in 5*ms"),
    (25, "on_pre, 'tau += 1*ms': it changes the parameter tau, which is constant"),
    (26, "y is in 1 (a plain number), but '3*mV' is in V"),
    (27, "on_pre, 'u += 1': u has no equation; write one, as in 'du/dt = ...'"),
    (30, "on_pre, 'v = 2': it changes v, which follows from its formula"),
]


def declared(folder: Path, text: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Write a file with one declaration, and import it."""
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    model: Model = getattr(importlib.import_module(name), name)
    return model


def test_all_faults_are_listed_at_once_with_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = faults_of(declared(tmp_path, BAD_GATE, "bad_gate", monkeypatch))
    assert {Path(fault.file) for fault in found} == {tmp_path / "bad_gate.py"}
    missing = [
        (line, text) for line, text in EXPECTED if not any(f.line == line and text in f.text for f in found)
    ]
    assert missing == [], "\n".join(map(str, found))
    assert len(found) == len(EXPECTED), "\n".join(map(str, found))
    assert [fault.line for fault in found if not fault.is_grave] == [1, 6, 16]


BAD_NEURON = '''"""A neuron with faults."""

from evsim.plugin import Choice, Neuron, Parameter
from evsim.units import ms, mV

EQUATIONS = """
dU/dt = (E_L - U)/tau : volt {clamped}
I_syn : amp (input)
I_syn : amp
a = b : 1
b = a : 1
"""

bad_neuron = Neuron(
    equations=EQUATIONS,
    parameters=[Parameter(name, -70*mV, "a potential") for name in ("E_L", "V_th")]
    + [Parameter("tau", 10*ms, "time constant"), Parameter("U", 1*mV, "a name twice")],
    choices=[Choice("clamp", "on", "what is clamped", {"yes": {"clamped": ""}, "no": {}})],
    initial={"U": "E_L + 3*ms", "W": 0},
    threshold="U + V_th",
    reset="U = V_reset",
    refractory="5*mV",
    references=["nobody"],
)
'''


def test_choices_are_looked_at_before_the_texts_that_need_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = faults_of(declared(tmp_path, BAD_NEURON, "bad_neuron", monkeypatch))
    assert [str(fault) for fault in found] == [
        "bad_neuron.py:18: the default of clamp is 'on', and its options are yes, no",
        "bad_neuron.py:18: option 'no' of clamp does not say what {clamped} stands for",
    ]


def test_faults_of_a_neuron_in_texts_that_stand_elsewhere_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BAD_NEURON.replace('"on", "what', '"yes", "what').replace('"no": {}', '"no": {"clamped": ""}')
    found = [str(fault) for fault in faults_of(declared(tmp_path, text, "bad_neuron", monkeypatch))]
    for line, said in [
        (9, "I_syn is declared twice; give one of them another name"),
        (15, "subexpressions define each other in a ring: a -> b -> a"),
        (15, "its membrane potential 'V' has no equation"),
        (16, "U is a parameter and a variable of the equations"),
        (19, "initial, 'U = E_L + 3*ms'"),
        (19, "initial: W is not declared"),
        (20, "'U + V_th' is not a condition"),
        (21, "reset, 'U = V_reset': V_reset is not declared"),
        (22, "'5*mV' must be a time"),
    ]:
        assert any(each.startswith(f"bad_neuron.py:{line}: ") and said in each for each in found), (
            said,
            found,
        )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("equations=3", "equations is 3, and must be a text"),
        ("parameters=None", "parameters is None, and must be a list"),
        ("parameters=['tau']", "parameters has 'tau', which is no Parameter"),
        ("on_pre=7", "on_pre is 7, and must be a text, a Pulse or InC"),
        ("equations='ds/dt = -s/ms : 1'", "a gate needs on_pre=, which is missing"),
        (
            "equations='dx/dt = -x/ms : 1', on_pre='x += 1'",
            "it has no variable 's', which outputs take; there are x",
        ),
        (
            "equations='ds/dt = T/ms : 1', on_pre=Pulse('U', height='1', duration='2')",
            "the pulse raises U, which stands",
        ),
        ("equations='ds/dt = T/ms : 1', on_pre=Pulse('T', height='1', duration='2')", "'2' must be a time"),
        ("equations='ds/dt = f(s)/ms : 1', on_pre='s += 1'", "there is no function f"),
        ("equations='ds/dt = -s/ms : 1', on_pre='s + 1'", "'s + 1' is not a statement"),
        ("equations='s = 2 : 1', on_pre='s += 1'", "it changes s, which follows from its formula"),
    ],
)
def test_rubbish_in_a_declaration_is_a_fault_like_any_other(
    arguments: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'"""A gate."""\nfrom evsim.plugin import Gate, Pulse\nrubbish = Gate({arguments}, references=["x"])\n'
    model = declared(tmp_path, text, "rubbish", monkeypatch)
    found = [fault for fault in faults_of(model) if fault.is_grave]
    assert any(said in fault.text for fault in found), found
    assert {fault.line for fault in found} == {3}


def test_shipped_models_have_no_faults() -> None:
    assert {model.name: faults_of(model) for model, _ in registry().models() if faults_of(model)} == {}


def test_a_model_with_faults_is_refused_where_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = declared(tmp_path, BAD_GATE, "bad_gate", monkeypatch)
    assert isinstance(model, Gate)
    with pytest.raises(DeclarationError) as refused:
        Synapses(
            SpikeGeneratorGroup(1, [0], [1] * ms), NeuronGroup(1, lif), model(E=3 * evsim.mV), output=current
        )
    lines = str(refused.value).splitlines()
    assert lines[0] == "gate bad_gate cannot be used:"
    assert len(lines) == 2 + len(EXPECTED)
    assert lines[-1] == (
        f"the declaration of gate bad_gate has {len(EXPECTED)} faults, listed above; begin with "
        f"{tmp_path / 'bad_gate.py'}, line 8: ds/dt: q is not declared"
    )
    neuron = declared(tmp_path, BAD_NEURON, "bad_neuron", monkeypatch)
    with pytest.raises(DeclarationError, match="neuron bad_neuron cannot be used"):
        NeuronGroup(1, neuron)


def test_gaps_in_the_documentation_stop_nobody() -> None:
    require_sound(Gate(name="quick", equations="ds/dt = -s/(5*ms) : 1", on_pre="s += 1"))


PLUGIN = '''"""A plugin with a sound model and a broken one."""
from evsim.plugin import Gate, Parameter, hookimpl
from bad_gate import bad_gate

@hookimpl
def evsim_models():
    sound = Gate(name="sound_gate", doc="A gate.", equations="ds/dt = -s/(5*ms) : 1", on_pre="s += 1", references=["x"])
    return [sound, bad_gate]
'''


def installed(folder: Path) -> None:
    """Write the plugin as pip would install it."""
    (folder / "half_broken.py").write_text(PLUGIN)
    (folder / "bad_gate.py").write_text(BAD_GATE)
    information = folder / "half_broken-1.2.dist-info"
    information.mkdir()
    (information / "entry_points.txt").write_text("[evsim]\nhalf-broken = half_broken\n")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: half-broken\nVersion: 1.2\n")


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the plugin in sight."""
    paths = os.pathsep.join([str(folder), str(PACKAGE)])
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_broken_model_is_listed_with_all_its_faults_and_raises_when_asked_for(tmp_path: Path) -> None:
    installed(tmp_path)
    done = run(["-c", "import evsim; from evsim.models import sound_gate; print(sound_gate)"], tmp_path)
    assert done.stdout == "sound_gate()\n", done.stderr
    listed = run(["-m", "evsim", "models"], tmp_path)
    assert (
        "\nplugin half-broken gate bad_gate cannot be used:\n  bad_gate.py:1: the docstring" in listed.stdout
    )
    assert listed.stdout.count("\n  bad_gate.py:") == len(EXPECTED)
    plugins = run(["-m", "evsim", "plugins"], tmp_path).stdout
    assert "half-broken          half-broken 1.2\n                     sound_gate\n" in plugins
    assert plugins.count(" bad_gate.py:") == len(EXPECTED)
    asked = run(["-c", "from evsim.models import bad_gate"], tmp_path)
    last = asked.stderr.strip().splitlines()[-1]
    assert last.startswith(
        f"the declaration of gate bad_gate has {len(EXPECTED)} faults, listed above; begin with "
    )


def test_check_prints_all_faults_and_fails(tmp_path: Path) -> None:
    installed(tmp_path)
    checked = run(["-m", "evsim", "check", "bad_gate"], tmp_path)
    assert (checked.returncode, checked.stdout) == (1, "")
    lines = checked.stderr.splitlines()
    assert len(lines) == len(EXPECTED)
    for (line, text), said in zip(EXPECTED, lines, strict=True):
        assert said.startswith(f"bad_gate.py:{line}: "), (text, said)
