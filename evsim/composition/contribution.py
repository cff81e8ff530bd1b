"""What synapses made from models add to their target, as equations and event code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evsim.composition.plasticity import NONE, Rules
from evsim.equations.declaration import Equations, Variable
from evsim.plugin import Gate, Output
from evsim.units import Dimension

if TYPE_CHECKING:
    from evsim.description import CompiledCode
    from evsim.equations.user_functions import Function

PULSE_END = "pulse_end"


@dataclass(frozen=True)
class Contribution:
    """What one Synapses object made from models adds to its target group.

    `variables` gives for each name of the gate and the output its name on the target; `parameters` the start
    values of those that are parameters there. `weight` and `default_weight` (SI) are for the `w` of synapses.
    `gate` and `output` are the models it was made from, `potential` is the target's membrane potential.

    `own` are variables of the synapses besides w. `on_pulse_end` is what happens later than `on_pre` by the
    parameter `lag` of the target. `own_values` (SI) are start values of `own`, and `sums` what the synapses add up at
    every instant. Where there is one gate per source and delay, `carried` is the target's variable that these gates add
    up to, and spikes change no variable of the target. `rules` are those of plasticity, which `own` has the variables
    of; `on_post` is what spikes of the target do.

    `functions` are called by `on_pre`; `compiled` is C that does what it says.
    """

    equations: Equations
    port: str
    term: str
    on_pre: str
    weight: Dimension
    default_weight: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    gate: Gate | None = None
    output: Output | None = None
    potential: str = ""
    own: Equations = field(default_factory=lambda: Equations(""))
    on_pulse_end: str = ""
    lag: str = ""
    own_values: Mapping[str, float] = field(default_factory=dict)
    sums: Mapping[str, Variable] = field(default_factory=dict)
    carried: str = ""
    rules: Rules = NONE
    on_post: str = ""
    functions: Mapping[str, Function] = field(default_factory=dict)
    compiled: CompiledCode | None = None

    @property
    def code(self) -> str | dict[str, str]:
        """The event code by pathway."""
        return {"pre": self.on_pre, PULSE_END: self.on_pulse_end} if self.on_pulse_end else self.on_pre
