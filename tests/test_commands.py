"""The command line: what each command prints, and one readable line for each mistake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evsim.commands.command_line import main
from evsim.commands.listing import model_page
from evsim.models import evsim_models
from evsim.plugin import Model
from evsim.plugin.registry import find_model, registry


def evsim(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, without a display."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "MPLBACKEND")}
    environment |= variables
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "evsim", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
    )


def test_models_lists_every_model_with_its_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    for model in evsim_models():
        assert re.search(rf"^  {model.name} ", printed, re.MULTILINE)
    assert "C_m = 0.4 nF, g_L = 20 nS, E_L = -70 mV, I_stim = 0.44 nA" in printed
    kinds = [line for line in printed.splitlines() if line and line[0] != " "]
    assert kinds[:4] == ["neurons", "gates", "outputs", "junctions"]
    assert set(kinds[4:]) <= {"modulations", "plasticities"}  # plugins may bring some


def test_models_name_shows_the_whole_declaration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "lif"]) == 0
    printed = capsys.readouterr().out
    for line in (
        "lif (neuron) of evsim",
        "  dV/dt = (g_L*(E_L - V) + I_syn + I_stim)/C_m : volt (unless refractory)",
        "  C_m      0.4 nF   membrane capacitance",
        "  refractory = clamp (of clamp, block): V during t_ref: 'clamp' holds it and loses its input, 'block'",
        "  threshold   V > V_th",
        "  reset       V = V_reset",
        "  Lapicque 1907, Journal de Physiologie et de Pathologie Générale 9:620",
    ):
        assert line in printed.splitlines()


def test_plugins_lists_the_built_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    assert capsys.readouterr().out.startswith("evsim                evsim ")


def test_check_says_that_a_model_keeps_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "voltage_jump"]) == 0
    assert capsys.readouterr().out == "voltage_jump: keeps the contract\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["models", "lff"], "evsim: no model is named 'lff' (did you mean lif?)"),
        (["check", "lff"], "evsim: no model is named 'lff' (did you mean lif?)"),
        (["run", "not_there.py"], "evsim: there is no script not_there.py; give the path of a Python file"),
        (["demo", "--output", "no/such/folder.png"], "evsim: there is no folder no/such for the picture"),
    ],
)
def test_a_mistake_is_one_line_on_standard_error_and_code_1(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(line)
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["modles"], ["run"], ["demo", "--seed", "x"], ["models", "a", "b"]]
)
def test_wrong_usage_ends_with_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: evsim")


def test_info_names_versions_compiler_cache_instructions_and_plugins(tmp_path: Path) -> None:
    done = evsim("info", folder=tmp_path, EVSIM_CACHE=str(tmp_path / "cache"), CC="no-such-compiler")
    assert done.returncode == 0, done.stderr
    rows = dict(re.split(r"\s+", line, maxsplit=1) for line in done.stdout.splitlines())
    assert list(rows) == [
        *("evsim", "python", "system", "instructions", "compiler", "cache", "shipped", "libraries", "plugin"),
    ]
    assert rows["compiler"].startswith("none: CC='no-such-compiler' ")
    assert rows["cache"].startswith(str(tmp_path / "cache"))
    assert re.search(r"numpy \d", rows["libraries"])


def test_run_runs_a_script_as_python_does(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("word = 'found'\n")
    (tmp_path / "script.py").write_text("import sys, beside\nprint(__name__, sys.argv, beside.word)\n")
    done = evsim("run", "script.py", "--one", "2", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "__main__ ['script.py', '--one', '2'] found\n"


def test_run_keeps_the_exit_code_of_a_script(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\nsys.exit(7)\n")
    assert evsim("run", "script.py", folder=tmp_path).returncode == 7


def test_a_users_mistake_in_a_script_is_one_line_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "from evsim import *\nx = 1\nNeuronGroup(1, 'dV/dt = -V/(10*ms) : vult')\n"
    )
    done = evsim("run", "script.py", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("evsim: script.py:3: EvsimNameError: ")
    assert "vult" in done.stderr


def test_any_other_error_of_a_script_shows_where_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("x = 1\n1/0\n")
    done = evsim("run", "script.py", folder=tmp_path)
    assert done.returncode == 1
    assert 'script.py", line 2' in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_demo_runs_the_network_twice_and_saves_its_picture_without_a_display(tmp_path: Path) -> None:
    for _ in range(2):
        done = evsim("demo", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        found = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in done.stdout.splitlines())
        assert found["network"] == "800 excitatory and 200 inhibitory cells, 1 s"
        assert abs(float(found["mean rate"].removesuffix(" Hz")) - 26.2) <= 1.2
        assert abs(float(found["interval CV"]) - 0.090) <= 0.01
        assert found["picture"] == "evsim-demo.png"
    picture = (tmp_path / "evsim-demo.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 50_000


def test_demo_saves_where_it_is_told(tmp_path: Path) -> None:
    done = evsim("demo", "--output", "other.svg", "--seed", "5", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "other.svg").read_text().startswith("<?xml")
    assert not (tmp_path / "evsim-demo.png").exists()


@pytest.mark.parametrize("model", [each for each, _ in registry().models()], ids=lambda model: model.name)
def test_every_model_is_shown_with_equations_parameters_treatment_and_references(model: Model) -> None:
    printed = model_page(model)
    lines = printed.splitlines()
    assert lines[0].startswith(f"{model.name} ({model.kind}) of ")
    assert lines[2:].index(model.doc.splitlines()[0]) == 0
    for entry in model.parameters:
        assert re.search(rf"^  {entry.name} +\S.*  {re.escape(entry.meaning)}$", printed, re.MULTILINE)
    for line in model.written_out(model.equations).replace("{weight}", "unit of w").strip().splitlines():
        assert not line.strip() or f"  {line.strip()}" in lines
    assert lines[-len(model.references) :] == [f"  {each}" for each in model.references]
    assert ("\ntreatment\n" in printed) == (model.kind in ("neuron", "gate", "plasticity"))


def test_models_say_how_a_neuron_is_solved_and_why() -> None:
    told = {
        name: " ".join(model_page(find_model(name)).partition("\ntreatment\n")[2].split())
        for name in ("lif", "hh")
    }
    assert told["lif"].startswith(
        "solved exactly: its equations are linear, so a propagator takes it over any interval"
    )
    assert told["hh"].startswith(
        "integrated to a tolerance, with spikes located inside the steps: the part 'g_Na*m**3*h*(V - E_Na)' is not "
        "linear: it multiplies m and h by V"
    )
