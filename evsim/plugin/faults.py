"""What is wrong with a declaration, all of it at once, each with file and line.

Grave faults make a model useless; others are gaps in its documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evsim.equations.reading import check_name, try_declarations
from evsim.equations.variable import Variable
from evsim.errors import EvsimError, EvsimValueError
from evsim.plugin.faulty_texts import faults_of_texts
from evsim.plugin.model import Choice, Gate, InC, Model, Neuron, Parameter, Pulse
from evsim.plugin.source_lines import SourceLines

if TYPE_CHECKING:
    from evsim.codegen.handwritten import GateTable


@dataclass(frozen=True)
class Fault:
    """One fault and where it stands."""

    file: str
    line: int
    text: str
    is_grave: bool = True

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}: {self.text}"


class DeclarationError(EvsimValueError):
    """A model cannot be used since its declaration has faults; they are listed."""

    def __init__(self, model: Model, faults: list[Fault]) -> None:
        self.model, self.faults = model.name, faults
        first = next((fault for fault in faults if fault.is_grave), faults[0])
        if len(faults) == 1:
            super().__init__(
                f"{model.kind} {model.name} cannot be used: {first.file}, line {first.line}: {first.text}"
            )
            return
        listed = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(
            f"{model.kind} {model.name} cannot be used:\n{listed}\n"
            f"the declaration of {model.kind} {model.name} has {len(faults)} faults, listed above; begin with "
            f"{first.file}, line {first.line}: {first.text}"
        )


def faults_of(model: Model) -> list[Fault]:
    """Every fault of a declaration, in the order of lines."""
    lines = SourceLines(model.origin)
    if rubbish := [Fault(lines.file, lines.of(name), text) for name, text in _rubbish(model)]:
        return rubbish
    found = [Fault(lines.file, line, text) for line, text in _grave(model, lines)]
    found += [Fault(lines.file, line, text, False) for line, text in _gaps(model, lines)]
    return sorted(dict.fromkeys(found), key=lambda fault: fault.line)


def require_sound(model: Model) -> None:
    """Refuse a model with grave faults."""
    key = (model.origin, model.name, model.equations)
    if _sound.get(key) is model.parameters:  # copies share it
        return
    faults = faults_of(model)
    if any(fault.is_grave for fault in faults):
        raise DeclarationError(model, faults)
    _sound[key] = model.parameters


_sound: dict[object, object] = {}


def _rubbish(model: Model) -> Iterator[tuple[str, str]]:
    """Arguments of the wrong type, after which nothing else can be said."""
    kinds = {"parameters": Parameter, "choices": Choice, "references": str}
    for each in fields(model):
        value = getattr(model, each.name)
        if each.type == "str" and not isinstance(value, str):
            yield each.name, f"{each.name} is {value!r}, and must be a text"
        if each.name in kinds:
            kind = kinds[each.name]
            if isinstance(value, str) or not isinstance(value, Sequence):
                yield each.name, f"{each.name} is {value!r}, and must be a list"
            elif wrong := [entry for entry in value if not isinstance(entry, kind)]:
                yield each.name, f"{each.name} has {wrong[0]!r}, which is no {kind.__name__}"
    if isinstance(model, Gate) and not isinstance(model.on_pre, str | Pulse | InC):
        yield "on_pre", f"on_pre is {model.on_pre!r}, and must be a text, a Pulse or InC"
    if isinstance(model, Neuron) and not isinstance(model.initial, Mapping):
        yield "initial", f"initial is {model.initial!r}, and must be a dict"


def _grave(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    yield from _faults_of_names(model, lines)
    yield from _faults_of_defaults(model, lines)
    broken_choices = list(_faults_of_choices(model, lines))
    yield from broken_choices
    if not broken_choices:
        yield from faults_of_texts(model, lines)
    yield from _unused(model, lines)
    yield from _missing(model, lines)


def _faults_of_names(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    if not model.name.isidentifier():
        yield lines.first, f"{model.name!r} is no name of a {model.kind}; call the file after the model"
    seen: set[str] = set()
    for line, entry in _entries(model, lines):
        if entry.name in seen:
            yield line, f"{entry.name} is declared twice; give one of them another name"
        seen.add(entry.name)
        if isinstance(entry, Parameter):
            try:
                check_name(str(entry.name), f"parameter {entry.name!r}")
            except EvsimError as error:
                yield line, str(error)
            if not str(entry.name).isidentifier():
                yield line, f"parameter {entry.name!r} is no name; write letters, digits and _"


def _faults_of_defaults(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    for line, entry in _entries(model, lines):
        if isinstance(entry, Parameter):
            try:
                entry.check(entry.default, model.name)
            except (EvsimError, TypeError, ValueError) as error:
                said = "" if isinstance(entry.default, str | None) else f" ({' '.join(str(error).split())})"
                yield (
                    line,
                    f"the default of {entry.name} is {entry.default!r}{said}; give a number or a quantity, as in 5*ms",
                )


def _faults_of_choices(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    for place, choice in enumerate(model.choices):
        line = lines.of_entry("choices", place)
        if choice.default not in choice.options:
            options = ", ".join(choice.options) or "none"
            yield line, f"the default of {choice.name} is {choice.default!r}, and its options are {options}"
        words = {word for option in choice.options.values() for word in option}
        for name, option in choice.options.items():
            for word in sorted(words - option.keys()):
                yield line, f"option {name!r} of {choice.name} does not say what {{{word}}} stands for"


def _unused(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    used = _words_of(model)
    if used is None:
        return
    for place, parameter in enumerate(model.parameters):
        if parameter.name not in used:
            line = lines.of_entry("parameters", place)
            yield (
                line,
                f"parameter {parameter.name} occurs nowhere in its equations and events; use it or leave it out",
            )


def _words_of(model: Model) -> set[str] | None:
    """Every name in the texts of a declaration; None if it cannot be told."""
    no_texts = ("equations", "parameters", "references", "name", "doc", "values", "origin")
    texts = [re.sub(r":[^\n]*", "", model.equations)]  # without units
    texts += [
        text
        for each in fields(model)
        if each.name not in no_texts
        for text in _texts_in(getattr(model, each.name))
    ]
    if isinstance(model, Gate) and isinstance(model.on_pre, InC):
        try:
            texts += _table_of(model, model.on_pre).parameters
        except EvsimError:
            return None  # said elsewhere
    return set(re.findall(r"[A-Za-z_]\w*", "\n".join(texts)))


def _texts_in(value: object) -> Iterator[str]:
    """Every text in an argument: in lists, dicts and declarations as well."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        yield from (
            text
            for each in fields(value)
            if each.name != "meaning"
            for text in _texts_in(getattr(value, each.name))
        )
    elif isinstance(value, Mapping):
        yield from (text for each in value.values() for text in _texts_in(each))
    elif isinstance(value, list | tuple):
        yield from (text for each in value for text in _texts_in(each))


def _table_of(gate: Gate, code: InC) -> GateTable:
    from evsim.codegen.handwritten import gate_table

    return gate_table(code.module, gate.name)


def _missing(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    """Arguments without which a kind of model is none."""
    needed = {"neuron": ("equations",), "modulation": ("on_pre", "gain", "parameter"), "gate": ("on_pre",)}
    for argument in needed.get(model.kind, ()):
        value = getattr(model, argument)
        if isinstance(value, str) and not value.strip():
            yield lines.first, f"a {model.kind} needs {argument}=, which is missing"
    if isinstance(model, Gate) and isinstance(model.on_pre, InC):
        try:
            table = _table_of(model, model.on_pre)
        except EvsimError as error:
            yield lines.of("on_pre"), " ".join(str(error).split())
        else:
            yield from (
                (lines.of("on_pre"), text)
                for text in model.on_pre.disagreements(table, model, _states_of(model))
            )


def _states_of(model: Model) -> list[str]:
    return [each.name for each in _variables_of(model) if each.kind == "differential"]


def _variables_of(model: Model) -> list[Variable]:
    try:
        text = model.written_out(model.equations)
    except KeyError:  # of a choice, which is said elsewhere
        text = model.equations
    return [each for _, each in try_declarations(text, "equations") if isinstance(each, Variable)]


def _gaps(model: Model, lines: SourceLines) -> Iterator[tuple[int, str]]:
    """What a reader would miss: a sentence on the model, meanings of parameters, references."""
    first = model.summary
    if not first.endswith("."):
        yield 1, f"the docstring of its file should open with one sentence, got {first!r}"
    for line, entry in _entries(model, lines):
        if not str(entry.meaning).strip():
            yield line, f"{entry.name} has no meaning; say in one line what it is"
    if not model.references:
        yield lines.first, "it has no references; name a paper or a book"
    if isinstance(model, Neuron) and not any("input" in each.flags for each in _variables_of(model)):
        yield lines.of("equations"), "it has no input; declare one, as in 'I_syn : amp (input)'"


def _entries(model: Model, lines: SourceLines) -> Iterator[tuple[int, Parameter | Choice]]:
    for place, parameter in enumerate(model.parameters):
        yield lines.of_entry("parameters", place), parameter
    for place, choice in enumerate(model.choices):
        yield lines.of_entry("choices", place), choice
    if isinstance(model, Gate) and isinstance(model.on_pre, InC):
        for kept in model.on_pre.keeps:
            yield lines.of("on_pre"), kept


__all__ = ["DeclarationError", "Fault", "faults_of", "require_sound"]
