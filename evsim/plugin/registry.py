"""Every model that can be asked for by name, and every plugin, also those that could not be loaded.

Plugins are packages with an entry point in the group `evsim`. Loading is guarded: whatever a plugin does, the
others work, and its error is kept until someone asks for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any

import pluggy

from evsim.errors import EvsimError
from evsim.plugin import Model, hookspecs
from evsim.plugin.faults import DeclarationError, Fault, faults_of
from evsim.plugin.model import nearest

BUILT_IN = "evsim.models"


class ModelError(EvsimError, LookupError):
    """No model can be had by this name: unknown, offered twice, or of a plugin that could not be loaded."""


@dataclass(frozen=True)
class Plugin:
    """One entry point: its name and package, what it offers, and the error if it could not be loaded.

    `faulty` are models whose declarations have faults, which cannot be used; the others can.
    """

    name: str
    package: str
    version: str
    models: tuple[Model, ...] = ()
    error: BaseException | None = None
    faulty: tuple[tuple[Model, list[Fault]], ...] = ()

    @property
    def title(self) -> str:
        """How messages name the plugin."""
        return f"{self.name} ({self.package} {self.version})" if self.package != self.name else self.name

    @property
    def complaint(self) -> str:
        """What went wrong, in one line."""
        if self.error is None:
            return ""
        try:
            lines = str(self.error).strip().splitlines()
        except Exception:
            lines = []
        return f"{type(self.error).__name__}: {lines[0] if lines else 'no message'}"

    @property
    def complaints(self) -> list[str]:
        """What is wrong with it, line by line."""
        lines = [f"could not be loaded: {self.complaint}"] if self.error is not None else []
        for model, faults in self.faulty:
            lines.append(f"{model.kind} {model.name} cannot be used:")
            lines += [f"  {fault}" for fault in faults]
        return lines


class Registry:
    """The plugins that are installed, loaded once."""

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        found = entry_points(group=hookspecs.ENTRY_POINT_GROUP) if points is None else points
        self.plugins: list[Plugin] = [self._built_in()]
        self.plugins += [self._load(point) for point in sorted(found, key=lambda p: (p.name, p.value))]

    def _built_in(self) -> Plugin:
        try:
            number = version("evsim")
        except PackageNotFoundError:
            number = "from source"
        return Plugin("evsim", "evsim", number, _models_of(importlib.import_module(BUILT_IN), "evsim"))

    def _load(self, point: EntryPoint) -> Plugin:
        return self._guarded(point.name, *_package_of(point), point.load)

    def _guarded(self, name: str, package: str, version: str, load: Callable[[], Any]) -> Plugin:
        try:
            models = _models_of(load(), name)
            found = [(model, faults_of(model)) for model in models]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a plugin raises
            return Plugin(name, package, version, error=error)
        bad = [(model, faults) for model, faults in found if any(each.is_grave for each in faults)]
        broken = {id(model) for model, _ in bad}
        sound = tuple(model for model in models if id(model) not in broken)
        return Plugin(name, package, version, sound, faulty=tuple(bad))

    def models(self) -> list[tuple[Model, Plugin]]:
        """Every model with the plugin that offers it."""
        return [(model, plugin) for plugin in self.plugins for model in plugin.models]

    def find(self, name: str) -> Model:
        """Return the model of this name, or raise ModelError; DeclarationError if its declaration has faults.

        `plugin:name` names one where two plugins share a name; a name alone is evsim's own model, if there is one.
        """
        wanted, _, bare = name.rpartition(":")
        found = [(m, p) for m, p in self.models() if m.name == bare and wanted in ("", p.name, p.package)]
        own = [(m, p) for m, p in found if p is self.plugins[0]]
        if len(found) == 1 or own:
            return (own or found)[0][0]
        if found:
            titles = " and ".join(plugin.title for _, plugin in found)
            first = found[0][1].name
            raise ModelError(f"model {bare!r} is offered by {titles}; ask for one, as in '{first}:{bare}'")
        for plugin in self.plugins:
            for model, faults in plugin.faulty:
                if model.name == bare and wanted in ("", plugin.name, plugin.package):
                    raise DeclarationError(model, faults)
        raise self._missing(name, bare)

    def _missing(self, name: str, bare: str) -> ModelError:
        known = sorted({model.name for model, _ in self.models()})
        broken = [plugin for plugin in self.plugins if plugin.error is not None]
        named = [plugin for plugin in broken if name in (plugin.name, plugin.package)] or broken
        text = f"no model is named {name!r}{nearest(bare, known)}; there are {', '.join(known)}"
        for plugin in named:
            text += f"; plugin {plugin.title} could not be loaded: {plugin.complaint}"
        error = ModelError(text)
        error.__cause__ = named[0].error if named else None
        return error


def _models_of(module: Any, name: str) -> tuple[Model, ...]:
    """Call the hook of one plugin, in a plugin manager of its own: what it does wrong reaches no other."""
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    hooks.add_hookspecs(hookspecs)
    hooks.register(module, name=name)
    hooks.check_pending()
    offers: list[Callable[[], Any]] = [each.function for each in hooks.hook.evsim_models.get_hookimpls()]
    if not offers:
        raise EvsimError(f"plugin {name} has no hook; define evsim_models() and mark it with @hookimpl")
    return tuple(_checked(model, name) for offer in offers for model in offer())


def _checked(model: Any, plugin: str) -> Model:
    if isinstance(model, Model):
        return model
    raise EvsimError(f"plugin {plugin} offers {model!r}; evsim_models() returns declarations such as Neuron")


def _package_of(point: EntryPoint) -> tuple[str, str]:
    """Return name and version of the package of an entry point, also where its metadata are damaged."""
    try:
        return (point.dist.name, point.dist.version) if point.dist is not None else (point.name, "?")
    except Exception:
        return point.name, "?"


@cache
def registry() -> Registry:
    """Return the registry of this process, loading the plugins the first time."""
    return Registry()


def find_model(name: str) -> Model:
    """Return the model of this name from evsim or any plugin."""
    return registry().find(name)
