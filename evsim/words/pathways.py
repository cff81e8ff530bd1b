"""Pathways of synapses: which spikes run which code, and how long after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from evsim.equations.statements import Statement, parse_statements
from evsim.errors import EvsimAttributeError, EvsimTypeError, EvsimValueError

if TYPE_CHECKING:
    from evsim.description import CompiledCode

Trigger = Literal["pre", "post"]


@dataclass(frozen=True)
class Pathway:
    """Code that runs at the spikes of sources (`pre`) or of targets (`post`), or at another event of theirs.

    With `lag`, a parameter of the target, it runs later than the pathway `pre` by that time. With a common delay
    those of both directions have one, `delay`. `compiled` is C that does what the code
    says.
    """

    name: str
    trigger: Trigger
    code: str
    event: str = "spike"
    lag: str = ""
    has_common_delay: bool = False
    compiled: CompiledCode | None = None

    @property
    def delay_name(self) -> str:
        """The name of the variable of its synapses that is the delay."""
        return "delay" if self.name == "pre" or self.lag or self.has_common_delay else f"{self.name}_delay"

    def where(self, synapses: str) -> str:
        """How errors call the code."""
        attribute = f"on_{self.trigger}"
        return f"{attribute} of {synapses}" if self.name == self.trigger else f"{self.name} of {synapses}"

    def statements(self, synapses: str) -> list[Statement]:
        """The lines of the code."""
        return parse_statements(self.code, self.where(synapses))


def read_pathways(on_pre: Any, on_post: Any, on_event: Any, name: str) -> tuple[Pathway, ...]:
    """The pathways in the order in which they act at one instant: those of sources, then those of targets."""
    found = [*_read("pre", on_pre, name), *_read("post", on_post, name)]
    names = [each.name for each in found]
    if twice := [each for each in names if names.count(each) > 1]:
        raise EvsimValueError(f"{name}: two pathways are named '{twice[0]}'; give one of them another name")
    events = _events(on_event, names, name)
    for each in found:
        each.statements(name)
    return tuple(replace(each, event=events.get(each.name, "spike")) for each in found)


def _read(trigger: Trigger, given: Any, name: str) -> list[Pathway]:
    if given is None:
        return []
    if isinstance(given, str):
        return [Pathway(trigger, trigger, given)]
    if not isinstance(given, Mapping):
        raise EvsimTypeError(
            f"{name}: on_{trigger} is {given!r}; give text, as in 'V_post += w', or a dict of texts by name"
        )
    for key, code in given.items():
        if not (isinstance(key, str) and key.isidentifier() and key.isascii() and not key.startswith("_")):
            raise EvsimValueError(f"{name}: {key!r} cannot name a pathway; give letters, digits and _")
        if key in ("pre", "post") and key != trigger:
            raise EvsimValueError(f"{name}: a pathway of on_{trigger} cannot be named '{key}'; rename it")
        if not isinstance(code, str):
            raise EvsimTypeError(f"{name}: the pathway {key} of on_{trigger} is {code!r}; give text")
    return [Pathway(key, trigger, code) for key, code in given.items()]


def _events(on_event: Any, names: list[str], name: str) -> dict[str, str]:
    """The event of every pathway that names one."""
    events = on_event if isinstance(on_event, Mapping) else dict.fromkeys(names or ["pre"], on_event)
    for pathway, event in events.items():
        if pathway not in names and isinstance(on_event, Mapping):
            raise EvsimValueError(
                f"{name}: on_event names the pathway '{pathway}', but there are {', '.join(names) or 'none'}"
            )
        if not isinstance(event, str):
            raise EvsimTypeError(
                f"{name}: on_event is {event!r}; give the name of an event, or a dict of them"
            )
    return dict(events)


class SynapticPathway:
    """One pathway of synapses, with the delay of each."""

    _synapses: Any
    _pathway: Pathway

    def __init__(self, synapses: Any, pathway: Pathway) -> None:
        object.__setattr__(self, "_synapses", synapses)
        object.__setattr__(self, "_pathway", pathway)

    @property
    def name(self) -> str:
        """Its full name."""
        return f"{self._synapses.name}_{self._pathway.name}"

    @property
    def code(self) -> str:
        """What a spike does."""
        return self._pathway.code

    @property
    def prepost(self) -> str:
        """Whose spikes: "pre" or "post"."""
        return str(self._pathway.trigger)

    @property
    def delay(self) -> Any:
        """From spike to action, for every synapse or for all."""
        return getattr(self._synapses, self._pathway.delay_name)

    @delay.setter
    def delay(self, value: Any) -> None:
        setattr(self._synapses, self._pathway.delay_name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "delay":
            raise EvsimAttributeError(f"{self.name}.{name} cannot be set; a pathway has a delay that can")
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<SynapticPathway '{self.name}': at spikes of {self.prepost}, {self.code!r}>"
