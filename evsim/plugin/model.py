"""Declarations of models: neurons, gates, outputs, junctions, modulations and plasticities with their parameters.

A model is a small declaration in a file of its own: the file's name is the model's name, the file's docstring
its documentation. Kernels, help texts and the command line know a model from its declaration alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from evsim.errors import EvsimNameError, EvsimTypeError, EvsimValueError
from evsim.units import DimensionMismatchError, dimension_of, require, si
from evsim.units.magnitudes import shown

if TYPE_CHECKING:
    from evsim.units import Dimension


@dataclass(frozen=True)
class Parameter:
    """A quantity of a model's equations: its name, its default (which sets the unit) and its meaning.

    With `of_weight` it has the unit of the weight, and the default is a multiple of the default weight.
    """

    name: str
    default: Any
    meaning: str
    of_weight: bool = False

    @property
    def dimension(self) -> Dimension:
        """The dimension that every value of the parameter has."""
        return dimension_of(self.default)

    def check(self, value: Any, model: str) -> None:
        """Refuse a value of another dimension, one that is not a number, and one that is not finite."""
        what = f"parameter {self.name} of model {model}"
        if isinstance(value, (str, bytes, bool)) or value is None:
            raise EvsimTypeError(f"{what} takes a number or an array like {self.default}, got {value!r}")
        numbers = np.asarray(si(value) if self.of_weight else self._in_unit(value, what))
        if not np.issubdtype(numbers.dtype, np.number):
            raise EvsimTypeError(f"{what} takes a number or an array like {self.default}, got {value!r}")
        if not np.all(np.isfinite(numbers)):
            raise EvsimValueError(f"{what} must be finite, got {value}; the default is {self.default}")

    def _in_unit(self, value: Any, what: str) -> Any:
        try:
            return require(value, self.dimension, what)
        except DimensionMismatchError:
            raise DimensionMismatchError(
                f"{what} must be in {self.dimension}, got {shown(value)}; give a quantity like {self.default}",
                dimension_of(value),
                self.dimension,
            ) from None


@dataclass(frozen=True)
class Choice:
    """A variant of a model, chosen by name: `options` give what stands for `{words}` in its texts."""

    name: str
    default: str
    meaning: str
    options: Mapping[str, Mapping[str, str]]

    def check(self, value: Any, model: str) -> None:
        """Refuse a variant that is not among the options."""
        if value not in self.options:
            raise EvsimValueError(
                f"{self.name} of model {model} is one of {', '.join(self.options)}, got {value!r}"
                f"{nearest(value, self.options)}"
            )


refractory = Choice(
    "refractory",
    "clamp",
    "V during t_ref: 'clamp' holds it and loses its input, 'block' lets it go on and only bars spikes",
    {"clamp": {"while_refractory": "(unless refractory)"}, "block": {"while_refractory": ""}},
)
"""The choice that integrate-and-fire neurons offer; their equations say where with `{while_refractory}`."""


@dataclass(frozen=True)
class Pulse:
    """An event that raises `variable` from 0 to `height` for `duration`; a spike within it restarts it."""

    variable: str
    height: str
    duration: str


@dataclass(frozen=True)
class InC:
    """What a spike does, as hand-written C that comes compiled: see docs/handwritten.md.

    `module` is the library of the plugin's package, as in "my_package._gates"; it has a gate with the name of the
    model. `keeps` are the variables that every synapse has for itself, with their start values.
    """

    module: str
    keeps: Sequence[Parameter] = ()

    def disagreements(self, table: Any, gate: Model, states: Sequence[str]) -> Iterator[str]:
        """What the C of a gate with these states takes that the declaration does not have, and the other way round."""
        declared = {
            "reads": ([each.name for each in gate.parameters], table.parameters, "parameters"),
            "keeps": ([each.name for each in self.keeps], table.own, "keeps"),
            "changes": (states, table.jumps, "equations"),
        }
        for what, (known, taken, where) in declared.items():
            for name in taken:
                if name not in known:
                    yield (
                        f"its C {what} {name!r}, which its declaration does not have in {where}; there are "
                        f"{', '.join(known) or 'none'}"
                    )
        for each in self.keeps:
            if each.name not in table.own:
                yield f"its C does not know {each.name!r}, which is declared in keeps"


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """What all declarations share. Calling a model gives a copy with other defaults.

    `values` and `chosen` hold what a copy changed; read them all with `value` and `choice`.
    """

    kind: ClassVar[str] = "model"

    equations: str = ""
    parameters: Sequence[Parameter] = ()
    choices: Sequence[Choice] = ()
    references: Sequence[str] = ()
    name: str = ""
    doc: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    origin: tuple[str, int] = ("", 0)  # the file and line of the declaration

    def __post_init__(self) -> None:
        frame = _frame_of_declaration(sys._getframe(1))
        place = frame.f_globals if frame is not None else {}
        settle = object.__setattr__
        if frame is not None and not self.origin[1]:
            settle(self, "origin", (frame.f_code.co_filename, frame.f_lineno))
        settle(self, "name", self.name or str(place.get("__name__", self.kind)).rpartition(".")[2].strip("_"))
        settle(self, "doc", self.doc or str(place.get("__doc__") or "").strip())

    def __call__(self, **changes: Any) -> Self:
        """Return a copy with other defaults: `lif(C_m=0.25*nF)`."""
        entries = {entry.name: entry for entry in self.entries}
        for name, value in changes.items():
            if name not in entries:
                raise EvsimNameError(
                    f"model {self.name} has no parameter {name!r}{nearest(name, entries)}; "
                    f"it has {', '.join(entries) or 'none'}"
                )
            entries[name].check(value, self.name)
        options = {choice.name for choice in self.choices}
        values = {name: value for name, value in changes.items() if name not in options}
        chosen = {name: value for name, value in changes.items() if name in options}
        return replace(self, values={**self.values, **values}, chosen={**self.chosen, **chosen})

    @property
    def entries(self) -> tuple[Parameter | Choice, ...]:
        """What a copy may change."""
        return (*self.parameters, *self.choices)

    @property
    def summary(self) -> str:
        """The first sentence of the documentation, in one line."""
        return " ".join(self.doc.split("\n\n")[0].split())

    def __repr__(self) -> str:
        changes = {**self.values, **self.chosen}
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in changes.items())})"

    def value(self, name: str) -> Any:
        """Return the value of a parameter: what a copy set, else the default."""
        for parameter in self.parameters:
            if parameter.name == name:
                return self.values.get(name, parameter.default)
        names = [parameter.name for parameter in self.parameters]
        raise EvsimNameError(f"model {self.name} has no parameter {name!r}{nearest(name, names)}")

    def choice(self, name: str) -> str:
        """Return the variant in use."""
        for choice in self.choices:
            if choice.name == name:
                return self.chosen.get(name, choice.default)
        names = [choice.name for choice in self.choices]
        raise EvsimNameError(f"model {self.name} has no choice {name!r}{nearest(name, names)}")

    def written_out(self, text: str) -> str:
        """Return a text of the declaration with the words of the chosen variants put in."""
        for choice in self.choices:
            for word, meaning in choice.options[self.choice(choice.name)].items():
                text = text.replace("{" + word + "}", meaning)
        return text


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Neuron(Model):
    """A neuron: equations with a membrane potential and input ports (variables flagged `(input)`).

    `refractory` names the parameter that is the period; `initial` says where states start, zero if not named.
    """

    kind: ClassVar[str] = "neuron"

    membrane: str = "V"
    threshold: str = ""
    reset: str = ""
    refractory: str = ""
    initial: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Gate(Model):
    """What a pre-synaptic spike does to the share of open channels `s`.

    `on_pre` names the gate's own variables as they are. A gate without equations acts at once on the target:
    there `w` is the weight and `V_post` the membrane potential of the target, whatever its name. `Pulse` opens the gate
    for a while; with `InC` a spike does what hand-written C says.
    """

    kind: ClassVar[str] = "gate"

    on_pre: str | Pulse | InC = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Modulation(Model):
    """How a pre-synaptic spike changes a parameter of the target for a while: the gain of a current, for example.

    `equations` belong to the single synapse and depend on its source alone; `on_pre` names their variables. `gain`, a
    formula, times the weight `w` is what the synapse adds to the target's `parameter`, at every instant; several
    synapses add up.
    """

    kind: ClassVar[str] = "modulation"

    on_pre: str = ""
    gain: str = ""
    parameter: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Junction(Model):
    """An electrical synapse: a current from cell to cell at every instant, whether or not they spike.

    `current` enters the target: a formula of the potentials `V_pre` and `V_post`, whatever their names in the cells, of
    the parameters, and proportional to the weight `w`, which carries the unit that makes the current fit. `equations`
    are formulas on the way, which can be recorded, `I` usually among them. Where both directions are one junction,
    the current leaves the source.

    `spikelet`, a formula, is how far a spike moves the potential on the other side, at once: what passes of a spike
    that the equations leave out. Cells whose spikes reset nothing have the shape of their spikes in their equations;
    theirs make no spikelets, unless a user sets a parameter that stands in the formula.
    """

    kind: ClassVar[str] = "junction"

    current: str = "I"
    spikelet: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Plasticity(Model):
    """How spikes of both ends change what a synapse does: its weight `w`, or the share of it that a spike releases.

    `equations` belong to the single synapse and are solved from event to event; the unit `{weight}` is that of w.
    `on_pre` and `on_post` name their variables and `w`. With `release`, a formula, `on_pre` runs before the spike acts,
    which then makes this share of the change that it would make; without it, `on_pre` runs after the spike has acted
    with the weight that it found. `initial` says where states start, zero if not named. `bounds` are the parameters
    between which w lies.
    """

    kind: ClassVar[str] = "plasticity"

    on_pre: str = ""
    on_post: str = ""
    release: str = ""
    initial: Mapping[str, Any] = field(default_factory=dict)
    bounds: tuple[str, str] | None = None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Output(Model):
    """How a gate `s` with weight `w` becomes the current that enters a target with membrane potential `V`.

    `equations` are formulas on the way, which can be recorded: "g = w*g_max*s : siemens". `current` is what is added
    to the input of the target; `I` in `equations` is the current as people draw it, which may have another sign.
    `weighs_in_port_unit`: w carries the unit that makes the current fit the port, else it is a plain number.
    """

    kind: ClassVar[str] = "output"

    current: str = "w*s"
    weighs_in_port_unit: bool = False


def nearest(name: object, known: Sequence[str] | Mapping[str, Any]) -> str:
    """Return ' (did you mean a, b?)' for the known names like this one, else nothing."""
    alike = get_close_matches(str(name), list(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(alike)}?)" if alike else ""


def _frame_of_declaration(frame: FrameType | None) -> FrameType | None:
    """Return the frame of the file that declares a model, found as namedtuple does."""
    while frame is not None and (frame.f_globals is globals() or _is_generated(frame)):
        frame = frame.f_back
    return frame


def _is_generated(frame: FrameType) -> bool:
    """Whether it runs the `__init__` that `dataclass` has written for a kind of model of another package."""
    return frame.f_code.co_filename == "<string>" and frame.f_code.co_name == "__init__"
