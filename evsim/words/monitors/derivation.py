"""Values that monitors work out after a run: from recorded states, parameters as they were in it, and time."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.equations.declaration import Equations
from evsim.equations.evaluate import evaluate_text
from evsim.equations.expression import Expression
from evsim.equations.known import KNOWN_NAMES
from evsim.errors import EvsimError, EvsimTypeError, EvsimValueError

Floats = NDArray[np.float64]

_SECOND = KNOWN_NAMES["dt"]


class Derivation:
    """Variables of a group, or of a slice of one, as formulas over states, parameters and time.

    Parameters
    ----------
    described
        The group as the engine has it; None for a source of spikes, which has no states.
    """

    def __init__(self, source: Any, described: Any, name: str) -> None:
        self._source, self._described, self._name = source, described, name

    def needed(self, variables: tuple[str, ...]) -> tuple[str, ...]:
        """The states that have to be recorded for these variables."""
        if self._described is None:
            return ()
        names = {name for each in variables for name in self._expanded(each).names}
        return tuple(name for name in self._described.population.model.states if name in names)

    def sums(self, variables: tuple[str, ...]) -> tuple[str, ...]:
        """What other neurons add up at every instant, of what these variables depend on."""
        if self._described is None:
            return ()
        names = {name for each in variables for name in self._expanded(each).names}
        return tuple(sorted(names & self._described.outline.coupled))

    def values(
        self, variable: str, recorded: Mapping[str, Floats], t: Floats, chosen: Callable[[Any], Any]
    ) -> Floats:
        """The values of a variable; `chosen` puts one value per element where the recorded ones are."""
        expression = self._expanded(variable)
        where = f"{self._name}.{variable}"
        known = {name: self._known(name, recorded, t, chosen, where) for name in expression.names}
        values, _ = evaluate_text(expression, known, None, where)
        return np.asarray(values, dtype=np.float64)

    def _expanded(self, variable: str) -> Expression:
        equations = Equations("") if self._described is None else self._described.equations
        expanded: Expression = equations.expanded(Expression.parse(variable, self._name))
        return expanded

    def _known(
        self, name: str, recorded: Mapping[str, Floats], t: Floats, chosen: Callable[[Any], Any], where: str
    ) -> Any:
        if name == "t":
            return t, _SECOND
        if name in recorded:
            return recorded[name], self._source._variable(name).dimension
        if self._described is not None and name in self._described.outline.coupled:
            raise EvsimError(
                f"{where}: {name} is what other neurons add up at every instant; a StateMonitor can record it"
            )
        if self._described is not None and name in self._described.constants:
            return self._described.constants[name]
        found = self._source._known([name], slice(None))
        if name not in found:
            raise EvsimError(f"{where}: {name} cannot be recorded; record what else stands in the formula")
        values, dimension = found[name]
        return (chosen(np.asarray(values)) if np.ndim(values) else values), dimension


def checked_variables(variables: Any, source: Any, name: str) -> tuple[str, ...]:
    """Names of variables that the source has, from one name or several; True stands for all."""
    known = source._storage.variables
    if variables is True:
        return tuple(known)
    if not isinstance(variables, (str, list, tuple, set, frozenset)):
        raise EvsimTypeError(f"variables of {name}: got {variables!r}; give names, as in ['V', 'I']")
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    for each in names:
        if each not in known:
            close = difflib.get_close_matches(str(each), known, 1)
            guess = f"did you mean '{close[0]}'?" if close else f"it has {', '.join(known) or 'none'}"
            raise EvsimValueError(f"{name}: {source._label()} has no variable {each!r}; {guess}")
    return names
