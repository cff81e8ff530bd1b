"""The rates of a PoissonGroup as numbers, or as a course that they take with time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim import description
from evsim.equations.known import KNOWN_NAMES
from evsim.equations.resolve import resolve_functions, resolve_names
from evsim.errors import EvsimNameError
from evsim.units import DimensionMismatchError
from evsim.words.clocks import defaultclock
from evsim.words.sources import PoissonGroup

_OWN = ("t", "i", "N", "dt")


def rates_of(group: PoissonGroup, scope: Mapping[str, Any]) -> description.Values | description.Course:
    """The rates for a run, names found and units checked."""
    variable = group._storage.variables["rates"]
    if variable.expression is None:
        return one_or_all(group._storage.arrays["rates"])
    where = f"{group.name}.rates"
    formula = variable.expression
    known = {*_OWN, "rates"}
    meanings = resolve_functions(formula.foreign, group._namespace, scope, where, known)
    formula = formula.bound(meanings, where)
    _refuse_of_neurons(formula.names, where)
    constants = resolve_names(formula.names - {*_OWN}, group._namespace, scope, where)
    dimensions = {name: dimension for name, (_, dimension) in constants.items()}
    found = formula.dimension({**dimensions, **{name: KNOWN_NAMES[name] for name in _OWN}}, where)
    if found != variable.dimension:
        raise DimensionMismatchError(f"{where} = {formula.text!r} does not fit", found, variable.dimension)
    step = (group._clock or defaultclock).dt_
    values = {name: value for name, (value, _) in constants.items()}
    return description.Course(formula.inlined(where), {**values, "N": float(len(group)), "dt": step}, step)


def _refuse_of_neurons(names: frozenset[str], where: str) -> None:
    for name in sorted(names & {"lastspike", "not_refractory"}):
        raise EvsimNameError(f"{where}: a PoissonGroup has no {name}; neurons have it")


def one_or_all(values: NDArray[np.float64]) -> description.Values:
    """One number where all are equal."""
    return float(values[0]) if np.all(values == values[0]) else values.copy()
