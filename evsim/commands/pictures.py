"""The command `evsim plot`: what a user types, as a trial of a model, and its figure as a file or in a window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evsim.equations.quantities import parse_quantities, parse_quantity
from evsim.errors import EvsimError, EvsimNameError, EvsimValueError
from evsim.plot.responses import draw, joined
from evsim.plot.responses.trial import Trial
from evsim.plugin import Gate, Model, Neuron, Output
from evsim.plugin.model import nearest
from evsim.plugin.registry import find_model
from evsim.units import ms, si
from evsim.words.randomness import seed

ROLES: dict[type[Model], str] = {Gate: "gate", Output: "output", Neuron: "neuron"}
FORMATS = ("png", "svg", "pdf")


def plot(options: argparse.Namespace) -> list[str]:
    """Make the figure and save or show it; return what there is to tell."""
    trial = trial_of(options)
    path = (
        options.output if options.output or options.show else Path(f"{options.name.rpartition(':')[2]}.png")
    )
    if path is not None:
        _check_path(path)
    seed(options.seed)
    figure = draw(trial, _window() if options.show else None)
    if path is not None:
        try:
            figure.savefig(path, dpi=120)
        except (OSError, ValueError) as error:
            raise EvsimValueError(
                f"the picture {path} cannot be saved: {error}; give another --output"
            ) from error
    if options.show:
        import matplotlib.pyplot as plt

        plt.show()
    return [f"{trial.model.name}: {path}"] if path is not None else []


def trial_of(options: argparse.Namespace) -> Trial:
    """Return the trial that the options ask for."""
    model = find_model(options.name)
    partners = _by_role(model, [find_model(each) for each in options.partners])
    trial = with_changes(Trial(model, **partners), options.changes)
    duration = None
    if options.duration is not None:
        duration = float(si(parse_quantities(options.duration, ms, "--duration"))[0])
        if not duration > 0:
            raise EvsimValueError(f"--duration is a time above zero, got {options.duration}")
    spikes = None
    if options.spikes is not None:
        spikes = si(parse_quantities(options.spikes, ms, "--spikes"))
        if (spikes < 0).any():
            raise EvsimValueError(f"--spikes are times from 0 on, got {options.spikes}")
    return replace(
        trial,
        spikes=spikes,
        duration=duration,
        weight=None if options.weight is None else parse_quantity(options.weight, "--weight"),
        current=None if options.current is None else _currents(options.current),
        port=options.target,
    )


def _currents(text: str) -> Any:
    last = parse_quantity(text.replace(";", ",").rpartition(",")[2], "--current")
    return parse_quantities(text, last, "--current")


def _by_role(model: Model, partners: Sequence[Model]) -> dict[str, Any]:
    """Partners under the names of their roles."""
    own = ROLES.get(type(model), "")
    found: dict[str, Any] = {}
    for each in partners:
        role = ROLES.get(type(each), "")
        if not role or role == own or role in found:
            known = ", ".join(name for name in ROLES.values() if name != own)
            raise EvsimValueError(
                f"--with {each.name}: a {each.kind} cannot be joined to the {model.kind} {model.name}"
                f"{' twice' if role in found else ''}; give one of each: {known}"
            )
        found[role] = each
    return found


def with_changes(trial: Trial, changes: Sequence[str]) -> Trial:
    """The trial with parameters set: NAME=VALUE in the first model that has the name, MODEL.NAME=VALUE in that one.

    What becomes of the model itself may choose its partners, which take what is left.
    """
    left = []
    for change in changes:
        owner, name, value = _read(change)
        if owner in ("", trial.model.name) and name in _names(trial.model):
            trial = replace(trial, model=_set(trial.model, name, value, change))
        else:
            left.append(change)
    trial = joined(trial)
    for change in left:
        trial = _with_partner_changed(trial, change)
    return trial


def _read(change: str) -> tuple[str, str, str]:
    """Owner, name and value."""
    place, equals, value = change.partition("=")
    owner, _, name = place.strip().rpartition(".")
    if not equals or not name or not value.strip():
        raise EvsimValueError(f"--set {change}: give a name and a value, as in --set tau=3ms")
    return owner, name, value.strip()


def _names(model: Model) -> list[str]:
    return [entry.name for entry in model.entries]


def _set(model: Model, name: str, value: str, change: str) -> Model:
    is_choice = name in {choice.name for choice in model.choices}
    return model(**{name: value if is_choice else parse_quantity(value, f"--set {change}")})


def _with_partner_changed(trial: Trial, change: str) -> Trial:
    owner, name, value = _read(change)
    own = ROLES.get(type(trial.model), "")
    roles = {role: getattr(trial, role) for role in ROLES.values() if role != own}
    partners = {role: each for role, each in roles.items() if each is not None}
    for role, each in partners.items():
        if owner in ("", each.name) and name in _names(each):
            changed: dict[str, Any] = {role: _set(each, name, value, change)}
            return replace(trial, **changed)
    members = [each for each in (trial.model, *partners.values()) if owner in ("", each.name)]
    known = [each for member in members for each in _names(member)]
    told = "; ".join(f"{each.name} has {', '.join(_names(each)) or 'none'}" for each in members)
    everyone = ", ".join(each.name for each in (trial.model, *partners.values()))
    raise EvsimNameError(
        f"--set {change}: there is no parameter {name!r}{nearest(name, known)}; {told}"
        if members
        else f"--set {change}: {owner!r} is not in this figure; there are {everyone}"
    )


def _check_path(path: Path) -> None:
    if not path.parent.is_dir():
        raise EvsimError(
            f"there is no folder {path.parent} for the picture; make it, or give another --output"
        )
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        raise EvsimValueError(
            f"--output {path}: a picture ends with {', '.join('.' + each for each in FORMATS)}"
        )


def _window() -> Any:
    """A figure that a window can show."""
    import matplotlib
    import matplotlib.pyplot as plt

    backend = matplotlib.get_backend().lower()
    if backend in {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}:
        raise EvsimError(
            f"there is no display to --show a window on (backend {backend}); save with --output FILE"
        )
    return plt.figure()
