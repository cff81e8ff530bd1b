"""Where the values of a group's variables live: arrays in SI that the engine works on too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.declaration import Variable


@dataclass
class Storage:
    """The values behind the variables of one group, in SI: `size` each, or one for a shared variable.

    The engine works on the same arrays. `changed` names what the user wrote since the last run. `expandable` are
    shared parameters of registered models: they become one value per element when elements get different ones.
    `links` has a LinkedVariable for each variable that reads another group's; `sums` has weak references to the
    synapses that add up a variable at every instant.
    """

    variables: dict[str, Variable]
    size: int
    arrays: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    expandable: set[str] = field(default_factory=set)
    links: dict[str, Any] = field(default_factory=dict)
    sums: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for variable in self.variables.values():
            self.declare(variable)

    def declare(self, variable: Variable) -> None:
        """Take in a variable; one with values of its own starts at 0."""
        self.variables[variable.name] = variable
        if variable.kind == "subexpression" or "linked" in variable.flags:
            self.arrays.pop(variable.name, None)
        elif variable.name not in self.arrays:
            self.arrays[variable.name] = np.zeros(1 if is_shared(variable) else self.size)

    def expand(self, name: str) -> None:
        """Give every element its own value of a shared variable."""
        variable = self.variables[name]
        self.variables[name] = replace(variable, flags=variable.flags - {"shared"})
        self.arrays[name] = np.full(self.size, self.arrays[name][0])


def is_shared(variable: Variable) -> bool:
    """Whether all elements share one value."""
    return "shared" in variable.flags
