"""What the command line shows of models, plugins and the installation, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from evsim.commands.solutions import solution_of
from evsim.composition import Treatment, treatment_of, treatment_of_plasticity
from evsim.plugin import (
    Gate,
    InC,
    Junction,
    Model,
    Modulation,
    Neuron,
    Output,
    Parameter,
    Plasticity,
    Pulse,
)
from evsim.plugin.registry import Plugin, Registry, registry
from evsim.units.field import in_field_units

_WIDTH = 100


def model_table(found: Registry) -> str:
    """Return every model with its first sentence and its defaults, kind by kind."""
    blocks = []
    for kind in dict.fromkeys(model.kind for model, _ in found.models()):
        here = [(model, plugin) for model, plugin in found.models() if model.kind == kind]
        rows = [row for model, plugin in here for row in _rows(model, plugin, found)]
        blocks.append("\n".join([_plural(kind), *rows]))
    blocks += [
        "\n".join([f"plugin {plugin.title} {plugin.complaints[0]}", *plugin.complaints[1:]])
        for plugin in found.plugins
        if plugin.complaints
    ]
    return "\n\n".join(blocks)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _rows(model: Model, plugin: Plugin, found: Registry) -> list[str]:
    own, origin = found.plugins[0], f"[{plugin.title}]"
    if plugin is not own and any(model.name == each.name for each in own.models):
        origin = f"{origin} (ask for {plugin.name}:{model.name})"
    defaults = [
        f"{parameter.name} = {in_field_units(model.value(parameter.name))}" for parameter in model.parameters
    ]
    defaults += [f"{choice.name} = {model.choice(choice.name)}" for choice in model.choices]
    return [f"  {model.name:<20} {model.summary} {origin}", *_wrapped(", ".join(defaults), 23)]


def model_page(model: Model) -> str:
    """Return everything that a model declares."""
    return "\n\n".join(
        [
            f"{model.name} ({model.kind}){_package_of(model)}",
            model.doc,
            *(_section(title, lines) for title, lines in sections(model)),
        ]
    )


def sections(model: Model) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what a model declares, part by part: a title and lines."""
    if model.equations.strip():
        yield "equations", _lines(model.written_out(model.equations).replace("{weight}", "unit of w"))
    if model.parameters:
        yield "parameters", _aligned(parameter_rows(model))
    for choice in model.choices:
        options = ", ".join(choice.options)
        text = f"{choice.name} = {model.choice(choice.name)} (of {options}): {choice.meaning}"
        yield "choice", textwrap.wrap(text, _WIDTH)
    if events := _events(model):
        yield "events", events
    if isinstance(model, Gate):
        yield "treatment", _treatment(treatment_of(model))
    if isinstance(model, Plasticity):
        yield "treatment", _treatment(treatment_of_plasticity(model))
    if isinstance(model, Neuron):
        yield "treatment", textwrap.wrap(solution_of(model), _WIDTH)
    yield "references", model.references


def _package_of(model: Model) -> str:
    """Where a model comes from, if it is registered."""
    titles = [plugin.title for each, plugin in registry().models() if each is model]
    return f" of {titles[0]}" if titles else ""


def parameter_rows(model: Model) -> list[tuple[str, str, str]]:
    """Name, default and meaning of every parameter."""
    return [(each.name, _value(model, each), each.meaning) for each in model.parameters]


def _aligned(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    wide, high = (max(len(row[k]) for row in rows) for k in (0, 1))
    return [f"{name:<{wide}}  {value:<{high}}  {meaning}" for name, value, meaning in rows]


def _value(model: Model, parameter: Parameter) -> str:
    """A parameter in the unit of the weight counts default weights, unless it was set."""
    value = in_field_units(model.value(parameter.name))
    return f"{value} x weight" if parameter.of_weight and parameter.name not in model.values else value


def _events(model: Model) -> list[str]:
    if isinstance(model, Neuron):
        lines = [f"start       {name} = {in_field_units(value)}" for name, value in model.initial.items()]
        texts = {"threshold": model.threshold, "reset": model.reset, "refractory": model.refractory}
        return lines + [f"{name:<11} {text.strip()}" for name, text in texts.items() if text]
    if isinstance(model, Gate):
        return [f"spike       {line}" for line in _spike(model)]
    if isinstance(model, Modulation):
        lines = [
            f"spike       {line.strip()}" for line in model.written_out(model.on_pre).strip().splitlines()
        ]
        return [*lines, f"adds        {model.written_out(model.gain)} times w, to {model.parameter}"]
    if isinstance(model, Junction):
        lines = [f"current     {model.written_out(model.current)}, at every instant"]
        return lines + (
            [f"spike       V_post += {model.written_out(model.spikelet)}"] if model.spikelet else []
        )
    if isinstance(model, Plasticity):
        return _events_of_plasticity(model)
    return [f"current     {model.written_out(model.current)}"] if isinstance(model, Output) else []


def _events_of_plasticity(model: Plasticity) -> list[str]:
    starts = [
        f"start       {name} = {model.written_out(str(value))}" for name, value in model.initial.items()
    ]
    texts = {"source": model.on_pre, "target": model.on_post}
    lines = [f"{end:<11} {line}" for end, text in texts.items() for line in _lines(model.written_out(text))]
    release = [f"release     {model.written_out(model.release)}"] if model.release else []
    bounds = [f"bounds      {model.bounds[0]} <= w <= {model.bounds[1]}"] if model.bounds else []
    return [*starts, *lines, *release, *bounds]


def _lines(text: str) -> list[str]:
    """The lines of a text of a declaration that say something."""
    return [line for line in textwrap.dedent(text).strip().splitlines() if line.strip()]


def _treatment(found: Treatment) -> list[str]:
    """How evsim runs the model, and why it may."""
    return textwrap.wrap(f"{found.name}: {found.reason}", _WIDTH)


def _spike(gate: Gate) -> list[str]:
    if isinstance(gate.on_pre, Pulse):
        pulse = gate.on_pre
        return [
            f"{pulse.variable} = {pulse.height} for {pulse.duration}; a spike within a pulse starts it anew"
        ]
    if isinstance(gate.on_pre, InC):
        kept = [f"{each.name} = {in_field_units(each.default)}: {each.meaning}" for each in gate.on_pre.keeps]
        return [
            f"hand-written C in {gate.on_pre.module}; every synapse keeps",
            *(f"  {each}" for each in kept),
        ]
    return _lines(gate.written_out(gate.on_pre))


def plugin_table(found: Registry) -> str:
    """Return every plugin with its package, its models, or its error."""
    lines = []
    for plugin in found.plugins:
        lines.append(f"{plugin.name:<20} {plugin.package} {plugin.version}")
        if plugin.error is None:
            lines += _wrapped(", ".join(model.name for model in plugin.models) or "no models", 21)
        for complaint in plugin.complaints:
            lines += _wrapped(complaint, 21 + len(complaint) - len(complaint.lstrip()))
    return "\n".join(lines)


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _wrapped(text: str, indent: int) -> Sequence[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent)
