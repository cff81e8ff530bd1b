"""The registry: what is found, what is refused, and what a broken plugin cannot break."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import evsim.models
from evsim.commands.listing import model_table
from evsim.errors import EvsimAttributeError
from evsim.models import lif
from evsim.plugin.registry import ModelError, Registry, find_model

PACKAGE = Path(evsim.models.__file__).resolve().parents[2]

GOOD = '''
"""A plugin with one gate."""
from evsim.plugin import Gate, hookimpl

@hookimpl
def evsim_models():
    return [Gate(name="{name}", doc="A gate.", equations="ds/dt = -s/(5*ms) : 1", on_pre="s += 1")]
'''


def plugin(folder: Path, package: str, code: str, metadata: str | None = "") -> None:
    """Write a package as pip would install it: a module, and metadata with an entry point."""
    module = package.replace("-", "_")
    (folder / f"{module}.py").write_text(code)
    information = folder / f"{module}-1.2.dist-info"
    information.mkdir()
    (information / "entry_points.txt").write_text(f"[evsim]\n{package} = {module}\n")
    if metadata is not None:
        text = metadata or f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n"
        (information / "METADATA").write_text(text)


def loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return a registry that sees the packages in a folder."""
    monkeypatch.syspath_prepend(str(folder))
    return Registry()


def the(registry: Registry, name: str) -> object:
    """Return the plugin of this name."""
    (found,) = [each for each in registry.plugins if each.name == name]
    return found


def test_a_plugin_is_found_through_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "found-plugin", GOOD.format(name="found_gate"))
    registry = loaded(tmp_path, monkeypatch)
    assert the(registry, "found-plugin").title == "found-plugin"  # type: ignore[attr-defined]
    assert the(registry, "found-plugin").version == "1.2"  # type: ignore[attr-defined]
    assert registry.find("found_gate").name == "found_gate"
    assert registry.find("lif") is lif


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (
            "import a_module_that_is_not_there",
            "ModuleNotFoundError: No module named 'a_module_that_is_not_there'",
        ),
        ("1/0", "ZeroDivisionError: division by zero"),
        ("this is no python", "SyntaxError: "),
        ("import sys; sys.exit('no')", "SystemExit: no"),
        ("x = 1", "EvsimError: plugin broken has no hook; define evsim_models() and mark it with @hookimpl"),
        (
            "from evsim.plugin import hookimpl\n@hookimpl\ndef evsim_models():\n    raise RuntimeError('in hook')",
            "RuntimeError: in hook",
        ),
        (
            "from evsim.plugin import hookimpl\n@hookimpl\ndef evsim_models():\n    yield 1/0",
            "ZeroDivisionError: division by zero",
        ),
        (
            "from evsim.plugin import hookimpl\n@hookimpl\ndef evsim_models():\n    return [3]",
            "EvsimError: plugin broken offers 3; evsim_models() returns declarations such as Neuron",
        ),
        (
            "from evsim.plugin import hookimpl\n@hookimpl\ndef evsim_models():\n    return None",
            "TypeError: 'NoneType' object is not iterable",
        ),
        (
            "from evsim.plugin import hookimpl\n@hookimpl\ndef evsim_model():\n    return []",
            "PluginValidationError: unknown hook 'evsim_model' in plugin",
        ),
        (
            "from evsim.plugin import hookimpl\n@hookimpl\ndef evsim_models(extra):\n    return []",
            "PluginValidationError: Plugin 'broken' for hook 'evsim_models'",
        ),
        (
            "from evsim.plugin import Gate\nGate(equation='ds/dt = 0 : 1')",
            "TypeError: Gate.__init__() got an unexpected keyword argument 'equation'",
        ),
        ("class Odd(BaseException): pass\nraise Odd('anything')", "Odd: anything"),
        ("class Mute(Exception):\n    def __str__(self): raise OSError\nraise Mute", "Mute: no message"),
        (
            "from evsim.plugin import hookimpl\nclass Bad:\n    def __repr__(self): 1/0\n"
            "@hookimpl\ndef evsim_models():\n    return [Bad()]",
            "ZeroDivisionError: division by zero",
        ),
    ],
)
def test_a_broken_plugin_is_listed_with_its_error_and_the_others_work(
    code: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, "broken", code)
    plugin(tmp_path, "whole", GOOD.format(name="whole_gate"))
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    monkeypatch.delitem(sys.modules, "whole", raising=False)
    registry = loaded(tmp_path, monkeypatch)
    assert the(registry, "broken").complaint.startswith(complaint)  # type: ignore[attr-defined]
    assert the(registry, "broken").models == ()  # type: ignore[attr-defined]
    assert registry.find("whole_gate").name == "whole_gate"
    assert registry.find("lif") is lif


def test_asking_for_a_model_of_a_broken_plugin_raises_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, "broken-one", "raise OSError('no such device')")
    registry = loaded(tmp_path, monkeypatch)
    for name in ("some_model_of_it", "broken-one"):
        with pytest.raises(ModelError) as refused:
            registry.find(name)
        assert str(refused.value).startswith(f"no model is named {name!r}")
        assert str(refused.value).endswith("plugin broken-one could not be loaded: OSError: no such device")
        assert isinstance(refused.value.__cause__, OSError)


def test_damaged_metadata_of_a_package_stop_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "nameless", GOOD.format(name="nameless_gate"), metadata=None)
    registry = loaded(tmp_path, monkeypatch)
    assert registry.find("nameless_gate").name == "nameless_gate"


def test_two_plugins_with_one_model_name_are_both_named_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, "plugin-a", GOOD.format(name="twin"))
    plugin(tmp_path, "plugin-b", GOOD.format(name="twin"))
    registry = loaded(tmp_path, monkeypatch)
    with pytest.raises(ModelError) as refused:
        registry.find("twin")
    assert str(refused.value) == (
        "model 'twin' is offered by plugin-a and plugin-b; ask for one, as in 'plugin-a:twin'"
    )
    one, other = registry.find("plugin-a:twin"), registry.find("plugin-b:twin")
    assert one is not other
    assert one.name == other.name == "twin"


def test_a_plugin_cannot_take_the_place_of_a_built_in_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, "usurper", GOOD.format(name="lif"))
    registry = loaded(tmp_path, monkeypatch)
    assert registry.find("lif") is registry.find("evsim:lif") is lif
    assert registry.find("usurper:lif") is the(registry, "usurper").models[0]  # type: ignore[attr-defined]
    assert "A gate. [usurper] (ask for usurper:lif)\n" in model_table(registry) + "\n"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ModelError) as refused:
        find_model("dual_exponetial")
    assert "no model is named 'dual_exponetial' (did you mean dual_exponential" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_importing_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"no model is named 'lff' \(did you mean lif"):
        from evsim.models import lff  # noqa: F401


def test_an_unknown_attribute_of_the_models_is_an_attribute_error() -> None:
    assert not hasattr(evsim.models, "lff")
    assert not hasattr(evsim.models, "__wrapped__")
    with pytest.raises(EvsimAttributeError, match="did you mean lif"):
        evsim.models.lff  # noqa: B018


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that sees the packages in a folder."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(PACKAGE)])}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_models_of_a_plugin_are_imported_as_those_of_evsim(tmp_path: Path) -> None:
    plugin(tmp_path, "by-name", GOOD.format(name="gate_by_name"))
    done = run_python("from evsim.models import gate_by_name, lif; print(gate_by_name, lif)", tmp_path)
    assert done.stdout == "gate_by_name() lif()\n", done.stderr


def test_importing_evsim_loads_no_plugin(tmp_path: Path) -> None:
    plugin(tmp_path, "loud", "print('loaded'); 1/0")
    done = run_python("import evsim, evsim.models, evsim.plugin.registry; print('imported')", tmp_path)
    assert done.stdout == "imported\n", done.stderr


def test_importing_a_model_of_a_broken_plugin_raises_its_error(tmp_path: Path) -> None:
    plugin(tmp_path, "broken-two", "raise OSError('no such device')")
    done = run_python("from evsim.models import lif\nfrom evsim.models import its_gate", tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("evsim.plugin.registry.ModelError: no model is named 'its_gate'")
    assert last.endswith("plugin broken-two could not be loaded: OSError: no such device")
    assert "OSError: no such device\n" in done.stderr


def test_the_command_line_lists_what_works_and_tells_what_does_not(tmp_path: Path) -> None:
    plugin(tmp_path, "broken-three", "raise OSError('no such device')")
    call = "import sys; from evsim.commands.command_line import main; sys.exit(main({arguments}))"
    listed = run_python(call.format(arguments=["models"]), tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "\n  lif " in listed.stdout
    assert listed.stdout.endswith("plugin broken-three could not be loaded: OSError: no such device\n")
    plugins = run_python(call.format(arguments=["plugins"]), tmp_path)
    assert "broken-three         broken-three 1.2\n" in plugins.stdout
    assert "could not be loaded: OSError: no such device\n" in plugins.stdout
    asked = run_python(call.format(arguments=["models", "its_gate"]), tmp_path)
    assert (asked.returncode, asked.stdout, asked.stderr.count("\n")) == (1, "", 1)
    assert asked.stderr.endswith("plugin broken-three could not be loaded: OSError: no such device\n")
